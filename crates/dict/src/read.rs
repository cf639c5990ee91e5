//! Reading.
//!
//! A reader without the lock notes the sequence number, looks, copies what it
//! found, and looks whether the number is still the same. If so, nothing that
//! it read changed meanwhile; if not, it tries again, and after some tries takes
//! the lock.
//!
//! The order of use is not covered by the number: a read makes its entry the
//! newest, and other readers need not care. For that the lock is needed; if
//! somebody has it, the order stays as it is.

use core::hint::spin_loop;
use core::sync::atomic::Ordering::Acquire;
use core::sync::atomic::fence;

use crate::entry::{Entry, Type};
use crate::layout::SEQUENCE;
use crate::{Dict, Error, Torn, Value};

const TRIES: usize = 16;
/// A value that is worth a look before it is copied.
const LONG: usize = 4096;

/// What a key leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<'a> {
    /// The value.
    pub value: Value<'a>,
    /// The user's flags.
    pub flags: i32,
    /// It has expired.
    pub stale: bool,
}

/// A copy of an entry, its bytes in the scratch buffer.
struct Seen {
    entry: Entry,
    kind: Type,
    /// Where in the buffer the bytes are.
    start: usize,
    len: usize,
    flags: i32,
    stale: bool,
}

impl Dict {
    /// Finds a key that has not expired, and hands its value to `f`.
    ///
    /// # Errors
    /// [`Error::IsAList`]
    pub fn get<R>(
        &self,
        key: &[u8],
        now: u64,
        f: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, Error> {
        self.read(key, now, false, f)
    }

    /// The same, and expired entries are found too if they are still there.
    ///
    /// # Errors
    /// [`Error::IsAList`]
    pub fn get_stale<R>(
        &self,
        key: &[u8],
        now: u64,
        f: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, Error> {
        self.read(key, now, true, f)
    }

    fn read<R>(
        &self,
        key: &[u8],
        now: u64,
        stale: bool,
        f: impl FnOnce(Found<'_>) -> R,
    ) -> Result<Option<R>, Error> {
        let mut scratch = self.scratch.take();
        let seen = self.look(key, now, stale, &mut scratch);
        let result = match seen {
            None => Ok(None),
            Some(seen) if seen.stale && !stale => Ok(None),
            Some(seen) => seen
                .value(&scratch)
                .map(|value| Some(f(Found { value, flags: seen.flags, stale: seen.stale }))),
        };
        self.scratch.replace(scratch);
        result
    }

    fn look(&self, key: &[u8], now: u64, stale: bool, scratch: &mut Vec<u64>) -> Option<Seen> {
        let hash = self.hash(key);
        for _ in 0..TRIES {
            let sequence = self.memory.word(SEQUENCE).load(Acquire);
            if sequence & 1 == 1 {
                spin_loop();
                continue;
            }
            let seen = self.copy(hash, key, now, sequence, scratch);
            let reclaim = !stale && self.oldest().is_some_and(|e| e.is_expired(self, now));
            fence(Acquire);
            if self.memory.get(SEQUENCE) != sequence {
                continue;
            }
            let Ok(seen) = seen else { break };
            if reclaim {
                break;
            }
            if let Some(seen) = &seen
                && !seen.stale
                && !self.is_newest(seen.entry)
                && let Some(guard) = self.try_lock()
                && self.memory.get(SEQUENCE) == sequence
            {
                guard.touch(seen.entry);
            }
            return seen;
        }

        let guard = self.lock();
        if !stale {
            guard.reclaim(now);
        }
        let sequence = self.memory.get(SEQUENCE);
        let seen = self.copy(hash, key, now, sequence, scratch);
        let seen = seen.expect("nothing changes under the lock");
        if let Some(seen) = &seen
            && !seen.stale
        {
            guard.touch(seen.entry);
        }
        seen
    }

    /// Copies what a key leads to.
    #[inline]
    fn copy(
        &self,
        hash: u32,
        key: &[u8],
        now: u64,
        sequence: u32,
        scratch: &mut Vec<u64>,
    ) -> Result<Option<Seen>, Torn> {
        let Some(entry) = self.find(hash, key)? else { return Ok(None) };
        let kind = entry.kind(self).ok_or(Torn)?;
        let len = if kind == Type::List { 0 } else { entry.value_len(self) };
        let start = entry.value(self);
        self.layout.offset(entry.block, start - entry.at + len).ok_or(Torn)?;
        // The length of something else may be gigabytes.
        fence(Acquire);
        if len >= LONG && self.memory.get(SEQUENCE) != sequence {
            return Err(Torn);
        }
        self.memory.read(start, len, scratch);
        Ok(Some(Seen {
            entry,
            kind,
            start: start % 8,
            len,
            flags: entry.flags(self),
            stale: entry.is_expired(self, now),
        }))
    }

    /// Milliseconds until a key expires, 0 if it never does; negative for an
    /// expired one that is still there.
    ///
    /// # Errors
    /// [`Error::NotFound`]
    pub fn ttl(&self, key: &[u8], now: u64) -> Result<i64, Error> {
        let hash = self.hash(key);
        let look = || Ok(self.find(hash, key)?.map(|entry| entry.expires(self)));
        let expires = self.consistent(look).ok_or(Error::NotFound)?;
        Ok(if expires == 0 { 0 } else { expires.wrapping_sub(now).cast_signed() })
    }

    /// What `look` finds while nothing changes.
    fn consistent<T>(&self, look: impl Fn() -> Result<T, Torn>) -> T {
        for _ in 0..TRIES {
            let sequence = self.memory.word(SEQUENCE).load(Acquire);
            if sequence & 1 == 1 {
                spin_loop();
                continue;
            }
            let seen = look();
            fence(Acquire);
            if self.memory.get(SEQUENCE) == sequence
                && let Ok(seen) = seen
            {
                return seen;
            }
        }
        let _guard = self.lock();
        look().expect("nothing changes under the lock")
    }
}

impl Seen {
    fn value<'a>(&self, scratch: &'a [u64]) -> Result<Value<'a>, Error> {
        // SAFETY: any bytes are good bytes; the buffer's length is that of the
        // words that were copied into it.
        let bytes = unsafe {
            core::slice::from_raw_parts(scratch.as_ptr().cast::<u8>(), scratch.len() * 8)
        };
        let bytes = &bytes[self.start..self.start + self.len];
        Ok(match self.kind {
            Type::List => return Err(Error::IsAList),
            Type::String => Value::String(bytes),
            Type::Number => Value::Number(f64::from_ne_bytes(bytes.try_into().unwrap_or_default())),
            Type::Boolean => Value::Boolean(bytes != [0]),
        })
    }
}
