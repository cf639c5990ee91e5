//! Verifying that everything fits together, for tests.

use core::sync::atomic::Ordering::Relaxed;
use std::collections::BTreeSet;

use crate::Dict;
use crate::entry::{Entry, Type};
use crate::layout::{
    Block, CLASSES, DYING, ENTRIES, FREE_PAGES, LOCK, LOG_LEN, MIN_SHIFT, NEWEST, OLDEST, TAINTED,
};
use crate::process::Process;
use crate::slab::{FREE, Kind, Node};

/// Fails with a message.
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}

impl Dict {
    /// Verifies every word of the dictionary.
    ///
    /// # Errors
    /// If something is wrong: what.
    pub fn check(&self) -> Result<(), String> {
        let _guard = self.lock();
        let memory = &self.memory;
        ensure!(memory.get(LOG_LEN) == 0, "uncommitted changes");
        ensure!(memory.get(DYING) == 0 && memory.get(TAINTED) == 0, "a half dead entry");

        let mut blocks = self.check_pages()?;
        ensure!(blocks.remove(&1), "the ends of the lists are free");
        let entries = self.check_order()?;
        let reachable = self.check_tree()?;
        ensure!(entries == reachable, "order and tree have different entries");
        ensure!(entries.len() == memory.get(ENTRIES) as usize, "wrong number of entries");
        for block in entries {
            ensure!(blocks.remove(&block), "entry {block} is in free memory");
            let entry = self.entry(block).ok_or("an entry outside")?;
            if entry.kind(self) == Some(Type::List) {
                let (nodes, consistent) = self.nodes(entry);
                ensure!(consistent, "list {block} does not lead back");
                ensure!(nodes.len() == entry.value_len(self), "list {block} has a wrong length");
                for node in nodes {
                    ensure!(blocks.remove(&node), "node {node} is in free memory");
                }
            }
        }
        // What `create` took, somewhere at the beginning.
        ensure!(blocks.len() == 1, "{} blocks are lost: {blocks:?}", blocks.len() - 1);
        Ok(())
    }

    /// Whether this process holds the lock, alive or dead.
    pub fn is_locked_by(&self, process: u32) -> bool {
        Process::from_bits(self.memory.long(LOCK).load(Relaxed)).id() == process
    }

    /// The blocks in use.
    fn check_pages(&self) -> Result<BTreeSet<Block>, String> {
        let mut blocks = BTreeSet::new();
        let mut free_runs = BTreeSet::new();
        let mut open = vec![BTreeSet::new(); CLASSES];
        let (mut free, mut page, mut after_free) = (0, 0, false);
        while page < self.layout.pages {
            let descriptor = self.layout.descriptor(page);
            if self.starts_free_run(page) {
                ensure!(!after_free, "page {page}: two free runs are not joined");
                let pages = self.memory.get(descriptor) as usize;
                let last = page + pages - 1;
                ensure!(pages > 0 && last < self.layout.pages, "page {page}: {pages} free pages");
                if pages > 1 {
                    ensure!(self.prev(last) == Node::of_page(page), "page {last} leads nowhere");
                    ensure!(self.kind(last) == Kind::Run, "page {last} is not of a run");
                    let count = self.memory.get(self.layout.descriptor(last));
                    ensure!(count == 0, "page {last} is not free");
                }
                free_runs.insert(page);
                free += pages;
                page += pages;
                after_free = true;
                continue;
            }
            after_free = false;
            if let Some(pages) = self.busy_run(page) {
                ensure!(pages > 0 && page + pages <= self.layout.pages, "page {page}: too long");
                blocks.insert(self.layout.block(self.layout.page(page)));
                page += pages;
                continue;
            }
            let kind = self.kind(page);
            ensure!(kind != Kind::Run, "page {page} is neither free nor busy");
            let shift = if kind == Kind::Exact { 6 } else { self.memory.get(descriptor) };
            let used: Vec<_> = self.blocks_of(page).collect();
            ensure!(!used.is_empty(), "page {page} has no blocks in use");
            if self.next(Node::of_page(page)) != Node::NONE {
                open[(shift - MIN_SHIFT) as usize].insert(page);
            }
            blocks.extend(used);
            page += 1;
        }
        ensure!(free == self.memory.get(FREE_PAGES) as usize, "wrong number of free pages");
        ensure!(self.listed(FREE)? == free_runs, "the list of free runs has others");
        for (class, open) in open.into_iter().enumerate() {
            let list = self.listed(Node::class(class as u32 + MIN_SHIFT))?;
            ensure!(list == open, "class {class} lists {list:?}, not {open:?}");
        }
        Ok(blocks)
    }

    /// The pages of a list.
    fn listed(&self, list: Node) -> Result<BTreeSet<usize>, String> {
        let mut pages = BTreeSet::new();
        let (mut node, mut prev) = (self.next(list), list);
        while let Some(page) = node.page() {
            ensure!(page < self.layout.pages, "a list leads outside");
            ensure!(self.prev(page) == prev, "page {page} does not lead back");
            ensure!(pages.insert(page), "page {page} is listed twice");
            prev = node;
            node = self.next(node);
        }
        ensure!(node == list, "a list has another end");
        Ok(pages)
    }

    fn check_order(&self) -> Result<BTreeSet<Block>, String> {
        let mut entries = BTreeSet::new();
        let (mut block, mut newer) = (self.memory.get(NEWEST), 0);
        while block != 0 {
            let entry = self.entry(block).ok_or("the order leads outside")?;
            ensure!(entry.newer(self) == newer, "entry {block} does not lead back");
            ensure!(entries.insert(block), "entry {block} is twice in the order");
            newer = block;
            block = entry.older(self);
        }
        ensure!(self.memory.get(OLDEST) == newer, "the order has another end");
        Ok(entries)
    }

    fn check_tree(&self) -> Result<BTreeSet<Block>, String> {
        let mut entries = BTreeSet::new();
        let mut key = Vec::new();
        let mut pending: Vec<usize> = self.layout.buckets().collect();
        while let Some(at) = pending.pop() {
            let block = self.memory.get(at);
            if block == 0 {
                continue;
            }
            let entry = self.entry(block).ok_or("the tree leads outside")?;
            ensure!(entries.insert(block), "entry {block} is twice in the tree");
            let key = entry.key(self, &mut key);
            let hash = self.hash(key);
            ensure!(hash == entry.hash(self), "entry {block} has a wrong hash");
            let found = self.find(hash, key).map_err(|_| "a way does not end")?;
            ensure!(found == Some(entry), "entry {block} is not found by its key");
            pending.extend((0..crate::entry::CHILDREN).map(|i| Entry::child(entry, i)));
        }
        Ok(entries)
    }
}
