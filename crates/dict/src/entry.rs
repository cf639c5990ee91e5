//! An entry: 68 bytes, the key, the value.

use core::sync::atomic::Ordering::Relaxed;

use crate::Dict;
use crate::layout::{Block, GENERATION};

const HASH: usize = 0;
/// The key's length, and the type in the upper half.
const KEY_LEN: usize = 4;
const VALUE_LEN: usize = 8;
const FLAGS: usize = 12;
/// Milliseconds since the epoch, 0 for never.
const EXPIRES: usize = 16;
const NEWER: usize = 24;
const OLDER: usize = 28;
const CHILD: usize = 32;
pub(crate) const CHILDREN: usize = 8;
/// Of another generation than the dictionary: `flush_all` has ended it.
const BORN: usize = 64;
/// As much as the C module needs.
pub(crate) const HEADER: usize = 68;

/// When an entry has expired that `flush_all` has ended.
const FLUSHED: u64 = 1;

/// What kind of value an entry has; the numbers are those of Lua's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Boolean = 1,
    Number = 3,
    String = 4,
    List = 5,
}

impl Type {
    pub(crate) fn from_bits(bits: u32) -> Option<Self> {
        Some(match bits {
            1 => Self::Boolean,
            3 => Self::Number,
            4 => Self::String,
            5 => Self::List,
            _ => return None,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub block: Block,
    pub at: usize,
}

/// What a new entry is to be.
pub(crate) struct Fields<'a> {
    pub hash: u32,
    pub key: &'a [u8],
    pub kind: Type,
    pub value_len: usize,
    pub flags: i32,
    pub expires: u64,
}

impl Entry {
    /// Fills in an entry that nobody can see yet.
    pub(crate) fn write(self, dict: &Dict, fields: &Fields<'_>) {
        let put = |field, value| dict.set_plain(self.at + field, value);
        put(HASH, fields.hash);
        put(KEY_LEN, fields.key.len() as u32 | (fields.kind as u32) << 16);
        put(VALUE_LEN, fields.value_len as u32);
        put(FLAGS, fields.flags.cast_unsigned());
        put(EXPIRES, fields.expires as u32);
        put(EXPIRES + 4, (fields.expires >> 32) as u32);
        put(NEWER, 0);
        put(OLDER, 0);
        for i in 0..CHILDREN {
            put(CHILD + i * 4, 0);
        }
        put(BORN, dict.memory.get(GENERATION));
        dict.memory.write(self.at + HEADER, fields.key);
    }

    /// Gives it another value of the same length.
    pub(crate) fn rewrite(self, dict: &Dict, kind: Type, flags: i32, expires: u64) {
        let key_len = self.key_len(dict) as u32 | (kind as u32) << 16;
        dict.set_all([(self.at + KEY_LEN, key_len), (self.at + FLAGS, flags.cast_unsigned())]);
        self.set_expires(dict, expires);
    }

    pub(crate) fn set_expires(self, dict: &Dict, expires: u64) {
        dict.set_all([
            (self.at + EXPIRES, expires as u32),
            (self.at + EXPIRES + 4, (expires >> 32) as u32),
            (self.at + BORN, dict.memory.get(GENERATION)),
        ]);
    }

    #[inline]
    pub(crate) fn hash(self, dict: &Dict) -> u32 {
        dict.memory.get(self.at + HASH)
    }

    #[inline]
    pub(crate) fn key_len(self, dict: &Dict) -> usize {
        (dict.memory.get(self.at + KEY_LEN) & 0xffff) as usize
    }

    /// None if this is no entry any more.
    #[inline]
    pub(crate) fn kind(self, dict: &Dict) -> Option<Type> {
        Type::from_bits(dict.memory.get(self.at + KEY_LEN) >> 16)
    }

    /// The length of the value in bytes, or of the list in values.
    #[inline]
    pub(crate) fn value_len(self, dict: &Dict) -> usize {
        dict.memory.get(self.at + VALUE_LEN) as usize
    }

    pub(crate) fn set_value_len(self, dict: &Dict, len: usize) {
        dict.set(self.at + VALUE_LEN, len as u32);
    }

    #[inline]
    pub(crate) fn flags(self, dict: &Dict) -> i32 {
        dict.memory.get(self.at + FLAGS).cast_signed()
    }

    #[inline]
    pub(crate) fn expires(self, dict: &Dict) -> u64 {
        if dict.memory.get(self.at + BORN) != dict.memory.get(GENERATION) {
            return FLUSHED;
        }
        let half = |at| u64::from(dict.memory.get(self.at + at));
        half(EXPIRES) | half(EXPIRES + 4) << 32
    }

    #[inline]
    pub(crate) fn is_expired(self, dict: &Dict, now: u64) -> bool {
        let expires = self.expires(dict);
        expires != 0 && expires <= now
    }

    #[inline]
    pub(crate) fn has_key(self, dict: &Dict, key: &[u8]) -> bool {
        self.key_len(dict) == key.len()
            && dict.layout.offset(self.block, HEADER + key.len()).is_some()
            && dict.memory.equals(self.at + HEADER, key)
    }

    /// Where the value begins.
    #[inline]
    pub(crate) fn value(self, dict: &Dict) -> usize {
        self.at + HEADER + self.key_len(dict)
    }

    /// Where the ends of the list are: two words.
    pub(crate) fn list(self, dict: &Dict) -> usize {
        self.value(dict).next_multiple_of(8)
    }

    pub(crate) fn newer(self, dict: &Dict) -> Block {
        dict.memory.get(self.newer_at())
    }

    pub(crate) fn older(self, dict: &Dict) -> Block {
        dict.memory.get(self.older_at())
    }

    pub(crate) fn newer_at(self) -> usize {
        self.at + NEWER
    }

    pub(crate) fn older_at(self) -> usize {
        self.at + OLDER
    }

    #[inline]
    pub(crate) fn child(self, digit: usize) -> usize {
        self.at + CHILD + digit * 4
    }

    /// Copies its key out.
    pub(crate) fn key<'a>(self, dict: &Dict, out: &'a mut Vec<u64>) -> &'a [u8] {
        dict.memory.read(self.at + HEADER, self.key_len(dict), out)
    }
}

impl Dict {
    /// Sets a word that readers look at or that an interrupted change must leave
    /// as it was.
    #[inline]
    pub(crate) fn set(&self, at: usize, value: u32) {
        crate::log::set(&self.memory, [(at, value)]);
    }

    /// Sets several such words.
    #[inline]
    pub(crate) fn set_all<const N: usize>(&self, words: [(usize, u32); N]) {
        crate::log::set(&self.memory, words);
    }

    /// Sets a word that means nothing yet.
    #[inline]
    pub(crate) fn set_plain(&self, at: usize, value: u32) {
        self.memory.word(at).store(value, Relaxed);
    }
}
