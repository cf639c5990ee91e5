//! Writing.

use crate::entry::{Entry, Fields, HEADER, Type};
use crate::layout::{Block, DYING, TAINTED};
use crate::lock::Guard;
use crate::{Dict, Error, Value, log};

/// How often an entry is evicted to make room.
const EVICTIONS: usize = 30;
/// A value that can be restored after half of it was overwritten.
const SHORT: usize = size_of::<f64>();
/// How many expired entries are dropped on the way.
const RECLAIMED: usize = 2;

/// When a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Always.
    Set,
    /// If there is none.
    Add,
    /// If there is one.
    Replace,
}

/// What to store.
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    /// When.
    pub mode: Mode,
    /// Whether other entries may be evicted.
    pub evict: bool,
    /// The value; none to delete the key.
    pub value: Option<Value<'a>>,
    /// Milliseconds until it expires; 0 for never.
    pub ttl: u64,
    /// The user's flags.
    pub flags: i32,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    /// The result.
    pub result: Result<T, Error>,
    /// Other entries were evicted that had not expired.
    pub forcible: bool,
}

/// A value as bytes.
enum Bytes<'a> {
    Borrowed(&'a [u8]),
    Number([u8; 8]),
    Boolean([u8; 1]),
}

impl Bytes<'_> {
    fn of(value: Value<'_>) -> (Type, Bytes<'_>) {
        match value {
            Value::String(bytes) => (Type::String, Bytes::Borrowed(bytes)),
            Value::Number(number) => (Type::Number, Bytes::Number(number.to_ne_bytes())),
            Value::Boolean(boolean) => (Type::Boolean, Bytes::Boolean([u8::from(boolean)])),
        }
    }

    fn as_slice(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Number(bytes) => bytes,
            Self::Boolean(bytes) => bytes,
        }
    }
}

fn expiry(ttl: u64, now: u64) -> u64 {
    if ttl == 0 { 0 } else { now.saturating_add(ttl) }
}

impl Dict {
    /// Stores a value.
    pub fn store(&self, key: &[u8], store: &Store<'_>, now: u64) -> Stored<()> {
        let hash = self.hash(key);
        let guard = self.lock();
        guard.begin();
        guard.reclaim(now);

        let found = guard.find(hash, key);
        let live = found.filter(|entry| !entry.is_expired(self, now));
        let refused = match store.mode {
            Mode::Set => None,
            Mode::Add => live.map(|_| Error::Exists),
            Mode::Replace => live.is_none().then_some(Error::NotFound),
        };
        if let Some(error) = refused {
            if let Some(entry) = live {
                guard.touch(entry);
            }
            return Stored { result: Err(error), forcible: false };
        }

        let Some(value) = store.value else {
            if let Some(entry) = found {
                guard.remove(entry);
            }
            return Stored { result: Ok(()), forcible: false };
        };
        let (kind, bytes) = Bytes::of(value);
        let bytes = bytes.as_slice();
        let expires = expiry(store.ttl, now);
        if let Some(entry) = found {
            if entry.kind(self) != Some(Type::List) && entry.value_len(self) == bytes.len() {
                guard.overwrite(entry, bytes);
                entry.rewrite(self, kind, store.flags, expires);
                guard.finish_overwrite(entry);
                return Stored { result: Ok(()), forcible: false };
            }
            guard.remove(entry);
        }

        let value_len = bytes.len();
        let fields = Fields { hash, key, kind, value_len, flags: store.flags, expires };
        let (entry, forcible) = guard.make(&fields, value_len, store.evict, now);
        let result = match entry {
            Some(entry) => {
                self.memory.write(entry.value(self), bytes);
                guard.publish(entry);
                Ok(())
            }
            None => Err(Error::NoMemory),
        };
        Stored { result, forcible }
    }

    /// Adds to a number. With `init`, a missing one starts at that and lives for
    /// so many milliseconds, 0 for ever.
    pub fn incr(&self, key: &[u8], by: f64, init: Option<(f64, u64)>, now: u64) -> Stored<f64> {
        let hash = self.hash(key);
        let guard = self.lock();
        guard.begin();
        guard.reclaim(now);
        let done = |result| Stored { result, forcible: false };

        let found = guard.find(hash, key);
        if let Some(entry) = found
            && !entry.is_expired(self, now)
        {
            if entry.kind(self) != Some(Type::Number) {
                guard.touch(entry);
                return done(Err(Error::NotANumber));
            }
            let mut bytes = [0; 8];
            self.memory.read_into(entry.value(self), &mut bytes);
            let number = f64::from_ne_bytes(bytes) + by;
            guard.overwrite(entry, &number.to_ne_bytes());
            guard.finish_overwrite(entry);
            return done(Ok(number));
        }

        let Some((init, ttl)) = init else { return done(Err(Error::NotFound)) };
        let number = init + by;
        let expires = expiry(ttl, now);
        if let Some(entry) = found {
            if entry.kind(self) != Some(Type::List) && entry.value_len(self) == size_of::<f64>() {
                guard.overwrite(entry, &number.to_ne_bytes());
                entry.rewrite(self, Type::Number, 0, expires);
                guard.finish_overwrite(entry);
                return done(Ok(number));
            }
            guard.remove(entry);
        }

        let value_len = size_of::<f64>();
        let fields = Fields { hash, key, kind: Type::Number, value_len, flags: 0, expires };
        let (entry, forcible) = guard.make(&fields, value_len, true, now);
        let result = match entry {
            Some(entry) => {
                self.memory.write(entry.value(self), &number.to_ne_bytes());
                guard.publish(entry);
                Ok(number)
            }
            None => Err(Error::NoMemory),
        };
        Stored { result, forcible }
    }

    /// Makes a key expire in so many milliseconds, 0 for never. Revives an
    /// expired one that is still there.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub fn expire(&self, key: &[u8], ttl: u64, now: u64) -> Result<(), Error> {
        let hash = self.hash(key);
        let guard = self.lock();
        guard.begin();
        let entry = guard.find(hash, key).ok_or(Error::NotFound)?;
        entry.set_expires(self, expiry(ttl, now));
        log::commit(&self.memory);
        Ok(())
    }
}

impl Guard<'_> {
    pub(crate) fn find(&self, hash: u32, key: &[u8]) -> Option<Entry> {
        self.0.find(hash, key).expect("nothing changes under the lock")
    }

    /// Drops up to two of the oldest entries, as far as they have expired.
    pub(crate) fn reclaim(&self, now: u64) {
        for _ in 0..RECLAIMED {
            match self.0.oldest() {
                Some(entry) if entry.is_expired(self.0, now) => self.remove(entry),
                _ => break,
            }
        }
    }

    /// Drops the oldest entry, and up to two more if they have expired. False if
    /// there is none.
    pub(crate) fn evict(&self, now: u64) -> bool {
        let Some(entry) = self.0.oldest() else { return false };
        self.remove(entry);
        self.reclaim(now);
        true
    }

    /// Gets room for an entry, evicting others if need be; says whether it did.
    /// It is not to be seen before [`Guard::publish`].
    pub(crate) fn make(
        &self,
        fields: &Fields<'_>,
        room: usize,
        evict: bool,
        now: u64,
    ) -> (Option<Entry>, bool) {
        let dict = self.0;
        let (block, forcible) = self.room(HEADER + fields.key.len() + room, evict, now);
        let entry = block.map(|block| dict.entry(block).expect("a block has room for its entry"));
        if let Some(entry) = entry {
            entry.write(dict, fields);
        }
        (entry, forcible)
    }

    fn room(&self, size: usize, evict: bool, now: u64) -> (Option<Block>, bool) {
        let block = self.0.alloc(size);
        if block.is_some() || !evict {
            return (block, false);
        }
        let mut forcible = false;
        for _ in 0..EVICTIONS {
            if !self.evict(now) {
                break;
            }
            forcible = true;
            let block = self.0.alloc(size);
            if block.is_some() {
                return (block, forcible);
            }
        }
        (None, forcible)
    }

    /// Makes a new entry reachable.
    pub(crate) fn publish(&self, entry: Entry) {
        self.0.insert(entry);
        self.add_newest(entry);
        log::commit(&self.0.memory);
    }

    /// Overwrites a value by one of the same length. Of a long one, the old bytes
    /// are not kept, so the entry is marked meanwhile: if this process dies, the
    /// entry goes too.
    fn overwrite(&self, entry: Entry, bytes: &[u8]) {
        let dict = self.0;
        let at = entry.value(dict);
        if bytes.len() <= SHORT {
            let first = at - at % 4;
            let same = |word| (word, dict.memory.get(word));
            match (at % 4 + bytes.len()).div_ceil(4) {
                0 => {}
                1 => dict.set_all([same(first)]),
                2 => dict.set_all([same(first), same(first + 4)]),
                _ => dict.set_all([same(first), same(first + 4), same(first + 8)]),
            }
        } else {
            dict.set_plain(TAINTED, entry.block);
        }
        log::order();
        dict.memory.write(at, bytes);
        log::order();
    }

    /// The value is complete.
    fn finish_overwrite(&self, entry: Entry) {
        log::commit(&self.0.memory);
        self.0.set_plain(TAINTED, 0);
        self.touch(entry);
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, entry: Entry) {
        let dict = self.0;
        self.begin();
        dict.take_out(entry);
        self.leave_order(entry);
        if entry.kind(dict) == Some(Type::List) {
            dict.set(DYING, entry.block);
            log::commit(&dict.memory);
            self.release_dying();
        } else {
            dict.free(entry.block);
            if dict.memory.get(TAINTED) == entry.block {
                dict.set(TAINTED, 0);
            }
            log::commit(&dict.memory);
        }
    }

    /// Frees a list that nothing leads to any more, value by value.
    pub(crate) fn release_dying(&self) {
        let dict = self.0;
        let Some(entry) = dict.entry(dict.memory.get(DYING)) else { return };
        while self.pop_node(entry, crate::End::Left, |_| ()).is_some() {}
        dict.free(entry.block);
        dict.set(DYING, 0);
        log::commit(&dict.memory);
    }
}
