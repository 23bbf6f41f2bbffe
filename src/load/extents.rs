//! How much of each list was read, so that the same can be read again while the file grows.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use ring::digest::{SHA256, digest};

/// The extents of the lists of one load, by their paths.
#[derive(Clone, Default)]
pub struct Extents(BTreeMap<PathBuf, Extent>);

/// The content of a list when it was read.
#[derive(Clone)]
struct Extent {
    /// In bytes.
    length: usize,
    /// SHA-256.
    digest: Vec<u8>,
}

impl Extents {
    /// Records the extent of a list.
    pub(super) fn note(&mut self, path: &Path, text: &str) {
        let extent = Extent { length: text.len(), digest: digest_of(text) };
        self.0.insert(path.to_owned(), extent);
    }

    /// Whether all of these files are lists whose extents are known.
    pub(crate) fn include(&self, paths: &[PathBuf]) -> bool {
        paths.iter().all(|path| self.0.contains_key(path))
    }

    /// The extents of these files only.
    pub(crate) fn only(&self, paths: &[PathBuf]) -> Self {
        let mut only = Self::default();
        for path in paths {
            if let Some(extent) = self.0.get(path) {
                only.0.insert(path.clone(), extent.clone());
            }
        }
        only
    }

    /// Cuts the present text of a list to its extent. Returns the whole text of a list that has none, and
    /// `None` if the text does not start with the recorded content any more.
    pub(super) fn cut(&self, path: &Path, mut text: String) -> Option<String> {
        let Some(extent) = self.0.get(path) else {
            return Some(text);
        };
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
