//! Broken links.
//!
//! Pages link to each other by relative path. Registries show `docs/` only, so pages in it link to other files by their
//! address on GitHub.

use std::fs;
use std::path::{Component, Path, PathBuf};

use eks::provider::ADDRESS;

/// The broken links of `page`, one per line.
pub fn broken(root: &Path, page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let registry = format!("https://{}/", ADDRESS.replacen('/', "/providers/", 1));
    let docs = root.join("docs");
    let fault = |target: &str| {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        if path.starts_with(&registry) {
            return Some("is an address of the Registry; use the relative path".to_owned());
        }
        if target.contains("://") || target.starts_with("mailto:") {
            return None;
        }
        if path.is_empty() {
            return check(page, anchor);
        }
        let file = normalize(&page.parent()?.join(path));
        if page.starts_with(&docs) && !file.starts_with(&docs) {
            return Some("leaves docs/, which is all that registries show; use its address on GitHub".to_owned());
        }
        check(&file, anchor)
    };
    let faulty = targets(&text).into_iter().filter_map(|target| Some((target, fault(target)?)));
    faulty.map(|(target, fault)| format!("{}: link {target:?} {fault}", page.display())).collect()
}

/// `path` without `..`.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            component => normal.push(component),
        }
    }
    normal
}

/// The targets of the links in a page, except in code.
fn targets(text: &str) -> Vec<&str> {
    let mut in_code = false;
    let prose = text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        !in_code && !fence
    });
    prose.flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split(')').next())).collect()
}

fn check(file: &Path, anchor: &str) -> Option<String> {
    if file.is_dir() {
        return None;
    }
    let Ok(text) = fs::read_to_string(file) else { return Some("refers to a file that does not exist".into()) };
    let found = anchor.is_empty()
        || text.contains(&format!("<a id=\"{anchor}\"></a>"))
        || text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
    (!found).then(|| format!("refers to a heading that does not exist in {}", file.display()))
}

/// The anchor that GitHub and the Registry give a heading.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>().replace(' ', "-")
}

#[test]
fn slug_of_headings() {
    for (heading, expected) in [
        ("## Keys in the provider block", "keys-in-the-provider-block"),
        ("### `eks_image_cache`: what plan decides", "eks_image_cache-what-plan-decides"),
        ("## GitHub Actions, OpenID Connect", "github-actions-openid-connect"),
    ] {
        assert_eq!(slug(heading), expected);
    }
}

#[test]
fn targets_outside_code() {
    let text = "[a](b) and [c](d#e)\n```terraform\n[f](g)\n```\n[h](i)";
    assert_eq!(targets(text), ["b", "d#e", "i"]);
}
