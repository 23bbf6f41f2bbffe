//! SHA-256 digests, and secrets that are kept as digests.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{Choice, ConstantTimeEq};

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn sha256(data: &[u8]) -> Digest {
    let mut output = [0; SHA256_OUTPUT_LEN];
    output.copy_from_slice(digest(&SHA256, data).as_ref());
    output
}

/// The digests of secrets that are all valid at the same time.
pub struct Secrets {
    digests: Vec<Digest>,
    /// The digest of the user name, if the secrets are user names with passwords.
    user: Option<Digest>,
}

impl Secrets {
    /// The digests of these secrets.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let digests = secrets.into_iter().map(|secret| sha256(secret.as_ref())).collect();
        Self { digests, user: None }
    }

    /// The digests of `name:password` for each of these passwords.
    pub fn of_user<'s>(name: &str, passwords: impl IntoIterator<Item = &'s str>) -> Self {
        let pairs = passwords.into_iter().map(|password| format!("{name}:{password}"));
        Self { user: Some(sha256(name.as_bytes())), ..Self::new(pairs) }
    }

    /// Whether this is one of the secrets. Compares with all of them, in constant time.
    pub(super) fn contains(&self, presented: &[u8]) -> bool {
        has_digest_of(presented, &self.digests)
    }

    /// Whether this is the user name that the secrets belong to. Compares in constant time.
    pub(super) fn belong_to(&self, name: &[u8]) -> bool {
        has_digest_of(name, self.user.as_slice())
    }
}

/// Whether one of the digests is that of these bytes. Compares with all of them, in constant time.
fn has_digest_of(presented: &[u8], digests: &[Digest]) -> bool {
    let presented = sha256(presented);
    let mut found = Choice::from(0);
    for digest in digests {
        found |= digest.ct_eq(&presented);
    }
    found.into()
}
