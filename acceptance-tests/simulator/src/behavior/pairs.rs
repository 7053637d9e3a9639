//! Combinations of variants that cover every pair.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::{IteratorRandom, SliceRandom};

use super::{Behavior, Variant};

impl Behavior {
    /// Combinations in which every pair of variants of different questions occurs, except `excluded` ones; deterministic for a seed.
    /// There are a few dozen; all combinations would be too many.
    pub fn pairs(seed: u64, excluded: &[Variant]) -> Vec<Self> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut catalog = Self::catalog();
        for (question, variants) in &mut catalog {
            variants.retain(|name| !excluded.contains(&Variant { question, name }));
        }
        // A question and its variant, by index.
        type Chosen = (usize, usize);
        let pair = |one: Chosen, other: Chosen| (one.min(other), one.max(other));
        let mut missing: BTreeSet<(Chosen, Chosen)> = BTreeSet::new();
        for (i, (_, variants)) in catalog.iter().enumerate() {
            for (j, (_, others)) in catalog.iter().enumerate().skip(i + 1) {
                let of_two = (0..variants.len()).flat_map(|a| (0..others.len()).map(move |b| ((i, a), (j, b))));
                missing.extend(of_two);
            }
        }
        let mut combinations = Vec::new();
        while let Some((first, second)) = missing.iter().choose(&mut rng).copied() {
            let mut chosen = vec![first, second];
            let mut rest: Vec<_> = (0..catalog.len()).filter(|i| ![first.0, second.0].contains(i)).collect();
            rest.shuffle(&mut rng);
            for i in rest {
                let gain = |a: &usize| chosen.iter().filter(|other| missing.contains(&pair((i, *a), **other))).count();
                let mut variants: Vec<_> = (0..catalog[i].1.len()).collect();
                variants.shuffle(&mut rng);
                chosen.extend(variants.into_iter().max_by_key(gain).map(|a| (i, a)));
            }
            for one in &chosen {
                for other in &chosen {
                    missing.remove(&pair(*one, *other));
                }
            }
            let with = |all: Self, (i, a): Chosen| all.with(catalog[i].0, catalog[i].1[a]).unwrap_or(all);
            combinations.push(chosen.into_iter().fold(Self::default(), with));
        }
        combinations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_pair_occurs_except_excluded_ones() {
        let excluded = [Variant { question: "site", name: "InvalidAction" }];
        let combinations = Behavior::pairs(0, &excluded);
        assert_eq!(combinations, Behavior::pairs(0, &excluded));
        assert!(combinations.len() < 80, "{}", combinations.len());
        let rows: Vec<_> = combinations.iter().map(Behavior::variants).collect();
        let mut seen = HashSet::new();
        for row in &rows {
            seen.extend(row.iter().flat_map(|one| row.iter().map(move |other| (one.to_string(), other.to_string()))));
        }
        let all: Vec<_> = Behavior::catalog()
            .into_iter()
            .flat_map(|(question, variants)| variants.into_iter().map(move |name| Variant { question, name }))
            .filter(|variant| !excluded.contains(variant))
            .collect();
        for one in &all {
            for other in all.iter().filter(|other| other.question != one.question) {
                assert!(seen.contains(&(one.to_string(), other.to_string())), "{one}, {other}");
            }
        }
        assert!(rows.iter().all(|row| !row.contains(&excluded[0])));
    }
}
