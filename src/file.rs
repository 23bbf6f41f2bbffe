//! Reading files that somebody names.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The text of a regular file, without a byte order mark, which spreadsheets and editors write.
pub(crate) fn text(path: &Path) -> io::Result<String> {
    // The end of a pipe may never come.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("this is no regular file"));
    }
    let text = fs::read_to_string(path)?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// What is in a folder, by name.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}
