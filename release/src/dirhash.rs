//! The hash of a package that begins with `h1:`: of a list of its files and their hashes.
//!
//! <https://pkg.go.dev/golang.org/x/mod/sumdb/dirhash#Hash1>

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _};

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use zip::ZipArchive;

use crate::sums::sha256;

/// The `h1:` hash of the files in `zip`.
pub fn h1(zip: &[u8]) -> Result<String> {
    let mut zip = ZipArchive::new(Cursor::new(zip))?;
    let mut files = BTreeMap::new();
    for index in 0..zip.len() {
        let mut file = zip.by_index(index)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        files.insert(file.name()?.into_owned(), sha256(&content));
    }
    let list: String = files.into_iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    Ok(format!("h1:{}", STANDARD.encode(Sha256::digest(list))))
}
