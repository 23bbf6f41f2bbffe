//! Reads CSV files (RFC 4180) in the rules folder.

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::{problem::SpanProblem, rule::node::Node};

/// A reader of all records, the first one included.
pub(super) fn reader_of(text: &str) -> Reader<&[u8]> {
    ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes())
}

/// A problem in a line of the file that the rules name at this node.
pub(super) fn in_line(file: &Node, line: u32, message: &str) -> SpanProblem {
    file.problem(format!("in line {line} of the file: {message}"))
}

/// The line of a record, from 1. The reader's position is before line breaks that it has yet to skip.
pub(super) fn line_of(record: &StringRecord, text: &str) -> u32 {
    let Some(position) = record.position() else {
        return 0;
    };
    let start = usize::try_from(position.byte()).unwrap_or_default();
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let skipped = breaks.filter(|byte| **byte == b'\n').count() as u64;
    u32::try_from(position.line() + skipped).unwrap_or(u32::MAX)
}
