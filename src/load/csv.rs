//! Reads CSV files (RFC 4180) in the rules folder.

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::{problem::SpanProblem, rule::node::Node};

/// A reader of all records, the first one included. Fails if the cells are not separated by commas.
///
/// Also fails if a quotation mark is not where RFC 4180 allows it. The reader would otherwise take the rows
/// after the mark for a part of its cell.
pub(super) fn reader_of<'t>(text: &'t str, file: &Node) -> Result<Reader<&'t [u8]>, SpanProblem> {
    if let Some(separator) = other_separator(text) {
        return Err(file.problem(format!(
            "the file separates its cells by {separator}; save it as CSV with commas and in UTF-8"
        )));
    }
    if let Some(MisplacedQuote { line, message }) = find_misplaced_quote(text) {
        return Err(in_line(file, line, message));
    }
    Ok(ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes()))
}

/// The separator of the cells in the first line, if it is not a comma.
fn other_separator(text: &str) -> Option<&'static str> {
    let first = text.lines().next()?;
    if first.contains(',') {
        None
    } else if first.contains('\t') {
        Some("tabs")
    } else if first.contains(';') {
        Some("semicolons")
    } else {
        None
    }
}

struct MisplacedQuote {
    /// The line of the quotation mark, from 1.
    line: u32,
    message: &'static str,
}

/// The place of the next letter of a CSV file.
#[derive(Clone, Copy)]
enum CsvPlace {
    StartOfCell,
    Unquoted,
    /// In quotes that open in this line.
    Quoted(u32),
    /// After a quotation mark within quotes. It ends them, unless another mark follows.
    AfterQuote(u32),
}

fn find_misplaced_quote(text: &str) -> Option<MisplacedQuote> {
    let mut place = CsvPlace::StartOfCell;
    let mut line = 1;
    for byte in text.bytes() {
        place = match (place, byte) {
            (CsvPlace::StartOfCell, b'"') => CsvPlace::Quoted(line),
            (CsvPlace::AfterQuote(opened), b'"') => CsvPlace::Quoted(opened),
            (CsvPlace::Quoted(opened), b'"') => CsvPlace::AfterQuote(opened),
            (CsvPlace::Quoted(opened), _) => CsvPlace::Quoted(opened),
            (_, b',' | b'\n' | b'\r') => CsvPlace::StartOfCell,
            (CsvPlace::Unquoted, b'"') => {
                let message = "a quotation mark stands within a cell; put the cell in quotes, and double the mark";
                return Some(MisplacedQuote { line, message });
            }
            (CsvPlace::AfterQuote(line), _) => {
                let message = "text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it";
                return Some(MisplacedQuote { line, message });
            }
            (CsvPlace::StartOfCell | CsvPlace::Unquoted, _) => CsvPlace::Unquoted,
        };
        if byte == b'\n' {
            line += 1;
        }
    }
    match place {
        CsvPlace::Quoted(line) => {
            let message = "the quotes of a cell are not closed; double a quotation mark that belongs to the cell";
            Some(MisplacedQuote { line, message })
        }
        _ => None,
    }
}

/// A problem in a line of the file that the rules name at this node.
pub(super) fn in_line(file: &Node, line: u32, message: &str) -> SpanProblem {
    file.problem(format!("in line {line} of the file: {message}"))
}

/// The line of a record, from 1. The reader's position may be before line breaks that precede the record.
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
