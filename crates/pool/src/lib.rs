//! The books of connection pools: which connections lie idle under a key, how
//! many are in use, and who waits for one.
//!
//! A pool comes into being with a size, by a connect with options or by the
//! first connection that is kept, and goes when nothing is left in it. Its size
//! bounds the idle connections: the one that was not used for longest has to
//! go. With a backlog, it bounds all connections of the pool: who finds all of
//! them in use waits, up to the backlog, first come, first served.
//!
//! [`Pools`] knows neither sockets nor clocks. It is told what happens, and
//! hands the connections and the waiters back to be closed and woken. A
//! connection in use is known by its [`Lease`] only, which is given back with
//! [`Pools::keep`] or [`Pools::close`].
//!
//! ```
//! use nginx_lua_pool::{Connect, Kept, Limits, Pools};
//!
//! let mut pools = Pools::<&str, &str>::default();
//! let limits = Some(Limits { size: 1, backlog: Some(10) });
//! let Connect::New { lease, .. } = pools.connect(b"db:1", limits, |_| true, || "a") else {
//!     panic!("the pool is empty");
//! };
//! assert!(matches!(pools.connect(b"db:1", limits, |_| true, || "b"), Connect::Wait(_)));
//!
//! // The connection goes to the one who waits.
//! let Kept::Handed { waiter, connection, .. } = pools.keep(b"db:1", lease, 1, "connection")
//! else {
//!     panic!("somebody waits");
//! };
//! assert_eq!((waiter, connection), ("b", "connection"));
//! ```

#![forbid(unsafe_code)]

use std::collections::{HashMap, VecDeque};

#[cfg(test)]
mod tests;

/// All pools of a worker and VM. `C` is an idle connection, `W` one who waits.
#[derive(Debug)]
pub struct Pools<C, W> {
    /// Indexes into `slots`.
    by_key: HashMap<Box<[u8]>, usize>,
    slots: Vec<Option<Pool<C, W>>>,
    free: Vec<usize>,
    /// The slot that was named last: mostly it is the next one as well.
    recent: usize,
    /// The last number given to an idle connection or a waiter.
    last: u64,
}

impl<C, W> Default for Pools<C, W> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), slots: Vec::new(), free: Vec::new(), recent: 0, last: 0 }
    }
}

#[derive(Debug)]
struct Pool<C, W> {
    key: Box<[u8]>,
    limits: Limits,
    /// Connections in use, or about to be made.
    leased: usize,
    /// By number, so the least recently used one is first. There are none while
    /// somebody waits.
    idle: VecDeque<(u64, C)>,
    /// By number, so the first who came is first.
    waiting: VecDeque<(u64, W)>,
}

/// How much a pool holds. The limits of a pool are those it was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many connections may be idle; with a backlog, how many there may be
    /// at all. That should be one at least: nobody would ever be served.
    pub size: usize,
    /// How many may wait for a connection. Nobody waits, and the number of
    /// connections in use is not limited, if there is none.
    pub backlog: Option<usize>,
}

/// A place in a pool that a connection in use takes. A lost one takes it
/// forever.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the place in the pool has to be given back"]
pub struct Lease(usize);

/// Names an idle connection, also after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdleId {
    slot: usize,
    number: u64,
}

/// Names one who waits, also after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WaiterId {
    slot: usize,
    number: u64,
}

/// What to do for a connect.
#[derive(Debug)]
#[must_use]
pub enum Connect<C> {
    /// Use this connection. If it turns out to be dead, close it and its lease,
    /// and ask again.
    Reuse {
        /// The most recently used one that suits.
        connection: C,
        /// Its place.
        lease: Lease,
    },
    /// Make a connection.
    New {
        /// Its place; none if there is no pool under the key.
        lease: Option<Lease>,
        /// An idle one that does not suit, to be closed to make room.
        evicted: Option<C>,
    },
    /// Wait to be handed back by [`Pools::keep`] or [`Pools::close`].
    Wait(WaiterId),
    /// Fail: too many wait already.
    TooMany,
}

/// What became of a connection that was given back.
#[derive(Debug)]
#[must_use]
pub enum Kept<C, W> {
    /// It lies idle.
    Idle {
        /// Its name, for the end of its time.
        id: IdleId,
        /// The least recently used one, to be closed.
        evicted: Option<C>,
    },
    /// Wake this one and give it the connection. If that does not suit, close
    /// it and make another one under the same lease.
    Handed {
        /// The first who waited.
        waiter: W,
        /// What was given back.
        connection: C,
        /// Its place.
        lease: Lease,
    },
    /// The pool holds nothing (its size is 0): close it.
    Refused(C),
}

impl<C, W> Pools<C, W> {
    /// Looks for an idle connection that `suits`, or a place for a new one.
    /// Only with limits is a pool made if there is none. `waiter` is called if
    /// there is neither.
    pub fn connect(
        &mut self,
        key: &[u8],
        limits: Option<Limits>,
        suits: impl FnMut(&C) -> bool,
        waiter: impl FnOnce() -> W,
    ) -> Connect<C> {
        let slot = match (self.slot_of(key), limits) {
            (Some(slot), _) => slot,
            (None, Some(limits)) => self.create(key, limits),
            (None, None) => return Connect::New { lease: None, evicted: None },
        };
        let pool = self.slots[slot].as_mut().expect(IN_USE);

        if let Some(connection) = pool.take_newest(suits) {
            pool.leased += 1;
            return Connect::Reuse { connection, lease: Lease(slot) };
        }
        let mut evicted = None;
        if let Some(backlog) = pool.limits.backlog
            && pool.connections() >= pool.limits.size
        {
            evicted = pool.idle.pop_front().map(|(_, connection)| connection);
            if evicted.is_none() {
                if pool.waiting.len() >= backlog {
                    self.remove_if_empty(slot);
                    return Connect::TooMany;
                }
                self.last += 1;
                pool.waiting.push_back((self.last, waiter()));
                return Connect::Wait(WaiterId { slot, number: self.last });
            }
        }
        pool.leased += 1;
        Connect::New { lease: Some(Lease(slot)), evicted }
    }

    /// Gives a connection back that may be used again. One that was made
    /// without a lease joins the pool under the key, which is made with `size`
    /// if there is none.
    pub fn keep(
        &mut self,
        key: &[u8],
        lease: Option<Lease>,
        size: usize,
        connection: C,
    ) -> Kept<C, W> {
        let slot = match lease {
            Some(Lease(slot)) => {
                self.slots[slot].as_mut().expect(IN_USE).leased -= 1;
                slot
            }
            None => match self.slot_of(key) {
                Some(slot) => slot,
                None => self.create(key, Limits { size, backlog: None }),
            },
        };
        let pool = self.slots[slot].as_mut().expect(IN_USE);

        if let Some((_, waiter)) = pool.waiting.pop_front() {
            pool.leased += 1;
            return Kept::Handed { waiter, connection, lease: Lease(slot) };
        }
        if pool.limits.size == 0 {
            self.remove_if_empty(slot);
            return Kept::Refused(connection);
        }
        let full = match pool.limits.backlog {
            Some(_) => pool.connections() >= pool.limits.size,
            None => pool.idle.len() >= pool.limits.size,
        };
        let evicted = if full { pool.idle.pop_front() } else { None };
        self.last += 1;
        pool.idle.push_back((self.last, connection));
        Kept::Idle {
            id: IdleId { slot, number: self.last },
            evicted: evicted.map(|(_, connection)| connection),
        }
    }

    /// Gives back the place of a connection that is closed, or could not be
    /// made. Its place may go to the first who waits: wake it to make a
    /// connection of its own under the lease.
    #[must_use]
    pub fn close(&mut self, lease: Lease) -> Option<(W, Lease)> {
        let Lease(slot) = lease;
        let pool = self.slots[slot].as_mut().expect(IN_USE);
        pool.leased -= 1;
        // One that joined without a lease may have made the pool too large.
        if pool.connections() < pool.limits.size
            && let Some((_, waiter)) = pool.waiting.pop_front()
        {
            pool.leased += 1;
            return Some((waiter, Lease(slot)));
        }
        self.remove_if_empty(slot);
        None
    }

    /// Takes an idle connection out to be closed, since its time is up or its
    /// peer has closed. Nothing is there if it was reused or evicted.
    pub fn remove(&mut self, id: IdleId) -> Option<C> {
        let pool = self.slots.get_mut(id.slot)?.as_mut()?;
        let connection = take(&mut pool.idle, id.number)?;
        self.remove_if_empty(id.slot);
        Some(connection)
    }

    /// Takes one out who waits no longer. Nothing is there if it was woken.
    pub fn cancel(&mut self, id: WaiterId) -> Option<W> {
        let pool = self.slots.get_mut(id.slot)?.as_mut()?;
        let waiter = take(&mut pool.waiting, id.number)?;
        self.remove_if_empty(id.slot);
        Some(waiter)
    }

    /// Takes all idle connections out, for the end of the worker.
    pub fn drain(&mut self) -> Vec<C> {
        let mut all = Vec::new();
        for slot in 0..self.slots.len() {
            if let Some(pool) = &mut self.slots[slot] {
                all.extend(pool.idle.drain(..).map(|(_, connection)| connection));
                self.remove_if_empty(slot);
            }
        }
        all
    }

    /// The number of pools.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is no pool.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    fn slot_of(&mut self, key: &[u8]) -> Option<usize> {
        let recent = self.slots.get(self.recent).and_then(Option::as_ref);
        if recent.is_none_or(|pool| *pool.key != *key) {
            self.recent = *self.by_key.get(key)?;
        }
        Some(self.recent)
    }

    fn create(&mut self, key: &[u8], limits: Limits) -> usize {
        let pool = Pool {
            key: key.into(),
            limits,
            leased: 0,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
        };
        let slot = self.free.pop().unwrap_or(self.slots.len());
        if slot == self.slots.len() {
            self.slots.push(Some(pool));
        } else {
            self.slots[slot] = Some(pool);
        }
        self.by_key.insert(key.into(), slot);
        slot
    }

    fn remove_if_empty(&mut self, slot: usize) {
        if let Some(pool) =
            self.slots[slot].take_if(|pool| pool.connections() == 0 && pool.waiting.is_empty())
        {
            self.by_key.remove(&pool.key);
            self.free.push(slot);
        }
    }
}

/// A pool stays while a lease, an idle connection or a waiter is in it.
const IN_USE: &str = "a pool that is named or leased from exists";

impl<C, W> Pool<C, W> {
    fn connections(&self) -> usize {
        self.leased + self.idle.len()
    }

    fn take_newest(&mut self, mut suits: impl FnMut(&C) -> bool) -> Option<C> {
        let at = self.idle.iter().rposition(|(_, connection)| suits(connection))?;
        self.idle.remove(at).map(|(_, connection)| connection)
    }
}

/// Takes the entry with a number out, if it is there. They lie in order.
fn take<T>(entries: &mut VecDeque<(u64, T)>, number: u64) -> Option<T> {
    let at = entries.binary_search_by_key(&number, |(number, _)| *number).ok()?;
    entries.remove(at).map(|(_, entry)| entry)
}
