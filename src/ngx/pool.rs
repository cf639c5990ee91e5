//! Memory that ends with a request, a connection or a cycle.

use core::ffi::c_void;
use core::ptr::NonNull;

use crate::sys::{ngx_palloc, ngx_pcalloc, ngx_pnalloc, ngx_pool_cleanup_add, ngx_pool_t};

#[derive(Clone, Copy)]
pub(crate) struct Pool(NonNull<ngx_pool_t>);

impl Pool {
    /// # Safety
    /// `pool` is live, and what is allocated here is not used after its end.
    pub(crate) unsafe fn from_ptr(pool: *mut ngx_pool_t) -> Self {
        // SAFETY: no pool of nginx is null.
        Self(unsafe { NonNull::new_unchecked(pool) })
    }

    pub(crate) fn as_ptr(self) -> *mut ngx_pool_t {
        self.0.as_ptr()
    }

    /// Memory for a `T` that may hold anything.
    pub(crate) fn alloc<T>(self) -> Option<NonNull<T>> {
        const { assert!(align_of::<T>() <= crate::sys::NGX_ALIGNMENT) };
        // SAFETY: the pool is live.
        NonNull::new(unsafe { ngx_palloc(self.as_ptr(), size_of::<T>()) }.cast())
    }

    /// Memory for a `T`, all zero.
    pub(crate) fn zeroed<T>(self) -> Option<NonNull<T>> {
        const { assert!(align_of::<T>() <= crate::sys::NGX_ALIGNMENT) };
        // SAFETY: the pool is live.
        NonNull::new(unsafe { ngx_pcalloc(self.as_ptr(), size_of::<T>()) }.cast())
    }

    /// A copy of `bytes`, followed by a NUL.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Option<NonNull<u8>> {
        // SAFETY: the pool is live; the copy fits.
        unsafe {
            let data = NonNull::new(ngx_pnalloc(self.as_ptr(), bytes.len() + 1).cast::<u8>())?;
            data.copy_from_nonoverlapping(NonNull::from(bytes).cast(), bytes.len());
            data.add(bytes.len()).write(0);
            Some(data)
        }
    }

    /// Has the pool own what `make` makes; it is dropped when the pool ends.
    #[inline]
    pub(crate) fn own<T>(self, make: impl FnOnce() -> T) -> Option<NonNull<T>> {
        let place = self.alloc::<T>()?;
        // SAFETY: the place is fresh; the pool keeps it until the handler ran.
        unsafe {
            let cleanup = ngx_pool_cleanup_add(self.as_ptr(), 0);
            if cleanup.is_null() {
                return None;
            }
            place.write(make());
            (*cleanup).handler = Some(drop_in_place::<T>);
            (*cleanup).data = place.as_ptr().cast();
        }
        Some(place)
    }
}

unsafe extern "C" fn drop_in_place<T>(data: *mut c_void) {
    super::callback("pool cleanup", (), || {
        // SAFETY: `own` wrote a T there, and the handler runs once.
        unsafe { data.cast::<T>().drop_in_place() }
    });
}
