//! The code in `docs/guides/`: what is marked as `terraform` is formatted, and valid by itself.
//!
//! Variables that it uses are declared for it. Parts of a configuration, and code for other providers, are marked as `hcl`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::cli::Cli;
use crate::features::Feature;
use crate::workspace::Workspace;

const REQUIRED_PROVIDERS: &str =
    "terraform {\n  required_providers {\n    eks = {\n      source = \"supernode/eks\"\n    }\n  }\n}\n";

/// Code that not every Terraform can read, by a part of it.
const NEEDS: [(&str, Feature); 1] = [("import {\n  for_each", Feature::ImportForEach)];

/// The blocks of code that are marked as `terraform`.
fn blocks(markdown: &str) -> impl Iterator<Item = &str> {
    markdown.split("```terraform\n").skip(1).filter_map(|rest| rest.split("```").next())
}

/// Declarations of the variables that the code uses and does not declare.
fn variables(code: &str) -> String {
    let uses = code.split("var.").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next());
    let names: BTreeSet<_> = uses.flatten().filter(|name| !code.contains(&format!("variable \"{name}\""))).collect();
    names.into_iter().map(|name| format!("variable \"{name}\" {{}}\n")).collect()
}

#[test]
fn the_code_in_guides_is_valid() {
    let guides = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides");
    for guide in fs::read_dir(guides).unwrap().map(|entry| entry.unwrap().path()) {
        let text = fs::read_to_string(&guide).unwrap();
        let name = guide.file_name().unwrap().display().to_string();
        let too_new = |block: &str| {
            NEEDS.iter().any(|(part, needed)| block.contains(part) && Cli::get().leaves_out_part(&name, *needed))
        };
        for block in blocks(&text).filter(|block| !too_new(block)) {
            let workspace = Workspace::new();
            workspace.remove("provider.tf");
            workspace.write(block);
            let formatted = workspace.run(&["fmt", "-check", "-diff"]);
            assert_eq!(formatted.exit_code(), Some(0), "{}: {formatted}", guide.display());
            let required = if block.contains("required_providers") { "" } else { REQUIRED_PROVIDERS };
            workspace.write(format!("{required}{}{block}", variables(block)));
            let valid = workspace.run(&["validate"]);
            assert_eq!(valid.exit_code(), Some(0), "{}:\n{block}\n{valid}", guide.display());
        }
    }
}
