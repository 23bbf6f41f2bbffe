//! The last valid texts of files, which a load reads in place of files that are being written.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use ring::digest::{SHA256, digest};

/// The texts of one load, by the paths of their files.
#[derive(Default)]
pub(crate) struct LoadedTexts {
    rules: BTreeMap<PathBuf, Vec<u8>>,
    lists: BTreeMap<PathBuf, LoadedList>,
    /// The length of the lists that are kept whole, in bytes.
    kept_lists: usize,
}

/// How many bytes of lists are kept together.
const KEPT_LISTS: usize = 8 << 20;

/// A list as it was when it was read.
enum LoadedList {
    Whole(String),
    /// The list is too large to be kept.
    Digest {
        /// In bytes.
        length: usize,
        /// SHA-256.
        digest: Vec<u8>,
    },
}

impl LoadedTexts {
    pub(super) fn note_rules(&mut self, path: &Path, content: &[u8]) {
        self.rules.insert(path.to_owned(), content.to_owned());
    }

    pub(super) fn note_list(&mut self, path: &Path, text: &str) {
        let list = if self.kept_lists + text.len() <= KEPT_LISTS {
            self.kept_lists += text.len();
            LoadedList::Whole(text.to_owned())
        } else {
            LoadedList::Digest { length: text.len(), digest: digest_of(text) }
        };
        self.lists.insert(path.to_owned(), list);
    }
}

/// Files that are being written. A load reads their last valid texts instead.
#[derive(Clone, Default)]
pub struct HeldFiles {
    pub(crate) paths: BTreeSet<PathBuf>,
    /// The texts of the last valid load, including those of other files.
    pub(crate) texts: Arc<LoadedTexts>,
}

impl HeldFiles {
    /// The rules files to load, given those in the folder. Includes a held file that is missing at
    /// the moment, and leaves out one that was never valid.
    pub(super) fn rules_to_load(&self, in_folder: Vec<PathBuf>) -> BTreeSet<PathBuf> {
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

    /// The content of a rules file if it is held.
    pub(super) fn rules(&self, path: &Path) -> Option<&[u8]> {
        if !self.paths.contains(path) {
            return None;
        }
        self.texts.rules.get(path).map(Vec::as_slice)
    }

    /// The last valid text of a list that is held, or else its present text.
    ///
    /// A large list is not kept. Its last valid text is known only if the present text starts with it.
    /// Returns `None` if the last valid text is not known.
    pub(super) fn valid_list(&self, path: &Path, mut text: String) -> Option<String> {
        if !self.paths.contains(path) {
            return Some(text);
        }
        match self.texts.lists.get(path)? {
            LoadedList::Whole(last) => Some(last.clone()),
            LoadedList::Digest { length, digest } => {
                if digest_of(text.get(..*length)?) != *digest {
                    return None;
                }
                text.truncate(*length);
                Some(text)
            }
        }
    }
}

fn digest_of(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
