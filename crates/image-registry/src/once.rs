//! Values that are computed once for each key, also for concurrent callers.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// A map whose entries are computed by the first caller. After a failure the next caller tries again.
#[derive(Debug)]
pub(super) struct OnceMap<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for OnceMap<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Clone + Default> OnceMap<K, V> {
    /// The value of `key`; inserts the default if there is none.
    pub fn get_or_insert_default(&self, key: K) -> V {
        let cell = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        match cell.get() {
            Some(value) => value.clone(),
            None => {
                // Another caller may have been faster.
                let _ = cell.set(V::default());
                cell.get().cloned().unwrap_or_default()
            }
        }
    }
}

impl<K: Eq + Hash, V: Clone> OnceMap<K, V> {
    /// The value of `key`; inserts the result of `make` if there is none.
    pub async fn get_or_try_make<E>(&self, key: K, make: impl Future<Output = Result<V, E>>) -> Result<V, E> {
        let cell = self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().clone();
        cell.get_or_try_init(|| make).await.cloned()
    }
}
