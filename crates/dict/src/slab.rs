//! The allocator: pages, and blocks of equal size within pages.
//!
//! It hands out memory in the same order as nginx's slab allocator, so that a
//! dictionary of a given size holds as much as one of the C module: size
//! classes are powers of two up to half a page, larger things get runs of whole
//! pages, the first that is long enough; pages that are freed last are used
//! first, neighbouring runs are joined.
//!
//! A page's descriptor:
//!
//! | word | free run | busy run | blocks of a class |
//! |---|---|---|---|
//! | 0 | pages | pages and a mark | its shift, or half of the bitmap |
//! | 1 | | | the bitmap, or half of it |
//! | 2 | next in the list | 0 | next page with free blocks, or 0 |
//! | 3 | previous | 0 | previous; in the lowest bits the kind of page |
//!
//! Only the first and the last page of a run have descriptors that mean
//! something; that of the last page of a free run leads to the first. Where a
//! page has more blocks than bits are there, its first blocks are the bitmap.

use core::sync::atomic::Ordering::Relaxed;

use crate::Dict;
use crate::layout::{Block, CLASSES, FREE_PAGES, HEADS_SIZE, MIN_SHIFT, PAGE, PAGE_SHIFT};
use crate::log;

/// The class whose blocks in a page are as many as two words have bits.
const EXACT_SHIFT: u32 = PAGE_SHIFT - 6;
const BUSY: u32 = 1 << 31;

/// What a page is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Run = 0,
    Big = 1,
    Exact = 2,
    Small = 3,
}

impl Kind {
    fn of_class(shift: u32) -> Self {
        match shift.cmp(&EXACT_SHIFT) {
            core::cmp::Ordering::Less => Self::Small,
            core::cmp::Ordering::Equal => Self::Exact,
            core::cmp::Ordering::Greater => Self::Big,
        }
    }

    fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Run,
            1 => Self::Big,
            2 => Self::Exact,
            _ => Self::Small,
        }
    }
}

/// A member of a list of pages: a page, or the end of a list; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Node(u32);

/// The ends of the list of free runs, and of those of pages with free blocks.
pub(crate) const FREE: Node = Node(1);
const FIRST_PAGE: u32 = FREE.0 + 1 + CLASSES as u32;
const _: () = assert!((FIRST_PAGE as usize - 1) * 4 <= HEADS_SIZE);

impl Node {
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn class(shift: u32) -> Self {
        Self(FREE.0 + 1 + shift - MIN_SHIFT)
    }

    pub(crate) fn of_page(page: usize) -> Self {
        Self(FIRST_PAGE + page as u32)
    }

    /// The page; none for the end of a list.
    pub(crate) fn page(self) -> Option<usize> {
        self.0.checked_sub(FIRST_PAGE).map(|page| page as usize)
    }
}

/// Where the bitmap of a page with blocks is: its words, and the bits of them
/// that stand for blocks.
struct Bitmap {
    first: usize,
    words: usize,
    /// Blocks that the bitmap itself takes.
    own: u32,
    blocks: u32,
}

pub(crate) fn class_shift(size: usize) -> u32 {
    size.next_power_of_two().trailing_zeros().max(MIN_SHIFT)
}

impl Dict {
    /// Sets up an empty allocator whose first block is [`HEADS_SIZE`] bytes
    /// long.
    pub(crate) fn format_pages(&self) {
        for node in (FREE.0..FIRST_PAGE).map(Node) {
            self.memory.word(self.next_at(node)).store(node.0, Relaxed);
        }
        let pages = self.layout.pages;
        self.set_plain(FREE_PAGES, pages as u32);
        // The first page has just what is being set up: nothing to note.
        let first = Node::of_page(0);
        self.set_plain(self.layout.descriptor(0), pages as u32);
        self.set_plain(self.next_at(first), FREE.0);
        self.set_plain(self.layout.descriptor(0) + 12, FREE.0 << 2);
        self.set_plain(self.layout.descriptor(pages - 1) + 12, first.0 << 2);
        self.set_plain(self.next_at(FREE), first.0);
        let heads = self.alloc(HEADS_SIZE);
        debug_assert_eq!(heads, Some(1));
        log::commit(&self.memory);
    }

    /// Gets a block; none if there is no room.
    pub(crate) fn alloc(&self, size: usize) -> Option<Block> {
        if size > PAGE / 2 {
            let page = self.alloc_pages(size.div_ceil(PAGE))?;
            return Some(self.layout.block(self.layout.page(page)));
        }
        let shift = class_shift(size);
        match self.next(Node::class(shift)).page() {
            Some(page) => self.take_block(page, shift),
            None => self.open_page(shift),
        }
    }

    /// Gets a block of a page that has some.
    fn take_block(&self, page: usize, shift: u32) -> Option<Block> {
        let bitmap = self.bitmap(page, shift);
        let mut full = true;
        let mut found = None;
        for word in 0..bitmap.words {
            let at = bitmap.first + word * 4;
            let bits = self.memory.get(at);
            // Bits beyond the last block count as used.
            let valid = (bitmap.blocks - word as u32 * 32).min(32);
            let mut bits = bits | u32::MAX.checked_shl(valid).unwrap_or(0);
            if bits != u32::MAX && found.is_none() {
                let bit = bits.trailing_ones();
                self.set(at, self.memory.get(at) | 1 << bit);
                bits |= 1 << bit;
                found = Some(word as u32 * 32 + bit);
            }
            if bits != u32::MAX {
                full = false;
                if found.is_some() {
                    break;
                }
            }
        }
        if full {
            self.unlink(page);
            self.set_next(Node::of_page(page), Node::NONE);
            self.set_prev(page, Node::NONE, Kind::of_class(shift));
        }
        let block = found.expect("a page in the list of its class has a free block");
        Some(self.layout.block(self.layout.page(page) + ((block as usize) << shift)))
    }

    /// Gets the first block of a fresh page.
    fn open_page(&self, shift: u32) -> Option<Block> {
        let page = self.alloc_pages(1)?;
        let kind = Kind::of_class(shift);
        let descriptor = self.layout.descriptor(page);
        if kind != Kind::Exact {
            self.set(descriptor, shift);
        }
        let bitmap = self.bitmap(page, shift);
        for word in 0..bitmap.words {
            let at = bitmap.first + word * 4;
            if kind == Kind::Small {
                // Part of the page, which is free if this is undone.
                self.set_plain(at, 0);
            } else {
                self.set(at, 0);
            }
        }
        let used = bitmap.own + 1;
        let ones = u32::MAX >> (32 - used);
        if kind == Kind::Small {
            self.set_plain(bitmap.first, ones);
        } else {
            self.set(bitmap.first, ones);
        }
        self.link(page, Node::class(shift), kind);
        let offset = (bitmap.own as usize) << shift;
        Some(self.layout.block(self.layout.page(page) + offset))
    }

    /// Gives a block back.
    pub(crate) fn free(&self, block: Block) {
        let at = self.layout.offset(block, 0).expect("a block lies in the pages");
        let page = self.layout.page_of(at);
        let descriptor = self.layout.descriptor(page);
        let shift = match self.kind(page) {
            Kind::Run => {
                let pages = self.memory.get(descriptor);
                assert!(pages & BUSY != 0, "a block is freed twice");
                return self.free_pages(page, (pages & !BUSY) as usize);
            }
            Kind::Exact => EXACT_SHIFT,
            Kind::Big | Kind::Small => self.memory.get(descriptor),
        };
        let bitmap = self.bitmap(page, shift);
        let index = ((at - self.layout.page(page)) >> shift) as u32;
        let word = bitmap.first + index as usize / 32 * 4;
        let bit = 1 << (index % 32);
        let bits = self.memory.get(word);
        assert!(bits & bit != 0, "a block is freed twice");

        if self.next(Node::of_page(page)) == Node::NONE {
            self.link(page, Node::class(shift), Kind::of_class(shift));
        }
        self.set(word, bits & !bit);

        let own = u32::MAX.checked_shr(32 - bitmap.own).unwrap_or(0);
        let empty = (0..bitmap.words).all(|word| {
            let bits = self.memory.get(bitmap.first + word * 4);
            if word == 0 { bits & !own == 0 } else { bits == 0 }
        });
        if empty {
            self.free_pages(page, 1);
        }
    }

    /// Gets a run of pages: from the first one that is long enough.
    fn alloc_pages(&self, pages: usize) -> Option<usize> {
        let mut node = self.next(FREE);
        while let Some(page) = node.page() {
            let available = self.memory.get(self.layout.descriptor(page)) as usize;
            if available >= pages {
                let (next, prev) = (self.next(node), self.prev(page));
                if available > pages {
                    // The rest takes its place in the list.
                    let rest = page + pages;
                    let rest_node = Node::of_page(rest);
                    self.set_prev(page + available - 1, rest_node, Kind::Run);
                    self.set(self.layout.descriptor(rest), (available - pages) as u32);
                    self.set_next(rest_node, next);
                    self.set_prev(rest, prev, Kind::Run);
                    self.set_next(prev, rest_node);
                    if let Some(next) = next.page() {
                        self.set_prev(next, rest_node, Kind::Run);
                    }
                } else {
                    self.unlink(page);
                }
                self.mark(page + pages - 1, BUSY);
                self.mark(page, BUSY | pages as u32);
                self.set(FREE_PAGES, self.memory.get(FREE_PAGES) - pages as u32);
                return Some(page);
            }
            node = self.next(node);
        }
        None
    }

    /// Gives pages back: first in the list, joined with their neighbours.
    fn free_pages(&self, page: usize, pages: usize) {
        self.set(FREE_PAGES, self.memory.get(FREE_PAGES) + pages as u32);
        if self.next(Node::of_page(page)) != Node::NONE {
            self.unlink(page);
        }
        let (mut page, mut pages) = (page, pages);

        let after = page + pages;
        if after < self.layout.pages && self.starts_free_run(after) {
            pages += self.memory.get(self.layout.descriptor(after)) as usize;
            self.unlink(after);
        }
        if page > 0 && self.kind(page - 1) == Kind::Run {
            let last = page - 1;
            // A run of one page, or the last page of a longer one.
            let before = if self.memory.get(self.layout.descriptor(last)) == 0 {
                self.prev(last).page().unwrap_or(last)
            } else {
                last
            };
            if self.starts_free_run(before) {
                pages += self.memory.get(self.layout.descriptor(before)) as usize;
                self.unlink(before);
                page = before;
            }
        }

        if pages > 1 {
            let last = page + pages - 1;
            self.mark(last, 0);
            self.set_prev(last, Node::of_page(page), Kind::Run);
        }
        self.set(self.layout.descriptor(page), pages as u32);
        self.link(page, FREE, Kind::Run);
    }

    pub(crate) fn starts_free_run(&self, page: usize) -> bool {
        self.kind(page) == Kind::Run && self.next(Node::of_page(page)) != Node::NONE
    }

    /// The pages of the busy run that begins here.
    pub(crate) fn busy_run(&self, page: usize) -> Option<usize> {
        let pages = self.memory.get(self.layout.descriptor(page));
        (self.kind(page) == Kind::Run && pages & BUSY != 0).then_some((pages & !BUSY) as usize)
    }

    /// A page that is neither in a list nor has blocks.
    fn mark(&self, page: usize, pages: u32) {
        let at = self.layout.descriptor(page);
        self.set_all([(at, pages), (at + 8, 0), (at + 12, Kind::Run as u32)]);
    }

    /// Puts a page first in a list.
    fn link(&self, page: usize, list: Node, kind: Kind) {
        let node = Node::of_page(page);
        let next = self.next(list);
        self.set_next(node, next);
        self.set_prev(page, list, kind);
        if let Some(next) = next.page() {
            self.set_prev(next, node, kind);
        }
        self.set_next(list, node);
    }

    /// Takes a page out of its list; its own links stay.
    fn unlink(&self, page: usize) {
        let (next, prev) = (self.next(Node::of_page(page)), self.prev(page));
        self.set_next(prev, next);
        if let Some(next) = next.page() {
            self.set_prev(next, prev, self.kind(next));
        }
    }

    fn bitmap(&self, page: usize, shift: u32) -> Bitmap {
        let descriptor = self.layout.descriptor(page);
        let blocks = 1 << (PAGE_SHIFT - shift);
        match Kind::of_class(shift) {
            Kind::Exact => Bitmap { first: descriptor, words: 2, own: 0, blocks },
            Kind::Small => Bitmap {
                first: self.layout.page(page),
                words: blocks as usize / 32,
                own: ((blocks / 8) >> shift).max(1),
                blocks,
            },
            Kind::Big | Kind::Run => Bitmap { first: descriptor + 4, words: 1, own: 0, blocks },
        }
    }

    /// The blocks in use of a page that has blocks.
    pub(crate) fn blocks_of(&self, page: usize) -> impl Iterator<Item = Block> + '_ {
        let shift = match self.kind(page) {
            Kind::Exact => EXACT_SHIFT,
            _ => self.memory.get(self.layout.descriptor(page)),
        };
        let bitmap = self.bitmap(page, shift);
        (bitmap.own..bitmap.blocks).filter_map(move |index| {
            let bits = self.memory.get(bitmap.first + index as usize / 32 * 4);
            (bits & 1 << (index % 32) != 0)
                .then(|| self.layout.block(self.layout.page(page) + ((index as usize) << shift)))
        })
    }

    pub(crate) fn kind(&self, page: usize) -> Kind {
        Kind::from_bits(self.memory.get(self.layout.descriptor(page) + 12))
    }

    fn next_at(&self, node: Node) -> usize {
        match node.page() {
            Some(page) => self.layout.descriptor(page) + 8,
            None => self.layout.page(0) + (node.0 as usize - 1) * 4,
        }
    }

    pub(crate) fn next(&self, node: Node) -> Node {
        Node(self.memory.get(self.next_at(node)))
    }

    fn set_next(&self, node: Node, next: Node) {
        self.set(self.next_at(node), next.0);
    }

    pub(crate) fn prev(&self, page: usize) -> Node {
        Node(self.memory.get(self.layout.descriptor(page) + 12) >> 2)
    }

    fn set_prev(&self, page: usize, prev: Node, kind: Kind) {
        self.set(self.layout.descriptor(page) + 12, prev.0 << 2 | kind as u32);
    }
}
