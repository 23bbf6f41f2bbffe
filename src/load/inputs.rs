//! The files that one load reads, and the digest of their content.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
};

use ring::digest::{Context, SHA256};

use super::extents::Extents;
use crate::{
    file::{self, FileKind, Fingerprint, Links, Size},
    problem::SpanProblem,
    rule::node::Span,
};

/// How deep below the rules folder a list file may lie. Changes of deeper files go unnoticed.
pub const FOLLOWED_DEPTH: usize = 8;

/// How many bytes the lists of one load may have together. A list counts each time it is used: a
/// rules file may name one list thousands of times, and each use keeps its own values.
const LISTS_LIMIT: usize = 1 << 30;

/// How many bytes all rules files of one load may have together.
const RULES_LIMIT: usize = 8 << 20;

/// The folder of one load, and the record of the files that were read from it.
pub(super) struct Inputs {
    folder: PathBuf,
    digest: Context,
    /// Every file that was read or could not be read, as it was before.
    files: Fingerprint,
    /// The lists that are being written. No more of each is read than its extent.
    held: Extents,
    /// The extents of the lists that were read.
    extents: Extents,
    /// The lists of the present rules file by their names.
    lists: BTreeMap<String, Rc<str>>,
    /// How many bytes the rules files have so far.
    rules_bytes: usize,
    /// How many bytes the lists have so far, each counted where it is used.
    list_bytes: usize,
}

/// The files of one load.
#[derive(Default)]
pub(crate) struct Files {
    /// Every file that was read or could not be read, as it was before.
    pub(crate) seen: Fingerprint,
    /// The extents of the lists among them.
    pub(crate) lists: Extents,
}

impl Inputs {
    /// A load from this folder that has read no file yet.
    pub(super) fn new(folder: &Path, held: Extents) -> Self {
        Self {
            folder: folder.to_owned(),
            digest: Context::new(&SHA256),
            files: Fingerprint::default(),
            held,
            extents: Extents::default(),
            lists: BTreeMap::new(),
            rules_bytes: 0,
            list_bytes: 0,
        }
    }

    /// Notes files that will be read, or would be under another name.
    pub(super) fn note(&mut self, files: &[PathBuf]) {
        for file in files {
            self.files.add(file);
        }
    }

    /// Notes that the files of a folder cannot be listed.
    pub(super) fn note_unlisted(&mut self, folder: &Path, error: &io::Error) {
        self.files.add_unlisted(folder, error.to_string());
    }

    /// The content of a rules file. All of them may not have more than [`RULES_LIMIT`].
    pub(super) fn read_rules(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let bytes = file::read_bytes(path, FileKind::Rules, Links::Follow)?;
        self.rules_bytes = self.rules_bytes.saturating_add(bytes.len());
        if self.rules_bytes > RULES_LIMIT {
            let limit = Size(RULES_LIMIT as u64);
            let message = format!(
                "with this file all rules files have more than {limit}; remove hooks that are not used"
            );
            return Err(io::Error::other(message));
        }
        Ok(bytes)
    }

    /// Adds the rules of a hook to the digest. Lists that are read from now on belong to this hook.
    pub(super) fn start_hook(&mut self, hook: &str, text: &str) {
        self.lists.clear();
        self.add_to_digest(hook);
        self.add_to_digest(text);
    }

    /// The text of a list, by the name that a rules file gives at this place.
    pub(super) fn read_list(&mut self, name: &str, place: &Span) -> Result<Rc<str>, SpanProblem> {
        let lines = match self.lists.get(name) {
            Some(lines) => lines.clone(),
            None => {
                let lines: Rc<str> = self.read_new_list(name, place)?.into();
                self.lists.insert(name.to_owned(), lines.clone());
                lines
            }
        };
        self.list_bytes = self.list_bytes.saturating_add(lines.len());
        if self.list_bytes > LISTS_LIMIT {
            let limit = Size(LISTS_LIMIT as u64);
            let message = format!(
                "with `{name}` the lists of all rules are larger than {limit}, each counted where it is used; use it less often or shorten it"
            );
            return Err(SpanProblem::at(place.clone(), message));
        }
        self.add_to_digest(&lines);
        Ok(lines)
    }

    fn read_new_list(&mut self, name: &str, place: &Span) -> Result<String, SpanProblem> {
        let refused = |why: &str| SpanProblem::at(place.clone(), format!("`{name}` {why}"));
        if !is_followed(name) {
            return Err(refused("is hidden or too deep, so that its changes would go unnoticed"));
        }
        let path = self.folder.join(name);
        self.files.add(&path);
        let lines = match self.read_within_folder(&path) {
            Ok(Some(lines)) => lines,
            Ok(None) => return Err(refused("is not in the rules folder; put the file there")),
            Err(error) => {
                let message = format!("cannot read `{name}`: {error}");
                return Err(SpanProblem::of_reading(place.clone(), message, &error));
            }
        };
        let Ok(lines) = self.held.cut(&path, lines) else {
            return Err(refused("changes all the time; rename a new file over it"));
        };
        self.extents.note(&path, &lines);
        if lines.trim().is_empty() {
            return Err(refused("has no entry; add at least one line"));
        }
        Ok(lines)
    }

    /// The text of a file. Returns `None` if its links lead out of the folder.
    fn read_within_folder(&self, path: &Path) -> io::Result<Option<String>> {
        let target = fs::canonicalize(path)?;
        if !target.starts_with(fs::canonicalize(&self.folder)?) {
            return Ok(None);
        }
        file::read_text(&target, FileKind::List).map(Some)
    }

    /// Adds a text with its length.
    fn add_to_digest(&mut self, text: &str) {
        self.digest.update(&(text.len() as u64).to_be_bytes());
        self.digest.update(text.as_bytes());
    }

    /// The revision of all that was read, and the files.
    pub(super) fn finish(self) -> (String, Files) {
        let digest = self.digest.finish();
        let mut revision = String::new();
        for byte in digest.as_ref().iter().take(6) {
            // Writing to memory cannot fail.
            let _ = write!(revision, "{byte:02x}");
        }
        (revision, Files { seen: self.files, lists: self.extents })
    }
}

/// Whether changes of a list of this name are noticed.
fn is_followed(name: &str) -> bool {
    let path = Path::new(name);
    let is_hidden = path.iter().any(file::is_hidden);
    !is_hidden && path.iter().count() <= FOLLOWED_DEPTH
}
