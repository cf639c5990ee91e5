//! The order of use: a list of all entries, and cursors that survive changes of
//! it.

use core::sync::atomic::Ordering::Relaxed;

use crate::Dict;
use crate::entry::Entry;
use crate::layout::{
    Block, CURSOR_COUNT, CURSOR_OWNERS, CURSORS, CURSORS_USED, MOVES, NEWEST, OLDEST,
};
use crate::lock::Guard;
use crate::log;
use crate::process::Process;

impl Dict {
    pub(crate) fn is_newest(&self, entry: Entry) -> bool {
        self.memory.get(NEWEST) == entry.block
    }

    pub(crate) fn oldest(&self) -> Option<Entry> {
        self.entry(self.memory.get(OLDEST))
    }
}

impl Guard<'_> {
    /// Puts an entry first.
    pub(crate) fn add_newest(&self, entry: Entry) {
        let dict = self.0;
        let next = dict.memory.get(NEWEST);
        let from_older = dict.entry(next).map_or(OLDEST, Entry::newer_at);
        dict.set_all([
            (entry.newer_at(), 0),
            (entry.older_at(), next),
            (from_older, entry.block),
            (NEWEST, entry.block),
        ]);
        let moves = dict.memory.word(MOVES);
        moves.store(moves.load(Relaxed).wrapping_add(1), Relaxed);
    }

    pub(crate) fn leave_order(&self, entry: Entry) {
        let dict = self.0;
        let (newer, older) = (entry.newer(dict), entry.older(dict));
        if dict.memory.get(CURSORS_USED) != 0 {
            self.step_aside(entry.block, newer);
        }
        let from_newer = dict.entry(newer).map_or(NEWEST, Entry::older_at);
        let from_older = dict.entry(older).map_or(OLDEST, Entry::newer_at);
        dict.set_all([(from_newer, older), (from_older, newer)]);
    }

    /// Makes an entry the newest.
    pub(crate) fn touch(&self, entry: Entry) {
        if !self.0.is_newest(entry) {
            self.leave_order(entry);
            self.add_newest(entry);
            log::commit(&self.0.memory);
        }
    }

    /// Cursors that stand at `from` go on to `to`.
    #[cold]
    fn step_aside(&self, from: Block, to: Block) {
        for cursor in 0..CURSOR_COUNT {
            let at = CURSORS + cursor * 4;
            if self.0.memory.get(at) == from {
                self.0.set_plain(at, to);
            }
        }
    }

    /// A cursor at the oldest entry; none if all are in use.
    pub(crate) fn open_cursor(&self) -> Option<Cursor> {
        let memory = &self.0.memory;
        let used = memory.get(CURSORS_USED);
        let cursor = (0..CURSOR_COUNT).find(|cursor| {
            let owner = memory.long(CURSOR_OWNERS + cursor * 8).load(Relaxed);
            used & 1 << cursor == 0 || Process::from_bits(owner).is_dead()
        })?;
        let owner = self.0.process.get().bits();
        memory.long(CURSOR_OWNERS + cursor * 8).store(owner, Relaxed);
        self.0.set_plain(CURSORS + cursor * 4, memory.get(OLDEST));
        self.0.set_plain(CURSORS_USED, used | 1 << cursor);
        Some(Cursor(cursor))
    }

    pub(crate) fn close_cursor(&self, cursor: Cursor) {
        let used = self.0.memory.get(CURSORS_USED);
        self.0.set_plain(CURSORS + cursor.0 * 4, 0);
        self.0.set_plain(CURSORS_USED, used & !(1 << cursor.0));
    }

    pub(crate) fn at_cursor(&self, cursor: &Cursor) -> Option<Entry> {
        self.0.entry(self.0.memory.get(CURSORS + cursor.0 * 4))
    }

    /// The cursor's entry, from which it goes on to a newer one.
    pub(crate) fn advance(&self, cursor: &Cursor) -> Option<Entry> {
        let entry = self.at_cursor(cursor)?;
        self.0.set_plain(CURSORS + cursor.0 * 4, entry.newer(self.0));
        Some(entry)
    }
}

/// A place in the order, of one process.
#[derive(Debug)]
pub(crate) struct Cursor(usize);
