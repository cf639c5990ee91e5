//! A dictionary in memory that several processes share.
//!
//! Keys and values are bytes; values may be numbers, booleans and lists too.
//! Entries can expire, and the least recently used ones make room for new ones.
//! It is the data structure behind `ngx.shared`: its errors, its order of
//! eviction and the room that entries take are those of the C module.
//!
//! * Writers hold a lock, one at a time; see [`lock`].
//! * Readers hold none, unless they have to: they look whether anything changed
//!   while they read, see [`read`].
//! * A process may be killed at any point. Whoever comes next restores what it
//!   left half changed, see [`log`].
//!
//! The module's map, each part using those above it: [`memory`], [`layout`],
//! [`log`], [`process`], [`slab`], [`entry`], [`tree`], [`order`], [`lock`], then
//! the operations: [`read`], [`write`], [`list`], [`walk`].

mod check;
mod entry;
mod layout;
mod list;
mod lock;
mod log;
mod memory;
mod order;
mod process;
mod read;
mod slab;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
mod write;

pub use list::End;
pub use process::Process;
pub use read::Found;
pub use walk::Keys;
pub use write::{Mode, Store, Stored};

use core::cell::{Cell, RefCell};
use core::fmt;
use core::ptr::NonNull;
use core::sync::atomic::Ordering::{Relaxed, Release};

use layout::{FREE_PAGES, Layout, MAGIC, MAGIC_VALUE, PAGE, SEED};
use memory::Memory;

/// One process's view of a dictionary.
#[derive(Debug)]
pub struct Dict {
    memory: Memory,
    layout: Layout,
    seed: u64,
    process: Cell<Process>,
    /// Where values are copied to before they are handed out.
    scratch: RefCell<Vec<u64>>,
}

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// A string.
    String(&'a [u8]),
}

/// Why something was not done; the texts are what Lua code gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no such key.
    NotFound,
    /// There is such a key.
    Exists,
    /// There is no room, even after entries were evicted.
    NoMemory,
    /// There is no room for another value of a list.
    ListFull,
    /// The value is not a number.
    NotANumber,
    /// The value is a list.
    IsAList,
    /// The value is not a list.
    NotAList,
    /// Nothing cannot be added, nor replace something.
    Nil,
}

impl Error {
    /// The text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotFound => "not found",
            Self::Exists => "exists",
            Self::NoMemory | Self::ListFull => "no memory",
            Self::NotANumber => "not a number",
            Self::IsAList => "value is a list",
            Self::NotAList => "value not a list",
            Self::Nil => "attempt to add or replace nil values",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Error {}

/// The memory is too small for a dictionary, or holds none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unusable;

/// A reader met a change.
#[derive(Clone, Copy, Debug)]
struct Torn;

impl Dict {
    /// Makes an empty dictionary of the memory. `reserved` bytes are taken for
    /// nothing: the C module keeps a text there, so that two dictionaries of the
    /// same size hold the same number of entries.
    ///
    /// # Safety
    /// The `len` bytes at `base` are accessed through this crate only, and stay
    /// valid as long as the value lives. `base` is a multiple of 8.
    ///
    /// # Errors
    /// If there is not enough of it.
    pub unsafe fn create(
        base: NonNull<u8>,
        len: usize,
        reserved: usize,
        seed: u64,
    ) -> Result<Self, Unusable> {
        // SAFETY: the caller's promise.
        let memory = unsafe { Memory::new(base, len) };
        let layout = Layout::new(&memory).ok_or(Unusable)?;
        let dict = Self::new(memory, layout, seed);

        dict.memory.word(MAGIC).store(0, Release);
        for at in (0..layout.page(0)).step_by(4) {
            dict.set_plain(at, 0);
        }
        dict.memory.long(SEED).store(seed, Relaxed);
        dict.format_pages();
        dict.alloc(reserved).ok_or(Unusable)?;
        log::commit(&dict.memory);
        dict.memory.word(MAGIC).store(MAGIC_VALUE, Release);
        Ok(dict)
    }

    /// Opens the dictionary that is in the memory.
    ///
    /// # Safety
    /// As for [`Dict::create`].
    ///
    /// # Errors
    /// If there is none.
    pub unsafe fn open(base: NonNull<u8>, len: usize) -> Result<Self, Unusable> {
        // SAFETY: the caller's promise.
        let memory = unsafe { Memory::new(base, len) };
        let layout = Layout::new(&memory).ok_or(Unusable)?;
        if memory.get(MAGIC) != MAGIC_VALUE {
            return Err(Unusable);
        }
        let mut dict = Self::new(memory, layout, 0);
        dict.seed = dict.read_seed();
        Ok(dict)
    }

    fn new(memory: Memory, layout: Layout, seed: u64) -> Self {
        let process = Cell::new(Process::current());
        Self { memory, layout, seed, process, scratch: RefCell::default() }
    }

    /// The process that uses this value.
    pub fn process(&self) -> Process {
        self.process.get()
    }

    /// Says that it is used by another process now, after a fork.
    pub fn set_process(&self, process: Process) {
        self.process.set(process);
    }

    /// The bytes of the pages of which nothing is used.
    pub fn free_space(&self) -> usize {
        self.memory.get(FREE_PAGES) as usize * PAGE
    }
}
