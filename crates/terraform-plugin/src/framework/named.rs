//! The resources, data sources and so on of a provider, by name.

use std::collections::BTreeMap;

use crate::diagnostics::Diagnostic;

/// Items of one kind by their unique names.
pub struct Named<T: ?Sized> {
    kind: &'static str,
    by_name: BTreeMap<&'static str, Box<T>>,
}

impl<T: ?Sized> Named<T> {
    /// No items of a `kind`, such as `resource`, which messages name.
    pub(super) fn new(kind: &'static str) -> Self {
        Self { kind, by_name: BTreeMap::new() }
    }

    /// Adds an item.
    ///
    /// # Panics
    ///
    /// If an item has the same name, which is a bug in the provider.
    pub(super) fn insert(&mut self, name: &'static str, one: Box<T>) {
        let kind = self.kind;
        assert!(self.by_name.insert(name, one).is_none(), "the provider has two of kind {kind} and name {name:?}");
    }

    /// All items with their names, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &T)> {
        self.by_name.iter().map(|(name, one)| (*name, &**one))
    }

    /// The result of `of` for each item, by name.
    pub fn to_map<V>(&self, of: impl Fn(&T) -> V) -> BTreeMap<String, V> {
        // As `Value::map`.
        let mut map = BTreeMap::new();
        map.extend(self.iter().map(|(name, one)| (name.to_owned(), of(one))));
        map
    }

    /// The item with this name.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn get(&self, name: &str) -> Result<&T, Diagnostic> {
        self.by_name.get(name).map(|one| &**one).ok_or_else(|| {
            let kind = self.kind;
            let detail = format!(
                "This version of the provider has no {kind} {name:?}. Check the name, or upgrade the provider."
            );
            Diagnostic::error(format!("Unknown {kind}"), detail)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&'static str]) -> Named<&'static str> {
        let mut named = Named::new("resource");
        names.iter().for_each(|name| named.insert(name, Box::new(*name)));
        named
    }

    #[test]
    fn unknown_name_is_an_error() {
        let named = named(&["b", "a"]);
        assert_eq!(named.iter().collect::<Vec<_>>(), [("a", &"a"), ("b", &"b")]);
        assert_eq!(named.get("a"), Ok(&"a"));
        assert_eq!(named.get("c").unwrap_err().summary, "Unknown resource");
    }

    #[test]
    #[should_panic = "the provider has two of kind resource and name \"a\""]
    fn duplicate_names_are_refused() {
        named(&["a", "a"]);
    }
}
