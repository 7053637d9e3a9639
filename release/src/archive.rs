//! The zip: the provider, and what its licences ask to be given with it. No times, one order: the same files give the
//! same bytes.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::target::Target;
use crate::{NAME, VERSION, read, root};

/// Files of the repository that are in each zip.
const DOCUMENTS: [&str; 2] = ["LICENSE", "NOTICE"];

/// Writes the zip with the provider in `binary` to `path`.
pub fn write(target: &Target, binary: &Path, path: &Path) -> Result<()> {
    let provider = target.program(&format!("{NAME}_v{VERSION}"));
    let documents = DOCUMENTS.map(|name| (name.to_owned(), root().join(name), 0o644));
    let file = File::create(path).with_context(|| format!("making {}", path.display()))?;
    let mut zip = ZipWriter::new(file);
    for (name, from, mode) in documents.into_iter().chain([(provider, binary.to_owned(), 0o755)]) {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            // 1980-01-01, the first day that a zip can say.
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(mode);
        zip.start_file(name, options)?;
        zip.write_all(&read(&from)?)?;
    }
    zip.finish().with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}
