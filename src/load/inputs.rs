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
use crate::file::{self, FileKind, Fingerprint, Links, Size};

/// How deep below the rules folder a list file may lie. Changes of deeper files are not noticed.
const FOLLOWED_DEPTH: usize = 8;

/// How many bytes the lists of one load may have together. A list counts each time it is used: a
/// rules file may name one list thousands of times, and each use keeps its own values.
const LISTS_LIMIT: usize = 1 << 30;

/// How many bytes all rules files of one load may have together. Rules take up to 45 times as much memory,
/// and a reload keeps the old ones until the new ones are active.
const RULES_LIMIT: usize = 2 << 20;

/// The folder of one load, and the record of the files that were read from it.
pub(super) struct Inputs {
    folder: PathBuf,
    digest: Context,
    pub(super) files: Files,
    pub(super) held: HeldFiles,
    /// The lists of the present rules file by their names.
    lists: BTreeMap<String, Arc<str>>,
    /// How many bytes the rules files have so far.
    rules_bytes: usize,
    /// How many bytes the lists have so far, each counted where it is used.
    list_bytes: usize,
}

/// The result of reading all files of a load.
pub(super) struct ReadInputs {
    /// A digest of all that was read.
    pub(super) revision: String,
    pub(super) files: Files,
}

/// The files of one load.
#[derive(Default)]
pub(crate) struct Files {
    /// Every file of the load, even if it could not be read, as it was just before.
    pub(crate) seen: Fingerprint,
    /// The texts that were read.
    pub(crate) texts: LoadedTexts,
}

/// Looks at the rules files of a folder, and at the files that the last load read.
pub(crate) fn fingerprint(folder: &Path, last: &Fingerprint) -> Fingerprint {
    let mut now = Fingerprint::default();
    // A folder that cannot be listed is in the fingerprint as well.
    let _ = rules_files(folder, &mut now);
    for path in last.paths() {
        now.add(path);
    }
    now
}

/// The rules files of a folder, sorted by name: `*.toml`, and not hidden. Adds them to `seen`. If they
/// cannot be listed, adds the folder.
pub(super) fn rules_files(folder: &Path, seen: &mut Fingerprint) -> io::Result<Vec<PathBuf>> {
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

/// The entries of a folder that are not hidden and were not read.
pub(super) fn unread_entries(folder: &Path, read: &Fingerprint) -> Vec<UnreadEntry> {
    let mut unread = Vec::new();
    // A folder that cannot be listed is a problem of its own.
    for path in file::entries(folder).unwrap_or_default() {
        let is_hidden = path.file_name().is_some_and(file::is_hidden);
        if !is_hidden && !read.paths().any(|read| read.starts_with(&path)) {
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
    /// A load from this folder that has read no file yet.
    pub(super) fn new(folder: &Path, held: HeldFiles) -> Self {
        Self {
            folder: folder.to_owned(),
            digest: Context::new(&SHA256),
            files: Files::default(),
            held,
            lists: BTreeMap::new(),
            rules_bytes: 0,
            list_bytes: 0,
        }
    }

    /// The content of a rules file.
    pub(super) fn read_rules(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = match self.held.rules(path) {
            Some(bytes) => bytes.to_owned(),
            None => file::read_bytes(path, FileKind::Rules, Links::Follow)?,
        };
        self.rules_bytes = self.rules_bytes.saturating_add(bytes.len());
        if self.rules_bytes > RULES_LIMIT {
            let limit = Size(RULES_LIMIT as u64);
            return Err(unusable(&format!(
                "with this file all rules files have more than {limit}; remove hooks that are not used"
            )));
        }
        self.files.texts.note_rules(path, &bytes);
        Ok(bytes)
    }

    /// Adds the rules of a hook to the digest. Lists that are read from now on belong to this hook.
    pub(super) fn start_hook(&mut self, hook: &str, text: &str) {
        self.lists.clear();
        self.add_to_digest(hook);
        self.add_to_digest(text);
    }

    /// The text of a list, by the name that a rules file gives.
    pub(super) fn read_list(&mut self, name: &str) -> io::Result<Arc<str>> {
        let lines = match self.lists.get(name) {
            Some(lines) => lines.clone(),
            None => {
                let lines: Arc<str> = self.read_new_list(name)?.into();
                self.lists.insert(name.to_owned(), lines.clone());
                lines
            }
        };
        self.list_bytes = self.list_bytes.saturating_add(lines.len());
        if self.list_bytes > LISTS_LIMIT {
            let limit = Size(LISTS_LIMIT as u64);
            return Err(unusable(&format!(
                "with it the lists of all rules are larger than {limit}, each counted where it is used; use it less often or shorten it"
            )));
        }
        self.add_to_digest(&lines);
        Ok(lines)
    }

    fn read_new_list(&mut self, name: &str) -> io::Result<String> {
        if !is_followed(Path::new(name)) {
            return Err(unusable(
                "it is hidden or too deep, so that its changes would go unnoticed",
            ));
        }
        let path = self.folder.join(name);
        self.files.seen.add(&path);
        let target = fs::canonicalize(&path)?;
        if !target.starts_with(fs::canonicalize(&self.folder)?) {
            return Err(unusable("it is not in the rules folder; put the file there"));
        }
        let lines = file::read_text(&target, FileKind::List)?;
        let Some(lines) = self.held.valid_list(&path, lines) else {
            return Err(unusable("it changes all the time; rename a new file over it"));
        };
        self.files.texts.note_list(&path, &lines);
        if lines.trim().is_empty() {
            return Err(unusable("it has no entry; add at least one line"));
        }
        Ok(lines)
    }

    /// Adds a text with its length.
    fn add_to_digest(&mut self, text: &str) {
        self.digest.update(&(text.len() as u64).to_be_bytes());
        self.digest.update(text.as_bytes());
    }

    /// Ends the load.
    pub(super) fn finish(self) -> ReadInputs {
        let digest = self.digest.finish();
        let mut revision = String::new();
        for byte in digest.as_ref().iter().take(6) {
            // Writing to memory cannot fail.
            let _ = write!(revision, "{byte:02x}");
        }
        ReadInputs { revision, files: self.files }
    }
}

/// An error that stays until a file is changed.
fn unusable(why: &str) -> io::Error {
    io::Error::other(why)
}

/// Whether changes of a list with this path are noticed.
fn is_followed(path: &Path) -> bool {
    !path.iter().any(file::is_hidden) && path.iter().count() <= FOLLOWED_DEPTH
}
