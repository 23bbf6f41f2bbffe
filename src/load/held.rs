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
    lists: BTreeMap<PathBuf, Extent>,
}

/// The length and digest of a list when it was read. The list itself may be too large to be kept.
struct Extent {
    /// In bytes.
    length: usize,
    /// SHA-256.
    digest: Vec<u8>,
}

impl LoadedTexts {
    pub(super) fn note_rules(&mut self, path: &Path, content: &[u8]) {
        self.rules.insert(path.to_owned(), content.to_owned());
    }

    pub(super) fn note_list(&mut self, path: &Path, text: &str) {
        let extent = Extent { length: text.len(), digest: digest_of(text) };
        self.lists.insert(path.to_owned(), extent);
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

    /// Cuts the present text of a held list to its last valid one. Returns the whole text of any
    /// other list, and `None` if the text does not start with the last valid one, or there is none.
    pub(super) fn cut_list(&self, path: &Path, mut text: String) -> Option<String> {
        if !self.paths.contains(path) {
            return Some(text);
        }
        let extent = self.texts.lists.get(path)?;
        if digest_of(text.get(..extent.length)?) != extent.digest {
            return None;
        }
        text.truncate(extent.length);
        Some(text)
    }
}

fn digest_of(text: &str) -> Vec<u8> {
    digest(&SHA256, text.as_bytes()).as_ref().to_vec()
}
