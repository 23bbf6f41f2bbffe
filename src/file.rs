//! Reads and replaces files. All files that users name are read here: only regular ones, and only up to the size
//! limit of their kind.

use std::{
    error::Error,
    ffi::{OsStr, OsString},
    fmt,
    fs::{self, File, FileType, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, fchown},
    path::{Path, PathBuf},
    process,
};

use rustix::fs::OFlags;

mod fingerprint;

pub(crate) use fingerprint::Fingerprint;

/// The byte order mark in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A kind of file. The kind decides how large a file may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FileKind {
    /// The rules of one hook, in TOML.
    Rules,
    /// The settings, in TOML.
    Settings,
    /// Certificates or a private key, in PEM.
    Certificate,
    /// A recorded request or answer.
    Fixture,
    /// Passwords or header secrets.
    Secret,
    /// A user schema or an enrollment policy.
    OrgExport,
    /// The values of a list.
    List,
}

/// How large a file of a kind may be, and the words for a message about a larger one.
struct SizeLimit {
    bytes: u64,
    /// The kind of file.
    name: &'static str,
    hint: &'static str,
}

impl FileKind {
    fn size_limit(self) -> SizeLimit {
        match self {
            Self::Rules => SizeLimit {
                bytes: 1 << 20,
                name: "a rules file",
                hint: "move long lists into files of their own (`{ file = \"list.txt\" }`)",
            },
            Self::Settings => SizeLimit {
                bytes: 1 << 20,
                name: "a settings file",
                hint: "settings are short; is this the right file?",
            },
            Self::Certificate => SizeLimit {
                bytes: 1 << 20,
                name: "a certificate or key",
                hint: "keep only the certificates or the key that the service needs, in PEM",
            },
            Self::Fixture => SizeLimit {
                bytes: 1 << 20,
                name: "a recorded request or answer",
                hint: "Okta sends no request of this size; record a smaller one",
            },
            Self::Secret => SizeLimit {
                bytes: 64 << 10,
                name: "a file with secrets",
                hint: "write one secret per line, and nothing else",
            },
            Self::OrgExport => SizeLimit {
                bytes: 4 << 20,
                name: "a schema or policy",
                hint: "save only Okta's answer in it",
            },
            Self::List => SizeLimit {
                bytes: 256 << 20,
                name: "a list",
                hint: "split it into several lists, each with a rule of its own",
            },
        }
    }
}

/// How to treat a path that leads to a symbolic link.
#[derive(Clone, Copy)]
pub(crate) enum Links {
    /// Read the target: Kubernetes mounts files as links.
    Follow,
    /// Fail: `replay --update` would replace the link instead of its target.
    Refuse,
}

/// The error for bytes that are not UTF-8. Its message does not repeat the bytes, which may belong to a secret.
#[derive(Debug)]
pub(crate) struct NotUtf8 {
    pub(crate) bytes: Vec<u8>,
    /// The index of the first byte that is not UTF-8.
    pub(crate) at: usize,
}

impl NotUtf8 {
    /// The problem, without its place.
    pub(crate) fn message(&self) -> &'static str {
        if is_utf16(&self.bytes) {
            "this is UTF-16; save it as UTF-8"
        } else {
            "this is not UTF-8; save it as UTF-8"
        }
    }
}

impl fmt::Display for NotUtf8 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        let before = String::from_utf8_lossy(before);
        let line = before.split('\n').count();
        let column = 1 + before.chars().rev().take_while(|letter| *letter != '\n').count();
        write!(out, "{} (line {line}, column {column})", self.message())
    }
}

impl Error for NotUtf8 {}

/// The text of these bytes. Removes the byte order mark that spreadsheets and editors write.
pub(crate) fn decode_text(mut bytes: Vec<u8>) -> Result<String, NotUtf8> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    if is_utf16(&bytes) {
        return Err(NotUtf8 { bytes, at: 0 });
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        NotUtf8 { bytes: error.into_bytes(), at }
    })
}

/// Whether these bytes begin like UTF-16: with its byte order mark, or with an ASCII character, whose other byte is 0.
fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [0, second, ..] => *second != 0,
        [_, 0, ..] => true,
        _ => false,
    }
}

/// Reads the text of a regular file.
pub(crate) fn read_text(path: &Path, kind: FileKind) -> io::Result<String> {
    decode_text(read_bytes(path, kind, Links::Follow)?).map_err(io::Error::other)
}

/// Reads the content of a regular file. Fails if it is larger than the limit of its kind.
pub(crate) fn read_bytes(path: &Path, kind: FileKind, links: Links) -> io::Result<Vec<u8>> {
    let file = open_regular(path, links)?;
    let size_limit = kind.size_limit();
    let size = file.metadata()?.len();
    if size > size_limit.bytes {
        return Err(too_large(&size_limit));
    }
    let mut bytes = Vec::new();
    bytes.reserve_exact(usize::try_from(size).unwrap_or_default());
    // Read one byte more than the limit, to notice a file that has just grown beyond the limit.
    file.take(size_limit.bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > size_limit.bytes {
        return Err(too_large(&size_limit));
    }
    Ok(bytes)
}

fn too_large(SizeLimit { bytes, name, hint }: &SizeLimit) -> io::Error {
    let limit = Size(*bytes);
    permanent_error(format!("it is larger than {limit}, the limit of {name}; {hint}"))
}

/// Replaces a regular file, or creates it. Readers see either the whole old content or the whole new one, even if
/// the write is interrupted. Hard links to the old file keep the old content.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let old = match fs::symlink_metadata(path) {
        Ok(old) => Some(old),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if let Some(old) = &old {
        require_regular(old.file_type())?;
    }
    // The new file is in the same folder, since a file cannot be renamed to another file system. It is hidden, so that
    // a program that lists the folder meanwhile skips it.
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}", process::id()));
    let new = path.with_file_name(name);
    let replaced = write_new(&new, bytes, old).and_then(|()| fs::rename(&new, path));
    if replaced.is_err() {
        // If removing fails as well, the first error is the one to return.
        let _ = fs::remove_file(&new);
    }
    replaced
}

/// Writes a new file with the owner and the permissions of an old one.
fn write_new(path: &Path, bytes: &[u8], old: Option<Metadata>) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    if let Some(old) = old {
        // This may fail if the old file has another owner. Then the new file belongs to the user of this program.
        let _ = fchown(&file, Some(old.uid()), Some(old.gid()));
        file.set_permissions(old.permissions())?;
    }
    file.write_all(bytes)?;
    file.sync_all()
}

/// Opens a regular file. Checks its type twice: before opening it, because to open a device may have an effect, and
/// afterwards, because another file may have taken its place. Never blocks on a pipe that no program writes to.
fn open_regular(path: &Path, links: Links) -> io::Result<File> {
    let (before, flags) = match links {
        Links::Follow => (fs::metadata(path)?, OFlags::NONBLOCK),
        Links::Refuse => (fs::symlink_metadata(path)?, OFlags::NONBLOCK | OFlags::NOFOLLOW),
    };
    require_regular(before.file_type())?;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn require_regular(file_type: FileType) -> io::Result<()> {
    if file_type.is_file() {
        return Ok(());
    }
    let found = if file_type.is_symlink() {
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
    Err(permanent_error(format!("this is {found}")))
}

/// An error that lasts until the file is changed. It has no error code of the system, because
/// a [`Problem`](crate::problem::Problem) with such a code may count as transient.
pub(crate) fn permanent_error(why: impl Into<String>) -> io::Error {
    io::Error::other(why.into())
}

/// The paths of the files and folders in a folder, sorted by name.
pub(crate) fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Whether this is the name of a hidden file or folder, which begins with a dot. `.` and `..` are not hidden.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".") && name != "." && name != ".."
}

/// A number of bytes. Prints it in the largest unit of which it is a whole number.
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
