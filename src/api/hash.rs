//! `ngx.md5`, `ngx.sha1_bin`, `ngx.crc32_short` and their like.
//!
//! `hash.lua` calls the hash functions through LuaJIT's FFI: they are compiled
//! together with the code around them.

use core::slice;

use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use mlua::Lua;
use sha1::{Digest, Sha1};

use super::function::Function;
use super::text::check_text;
use crate::lua::{Return, State};
use crate::ngx;

pub(super) const FUNCTIONS: &[Function] = &[Function::new("ngx.hmac_sha1", hmac_sha1)];

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    // Addresses fit in a Lua number.
    let md5_bin = md5_bin as *const () as usize as f64;
    let md5_hex = md5_hex as *const () as usize as f64;
    let sha1_bin = sha1_bin as *const () as usize as f64;
    let crc32 = crc32 as *const () as usize as f64;
    lua.load(include_str!("hash.lua")).set_name("=[C]").call((md5_bin, md5_hex, sha1_bin, crc32))
}

unsafe extern "C" fn md5_bin(text: *const u8, len: usize, out: *mut u8) {
    // SAFETY: `hash.lua` passes a Lua string and its buffer.
    unsafe { digest(text, len, out, |text| Md5::digest(text)) }
}

unsafe extern "C" fn md5_hex(text: *const u8, len: usize, out: *mut u8) {
    // SAFETY: as above.
    unsafe { digest(text, len, out, |text| hex(Md5::digest(text).into())) }
}

unsafe extern "C" fn sha1_bin(text: *const u8, len: usize, out: *mut u8) {
    // SAFETY: as above.
    unsafe { digest(text, len, out, |text| Sha1::digest(text)) }
}

unsafe extern "C" fn crc32(text: *const u8, len: usize) -> u32 {
    ngx::callback("crc32", 0, || {
        // SAFETY: as above.
        crc32fast::hash(unsafe { slice::from_raw_parts(text, len) })
    })
}

/// # Safety
/// `text` has `len` bytes, `out` has room for the digest.
unsafe fn digest<D: AsRef<[u8]>>(
    text: *const u8,
    len: usize,
    out: *mut u8,
    hash: impl FnOnce(&[u8]) -> D,
) {
    ngx::callback("a hash function", (), || {
        // SAFETY: the caller's promise.
        unsafe {
            let digest = hash(slice::from_raw_parts(text, len));
            let digest = digest.as_ref();
            out.copy_from_nonoverlapping(digest.as_ptr(), digest.len());
        }
    });
}

fn hex(digest: [u8; 16]) -> [u8; 32] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = [0; 32];
    for (pair, byte) in out.chunks_exact_mut(2).zip(digest) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    out
}

/// `digest = ngx.hmac_sha1(key, text)`: 20 bytes. All phases.
fn hmac_sha1(l: State) -> Return {
    let n = l.top();
    if n != 2 {
        return Err(l.error(format_args!("expecting 2 arguments, but got {n}")));
    }
    check_text(l, 1)?;
    check_text(l, 2)?;
    let key = l.bytes(1).unwrap_or_default();
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(l.bytes(2).unwrap_or_default());
    l.push_bytes(mac.finalize().into_bytes());
    Ok(1)
}
