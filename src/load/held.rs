//! Held files: they are being written, so a load uses their last valid texts in place of the present ones.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{SHA256, digest};

/// The largest total size of the lists whose texts are kept, in bytes.
const KEPT_LISTS_LIMIT: usize = 8 << 20;

/// The texts of one load, by the paths of their files.
#[derive(Default)]
pub(crate) struct LoadedTexts {
    rules: BTreeMap<PathBuf, Vec<u8>>,
    lists: BTreeMap<PathBuf, LoadedList>,
    /// The total size of the lists whose texts are kept, in bytes.
    kept_lists_size: usize,
}

/// A list that was read.
enum LoadedList {
    Text(String),
    /// With this text, the texts that are kept would exceed [`KEPT_LISTS_LIMIT`].
    Digest {
        /// The length of the text, in bytes.
        length: usize,
        /// SHA-256 of the text.
        digest: Vec<u8>,
    },
}

impl LoadedTexts {
    /// Keeps the content of a rules file, in case a later load holds the file.
    pub(super) fn keep_rules(&mut self, path: &Path, content: &[u8]) {
        self.rules.insert(path.to_owned(), content.to_owned());
    }

    /// Keeps the text of a list, in case a later load holds the file. Keeps only its digest beyond
    /// [`KEPT_LISTS_LIMIT`].
    pub(super) fn keep_list(&mut self, path: &Path, text: &str) {
        let list = if self.kept_lists_size + text.len() <= KEPT_LISTS_LIMIT {
            self.kept_lists_size += text.len();
            LoadedList::Text(text.to_owned())
        } else {
            LoadedList::Digest { length: text.len(), digest: digest_of(text) }
        };
        self.lists.insert(path.to_owned(), list);
    }
}

/// The files to hold in a load.
#[derive(Clone, Default)]
pub struct HeldFiles {
    pub(crate) paths: BTreeSet<PathBuf>,
    /// The texts of the last valid load, including those of files that are not held.
    pub(crate) texts: Arc<LoadedTexts>,
}

impl HeldFiles {
    /// The rules files to load, given those that the folder has now. A held file is loaded if the last valid load
    /// had it, even if the file is missing now. A new held file is left out.
    pub(super) fn paths_to_load(&self, in_folder: Vec<PathBuf>) -> BTreeSet<PathBuf> {
        let mut rules = BTreeSet::from_iter(in_folder);
        for path in &self.paths {
            if self.texts.rules.contains_key(path) {
                rules.insert(path.clone());
            } else {
                rules.remove(path);
            }
        }
        rules
    }

    /// The last valid content of a rules file, if the file is held.
    pub(super) fn last_valid_rules(&self, path: &Path) -> Option<&[u8]> {
        if !self.paths.contains(path) {
            return None;
        }
        self.texts.rules.get(path).map(Vec::as_slice)
    }

    /// The text to load of a list: the last valid one if the list is held, or else the present one.
    ///
    /// Returns `None` if the last valid text is not known. A digest is enough if lines have only been added at the
    /// end: the beginning of the present text then has this digest.
    pub(super) fn list_to_load(&self, path: &Path, mut present: String) -> Option<String> {
        if !self.paths.contains(path) {
            return Some(present);
        }
        match self.texts.lists.get(path)? {
            LoadedList::Text(last) => Some(last.clone()),
            LoadedList::Digest { length, digest } => {
                let beginning = present.get(..*length)?;
                if digest_of(beginning) != *digest {
                    return None;
                }
                present.truncate(*length);
                Some(present)
            }
        }
    }
}

fn digest_of(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
