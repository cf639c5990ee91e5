//! Closure factories for LuaJIT bytecode.
//!
//! A dump is a header and a list of function prototypes, each before the one
//! that contains it. To wrap a chunk, the prototype of `return function(...) end`
//! without its inner function is put behind the chunk's own prototypes: the
//! loader then takes the chunk for that inner function.

use mlua::Lua;

const SIGNATURE: &[u8] = b"\x1bLJ";
/// Flag in the header: the dump has no names and line numbers.
const STRIPPED: u64 = 0x02;

pub(super) fn is_bytecode(source: &[u8]) -> bool {
    source.starts_with(SIGNATURE)
}

/// A dump that, when loaded and called, returns the function of `dump`. The
/// loader has accepted `dump` before.
pub(super) fn factory(lua: &Lua, dump: &[u8]) -> Option<Vec<u8>> {
    let (stripped, body) = header(dump)?;
    let wrapper = wrapper(lua, stripped)?;

    let (_, wrapper_body) = header(&wrapper)?;
    let outer = prototypes(&wrapper, wrapper_body)?.last()?.clone();
    let last = prototypes(dump, body)?.last()?.clone();

    let mut out = dump[..last.end].to_vec();
    out.extend_from_slice(&wrapper[outer]);
    out.push(0);
    Some(out)
}

fn wrapper(lua: &Lua, stripped: bool) -> Option<Vec<u8>> {
    let dump: mlua::LuaString = lua
        .load("return string.dump(loadstring('return function(...) end', '='), ...)")
        .call(stripped)
        .ok()?;
    Some(dump.as_bytes().to_vec())
}

/// Whether the dump is stripped, and where its prototypes begin.
fn header(dump: &[u8]) -> Option<(bool, usize)> {
    // Signature and version, then the flags.
    let mut at = SIGNATURE.len() + 1;
    let flags = uleb128(dump, &mut at)?;
    let stripped = flags & STRIPPED != 0;
    if !stripped {
        let name = uleb128(dump, &mut at)?;
        at = at.checked_add(usize::try_from(name).ok()?)?;
    }
    Some((stripped, at))
}

/// The places of the prototypes, lengths included.
fn prototypes(dump: &[u8], mut at: usize) -> Option<Vec<core::ops::Range<usize>>> {
    let mut all = Vec::new();
    loop {
        let start = at;
        let len = usize::try_from(uleb128(dump, &mut at)?).ok()?;
        if len == 0 {
            return Some(all);
        }
        at = at.checked_add(len).filter(|end| *end <= dump.len())?;
        all.push(start..at);
    }
}

fn uleb128(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    let mut shift = 0;
    loop {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}
