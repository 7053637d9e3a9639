//! IDs and secrets in the formats of the API.

use rand::RngExt as _;
use rand::rngs::StdRng;

/// An ID in the API's format: `prefix` and 8 characters of `a-z0-9`.
pub(crate) fn random_id(rng: &mut StdRng, prefix: &str) -> String {
    format!("{prefix}{}", random_text(rng, 8))
}

/// `length` characters of `a-z0-9`.
pub(crate) fn random_text(rng: &mut StdRng, length: usize) -> String {
    const CHARACTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    (0..length).map(|_| char::from(CHARACTERS[rng.random_range(0..CHARACTERS.len())])).collect()
}
