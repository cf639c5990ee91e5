//! Finding entries by key.
//!
//! A table of roots, two for each page, and below each a tree of entries with
//! eight children each. The way down is told by the bits of the key's hash,
//! three at a time; a new entry is put where the way ends. To insert one is to
//! write one word. Roots have few entries, 16 on average when the memory is full
//! of the smallest ones, so that ways are short, and nothing needs balance: hashes
//! are random, as each dictionary has a secret of its own.

use core::hash::{BuildHasher, Hasher};

use foldhash::quality::FixedState;

use core::sync::atomic::Ordering::Relaxed;

use crate::entry::{CHILDREN, Entry, HEADER};
use crate::layout::{Block, ENTRIES, SEED};
use crate::{Dict, Torn};

const BITS: u32 = 3;
/// More steps than any way has, unless hashes are equal by the thousand.
const FAR: usize = 10_000;

fn digit(hash: u32, level: u32) -> usize {
    (hash.checked_shr(level * BITS).unwrap_or(0) % CHILDREN as u32) as usize
}

impl Dict {
    pub(crate) fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = FixedState::with_seed(self.seed).build_hasher();
        hasher.write(key);
        hasher.finish() as u32
    }

    /// Finds an entry. Readers without a lock may be led astray, and are told so
    /// if they can be told.
    #[inline]
    pub(crate) fn find(&self, hash: u32, key: &[u8]) -> Result<Option<Entry>, Torn> {
        let mut at = self.layout.bucket(hash);
        for level in 0..FAR {
            let block = self.memory.get(at);
            if block == 0 {
                return Ok(None);
            }
            let entry = self.entry(block).ok_or(Torn)?;
            if entry.hash(self) == hash && entry.has_key(self, key) {
                return Ok(Some(entry));
            }
            at = entry.child(digit(hash, level as u32));
        }
        Err(Torn)
    }

    /// Makes an entry reachable.
    pub(crate) fn insert(&self, entry: Entry) {
        let hash = entry.hash(self);
        let mut at = self.layout.bucket(hash);
        let mut level = 0;
        while let Some(other) = self.entry(self.memory.get(at)) {
            at = other.child(digit(hash, level));
            level += 1;
        }
        self.set(at, entry.block);
        self.set(ENTRIES, self.memory.get(ENTRIES) + 1);
    }

    /// Takes an entry out; a leaf below it takes its place.
    pub(crate) fn take_out(&self, entry: Entry) {
        let hash = entry.hash(self);
        let mut place = self.layout.bucket(hash);
        let mut level = 0;
        while self.memory.get(place) != entry.block {
            let other = self.entry(self.memory.get(place)).expect("an entry is in the tree");
            place = other.child(digit(hash, level));
            level += 1;
        }

        let Some((mut at, mut leaf)) = self.any_child(entry) else {
            self.set(place, 0);
            return self.set(ENTRIES, self.memory.get(ENTRIES) - 1);
        };
        while let Some(below) = self.any_child(leaf) {
            (at, leaf) = below;
        }
        self.set(at, 0);
        for i in 0..CHILDREN {
            let child = self.memory.get(entry.child(i));
            if child != 0 {
                self.set(leaf.child(i), child);
            }
        }
        self.set(place, leaf.block);
        self.set(ENTRIES, self.memory.get(ENTRIES) - 1);
    }

    fn any_child(&self, entry: Entry) -> Option<(usize, Entry)> {
        (0..CHILDREN).map(|i| entry.child(i)).find_map(|at| {
            let child = self.memory.get(at);
            (child != 0).then(|| (at, self.entry(child).expect("a child is an entry")))
        })
    }

    #[inline]
    pub(crate) fn entry(&self, block: Block) -> Option<Entry> {
        let at = self.layout.offset(block, HEADER)?;
        Some(Entry { block, at })
    }

    pub(crate) fn read_seed(&self) -> u64 {
        self.memory.long(SEED).load(Relaxed)
    }
}
