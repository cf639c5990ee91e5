//! Compiled regular expressions that are kept, for the option `o`.
//!
//! LuaJIT has each string once. So a key is the addresses of the strings that
//! were passed, which is enough as long as these are anchored: looking one up
//! reads none of their bytes.

use core::cell::{Cell, RefCell};
use core::ffi::c_int;
use core::hash::{BuildHasher, Hash, Hasher};
use core::num::NonZeroUsize;
use std::rc::Rc;

use lru::LruCache;

use super::Compiled;
use crate::lua::State;
use crate::lua::state::{Ref, Type};

/// The addresses of the regex, the options and the template; 0 stands for none.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Key([usize; 3]);

impl Key {
    /// The strings stand at these indexes.
    pub(super) fn new(l: State, strings: [Option<c_int>; 3]) -> Self {
        /// Of what is no string: nothing is ever kept under it.
        const NO_STRING: usize = usize::MAX;

        let address = |index| match l.type_of(index) {
            Type::String => l.bytes(index).map_or(NO_STRING, |bytes| bytes.as_ptr() as usize),
            Type::None | Type::Nil => 0,
            Type::Boolean if !l.boolean(index) => 0,
            _ => NO_STRING,
        };
        Self(strings.map(|index| index.map_or(0, address)))
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
        let [regex, options, template] = self.0.map(|address| address as u64);
        let mixed = regex ^ options.rotate_left(20) ^ template.rotate_left(40);
        let product = mixed.wrapping_mul(MULTIPLIER);
        // The upper half depends on all bits, the lower on the lower ones only,
        // and those of addresses are alike.
        state.write_u64(product ^ (product >> 32));
    }
}

/// Takes a number as it is.
#[derive(Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, _: &[u8]) {
        unreachable!("a key writes one number");
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[derive(Clone, Copy, Default)]
struct BuildMixed;

impl BuildHasher for BuildMixed {
    type Hasher = Mixed;

    fn build_hasher(&self) -> Mixed {
        Mixed::default()
    }
}

struct Entry {
    compiled: Rc<Compiled>,
    /// The strings of the key.
    anchors: [Option<Ref>; 3],
}

/// The regular expressions used last.
pub(super) struct Cache {
    /// `None` where the configuration allows none.
    entries: Option<RefCell<LruCache<Key, Entry, BuildMixed>>>,
    used: Cell<bool>,
}

impl Cache {
    pub(super) fn new(most: usize) -> Self {
        let entries = NonZeroUsize::new(most).map(|most| {
            // Made without a size: it grows when it is used.
            let mut cache = LruCache::unbounded_with_hasher(BuildMixed);
            cache.resize(most);
            RefCell::new(cache)
        });
        Self { entries, used: Cell::new(false) }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Rc<Compiled>> {
        let mut entries = self.entries.as_ref()?.borrow_mut();
        entries.get(key).map(|entry| entry.compiled.clone())
    }

    /// Whether it keeps anything.
    pub(super) fn is_on(&self) -> bool {
        self.entries.is_some()
    }

    /// Whether it was ever given a regex.
    pub(super) fn was_used(&self) -> bool {
        self.used.get()
    }

    /// Keeps a regex, and its strings, which are on the stack.
    pub(super) fn put(
        &self,
        l: State,
        key: Key,
        strings: [Option<c_int>; 3],
        compiled: Rc<Compiled>,
    ) {
        let Some(entries) = &self.entries else { return };
        self.used.set(true);
        let anchors = strings.map(|index| {
            l.push_value(index?);
            Some(l.anchor())
        });
        let old = entries.borrow_mut().push(key, Entry { compiled, anchors });
        if let Some((_, old)) = old {
            old.anchors.into_iter().flatten().for_each(|anchor| l.release(anchor));
        }
    }
}
