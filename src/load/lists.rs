//! Lists from files: `{ file = "roster.txt" }` in the place of a list.

use std::{fs, io, path::Path};

use toml::de::{DeTable, DeValue};

/// The text of the file that such a table names, or what is wrong with either.
pub(super) fn read(table: &DeTable<'_>, folder: &Path) -> Result<String, String> {
    let file = table.get("file").map(|value| value.get_ref());
    let (Some(DeValue::String(name)), 1) = (file, table.len()) else {
        return Err("expected a list, or { file = \"…\" }".to_owned());
    };
    let unreadable = |error: io::Error| format!("cannot read `{name}`: {error}");
    let path = fs::canonicalize(folder.join(&**name)).map_err(unreadable)?;
    let within = fs::canonicalize(folder).map_err(unreadable)?;
    if !path.starts_with(within) {
        return Err(format!("`{name}` is not in the rules folder; put the file there"));
    }
    let lines = fs::read_to_string(path).map_err(unreadable)?;
    // Spreadsheets write a byte order mark, which would make the first line a value of its own.
    let lines = lines.strip_prefix('\u{feff}').unwrap_or(&lines);
    match lines.trim().is_empty() {
        true => Err(format!("`{name}` has no line; an empty list means nothing")),
        false => Ok(lines.to_owned()),
    }
}
