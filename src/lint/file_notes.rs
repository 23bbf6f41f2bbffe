//! Notes on files in the rules folder that no load reads.

use crate::{load::UnreadEntry, problem::Problem};

/// The notes on these files, each with the file as its place.
pub(crate) fn notes_on_files(unread: &[UnreadEntry]) -> Vec<Problem> {
    let mut notes = Vec::new();
    for entry in unread {
        let why = if entry.is_folder {
            "hooks in a sub-folder are not read; move them to the rules folder itself"
        } else if entry.is_nearly_toml() {
            "not read: the name of a hook's file ends in `.toml`, in lower case; rename it"
        } else {
            "not used: it is not a hook, and no rule names it"
        };
        notes.push(Problem::named(entry.path.display().to_string(), why));
    }
    notes
}
