//! Links that lead nowhere.
//!
//! Pages in `docs/` link to each other by their address at the Registry: a relative link breaks either there or on GitHub.
//! Other files link to each other by relative path.

use std::fs;
use std::path::Path;

use crate::pages::registry_address;

/// What is wrong with the links of `page`, a line each.
pub fn broken(root: &Path, page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let registry = registry_address();
    let fault = |target: &str| {
        let (address, anchor) = target.split_once('#').unwrap_or((target, ""));
        if let Some(path) = address.strip_prefix(&registry) {
            let path = path.trim_matches('/');
            let file = root.join("docs").join(if path.is_empty() { "index".into() } else { path.to_owned() } + ".md");
            return check(&file, anchor);
        }
        if target.contains("://") || target.starts_with("mailto:") {
            return None;
        }
        if address.is_empty() {
            return check(page, anchor);
        }
        if page.starts_with(root.join("docs")) {
            return Some(format!("is relative; begin it with {registry}"));
        }
        check(&page.parent()?.join(address), anchor)
    };
    let faulty = targets(&text).into_iter().filter_map(|target| Some((target, fault(target)?)));
    faulty.map(|(target, fault)| format!("{}: link {target:?} {fault}", page.display())).collect()
}

/// The targets of the links in a page, those in code left out.
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
    let Ok(text) = fs::read_to_string(file) else { return Some("leads to no file".into()) };
    let found = anchor.is_empty()
        || text.contains(&format!("<a id=\"{anchor}\"></a>"))
        || text.lines().filter(|line| line.starts_with('#')).any(|line| slug(line) == anchor);
    (!found).then(|| format!("leads to no heading of {}", file.display()))
}

/// The anchor that GitHub and the Registry give a heading.
fn slug(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_')).collect::<String>().replace(' ', "-")
}

#[test]
fn headings_have_the_anchors_of_github() {
    for (heading, expected) in [
        ("## Keys in the provider block", "keys-in-the-provider-block"),
        ("### `eks_image_cache`: what plan decides", "eks_image_cache-what-plan-decides"),
        ("## GitHub Actions, OpenID Connect", "github-actions-openid-connect"),
    ] {
        assert_eq!(slug(heading), expected);
    }
}

#[test]
fn links_in_code_are_not_links() {
    let text = "[a](b) and [c](d#e)\n```terraform\n[f](g)\n```\n[h](i)";
    assert_eq!(targets(text), ["b", "d#e", "i"]);
}
