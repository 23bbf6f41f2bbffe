//! SHA-256 digests, and the secrets of callers. A secret is kept only as a digest until a caller presents it.

use std::sync::OnceLock;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::{Choice, ConstantTimeEq};

use super::keyed_hash::{AdmittedSecret, HashKey};

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn sha256(data: &[u8]) -> Digest {
    let mut output = [0; SHA256_OUTPUT_LEN];
    output.copy_from_slice(digest(&SHA256, data).as_ref());
    output
}

/// Secrets that are all valid at the same time.
pub struct Secrets {
    secrets: Vec<KnownSecret>,
    /// The digest of the user name, if the secrets are user names with passwords.
    user: Option<Digest>,
    /// The key of the hashes. A secret that has admitted a caller is found faster by its hash than by its digest.
    hash_key: HashKey,
}

struct KnownSecret {
    digest: Digest,
    /// The secret itself, with its hash. Empty until a caller has presented the secret.
    admitted: OnceLock<AdmittedSecret>,
}

impl Secrets {
    /// Keeps these secrets as digests.
    pub fn new(secrets: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Self {
        let mut kept = Vec::new();
        for secret in secrets {
            kept.push(KnownSecret { digest: sha256(secret.as_ref()), admitted: OnceLock::new() });
        }
        Self { secrets: kept, user: None, hash_key: HashKey::default() }
    }

    /// Keeps `name:password` for each of these passwords.
    pub fn of_user<'s>(name: &str, passwords: impl IntoIterator<Item = &'s str>) -> Self {
        let pairs = passwords.into_iter().map(|password| format!("{name}:{password}"));
        Self { user: Some(sha256(name.as_bytes())), ..Self::new(pairs) }
    }

    /// Whether this is one of the secrets. Looks first among the secrets that have admitted a caller before, by a keyed
    /// hash, which takes less time than a digest. Then compares the digest with those of all secrets, in constant time.
    pub(super) fn contains(&self, presented: &[u8]) -> bool {
        let hash = self.hash_key.hash(presented);
        for KnownSecret { admitted, .. } in &self.secrets {
            if let Some(admitted) = admitted.get()
                && admitted.equals(hash, presented)
            {
                return true;
            }
        }
        let digest = sha256(presented);
        let mut is_known = Choice::from(0);
        for secret in &self.secrets {
            is_known |= secret.digest.ct_eq(&digest);
        }
        if !bool::from(is_known) {
            return false;
        }
        // The value is a secret that the caller knows, so the time of this comparison shows nothing new.
        for secret in &self.secrets {
            if secret.digest == digest {
                secret.admitted.get_or_init(|| AdmittedSecret::new(hash, presented));
            }
        }
        true
    }

    /// Whether this is the user name that the secrets belong to. Compares in constant time.
    pub(super) fn belong_to(&self, name: &[u8]) -> bool {
        match &self.user {
            Some(user) => sha256(name).ct_eq(user).into(),
            None => false,
        }
    }
}
