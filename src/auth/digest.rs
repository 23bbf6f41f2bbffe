//! SHA-256.

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

pub(super) fn sha256(data: &[u8]) -> Digest {
    let mut output = [0; SHA256_OUTPUT_LEN];
    output.copy_from_slice(digest(&SHA256, data).as_ref());
    output
}
