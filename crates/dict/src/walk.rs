//! What visits all entries.
//!
//! A walk goes from the oldest entry to the newest one, holds the lock for a
//! portion of them, and lets others in before it goes on. Its cursor survives
//! what they do. An entry that is used meanwhile becomes the newest, so that the
//! walk still meets it, maybe for the second time.

use core::sync::atomic::Ordering::Relaxed;
use std::collections::HashSet;
use std::thread::yield_now;

use crate::Dict;
use crate::entry::Entry;
use crate::layout::{Block, ENTRIES, GENERATION, MOVES, OLDEST};
use crate::lock::Guard;
use crate::order::Cursor;

/// How many entries are visited before others are let in.
const PORTION: usize = 512;

/// Keys, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The keys.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = core::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }

    fn push(&mut self, key: &[u8]) {
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
    }

    /// Leaves the first of equal ones.
    fn without_duplicates(&self) -> Self {
        let mut seen = HashSet::with_capacity(self.len());
        let mut keys = Self::default();
        for key in self.iter().filter(|key| seen.insert(*key)) {
            keys.push(key);
        }
        keys
    }
}

/// Where a walk is.
enum Place {
    Cursor(Cursor),
    /// All cursors are in use: the lock is held all the way.
    Entry(Block),
}

impl Dict {
    /// The keys of up to `max` entries that have not expired, 0 for all, from
    /// the least recently used on. What others add or remove meanwhile may or
    /// may not be among them; everything else is, once.
    pub fn keys(&self, max: usize, now: u64) -> Keys {
        let mut keys = Keys::default();
        let mut scratch = self.scratch.take();
        let touched = self.walk(|_, entry| {
            if !entry.is_expired(self, now) {
                keys.push(entry.key(self, &mut scratch));
            }
            max == 0 || keys.len() < max
        });
        self.scratch.replace(scratch);
        if touched { keys.without_duplicates() } else { keys }
    }

    /// Frees up to `max` expired entries, 0 for all; says how many.
    pub fn flush_expired(&self, max: usize, now: u64) -> usize {
        let mut freed = 0;
        self.walk(|guard, entry| {
            if entry.is_expired(self, now) {
                guard.remove(entry);
                freed += 1;
            }
            max == 0 || freed < max
        });
        freed
    }

    /// Makes all entries expire now.
    pub fn flush_all(&self, now: u64) {
        let guard = self.lock();
        guard.begin();
        let generation = self.memory.word(GENERATION);
        generation.store(generation.load(Relaxed).wrapping_add(1), Relaxed);
        guard.evict(now);
    }

    /// Visits entries as long as `f` wants more. Says whether others moved some
    /// meanwhile.
    fn walk(&self, mut f: impl FnMut(&Guard<'_>, Entry) -> bool) -> bool {
        let mut guard = self.lock();
        let mut place = match guard.open_cursor() {
            Some(cursor) => Place::Cursor(cursor),
            None => Place::Entry(self.memory.get(OLDEST)),
        };
        // Others could make new entries as fast as this one visits them.
        let patience = self.memory.get(ENTRIES) as usize * 2;
        let (mut visited, mut touched) = (0, false);

        while let Some(entry) = guard.step(&mut place) {
            guard.begin();
            if !f(&guard, entry) {
                break;
            }
            visited += 1;
            if visited % PORTION == 0 && visited < patience && matches!(place, Place::Cursor(_)) {
                let moves = self.memory.get(MOVES);
                drop(guard);
                yield_now();
                guard = self.lock();
                touched |= self.memory.get(MOVES) != moves;
            }
        }
        if let Place::Cursor(cursor) = place {
            guard.close_cursor(cursor);
        }
        touched
    }
}

impl Guard<'_> {
    /// The entry that is to be visited next.
    fn step(&self, place: &mut Place) -> Option<Entry> {
        match place {
            Place::Cursor(cursor) => self.advance(cursor),
            Place::Entry(block) => {
                let entry = self.0.entry(*block)?;
                *block = entry.newer(self.0);
                Some(entry)
            }
        }
    }
}
