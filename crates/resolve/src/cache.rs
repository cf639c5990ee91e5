//! What lookups found, for as long as it holds.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use lru::LruCache;

use crate::error::Error;
use crate::lookup::Outcome;

/// A bounded number of names and what they resolve to, under one configuration
/// and for one choice of families. Times are milliseconds of any clock that
/// does not go back.
#[derive(Debug)]
pub struct Cache {
    entries: LruCache<Box<[u8]>, Entry>,
    /// In seconds.
    ttl: RangeInclusive<u32>,
}

#[derive(Debug)]
struct Entry {
    result: Result<Vec<IpAddr>, Error>,
    until: u64,
}

impl Cache {
    /// Keeps so many names, each for the time its records say, but within the
    /// bounds `ttl` in seconds.
    pub fn new(entries: NonZeroUsize, ttl: RangeInclusive<u32>) -> Self {
        Self { entries: LruCache::new(entries), ttl }
    }

    /// What was found for a name, if that still holds.
    pub fn lookup(&mut self, name: &[u8], now: u64) -> Option<Result<&[IpAddr], Error>> {
        let key = name.to_ascii_lowercase();
        if self.entries.peek(&key[..])?.until <= now {
            self.entries.pop(&key[..]);
            return None;
        }
        let entry = self.entries.get(&key[..])?;
        Some(match &entry.result {
            Ok(addresses) => Ok(addresses),
            Err(error) => Err(*error),
        })
    }

    /// Keeps the outcome of a lookup, if it is one that holds for a time: that
    /// a server failed does not.
    pub fn insert(&mut self, name: &[u8], outcome: &Outcome, now: u64) {
        let Some(ttl) = outcome.ttl else {
            return;
        };
        let ttl = ttl.clamp(*self.ttl.start(), *self.ttl.end());
        if ttl > 0 {
            let entry =
                Entry { result: outcome.result.clone(), until: now + u64::from(ttl) * 1000 };
            self.entries.put(name.to_ascii_lowercase().into(), entry);
        }
    }

    /// Forgets all, since the configuration has changed.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(entries: usize, ttl: RangeInclusive<u32>) -> Cache {
        Cache::new(NonZeroUsize::new(entries).expect("not 0"), ttl)
    }

    fn outcome(address: &str, ttl: Option<u32>) -> Outcome {
        Outcome { result: Ok(vec![address.parse().expect("an address")]), ttl }
    }

    #[test]
    fn as_long_as_it_holds() {
        let mut cache = cache(2, 0..=3600);
        let found = outcome("10.0.0.1", Some(5));
        cache.insert(b"A.example", &found, 1000);
        assert_eq!(cache.lookup(b"a.EXAMPLE", 5999), Some(found.result.as_deref().map_err(|e| *e)));
        assert_eq!(cache.lookup(b"a.example", 6000), None);
        // It is gone.
        assert_eq!(cache.lookup(b"a.example", 1000), None);
    }

    #[test]
    fn failures() {
        let mut cache = cache(2, 0..=3600);
        cache.insert(b"a", &Outcome { result: Err(Error::NotFound), ttl: Some(1) }, 0);
        cache.insert(b"b", &Outcome { result: Err(Error::TimedOut), ttl: None }, 0);
        assert_eq!(cache.lookup(b"a", 0), Some(Err(Error::NotFound)));
        assert_eq!(cache.lookup(b"b", 0), None);
    }

    #[test]
    fn bounds() {
        let mut cache = cache(2, 1..=10);
        cache.insert(b"a", &outcome("10.0.0.1", Some(0)), 0);
        cache.insert(b"b", &outcome("10.0.0.2", Some(u32::MAX)), 0);
        assert!(cache.lookup(b"b", 9999).is_some());
        assert!(cache.lookup(b"b", 10000).is_none());
        assert!(cache.lookup(b"a", 999).is_some());

        // The least recently used one goes.
        cache.insert(b"b", &outcome("10.0.0.2", Some(1)), 0);
        assert!(cache.lookup(b"a", 0).is_some());
        cache.insert(b"c", &outcome("10.0.0.3", Some(1)), 0);
        assert!(cache.lookup(b"b", 0).is_none());
        assert!(cache.lookup(b"a", 0).is_some() && cache.lookup(b"c", 0).is_some());

        cache.clear();
        assert!(cache.lookup(b"a", 0).is_none());
    }

    #[test]
    fn what_must_not_be_kept() {
        let mut cache = cache(2, 0..=10);
        cache.insert(b"a", &outcome("10.0.0.1", Some(0)), 0);
        assert!(cache.lookup(b"a", 0).is_none());
    }
}
