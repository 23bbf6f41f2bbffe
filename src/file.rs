//! The only reader of files that users name. Reads regular files only, and each kind up to a bound.

use std::{
    fmt,
    fs::{self, File, FileType, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

mod fingerprint;

pub(crate) use fingerprint::Fingerprint;

/// A kind of file. It decides how large a file may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileKind {
    /// A hook's rules.
    Rules,
    /// The settings.
    Settings,
    /// Certificates or a private key, in PEM.
    Certificate,
    /// A recorded request or answer.
    Fixture,
    /// Passwords or header secrets.
    Secret,
    /// A user schema or an enrollment policy.
    OrgAnswer,
    /// The values of a list.
    List,
}

impl FileKind {
    /// The most bytes that are read.
    fn limit(self) -> u64 {
        match self {
            Self::Rules | Self::Settings | Self::Certificate | Self::Fixture => 1 << 20,
            Self::Secret => 64 << 10,
            Self::OrgAnswer => 4 << 20,
            Self::List => 256 << 20,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rules => "a rules file",
            Self::Settings => "a settings file",
            Self::Certificate => "a certificate or key",
            Self::Fixture => "a recorded request or answer",
            Self::Secret => "a file with secrets",
            Self::OrgAnswer => "a schema or policy",
            Self::List => "a list",
        }
    }

    /// The hint for a file that is too large.
    fn hint(self) -> &'static str {
        match self {
            Self::Rules => "move long lists into files of their own (`{ file = \"list.txt\" }`)",
            Self::Settings => "settings are short; is this the right file?",
            Self::Certificate => {
                "keep only the certificates or the key that the service needs, in PEM"
            }
            Self::Fixture => "Okta sends no request of this size; record a smaller one",
            Self::Secret => "write one secret per line, and nothing else",
            Self::OrgAnswer => "save only Okta's answer in it",
            Self::List => "split it into several lists, each with a rule of its own",
        }
    }
}

/// Whether the last part of a path may be a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// It may be one: Kubernetes mounts files as links.
    Follow,
    /// It may not be one, since the file is written as well.
    Refuse,
}

/// Reads the text of a regular file. Removes the byte order mark that spreadsheets and editors write.
pub(crate) fn read_text(path: &Path, kind: FileKind) -> io::Result<String> {
    let mut bytes = read_bytes(path, kind, Links::Follow)?;
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes.drain(..'\u{feff}'.len_utf8());
    }
    String::from_utf8(bytes).map_err(|error| {
        let after = error.utf8_error().valid_up_to();
        refusal(format!("this is not valid UTF-8 after {after} bytes"))
    })
}

/// Reads the content of a regular file. Never blocks on a pipe, and reads no more than the bound.
pub(crate) fn read_bytes(path: &Path, kind: FileKind, links: Links) -> io::Result<Vec<u8>> {
    let file = open_regular(path, OpenOptions::new().read(true), links)?;
    let limit = kind.limit();
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    if size <= limit {
        bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
        // One more, to see whether the file has grown beyond the bound.
        file.take(limit + 1).read_to_end(&mut bytes)?;
    }
    if size > limit || bytes.len() as u64 > limit {
        let (limit, name, hint) = (Size(limit), kind.name(), kind.hint());
        return Err(refusal(format!("it is larger than {limit}, the bound of {name}; {hint}")));
    }
    Ok(bytes)
}

/// Replaces the content of a regular file. Never writes through a symbolic link.
pub(crate) fn write_unlinked(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    // The present content is removed only after the file is known to be a regular one.
    options.write(true).create(true).truncate(false);
    let mut file = open_regular(path, &mut options, Links::Refuse)?;
    file.set_len(0)?;
    file.write_all(bytes)
}

/// Opens a regular file. Checks the type before, since opening a device may have an effect, and after,
/// since the file may have been replaced. The open itself does not block on a pipe without a writer.
fn open_regular(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    let mut flags = OFlags::NONBLOCK;
    let before = match links {
        Links::Follow => fs::metadata(path),
        Links::Refuse => fs::symlink_metadata(path),
    };
    if links == Links::Refuse {
        flags |= OFlags::NOFOLLOW;
    }
    match before {
        Ok(metadata) => require_regular(metadata.file_type())?,
        // The caller may want to create it. Otherwise opening it fails in the same way.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = options.custom_flags(flags).open(path)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn require_regular(file_type: FileType) -> io::Result<()> {
    let found = if file_type.is_file() {
        return Ok(());
    } else if file_type.is_symlink() {
        "a symbolic link; put the file itself here"
    } else if file_type.is_dir() {
        "a folder, not a file"
    } else if file_type.is_fifo() {
        "a pipe, not a regular file"
    } else if file_type.is_socket() {
        "a socket, not a regular file"
    } else {
        "a device, not a regular file"
    };
    Err(refusal(format!("this is {found}")))
}

/// An error that the file itself causes, not the system.
fn refusal(why: String) -> io::Error {
    io::Error::other(why)
}

/// The paths of the files and folders in a folder, sorted by name.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(directory)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

/// A number of bytes, printed in the largest unit without a remainder.
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(bytes) = self;
        for (unit, size) in [("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if *bytes >= size && bytes.is_multiple_of(size) {
                return write!(out, "{} {unit}", bytes / size);
            }
        }
        write!(out, "{bytes} bytes")
    }
}
