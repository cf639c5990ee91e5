//! Dictionaries in nginx's shared memory zones.

use core::hash::BuildHasher;
use core::ptr::NonNull;
use std::hash::RandomState;

use nginx_lua_dict::{Dict, Process, Unusable};

use crate::sys::*;

/// What the C module's text for log lines takes, without the zone's name. It
/// counts: what takes as much room holds as many entries.
const LOG_CONTEXT: usize = 28;

/// The bytes of a zone behind nginx's own header, which stays as it is.
///
/// # Safety
/// The zone is mapped.
unsafe fn memory(shm: &ngx_shm_t) -> (NonNull<u8>, usize) {
    let header = size_of::<ngx_slab_pool_t>();
    // SAFETY: nginx makes no zone that is smaller than some pages.
    unsafe { (NonNull::new_unchecked(shm.addr).byte_add(header), shm.size - header) }
}

/// Makes a dictionary of a new zone.
///
/// # Safety
/// nginx has just set up the zone, and nobody else uses it.
pub(crate) unsafe fn create(shm: &ngx_shm_t) -> Result<Dict, Unusable> {
    let seed = RandomState::new().hash_one(0);
    // SAFETY: the caller's promise; nginx keeps the zone at least as long as the
    // cycle, and its allocator does not get to see it again.
    unsafe {
        let pool = shm.addr.cast::<ngx_slab_pool_t>();
        // Its pages are ours; nobody shall go looking for nginx's.
        (*pool).last = (*pool).pages;
        (*pool).pfree = 0;
        let (base, len) = memory(shm);
        Dict::create(base, len, LOG_CONTEXT + shm.name.len, seed)
    }
}

/// Opens the dictionary in a zone that an earlier configuration has filled.
///
/// # Safety
/// As [`create`]; the zone has one.
pub(crate) unsafe fn open(shm: &ngx_shm_t) -> Result<Dict, Unusable> {
    // SAFETY: as above.
    unsafe {
        let (base, len) = memory(shm);
        Dict::open(base, len)
    }
}

/// Tells the dictionary about a fork.
#[inline]
pub(crate) fn in_this_process(dict: &Dict) -> &Dict {
    // SAFETY: nginx sets it after each fork.
    if dict.process().id() != unsafe { ngx_pid }.cast_unsigned() {
        dict.set_process(Process::current());
    }
    dict
}

/// Milliseconds since the epoch, as cached.
#[inline]
pub(crate) fn now() -> u64 {
    let time = ngx_timeofday();
    (time.sec as u64) * 1000 + time.msec as u64
}
