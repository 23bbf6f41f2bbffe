//! The files that one load reads, and the digest of their content.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs, io,
    path::{Component, Path, PathBuf},
    rc::Rc,
};

use ring::digest::{Context, SHA256};

use super::{
    FOLLOWED_DEPTH,
    extents::{Extents, Rewritten},
};
use crate::{
    file::{self, Fingerprint, Kind, Size},
    problem::may_pass,
};

/// How many bytes the lists of one load may have together, each counted where it is used: a rules file
/// may name the same list thousands of times, and each use keeps its values.
const LISTS_LIMIT: usize = 1 << 30;

/// The folder of one load, and what was read from it.
pub(super) struct Inputs {
    folder: PathBuf,
    digest: Context,
    /// Every file that was read or could not be read, as it was before.
    files: Fingerprint,
    /// The lists of which no more is to be read than this, since they are being written.
    held: Extents,
    /// What the lists hold that were read.
    extents: Extents,
    /// The lists of the present rules file by their names.
    lists: BTreeMap<String, Rc<str>>,
    /// How many bytes the lists have so far, each counted where it is used.
    list_bytes: usize,
}

/// The files of one load.
#[derive(Default)]
pub(crate) struct Files {
    /// Every file that was read or could not be read, as it was before.
    pub(crate) seen: Fingerprint,
    /// What the lists among them hold.
    pub(crate) lists: Extents,
}

/// Why a file cannot be used.
pub(super) struct Unusable {
    pub(super) message: String,
    /// Whether this may be over when the same file is read again.
    pub(super) may_pass: bool,
}

impl From<String> for Unusable {
    fn from(message: String) -> Self {
        Self { message, may_pass: false }
    }
}

impl Inputs {
    /// A load from this folder that has read nothing yet.
    pub(super) fn new(folder: &Path, held: Extents) -> Self {
        Self {
            folder: folder.to_owned(),
            digest: Context::new(&SHA256),
            files: Fingerprint::default(),
            held,
            extents: Extents::default(),
            lists: BTreeMap::new(),
            list_bytes: 0,
        }
    }

    /// Notes files that will be read, or would be under another name.
    pub(super) fn note(&mut self, files: &[PathBuf]) {
        for file in files {
            self.files.add(file);
        }
    }

    /// The text of a rules file.
    pub(super) fn read_rules(&self, path: &Path) -> io::Result<String> {
        file::read_text(path, Kind::Rules)
    }

    /// Adds the rules of a hook to the digest; the lists that are read from now on are theirs.
    pub(super) fn start_hook(&mut self, hook: &str, text: &str) {
        self.lists.clear();
        self.add_to_digest(hook);
        self.add_to_digest(text);
    }

    /// The text of a list, by the name that a rules file gives.
    pub(super) fn read_list(&mut self, name: &str) -> Result<Rc<str>, Unusable> {
        let lines = match self.lists.get(name) {
            Some(lines) => lines.clone(),
            None => {
                let lines: Rc<str> = self.read_new_list(name)?.into();
                self.lists.insert(name.to_owned(), lines.clone());
                lines
            }
        };
        self.list_bytes = self.list_bytes.saturating_add(lines.len());
        if self.list_bytes > LISTS_LIMIT {
            let limit = Size(LISTS_LIMIT as u64);
            return Err(Unusable::from(format!(
                "with `{name}` the lists of all rules are larger than {limit}, each counted where it is used; use it less often or shorten it"
            )));
        }
        self.add_to_digest(&lines);
        Ok(lines)
    }

    fn read_new_list(&mut self, name: &str) -> Result<String, Unusable> {
        if !may_be_followed(Path::new(name)) {
            let why = format!("`{name}` is hidden or too deep for its changes to be followed");
            return Err(Unusable::from(why));
        }
        let unreadable = |error: io::Error| Unusable {
            message: format!("cannot read `{name}`: {error}"),
            may_pass: may_pass(&error),
        };
        let named = self.folder.join(name);
        self.files.add(&named);
        let path = fs::canonicalize(&named).map_err(unreadable)?;
        let within = fs::canonicalize(&self.folder).map_err(unreadable)?;
        if !path.starts_with(within) {
            let why = format!("`{name}` is not in the rules folder; put the file there");
            return Err(Unusable::from(why));
        }
        let lines = file::read_text(&path, Kind::List).map_err(unreadable)?;
        let lines = self.held.cut(&named, lines).map_err(|Rewritten| {
            Unusable::from(format!("`{name}` changes all the time; rename a new file over it"))
        })?;
        self.extents.note(&named, &lines);
        if lines.trim().is_empty() {
            let why = format!("`{name}` has no line; an empty list means nothing");
            return Err(Unusable::from(why));
        }
        Ok(lines)
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

/// Whether a list of this name is neither hidden nor deep.
fn may_be_followed(name: &Path) -> bool {
    let is_hidden = |part: Component<'_>| match part {
        Component::Normal(name) => name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    name.components().count() <= FOLLOWED_DEPTH && !name.components().any(is_hidden)
}
