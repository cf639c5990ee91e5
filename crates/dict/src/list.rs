//! Lists of values.

use crate::entry::{Entry, Fields, Type};
use crate::layout::Block;
use crate::lock::Guard;
use crate::{Dict, Error, Value, log};

/// Fields of a node: its neighbours, the value's length and type, the value.
const LEFT: usize = 0;
const RIGHT: usize = 4;
const LEN: usize = 8;
const KIND: usize = 12;
const VALUE: usize = 16;
/// What a node takes beside its value; as much as in the C module.
const OVERHEAD: usize = 21;
/// The room for the ends of a list in its entry.
const ENDS: usize = 16;

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The first value.
    Left,
    /// The last value.
    Right,
}

impl End {
    /// Where a node has its neighbour in this direction. The words with the ends
    /// are in the same order in the entry.
    const fn field(self) -> usize {
        match self {
            Self::Left => LEFT,
            Self::Right => RIGHT,
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

impl Dict {
    /// Adds a value at one end; gives the new length. A missing list is made.
    ///
    /// # Errors
    /// [`Error::NotAList`]; [`Error::NoMemory`] if there is no room for a list,
    /// [`Error::ListFull`] if there is none for the value. Nothing is evicted.
    pub fn push(&self, key: &[u8], value: Value<'_>, end: End, now: u64) -> Result<usize, Error> {
        let hash = self.hash(key);
        let guard = self.lock();
        guard.begin();
        guard.reclaim(now);

        let found = guard.find(hash, key);
        let list = match found {
            Some(entry) if !entry.is_expired(self, now) => {
                guard.touch(entry);
                if entry.kind(self) != Some(Type::List) {
                    return Err(Error::NotAList);
                }
                entry
            }
            found => {
                if let Some(entry) = found {
                    guard.remove(entry);
                }
                let fields =
                    Fields { hash, key, kind: Type::List, value_len: 0, flags: 0, expires: 0 };
                let (entry, _) = guard.make(&fields, ENDS, false, now);
                let entry = entry.ok_or(Error::NoMemory)?;
                for at in [LEFT, RIGHT] {
                    self.set_plain(entry.list(self) + at, 0);
                }
                guard.publish(entry);
                entry
            }
        };

        if guard.push_node(list, value, end).is_none() {
            if list.value_len(self) == 0 {
                guard.remove(list);
            }
            return Err(Error::ListFull);
        }
        Ok(list.value_len(self))
    }

    /// Takes a value from one end, and hands it to `f`. A list that becomes
    /// empty is removed.
    ///
    /// # Errors
    /// [`Error::NotAList`]
    pub fn pop<R>(
        &self,
        key: &[u8],
        end: End,
        now: u64,
        f: impl FnOnce(Value<'_>) -> R,
    ) -> Result<Option<R>, Error> {
        let hash = self.hash(key);
        let mut scratch = self.scratch.take();
        let value = {
            let guard = self.lock();
            guard.begin();
            guard.reclaim(now);
            let Some(list) = guard.live_list(hash, key, now)? else { return Ok(None) };
            let value = guard.pop_node(list, end, |(kind, at, len)| {
                (kind, self.memory.read(at, len, &mut scratch))
            });
            if list.value_len(self) == 0 {
                guard.remove(list);
            }
            value
        };
        let result = value.map(|(kind, bytes)| match kind {
            Type::Number => {
                f(Value::Number(f64::from_ne_bytes(bytes.try_into().unwrap_or_default())))
            }
            _ => f(Value::String(bytes)),
        });
        self.scratch.replace(scratch);
        Ok(result)
    }

    /// The length of a list, 0 if there is none.
    ///
    /// # Errors
    /// [`Error::NotAList`]
    pub fn list_len(&self, key: &[u8], now: u64) -> Result<usize, Error> {
        let hash = self.hash(key);
        let guard = self.lock();
        guard.reclaim(now);
        let Some(list) = guard.live_list(hash, key, now)? else { return Ok(0) };
        Ok(list.value_len(self))
    }
}

impl Guard<'_> {
    /// The list of a key, which becomes the newest entry.
    fn live_list(&self, hash: u32, key: &[u8], now: u64) -> Result<Option<Entry>, Error> {
        match self.find(hash, key) {
            Some(entry) if !entry.is_expired(self.0, now) => {
                self.touch(entry);
                let is_list = entry.kind(self.0) == Some(Type::List);
                is_list.then_some(Some(entry)).ok_or(Error::NotAList)
            }
            _ => Ok(None),
        }
    }

    fn push_node(&self, list: Entry, value: Value<'_>, end: End) -> Option<()> {
        let dict = self.0;
        let number;
        let (kind, bytes): (Type, &[u8]) = match value {
            Value::Number(value) => {
                number = value.to_ne_bytes();
                (Type::Number, &number)
            }
            Value::String(bytes) => (Type::String, bytes),
            Value::Boolean(_) => unreachable!("lists have numbers and strings"),
        };

        let block = dict.alloc(OVERHEAD + bytes.len())?;
        let node = dict.node(block);
        let ends = list.list(dict);
        let next = dict.memory.get(ends + end.field());
        dict.set_plain(node + end.field(), 0);
        dict.set_plain(node + end.other().field(), next);
        dict.set_plain(node + LEN, bytes.len() as u32);
        dict.set_plain(node + KIND, kind as u32);
        dict.memory.write(node + VALUE, bytes);

        let from_next =
            if next == 0 { ends + end.other().field() } else { dict.node(next) + end.field() };
        dict.set_all([(from_next, block), (ends + end.field(), block)]);
        list.set_value_len(dict, list.value_len(dict) + 1);
        log::commit(&dict.memory);
        Some(())
    }

    /// Takes a value out; `f` gets its type, place and length before it is gone.
    pub(crate) fn pop_node<R>(
        &self,
        list: Entry,
        end: End,
        f: impl FnOnce((Type, usize, usize)) -> R,
    ) -> Option<R> {
        let dict = self.0;
        let ends = list.list(dict);
        let block = dict.memory.get(ends + end.field());
        if block == 0 {
            return None;
        }
        let node = dict.node(block);
        let kind = Type::from_bits(dict.memory.get(node + KIND)).unwrap_or(Type::String);
        let result = f((kind, node + VALUE, dict.memory.get(node + LEN) as usize));

        let next = dict.memory.get(node + end.other().field());
        let from_next =
            if next == 0 { ends + end.other().field() } else { dict.node(next) + end.field() };
        dict.set_all([(from_next, 0), (ends + end.field(), next)]);
        list.set_value_len(dict, list.value_len(dict) - 1);
        dict.free(block);
        log::commit(&dict.memory);
        Some(result)
    }
}

impl Dict {
    fn node(&self, block: Block) -> usize {
        self.layout.offset(block, VALUE).expect("a node is a block")
    }

    /// The nodes of a list from left to right, and whether they lead back.
    pub(crate) fn nodes(&self, list: Entry) -> (Vec<Block>, bool) {
        let ends = list.list(self);
        let (mut nodes, mut consistent, mut left) = (Vec::new(), true, 0);
        let mut block = self.memory.get(ends + LEFT);
        while block != 0 && nodes.len() <= list.value_len(self) {
            let node = self.node(block);
            consistent &= self.memory.get(node + LEFT) == left;
            nodes.push(block);
            left = block;
            block = self.memory.get(node + RIGHT);
        }
        consistent &= self.memory.get(ends + RIGHT) == left;
        (nodes, consistent)
    }
}
