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

/// The place of a letter in a CSV file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CsvPlace {
    CellStart,
    PlainCell,
    QuotedCell,
    /// Behind a quote in a quoted cell: at its end, or at the second quote of a pair.
    BehindQuote,
}

/// Succeeds if each quote belongs to a quoted cell, as in RFC 4180. The reader would take everything up to
/// the next quote, or the end of the file, as one cell, and so lose rows without a word.
pub(super) fn require_closed_quotes(file: &Node, text: &str) -> Result<(), SpanProblem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (mut place, mut line, mut cell_line) = (CsvPlace::CellStart, 1, 1);
    for byte in text.bytes() {
        place = match (place, byte) {
            (CsvPlace::CellStart, b'"') => {
                cell_line = line;
                CsvPlace::QuotedCell
            }
            (CsvPlace::QuotedCell, b'"') => CsvPlace::BehindQuote,
            (CsvPlace::QuotedCell, _) | (CsvPlace::BehindQuote, b'"') => CsvPlace::QuotedCell,
            (_, b',' | b'\r' | b'\n') => CsvPlace::CellStart,
            (CsvPlace::BehindQuote, _) => {
                let message = "a quoted cell goes on after its end; write a quote in it twice";
                return Err(in_line(file, line, message));
            }
            (_, b'"') => {
                let message = "a quote in a cell without quotes; put the cell in quotes, and write the quote twice";
                return Err(in_line(file, line, message));
            }
            _ => CsvPlace::PlainCell,
        };
        if byte == b'\n' {
            line += 1;
        }
    }
    if place == CsvPlace::QuotedCell {
        return Err(in_line(file, cell_line, "a quoted cell has no end; add the missing quote"));
    }
    Ok(())
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
