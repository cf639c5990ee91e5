//! Headers of which nginx keeps several: a linked list since 1.23, an array of
//! pointers before.

use super::Request;
use super::headers::SetError;
use crate::sys::*;

/// A field of the parsed headers.
pub(super) type Slot = *mut *mut ngx_table_elt_t;

/// # Safety
/// `slot` is such a field of a live request.
#[cfg(nginx_1_23_0)]
pub(super) unsafe fn clear(_: Request, slot: Slot) -> Result<(), SetError> {
    // SAFETY: a pointer field of the parsed headers.
    unsafe { *slot = core::ptr::null_mut() };
    Ok(())
}

/// Makes the field ready for a push, with what it has.
///
/// # Safety
/// `slot` is such a field of a live request.
#[cfg(nginx_1_23_0)]
pub(super) unsafe fn init(_: Request, _: Slot) -> Result<(), SetError> {
    Ok(())
}

/// # Safety
/// The field was cleared or made ready, and `header` is of the same list of
/// headers.
#[cfg(nginx_1_23_0)]
pub(super) unsafe fn push(mut slot: Slot, header: *mut ngx_table_elt_t) -> Result<(), SetError> {
    // SAFETY: a linked list that starts at a field of the parsed headers.
    unsafe {
        (*header).next = core::ptr::null_mut();
        while !(*slot).is_null() {
            slot = &raw mut (**slot).next;
        }
        *slot = header;
    }
    Ok(())
}

/// # Safety
/// `slot` is such a field of a live request.
#[cfg(not(nginx_1_23_0))]
pub(super) unsafe fn clear(r: Request, slot: Slot) -> Result<(), SetError> {
    // SAFETY: the caller's promise.
    unsafe {
        init(r, slot)?;
        (*slot.cast::<ngx_array_t>()).nelts = 0;
    }
    Ok(())
}

/// Makes the field ready for a push, with what it has.
///
/// # Safety
/// `slot` is such a field of a live request.
#[cfg(not(nginx_1_23_0))]
pub(super) unsafe fn init(r: Request, slot: Slot) -> Result<(), SetError> {
    // SAFETY: an array field of the parsed headers.
    unsafe {
        let array: *mut ngx_array_t = slot.cast();
        if (*array).elts.is_null() {
            let size = size_of::<*mut ngx_table_elt_t>();
            let elts = ngx_palloc(r.pool().as_ptr(), 2 * size);
            if elts.is_null() {
                return Err(SetError::NoMemory);
            }
            *array = ngx_array_t { elts, nelts: 0, size, nalloc: 2, pool: r.pool().as_ptr() };
        }
    }
    Ok(())
}

/// # Safety
/// The field was cleared or made ready, and `header` is of the same list of
/// headers.
#[cfg(not(nginx_1_23_0))]
pub(super) unsafe fn push(slot: Slot, header: *mut ngx_table_elt_t) -> Result<(), SetError> {
    // SAFETY: an array field of the parsed headers, initialized.
    unsafe {
        let place: *mut *mut ngx_table_elt_t = ngx_array_push(slot.cast()).cast();
        if place.is_null() {
            return Err(SetError::NoMemory);
        }
        *place = header;
    }
    Ok(())
}

/// Such fields of the parsed headers of a request.
#[cfg(nginx_1_23_0)]
pub(super) const OF_REQUEST: [usize; 2] = [
    core::mem::offset_of!(ngx_http_headers_in_t, cookie),
    core::mem::offset_of!(ngx_http_headers_in_t, x_forwarded_for),
];

/// Such fields of the parsed headers of a request.
#[cfg(not(nginx_1_23_0))]
pub(super) const OF_REQUEST: [usize; 2] = [
    core::mem::offset_of!(ngx_http_headers_in_t, cookies),
    core::mem::offset_of!(ngx_http_headers_in_t, x_forwarded_for),
];

/// Empties these fields of a subrequest, and leaves its parent what they had.
///
/// # Safety
/// The request is live.
pub(super) unsafe fn leave(r: Request) {
    // SAFETY: all zero is how nginx begins.
    unsafe {
        let headers_in = &raw mut (*r.as_ptr()).headers_in;
        for offset in OF_REQUEST {
            #[cfg(nginx_1_23_0)]
            headers_in.byte_add(offset).cast::<*mut ngx_table_elt_t>().write_bytes(0, 1);
            #[cfg(not(nginx_1_23_0))]
            headers_in.byte_add(offset).cast::<ngx_array_t>().write_bytes(0, 1);
        }
    }
}
