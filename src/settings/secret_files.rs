//! Reads the files that hold secrets, line by line.

use std::{
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    Secret, SecretFiles, SecretList,
    raw::plain_lines,
    reader::{Parse, SettingsReader, parse_each},
    source_names,
};
use crate::{
    file::{self, FileKind},
    problem::Problem,
};

/// The mode bit that lets every user read a file.
const WORLD_READABLE: u32 = 0o004;

impl SettingsReader {
    /// Reads the secrets in the file of a key, unless such files are skipped.
    pub(super) fn read_secret_file(
        &mut self,
        key: &str,
        path: PathBuf,
        parse: Parse<Secret>,
    ) -> Option<SecretList> {
        if self.secret_files == SecretFiles::Skip {
            return Some(SecretList::Skipped);
        }
        self.warn_if_world_readable(key, &path);
        let text = file::read_text(&path, FileKind::Secret);
        if let Err(error) = &text
            && error.kind() == io::ErrorKind::NotFound
            && self.may_be_absent(key)
        {
            let path = path.display();
            self.warnings.push(format!(
                "{key}: there is no file `{path}` here; the service does not start without it"
            ));
            return Some(SecretList::Skipped);
        }
        // Note a file that cannot be read, too, so that a reload notices when it can be.
        self.files.push(path);
        match text {
            Ok(text) => {
                let secrets = plain_lines(&text).and_then(|lines| parse_each(&lines, parse));
                Some(SecretList::Known(self.ok_or_report(key, secrets)?))
            }
            Err(error) => {
                let message = format!("`{key}`: cannot read the file: {error}");
                self.problems.push(Problem::caused_by_io(self.place(key), message, &error));
                None
            }
        }
    }

    /// Whether the secret file of this key need not exist. `check` needs the sources to check rules with lookups, but
    /// not the secrets of the sources.
    fn may_be_absent(&self, key: &str) -> bool {
        self.secret_files == SecretFiles::ReadPresent && source_names::is_key_of_source(key)
    }

    /// Warns of a file with a secret that every user of this machine can read.
    pub(super) fn warn_if_world_readable(&mut self, key: &str, path: &Path) {
        if self.secret_files == SecretFiles::Skip {
            return;
        }
        if let Ok(file) = fs::metadata(path)
            && file.permissions().mode() & WORLD_READABLE > 0
        {
            let path = path.display();
            self.warnings.push(format!(
                "{key}: every user of this machine can read `{path}`; run `chmod o-r` on it"
            ));
        }
    }
}
