//! The files that one load reads, and the digest of their content.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{Context, SHA256};

use super::held::{HeldFiles, LoadedTexts};
use crate::file::{self, FileKind, Fingerprint, Links, Size, permanent_error};

/// How many components the path of a list file may have, from the rules folder on. A reload would not notice
/// changes of deeper files.
const DEEPEST_PATH: usize = 8;

/// The largest total size of the lists of one load, in bytes. A list counts each time it is used: a
/// rules file may name one list thousands of times, and each use keeps its own values.
const LISTS_LIMIT: usize = 1 << 30;

/// The largest total size of the rules files of one load, in bytes. Rules take up to 45 times as much memory,
/// and a reload keeps the old ones until the new ones are active.
const RULES_LIMIT: usize = 2 << 20;

/// How many bytes of the digest a revision shows.
const REVISION_LENGTH: usize = 6;

/// The folder of one load, and the record of the files that were read from it.
pub(super) struct Inputs {
    folder: PathBuf,
    /// The digest of the texts that were read.
    digest: Context,
    pub(super) files: Files,
    /// The files whose last valid texts are used in place of the present ones.
    pub(super) held_files: HeldFiles,
    /// The texts of the lists that the present rules file has named so far, by these names. A list that it names
    /// twice is read once.
    lists_of_rules_file: BTreeMap<String, Arc<str>>,
    /// The total size of the rules files so far, in bytes.
    rules_bytes: usize,
    /// The total size of the lists so far, in bytes. A list counts each time it is used.
    list_bytes: usize,
}

/// The files of one load.
#[derive(Default)]
pub(crate) struct Files {
    /// The metadata of every file just before the load read it, or failed to read it.
    pub(crate) seen: Fingerprint,
    /// The texts that were read.
    pub(crate) texts: LoadedTexts,
}

/// The present fingerprint of the rules files in a folder, and of the files that the last load read.
pub(crate) fn fingerprint(folder: &Path, last: &Fingerprint) -> Fingerprint {
    let mut now = Fingerprint::default();
    // If the folder cannot be listed, `rules_files` adds the error to the fingerprint.
    let _ = rules_files(folder, &mut now);
    for path in last.paths() {
        now.add(path);
    }
    now
}

/// The rules files of a folder, sorted by name: `*.toml`, and not hidden. Adds them to `seen`. If the
/// folder cannot be listed, adds the error instead.
pub(crate) fn rules_files(folder: &Path, seen: &mut Fingerprint) -> io::Result<Vec<PathBuf>> {
    match file::entries(folder) {
        Ok(mut paths) => {
            paths.retain(|path| is_rules_file(path));
            for path in &paths {
                seen.add(path);
            }
            Ok(paths)
        }
        Err(error) => {
            seen.add_unlisted(folder, error.to_string());
            Err(error)
        }
    }
}

/// An entry of the rules folder that no load reads.
pub(crate) struct UnreadEntry {
    pub(crate) path: PathBuf,
    pub(crate) is_folder: bool,
}

impl UnreadEntry {
    /// Whether the entry may hold rules, which are then never loaded.
    pub(crate) fn may_hold_rules(&self) -> bool {
        self.is_folder || self.is_nearly_toml()
    }

    /// Whether the file would be a rules file if its ending were in lower case.
    pub(crate) fn is_nearly_toml(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
    }
}

/// The entries of a folder that are not hidden and were not read.
pub(super) fn unread_entries(folder: &Path, files_read: &Fingerprint) -> Vec<UnreadEntry> {
    let mut unread = Vec::new();
    // A folder that cannot be listed has no entries here. The load has reported it.
    for path in file::entries(folder).unwrap_or_default() {
        let is_hidden = path.file_name().is_some_and(file::is_hidden);
        // A folder counts as read if a list in it was read.
        let was_read = files_read.paths().any(|file| file.starts_with(&path));
        if !is_hidden && !was_read {
            let is_folder = path.is_dir();
            unread.push(UnreadEntry { path, is_folder });
        }
    }
    unread
}

fn is_rules_file(path: &Path) -> bool {
    match path.file_name() {
        Some(name) => !file::is_hidden(name) && path.extension() == Some("toml".as_ref()),
        None => false,
    }
}

impl Inputs {
    /// The inputs of a load from this folder, before it reads a file.
    pub(super) fn new(folder: &Path, held_files: HeldFiles) -> Self {
        Self {
            folder: folder.to_owned(),
            digest: Context::new(&SHA256),
            files: Files::default(),
            held_files,
            lists_of_rules_file: BTreeMap::new(),
            rules_bytes: 0,
            list_bytes: 0,
        }
    }

    /// Reads the content of a rules file. Fails if all rules files together become too large.
    pub(super) fn read_rules(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = match self.held_files.last_valid_rules(path) {
            Some(bytes) => bytes.to_owned(),
            None => file::read_bytes(path, FileKind::Rules, Links::Follow)?,
        };
        self.rules_bytes = self.rules_bytes.saturating_add(bytes.len());
        if self.rules_bytes > RULES_LIMIT {
            let limit = Size(RULES_LIMIT as u64);
            return Err(permanent_error(format!(
                "with this file, all rules files together have more than {limit}; remove hooks that are not used"
            )));
        }
        self.files.texts.keep_rules(path, &bytes);
        Ok(bytes)
    }

    /// Starts the rules file of a hook: adds it to the digest, and forgets the lists of the previous rules file.
    pub(super) fn start_rules_file(&mut self, hook: &str, text: &str) {
        self.lists_of_rules_file.clear();
        self.add_to_digest(hook);
        self.add_to_digest(text);
    }

    /// Reads the text of a list, by the name that a rules file gives. Fails if all lists together become too
    /// large.
    pub(super) fn read_list(&mut self, name: &str) -> io::Result<Arc<str>> {
        let text = match self.lists_of_rules_file.get(name) {
            Some(text) => text.clone(),
            None => {
                let text: Arc<str> = self.read_new_list(name)?.into();
                self.lists_of_rules_file.insert(name.to_owned(), text.clone());
                text
            }
        };
        self.list_bytes = self.list_bytes.saturating_add(text.len());
        if self.list_bytes > LISTS_LIMIT {
            let limit = Size(LISTS_LIMIT as u64);
            return Err(permanent_error(format!(
                "with this list, all lists together have more than {limit}, where a list counts each time it is used; use it less often or shorten it"
            )));
        }
        self.add_to_digest(&text);
        Ok(text)
    }

    fn read_new_list(&mut self, name: &str) -> io::Result<String> {
        if !are_changes_noticed(Path::new(name)) {
            return Err(permanent_error(
                "it is hidden or too deep, so that its changes would go unnoticed",
            ));
        }
        let path = self.folder.join(name);
        self.files.seen.add(&path);
        let target = target_in_folder(&self.folder, &path)?;
        let present = file::read_text(&target, FileKind::List)?;
        let Some(text) = self.held_files.list_to_load(&path, present) else {
            // The list is held because it is still being written, and its last valid text is not known.
            return Err(permanent_error(
                "it is still being written; replace it by renaming a finished file",
            ));
        };
        self.files.texts.keep_list(&path, &text);
        refuse_control_characters(&text)?;
        Ok(text)
    }

    /// Adds a text to the digest. The length comes first, so that `a` with `bc` differs from `ab` with `c`.
    fn add_to_digest(&mut self, text: &str) {
        self.digest.update(&(text.len() as u64).to_be_bytes());
        self.digest.update(text.as_bytes());
    }

    /// The revision of the rules: the first bytes of the digest of all texts that were read.
    pub(super) fn revision(&self) -> String {
        let digest = self.digest.clone().finish();
        let mut revision = String::new();
        for byte in digest.as_ref().iter().take(REVISION_LENGTH) {
            // Writing to memory cannot fail.
            let _ = write!(revision, "{byte:02x}");
        }
        revision
    }
}

/// The file that a path leads to. Fails if `..` or a symbolic link leads out of the rules folder.
pub(crate) fn target_in_folder(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    let target = fs::canonicalize(path)?;
    if target.starts_with(fs::canonicalize(folder)?) {
        return Ok(target);
    }
    Err(permanent_error("it is not in the rules folder; put the file there"))
}

/// Whether a reload notices changes of a list with this path.
fn are_changes_noticed(path: &Path) -> bool {
    !path.iter().any(file::is_hidden) && path.iter().count() <= DEEPEST_PATH
}

/// Fails if a text has a control character. A failing disk, or a machine that stops at the wrong moment, may
/// leave a file of zeros, which would be a list with one entry that matches no value.
fn refuse_control_characters(text: &str) -> io::Result<()> {
    let mut line = 1;
    for byte in text.bytes() {
        match byte {
            b'\n' => line += 1,
            b'\t' | b'\r' => {}
            _ if byte.is_ascii_control() => {
                return Err(permanent_error(format!(
                    "line {line} has a control character, U+{byte:04X}; if the file is damaged, \
                     restore it, else delete the character"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}
