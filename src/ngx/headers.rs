//! Lists of headers, nginx's `ngx_list_t` of `ngx_table_elt_t`.

use core::ptr;

use super::{NgxStr, Pool};
use crate::sys::*;

/// Why a header cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SetError {
    /// nginx would refuse such a header.
    Invalid,
    NoMemory,
}

/// Iterates over the headers of a list, removed ones included.
#[derive(Clone)]
pub(crate) struct Headers {
    part: *mut ngx_list_part_t,
    index: usize,
}

/// # Safety
/// The list is live and not changed while the iterator is used.
pub(crate) unsafe fn iter(list: *mut ngx_list_t) -> Headers {
    // SAFETY: the caller's promise.
    let part = unsafe { &raw mut (*list).part };
    Headers { part, index: 0 }
}

/// How many headers a list has, removed ones included.
///
/// # Safety
/// As [`iter`].
pub(crate) unsafe fn len(list: *mut ngx_list_t) -> usize {
    // SAFETY: the caller's promise; parts end with a null pointer.
    unsafe {
        core::iter::successors(Some(&(*list).part), |part| part.next.as_ref())
            .map(|part| part.nelts)
            .sum()
    }
}

impl Iterator for Headers {
    type Item = *mut ngx_table_elt_t;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: a list is parts with `nelts` elements each.
        unsafe {
            while !self.part.is_null() {
                if self.index < (*self.part).nelts {
                    let header = (*self.part).elts.cast::<ngx_table_elt_t>().add(self.index);
                    self.index += 1;
                    return Some(header);
                }
                self.part = (*self.part).next;
                self.index = 0;
            }
        }
        None
    }
}

/// Appends a header; name and value are copied into the pool.
///
/// # Safety
/// The list is live and its pool is `pool`.
pub(crate) unsafe fn push(
    list: *mut ngx_list_t,
    pool: Pool,
    name: &[u8],
    value: &[u8],
) -> Option<*mut ngx_table_elt_t> {
    // SAFETY: the caller's promise; the lower case fits where the name is.
    unsafe {
        let header = push_hashed(list, pool, name, name, 0, value)?;
        let lowcase = (*header).lowcase_key;
        (*header).hash = ngx_hash_strlow(lowcase, lowcase, name.len());
        Some(header)
    }
}

/// Appends a header whose name in lower case and hash are known already.
///
/// # Safety
/// As [`push`]; `lowcase` is as long as `name`.
pub(crate) unsafe fn push_hashed(
    list: *mut ngx_list_t,
    pool: Pool,
    name: &[u8],
    lowcase: &[u8],
    hash: ngx_uint_t,
    value: &[u8],
) -> Option<*mut ngx_table_elt_t> {
    // SAFETY: the caller's promise; the three texts and their NULs fit.
    unsafe {
        let (n, v) = (name.len(), value.len());
        let text: *mut u8 = ngx_pnalloc(pool.as_ptr(), 2 * (n + 1) + v + 1).cast();
        if text.is_null() {
            return None;
        }
        let (lowcase_key, data) = (text.add(n + 1), text.add(2 * (n + 1)));
        text.copy_from_nonoverlapping(name.as_ptr(), n);
        text.add(n).write(0);
        lowcase_key.copy_from_nonoverlapping(lowcase.as_ptr(), n);
        lowcase_key.add(n).write(0);
        data.copy_from_nonoverlapping(value.as_ptr(), v);
        data.add(v).write(0);

        let header: *mut ngx_table_elt_t = ngx_list_push(list).cast();
        if header.is_null() {
            return None;
        }
        ptr::write_bytes(header, 0, 1);
        (*header).hash = hash;
        (*header).key = ngx_str_t { len: n, data: text };
        (*header).value = ngx_str_t { len: v, data };
        (*header).lowcase_key = lowcase_key;
        Some(header)
    }
}

/// Removes headers from a list so that nothing is left of them, as nginx
/// itself expects of request headers, which it does not mark as removed.
///
/// # Safety
/// The list is live. Elements move: pointers to them must be set anew.
pub(crate) unsafe fn remove(list: *mut ngx_list_t, name: &[u8]) {
    // SAFETY: the caller's promise; elements move to the front of their part.
    unsafe {
        let mut part = &raw mut (*list).part;
        while !part.is_null() {
            let elts = (*part).elts.cast::<ngx_table_elt_t>();
            let mut kept = 0;
            for i in 0..(*part).nelts {
                let header = elts.add(i);
                if (*header).key.bytes().eq_ignore_ascii_case(name) {
                    continue;
                }
                if kept != i {
                    ptr::copy(header, elts.add(kept), 1);
                }
                kept += 1;
            }
            (*part).nelts = kept;
            part = (*part).next;
        }
    }
}
