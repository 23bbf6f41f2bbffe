//! Notices changes of files by their metadata.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Metadata of some files. A fingerprint changes when one of the files is written, renamed or replaced, or when a
/// symbolic link leads elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fingerprint(BTreeMap<PathBuf, FileMetadata>);

/// Metadata of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum FileMetadata {
    Known {
        device: u64,
        inode: u64,
        size: u64,
        written: UnixTime,
        /// When the metadata changed.
        changed: UnixTime,
    },
    /// The metadata is not known, for this reason. Another reason counts as a change.
    Unknown(String),
}

/// A time, as the duration since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
struct UnixTime {
    seconds: i64,
    nanoseconds: i64,
}

impl FileMetadata {
    fn of(path: &Path) -> Self {
        // This follows links, since Kubernetes replaces a link to change a file.
        match fs::metadata(path) {
            Ok(file) => Self::Known {
                device: file.dev(),
                inode: file.ino(),
                size: file.size(),
                written: UnixTime { seconds: file.mtime(), nanoseconds: file.mtime_nsec() },
                changed: UnixTime { seconds: file.ctime(), nanoseconds: file.ctime_nsec() },
            },
            Err(error) => Self::Unknown(error.to_string()),
        }
    }
}

impl Fingerprint {
    /// The present fingerprint of these files.
    pub(crate) fn of<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Self {
        let mut fingerprint = Self::default();
        for path in paths {
            fingerprint.add(path.as_ref());
        }
        fingerprint
    }

    /// Adds a file as it is now. Does nothing if it was added before.
    pub(crate) fn add(&mut self, path: &Path) {
        if !self.0.contains_key(path) {
            self.0.insert(path.to_owned(), FileMetadata::of(path));
        }
    }

    /// Adds a file as it was in an earlier fingerprint. If it was not there, adds it as it is now.
    pub(crate) fn add_from(&mut self, path: &Path, earlier: &Self) {
        match earlier.0.get(path) {
            Some(metadata) => {
                self.0.insert(path.to_owned(), metadata.clone());
            }
            None => self.add(path),
        }
    }

    /// Replaces the metadata of a file that is being written, so that the next comparison finds the file changed.
    pub(crate) fn mark_as_being_written(&mut self, path: &Path) {
        self.0.insert(path.to_owned(), FileMetadata::Unknown("it was being written".to_owned()));
    }

    /// Adds a folder whose files cannot be listed for this reason.
    pub(crate) fn add_unlisted(&mut self, folder: &Path, why: String) {
        self.0.insert(folder.to_owned(), FileMetadata::Unknown(why));
    }

    /// The files that were added.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// The files whose metadata differs, including those that only one of the two fingerprints has.
    pub(crate) fn differences(&self, other: &Self) -> BTreeSet<PathBuf> {
        let mut different = BTreeSet::new();
        for path in self.0.keys().chain(other.0.keys()) {
            if self.0.get(path) != other.0.get(path) {
                different.insert(path.clone());
            }
        }
        different
    }
}
