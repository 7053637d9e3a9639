//! The examples of one page: the files of its directory in `examples/`.
//!
//! The name of the first is fixed by the Registry's layout (`resource.tf`); every other `.tf` file is a further example, whose
//! title is the comment in its first line. Files whose names begin with `import` belong to the Import section.

use std::fs;
use std::path::Path;

use serde::Serialize;

/// The examples of a page, without trailing line breaks.
#[derive(Debug, Default, Serialize)]
pub struct Examples {
    main: Option<String>,
    others: Vec<Other>,
    /// `import-by-identity.tf`
    pub import_by_identity: Option<String>,
    /// `import-by-string-id.tf`
    import_by_string_id: Option<String>,
    /// `import.sh`
    import_command: Option<String>,
}

#[derive(Debug, Serialize)]
struct Other {
    title: String,
    code: String,
}

impl Examples {
    /// The examples in `directory`, `main` first.
    ///
    /// # Panics
    ///
    /// If `main` does not exist: every page has an example.
    pub fn read(directory: &Path, main: &str) -> Self {
        let code = |name: &str| fs::read_to_string(directory.join(name)).ok().map(|code| code.trim_end().to_owned());
        assert!(code(main).is_some(), "no example: write {}", directory.join(main).display());
        let names = crate::files(directory, "tf").into_iter().map(|path| path.file_name().unwrap().to_owned());
        let names = names.map(|name| name.into_string().unwrap());
        let others = names.filter(|name| name != main && !name.starts_with("import")).map(|name| {
            let text = code(&name).unwrap_or_default();
            let titled = text.strip_prefix("# ").and_then(|text| text.split_once('\n'));
            let (title, code) =
                titled.unwrap_or_else(|| panic!("{name} does not begin with a comment that is its title"));
            Other { title: title.to_owned(), code: code.trim_start().to_owned() }
        });
        Self {
            main: code(main),
            others: others.collect(),
            import_by_identity: code("import-by-identity.tf"),
            import_by_string_id: code("import-by-string-id.tf"),
            import_command: code("import.sh"),
        }
    }
}
