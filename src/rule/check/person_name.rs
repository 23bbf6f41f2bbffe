//! The format `person-name`: names of people in any script, and no web address.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

/// Spaces, and letters with up to one sign on either side.
const LETTERS_AND_SIGNS: &str = r"\A(?: |['’‑–·・,.-]?[\p{L}\p{M}]['’‑–·・,.-]?)*\z";

/// Whether a text is like a name.
pub(super) fn is_person_name(text: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LETTERS_AND_SIGNS).ok());
    let Some(name) = &*NAME else {
        return false;
    };
    text.contains(char::is_alphabetic) && name.is_match(text) && has_no_host_name(text)
}

/// Whether a space, the end or an initial (a letter and a full stop) follows each full stop.
fn has_no_host_name(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '.' {
            continue;
        }
        let mut rest = letters.clone();
        let fits = match rest.next() {
            None | Some(' ') => true,
            Some(_) => rest.next() == Some('.'),
        };
        if !fits {
            return false;
        }
    }
    true
}
