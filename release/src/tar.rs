//! A tar archive without times and owners, so that the same files give the same bytes.

use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result};
use tar::{Builder, Header};

/// Writes `files`, by their paths in the archive, to `path`.
pub fn write(path: &Path, files: &[(String, Vec<u8>)]) -> Result<()> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut tar = Builder::new(file);
    for (name, content) in files {
        let mut header = Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content.as_slice())
            .with_context(|| format!("writing {name} to {}", path.display()))?;
    }
    tar.into_inner().with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}
