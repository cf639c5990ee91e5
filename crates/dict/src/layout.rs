//! Where things are.
//!
//! ```text
//! 0      the head: lock, counters, ends of the list, undo log
//! HEAD   16 bytes for each page: its descriptor
//!        8 bytes for each page: two buckets of the tree
//!        (up to an address that is a multiple of the page size)
//! first  the pages; the first 128 bytes of the first one hold the ends of the
//!        allocator's lists
//! ```
//!
//! The sizes are such that a piece of memory has as many pages as nginx's slab
//! allocator makes of it, which keeps 56 bytes for each size class and 24 for
//! each page. `Memory` begins behind nginx's own header.

use crate::memory::Memory;

pub(crate) const PAGE_SHIFT: u32 = 12;
pub(crate) const PAGE: usize = 1 << PAGE_SHIFT;
/// The smallest size class: 8 bytes.
pub(crate) const MIN_SHIFT: u32 = 3;
/// How many size classes there are; larger things get whole pages.
pub(crate) const CLASSES: usize = (PAGE_SHIFT - MIN_SHIFT) as usize;

/// The lock: who holds it, 0 for nobody.
pub(crate) const LOCK: usize = 0;
/// Odd while something changes that readers look at.
pub(crate) const SEQUENCE: usize = 8;
/// How many records the undo log has.
pub(crate) const LOG_LEN: usize = 12;
/// The entries, most recently used first.
pub(crate) const NEWEST: usize = 16;
pub(crate) const OLDEST: usize = 20;
/// What entries must have to be alive: `flush_all` counts it up.
pub(crate) const GENERATION: usize = 24;
/// An entry that nothing leads to any more, and is not yet free.
pub(crate) const DYING: usize = 28;
/// An entry whose value is being overwritten.
pub(crate) const TAINTED: usize = 32;
pub(crate) const FREE_PAGES: usize = 36;
/// Counts entries that become the newest.
pub(crate) const MOVES: usize = 40;
/// The cursors in use, as bits.
pub(crate) const CURSORS_USED: usize = 44;
pub(crate) const ENTRIES: usize = 48;
pub(crate) const MAGIC: usize = 52;
/// What makes hashes differ from those of others.
pub(crate) const SEED: usize = 56;
/// Where walks that let others in between go on.
pub(crate) const CURSORS: usize = 64;
pub(crate) const CURSOR_COUNT: usize = 4;
/// Whose they are.
pub(crate) const CURSOR_OWNERS: usize = 80;
pub(crate) const LOG: usize = 112;
pub(crate) const LOG_CAPACITY: usize = 49;
/// The size of all this.
pub(crate) const HEAD: usize = LOG + LOG_CAPACITY * 8;
const _: () = assert!(HEAD == CLASSES * (24 + 32));

/// Says that the memory holds a dictionary of this layout.
pub(crate) const MAGIC_VALUE: u32 = 0x6469_6301;

/// What the first block holds: see [`crate::slab`].
pub(crate) const HEADS_SIZE: usize = 80;

const DESCRIPTOR: usize = 16;
const BUCKETS_PER_PAGE: usize = 2;

/// Blocks are told by numbers: their offset from the first page in units of
/// this, plus 1. The smallest thing that is stored, an empty string in a list,
/// fills one.
const UNIT: usize = 32;
/// The largest amount of memory that is used: the undo log tells words by their
/// number.
const LARGEST: usize = 1 << 34;

/// A block of memory; 0 is none.
pub(crate) type Block = u32;

/// The places that depend on the size of the memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub pages: usize,
    /// Offset of the first page.
    first: usize,
    end: usize,
}

impl Layout {
    /// None if there is no room for two pages.
    pub(crate) fn new(memory: &Memory) -> Option<Self> {
        let len = memory.len().min(LARGEST);
        let mut pages = len.checked_sub(HEAD)? / (PAGE + DESCRIPTOR + 4 * BUCKETS_PER_PAGE);
        let tables = pages * (DESCRIPTOR + 4 * BUCKETS_PER_PAGE);
        let address = memory.address();
        let first = (address + HEAD + tables).next_multiple_of(PAGE) - address;
        pages = pages.min(len.checked_sub(first)? / PAGE);
        (pages >= 2).then_some(Self { pages, first, end: first + pages * PAGE })
    }

    /// The descriptor of a page.
    #[inline]
    pub(crate) fn descriptor(&self, page: usize) -> usize {
        assert!(page < self.pages);
        HEAD + page * DESCRIPTOR
    }

    /// Where the root of the tree for a hash is.
    #[inline]
    pub(crate) fn bucket(&self, hash: u32) -> usize {
        let buckets = (self.pages * BUCKETS_PER_PAGE) as u64;
        let bucket = (u64::from(hash) * buckets) >> 32;
        HEAD + self.pages * DESCRIPTOR + bucket as usize * 4
    }

    pub(crate) fn buckets(&self) -> impl Iterator<Item = usize> + use<> {
        let first = HEAD + self.pages * DESCRIPTOR;
        (0..self.pages * BUCKETS_PER_PAGE).map(move |bucket| first + bucket * 4)
    }

    pub(crate) fn page(&self, page: usize) -> usize {
        self.first + page * PAGE
    }

    /// The page that an offset lies in.
    pub(crate) fn page_of(&self, at: usize) -> usize {
        (at - self.first) / PAGE
    }

    pub(crate) fn block(&self, at: usize) -> Block {
        ((at - self.first) / UNIT + 1) as Block
    }

    /// The offset of a block; none if it is not one with `size` bytes.
    #[inline]
    pub(crate) fn offset(&self, block: Block, size: usize) -> Option<usize> {
        let at = self.first + (block as usize).checked_sub(1)? * UNIT;
        (at + size <= self.end).then_some(at)
    }
}
