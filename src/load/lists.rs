//! Lists from files: `{ file = "roster.txt" }` in the place of a list.

use std::{fs, path::Path};

use crate::rule::node::{Content, Fault, Node, Table};

/// Puts the lines of files in the place of `{ file = "…" }`, wherever a check may have a list.
/// What was read goes into `digest`, since the rules depend on it.
pub(super) fn resolve(
    document: &mut Table,
    folder: Option<&Path>,
    faults: &mut Vec<Fault>,
    digest: &mut ring::digest::Context,
) {
    for entry in &mut document.0 {
        let is_list = LISTS.contains(&entry.key.as_str());
        resolve_node(&mut entry.value, is_list, folder, faults, digest);
    }
}

/// The keys whose value may be a list from a file.
const LISTS: [&str; 4] = ["domains", "not_domains", "one_of", "not_one_of"];

fn resolve_node(
    node: &mut Node,
    is_list: bool,
    folder: Option<&Path>,
    faults: &mut Vec<Fault>,
    digest: &mut ring::digest::Context,
) {
    match &mut node.content {
        Content::Table(table) if is_list => match read(table, folder) {
            Ok(lines) => {
                digest.update(&(lines.len() as u64).to_be_bytes());
                digest.update(lines.as_bytes());
                node.content = Content::Lines(lines.into());
            }
            Err(message) => {
                faults.push(node.fault(message));
                // What is wrong has been told.
                node.content = Content::Lines(Box::default());
            }
        },
        Content::Table(table) => resolve(table, folder, faults, digest),
        Content::List(items) => {
            for item in items {
                resolve_node(item, false, folder, faults, digest);
            }
        }
        _ => {}
    }
}

fn read(table: &Table, folder: Option<&Path>) -> Result<String, String> {
    let ([entry], Some(folder)) = (table.0.as_slice(), folder) else {
        return Err("expected a list, or { file = \"…\" }".to_owned());
    };
    let name = match (&entry.value.content, entry.key.as_str()) {
        (Content::Text(name), "file") => name,
        _ => return Err("expected a list, or { file = \"…\" }".to_owned()),
    };
    let unreadable = |error: std::io::Error| format!("cannot read `{name}`: {error}");
    let path = fs::canonicalize(folder.join(name)).map_err(unreadable)?;
    let within = fs::canonicalize(folder).map_err(unreadable)?;
    if !path.starts_with(within) {
        return Err(format!("`{name}` is not in the rules folder; put the file there"));
    }
    let mut lines = fs::read_to_string(path).map_err(unreadable)?;
    // Spreadsheets write a byte order mark, which would make the first line a value of its own.
    if lines.starts_with('\u{feff}') {
        lines.remove(0);
    }
    match lines.lines().any(|line| !line.trim().is_empty()) {
        true => Ok(lines),
        false => Err(format!("`{name}` has no line; an empty list means nothing")),
    }
}
