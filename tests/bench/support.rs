//! What `issuer`, a module of the tests, needs of their `support`.

use std::path::{Path, PathBuf};

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
