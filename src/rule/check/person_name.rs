//! The format `person-name`: a name of a person in any script, without a host name such as `example.com`.

use std::sync::LazyLock;

use regex_automata::meta::Regex;

/// Spaces, and letters or combining marks, each with at most one sign on either side.
const LETTERS_AND_SIGNS: &str = r"\A(?: |['’‑–·・,.-]?[\p{L}\p{M}]['’‑–·・,.-]?)*\z";

/// Whether a text has the form of a name.
pub(super) fn is_person_name(text: &str) -> bool {
    static NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(LETTERS_AND_SIGNS).ok());
    let Some(name) = &*NAME else {
        return false;
    };
    text.contains(char::is_alphabetic) && name.is_match(text) && has_no_host_name(text)
}

/// Whether each full stop is followed by a space, by the end, or by an initial: a letter and a full stop.
fn has_no_host_name(text: &str) -> bool {
    for (stop, _) in text.match_indices('.') {
        let (_, rest) = text.split_at(stop + 1);
        let mut letters = rest.chars();
        let (first, second) = (letters.next(), letters.next());
        let is_at_end_of_word = matches!(first, None | Some(' '));
        let is_before_initial = second == Some('.');
        if !is_at_end_of_word && !is_before_initial {
            return false;
        }
    }
    true
}
