//! JSON as it is recorded and printed for people.

use serde_json::value::RawValue;

/// The deepest indentation, in levels. Without a limit, deep JSON would grow with the square of its depth.
const DEEPEST_INDENT: usize = 16;

/// Formats JSON with one member per line. Keeps the order, and every value as written.
pub(super) fn pretty(json: &[u8]) -> serde_json::Result<String> {
    let json: &RawValue = serde_json::from_slice(json)?;
    let mut formatter = JsonFormatter::default();
    for letter in json.get().chars() {
        formatter.push(letter);
    }
    Ok(formatter.out + "\n")
}

/// Formats valid JSON, letter by letter.
#[derive(Default)]
struct JsonFormatter {
    out: String,
    depth: usize,
    place: JsonPlace,
}

/// The place of the next letter of JSON.
#[derive(Clone, Copy, Default)]
enum JsonPlace {
    #[default]
    Outside,
    InString,
    AfterBackslash,
}

impl JsonFormatter {
    fn push(&mut self, letter: char) {
        match (self.place, letter) {
            (JsonPlace::Outside, _) => return self.push_outside(letter),
            (JsonPlace::InString, '"') => self.place = JsonPlace::Outside,
            (JsonPlace::InString, '\\') => self.place = JsonPlace::AfterBackslash,
            (JsonPlace::InString, _) => {}
            (JsonPlace::AfterBackslash, _) => self.place = JsonPlace::InString,
        }
        self.out.push(letter);
    }

    /// Adds a letter that is not in a string. A line break precedes each member, each element and each closing
    /// bracket. But `{}` and `[]` stay in one line.
    fn push_outside(&mut self, letter: char) {
        if letter.is_ascii_whitespace() {
            return;
        }
        let is_after_opening = self.out.ends_with(['{', '[']);
        match letter {
            '}' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                if !is_after_opening {
                    self.break_line();
                }
            }
            _ if is_after_opening || self.out.ends_with(',') => self.break_line(),
            _ => {}
        }
        self.out.push(letter);
        match letter {
            '{' | '[' => self.depth += 1,
            ':' => self.out.push(' '),
            '"' => self.place = JsonPlace::InString,
            _ => {}
        }
    }

    fn break_line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.depth.min(DEEPEST_INDENT) {
            self.out.push_str("  ");
        }
    }
}
