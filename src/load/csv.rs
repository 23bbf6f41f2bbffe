//! Reads CSV files (RFC 4180) in the rules folder.

use csv::{Reader, ReaderBuilder, StringRecord};

use crate::{
    problem::SpanProblem,
    rule::node::{Content, Node},
};

/// A CSV file that is being read.
pub(super) struct CsvFile<'n> {
    /// The node that holds the file's text. Problems are reported at its place: the file's name in the rules.
    node: &'n Node,
    text: &'n str,
    reader: Reader<&'n [u8]>,
}

impl<'n> CsvFile<'n> {
    /// Starts to read the file at this node. Fails if commas do not separate its cells, or a quotation mark
    /// is not where RFC 4180 allows it: the reader would take the rows after such a mark for one cell.
    pub(super) fn open(node: &'n Node) -> Result<Self, SpanProblem> {
        let Content::Lines(text) = &node.content else {
            return Err(node.expected("a file"));
        };
        if text.trim().is_empty() {
            return Err(node.problem(
                "the file is empty, so it was probably cut off; its first line names the columns",
            ));
        }
        if let Some(separator) = other_separator(text) {
            return Err(node.problem(format!(
                "the file separates its cells by {separator}; save it as CSV with commas and in UTF-8"
            )));
        }
        // `flexible`: the caller reports a record with too many or too few cells, with its line.
        let reader =
            ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
        let csv = Self { node, text, reader };
        match find_misplaced_quote(text) {
            None => Ok(csv),
            Some(MisplacedQuote { line, message }) => Err(csv.problem_in_line(line, message)),
        }
    }

    /// Reads the next record. The first one names the columns. Returns false at the end of the file.
    pub(super) fn read_record(&mut self, record: &mut StringRecord) -> Result<bool, SpanProblem> {
        match self.reader.read_record(record) {
            Ok(has_record) => Ok(has_record),
            Err(error) => Err(self.node.problem(format!("cannot read the file: {error}"))),
        }
    }

    /// The line of a record that was read, from 1.
    pub(super) fn line_of(&self, record: &StringRecord) -> u32 {
        let Some(position) = record.position() else {
            // The reader gives each record a position.
            return 0;
        };
        let mut line = position.line();
        let start = usize::try_from(position.byte()).unwrap_or_default();
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        // If there are blank lines before the record, its position is that of the first blank line.
        for byte in rest {
            match byte {
                b'\n' => line += 1,
                b'\r' => {}
                _ => break,
            }
        }
        u32::try_from(line).unwrap_or(u32::MAX)
    }

    /// A problem of the file as a whole.
    pub(super) fn problem(&self, message: String) -> SpanProblem {
        self.node.problem(message)
    }

    pub(super) fn problem_in_line(&self, line: u32, message: &str) -> SpanProblem {
        self.node.problem(format!("in line {line} of the file: {message}"))
    }
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
    /// The line to report, from 1. For quotes over several lines, the line of the opening mark, where the mistake
    /// probably is.
    line: u32,
    message: &'static str,
}

/// The place of a byte in a CSV file, as far as quotation marks are concerned.
#[derive(Clone, Copy)]
enum CsvState {
    StartOfCell,
    /// In a cell without quotes.
    Unquoted,
    /// In a cell in quotes.
    Quoted {
        /// The line of the opening mark.
        opened: u32,
    },
    /// After a mark in a cell in quotes. It closes the cell, unless another mark follows.
    AfterMark {
        /// The line of the opening mark.
        opened: u32,
    },
}

fn find_misplaced_quote(text: &str) -> Option<MisplacedQuote> {
    let mut state = CsvState::StartOfCell;
    let mut line = 1;
    for byte in text.bytes() {
        state = match (state, byte) {
            (CsvState::StartOfCell, b'"') => CsvState::Quoted { opened: line },
            (CsvState::Quoted { opened }, b'"') => CsvState::AfterMark { opened },
            (CsvState::Quoted { opened }, _) => CsvState::Quoted { opened },
            // Two marks in a row stand for one mark in the cell.
            (CsvState::AfterMark { opened }, b'"') => CsvState::Quoted { opened },
            (_, b',' | b'\n' | b'\r') => CsvState::StartOfCell,
            (CsvState::Unquoted, b'"') => {
                let message = "a quotation mark stands within a cell; put the cell in quotes, and double the mark";
                return Some(MisplacedQuote { line, message });
            }
            (CsvState::AfterMark { opened }, _) => {
                let message = "text follows the quotes of a cell; put the whole cell in quotes, and double a quotation mark in it";
                return Some(MisplacedQuote { line: opened, message });
            }
            (CsvState::StartOfCell | CsvState::Unquoted, _) => CsvState::Unquoted,
        };
        if byte == b'\n' {
            line += 1;
        }
    }
    if let CsvState::Quoted { opened } = state {
        let message =
            "the quotes of a cell are not closed; double a quotation mark that belongs to the cell";
        return Some(MisplacedQuote { line: opened, message });
    }
    None
}
