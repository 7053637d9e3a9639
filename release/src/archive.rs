//! The zip: the provider and the licenses that must be distributed with it. It has fixed times and a fixed order, so that the
//! same files produce the same bytes.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::target::Target;
use crate::{NAME, VERSION, read, root};

/// Writes the zip with the provider in `binary`, and with the `licenses` of its libraries, to `path`.
pub fn write(target: &Target, binary: &Path, licenses: String, path: &Path) -> Result<()> {
    let files = [
        ("LICENSE".to_owned(), 0o644, read(&root().join("LICENSE"))?),
        ("LICENSES-OF-LIBRARIES".to_owned(), 0o644, licenses.into_bytes()),
        ("NOTICE".to_owned(), 0o644, read(&root().join("NOTICE"))?),
        (target.program(&format!("{NAME}_v{VERSION}")), 0o755, read(binary)?),
    ];
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut zip = ZipWriter::new(file);
    for (name, mode, content) in files {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            // 1980-01-01, the earliest date of the format.
            .last_modified_time(DateTime::DEFAULT)
            .unix_permissions(mode);
        zip.start_file(name, options)?;
        zip.write_all(&content)?;
    }
    zip.finish().with_context(|| format!("writing {}", path.display()))?;
    Ok(())
}
