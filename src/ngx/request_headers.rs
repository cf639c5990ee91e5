//! Changing the request's headers, nginx's parsed ones included.
//!
//! nginx keeps pointers to the headers that it knows; its own table tells
//! where. After a change the pointers are set anew from the list.

use core::ptr;

use nginx_lua_text::header::content_length;

use super::headers::{self, SetError, iter};
use super::{NgxStr, Request, multi, string};
use crate::sys::*;

/// No name in nginx's table of headers is longer.
const LONGEST_KNOWN: usize = 32;

/// Replaces all headers `name` by one for each value.
pub(crate) fn set(r: Request, name: &[u8], values: &[&[u8]]) -> Result<(), SetError> {
    let known = Known::of(r, name);

    // A header that nginx keeps one of takes the last value.
    let single = known.as_ref().is_some_and(Known::is_single);
    let values = if single && values.len() > 1 { &values[values.len() - 1..] } else { values };
    // An empty value in front only removes what was there.
    let values = match values {
        [[], rest @ ..] => rest,
        _ => values,
    };

    let length = match (name.eq_ignore_ascii_case(b"content-length"), values.last()) {
        (true, Some(value)) => Some(content_length(value).ok_or(SetError::Invalid)?),
        _ => None,
    };
    let host = match (name.eq_ignore_ascii_case(b"host"), values.last()) {
        (true, Some(value)) => Some(valid_host(r, value)?),
        _ => None,
    };

    own_list(r)?;
    replace(r, name, values, known.as_ref())?;

    // SAFETY: live request.
    let headers_in = unsafe { &mut (*r.as_ptr()).headers_in };
    if name.eq_ignore_ascii_case(b"content-length") {
        set_content_length(r, length.map_or(-1, |n| n as off_t));
    } else if name.eq_ignore_ascii_case(b"connection") {
        set_connection(headers_in, values.last().copied());
    } else if name.eq_ignore_ascii_case(b"user-agent") {
        set_browser(headers_in, values.last().copied());
    } else if name.eq_ignore_ascii_case(b"host") {
        headers_in.server = host.unwrap_or(ngx_str_t::empty());
        forget_variable(r, c"host");
    }
    Ok(())
}

/// Adds a header for each value; a header that nginx keeps one of is replaced.
pub(crate) fn add(r: Request, name: &[u8], values: &[&[u8]]) -> Result<(), SetError> {
    let known = Known::of(r, name);
    if known.as_ref().is_some_and(Known::is_single) {
        return set(r, name, values);
    }
    own_list(r)?;
    push(r, name, values, known.as_ref())
}

/// Gives a subrequest a list of its own in place of its parent's, which nginx
/// has it begin with: neither must see the other's changes.
fn own_list(r: Request) -> Result<(), SetError> {
    // SAFETY: live request and parent; elements are copied to a new list.
    unsafe {
        let raw = r.as_ptr();
        let Some(parent) = (*raw).parent.as_mut() else { return Ok(()) };
        let list = &raw mut (*raw).headers_in.headers;
        if (*list).part.elts != parent.headers_in.headers.part.elts {
            return Ok(());
        }

        let new = ngx_list_create(r.pool().as_ptr(), headers::len(list) + 4, (*list).size);
        if new.is_null() {
            return Err(SetError::NoMemory);
        }
        for header in iter(list) {
            let copy: *mut ngx_table_elt_t = ngx_list_push(new).cast();
            if copy.is_null() {
                return Err(SetError::NoMemory);
            }
            *copy = *header;
        }
        *list = *new;
        // All of it is in the first part, which is now the request's.
        (*list).last = &raw mut (*list).part;
        multi::leave(r);
    }
    relink(r, None)
}

/// Puts the values into the list.
fn replace(
    r: Request,
    name: &[u8],
    values: &[&[u8]],
    known: Option<&Known>,
) -> Result<(), SetError> {
    // SAFETY: live request; its list is only changed here.
    unsafe {
        let list = &raw mut (*r.as_ptr()).headers_in.headers;
        let mut same = iter(list).filter(|h| (**h).key.bytes().eq_ignore_ascii_case(name));
        if let Some(first) = same.next() {
            if let [value] = values
                && same.next().is_none()
            {
                (*first).value = string::in_pool(r.pool(), value).ok_or(SetError::NoMemory)?;
                return Ok(());
            }
            headers::remove(list, name);
            relink(r, known)?;
        }
    }
    push(r, name, values, known)
}

fn push(r: Request, name: &[u8], values: &[&[u8]], known: Option<&Known>) -> Result<(), SetError> {
    // SAFETY: live request; the offset comes from nginx's own table.
    unsafe {
        let headers_in = &raw mut (*r.as_ptr()).headers_in;
        for value in values {
            let header = headers::push(&raw mut (*headers_in).headers, r.pool(), name, value)
                .ok_or(SetError::NoMemory)?;
            if let Some(known) = known {
                let slot = headers_in.byte_add(known.offset).cast();
                if known.is_linked() {
                    multi::init(r, slot)?;
                }
                link(slot, header, known)?;
            }
        }
    }
    Ok(())
}

/// A header that nginx has a pointer to.
struct Known {
    offset: usize,
}

impl Known {
    fn of(r: Request, name: &[u8]) -> Option<Self> {
        let mut lowcase = [0; LONGEST_KNOWN];
        let lowcase = lowcase.get_mut(..name.len())?;
        // SAFETY: the name fits.
        let hash =
            unsafe { ngx_hash_strlow(lowcase.as_mut_ptr(), name.as_ptr().cast_mut(), name.len()) };
        Self::find(r, hash, lowcase.as_mut_ptr(), name.len())
    }

    fn of_header(r: Request, header: &ngx_table_elt_t) -> Option<Self> {
        if header.lowcase_key.is_null() {
            return Self::of(r, header.key.bytes());
        }
        Self::find(r, header.hash, header.lowcase_key, header.key.len)
    }

    fn find(r: Request, hash: ngx_uint_t, lowcase: *mut u8, len: usize) -> Option<Self> {
        let table = (&raw const r.core_main_conf().headers_in_hash).cast_mut();
        // SAFETY: nginx's hash of its header table, which is only read; the
        // callers give a name in lower case and its hash.
        let entry: *const ngx_http_header_t =
            unsafe { ngx_hash_find(table, hash, lowcase, len).cast() };
        // SAFETY: an entry of the table.
        unsafe { entry.as_ref() }.map(|entry| Self { offset: entry.offset })
    }

    /// Whether one value is kept of several that Lua sets.
    fn is_single(&self) -> bool {
        let several = [
            core::mem::offset_of!(ngx_http_headers_in_t, te),
            core::mem::offset_of!(ngx_http_headers_in_t, content_range),
            core::mem::offset_of!(ngx_http_headers_in_t, accept),
            core::mem::offset_of!(ngx_http_headers_in_t, accept_language),
        ];
        !self.is_multi() && !several.contains(&self.offset)
    }

    /// Whether nginx keeps pointers to all headers of the name.
    fn is_linked(&self) -> bool {
        cfg!(nginx_1_23_0) || self.is_multi()
    }

    fn is_multi(&self) -> bool {
        multi::OF_REQUEST.contains(&self.offset)
    }
}

/// Sets nginx's pointers from the list, whose headers have moved; there may be
/// none of `removed` any more.
fn relink(r: Request, removed: Option<&Known>) -> Result<(), SetError> {
    // SAFETY: live request; the offsets come from nginx's own table.
    unsafe {
        let headers_in = &raw mut (*r.as_ptr()).headers_in;
        let mut seen: Vec<usize> = Vec::with_capacity(16);
        if let Some(known) = removed {
            unlink(r, headers_in.byte_add(known.offset).cast(), known)?;
            seen.push(known.offset);
        }

        for header in iter(&raw mut (*headers_in).headers) {
            let Some(known) = Known::of_header(r, &*header) else {
                continue;
            };
            let slot = headers_in.byte_add(known.offset).cast();
            if !seen.contains(&known.offset) {
                unlink(r, slot, &known)?;
                seen.push(known.offset);
            }
            link(slot, header, &known)?;
        }
    }
    Ok(())
}

/// Empties nginx's pointer, or pointers, for a header.
unsafe fn unlink(r: Request, slot: multi::Slot, known: &Known) -> Result<(), SetError> {
    // SAFETY: the caller gives a field of headers_in.
    unsafe {
        if known.is_linked() {
            return multi::clear(r, slot);
        }
        *slot = ptr::null_mut();
    }
    Ok(())
}

/// Adds a header to those that nginx knows: the first, or all.
unsafe fn link(
    slot: multi::Slot,
    header: *mut ngx_table_elt_t,
    known: &Known,
) -> Result<(), SetError> {
    // SAFETY: as above.
    unsafe {
        if known.is_linked() {
            return multi::push(slot, header);
        }
        if (*slot).is_null() {
            *slot = header;
        }
    }
    Ok(())
}

/// The number by which nginx reads the body. While bytes of the body are still to
/// come, it also tells where the next request on the connection begins.
fn set_content_length(r: Request, length: off_t) {
    // SAFETY: live request.
    unsafe {
        let raw = r.as_ptr();
        let headers_in = &mut (*raw).headers_in;
        let is_read = !(*raw).request_body.is_null();
        if !r.is_main() || is_read || !(*raw).stream.is_null() || headers_in.chunked() != 0 {
            headers_in.content_length_n = length;
            return;
        }
        // What nginx still throws away is not for Lua code to count, nor are the
        // bytes of another request a body.
        let left = headers_in.content_length_n.max(0);
        if (*raw).discard_body() != 0 || length > left {
            return;
        }
        if length.max(0) < left {
            // Nobody reads the rest, so nothing may come after it.
            (*raw).set_keepalive(0);
            (*raw).set_lingering_close(1);
        }
        headers_in.content_length_n = length;
    }
}

/// What nginx reads from a Host header: without the port, in lower case.
fn valid_host(r: Request, value: &[u8]) -> Result<ngx_str_t, SetError> {
    let mut name = value;
    if value.first() == Some(&b'[') {
        let end = value.iter().position(|c| *c == b']').ok_or(SetError::Invalid)?;
        name = &value[..=end];
        if !matches!(value.get(end + 1), None | Some(b':')) {
            return Err(SetError::Invalid);
        }
    } else if let Some(colon) = value.iter().position(|c| *c == b':') {
        name = &value[..colon];
    }

    let name = name.strip_suffix(b".").unwrap_or(name);
    let bad = |c: &u8| *c <= b' ' || *c == 0x7f || *c == b'/' || *c == b'\\';
    if name.is_empty() || name.iter().any(bad) || name.windows(2).any(|w| w == b"..") {
        return Err(SetError::Invalid);
    }
    string::in_pool(r.pool(), &name.to_ascii_lowercase()).ok_or(SetError::NoMemory)
}

fn set_connection(headers_in: &mut ngx_http_headers_in_t, value: Option<&[u8]>) {
    let value = value.map(<[u8]>::to_ascii_lowercase).unwrap_or_default();
    let has = |word: &[u8]| value.windows(word.len()).any(|w| w == word);
    let kind = if has(b"close") {
        NGX_HTTP_CONNECTION_CLOSE
    } else if has(b"keep-alive") {
        NGX_HTTP_CONNECTION_KEEP_ALIVE
    } else {
        0
    };
    headers_in.set_connection_type(kind);
}

/// The browsers that nginx recognizes, by its own rules.
fn set_browser(headers_in: &mut ngx_http_headers_in_t, value: Option<&[u8]>) {
    let agent = value.unwrap_or_default();
    let find = |word: &[u8]| agent.windows(word.len()).position(|w| w == word);

    let (mut msie, mut msie6) = (false, false);
    if let Some(at) = find(b"MSIE ")
        && let Some([version, b'.', rest @ ..]) = agent.get(at + 5..)
    {
        msie = true;
        msie6 = matches!(version, b'4' | b'5')
            || (*version == b'6' && !rest.windows(3).any(|w| w == b"SV1"));
    } else if find(b"MSIE ").is_some_and(|at| at + 7 < agent.len()) {
        msie = true;
    }
    let opera = find(b"Opera").is_some();
    if opera {
        (msie, msie6) = (false, false);
    }

    let others = !msie && !opera;
    let gecko = others && find(b"Gecko/").is_some();
    let chrome = others && !gecko && find(b"Chrome/").is_some();
    let safari =
        others && !gecko && !chrome && find(b"Safari/").is_some() && find(b"Mac OS X").is_some();
    let konqueror = others && !gecko && !chrome && !safari && find(b"Konqueror").is_some();

    headers_in.set_msie(msie.into());
    headers_in.set_msie6(msie6.into());
    headers_in.set_opera(opera.into());
    headers_in.set_gecko(gecko.into());
    headers_in.set_chrome(chrome.into());
    headers_in.set_safari(safari.into());
    headers_in.set_konqueror(konqueror.into());
}

/// Has nginx compute a variable again that it may have kept.
pub(super) fn forget_variable(r: Request, name: &core::ffi::CStr) {
    let mut lowcase = name.to_bytes().to_vec();
    // SAFETY: nginx's hash of variables; an indexed one has its place in the
    // request's array.
    unsafe {
        let hash = ngx_hash_strlow(lowcase.as_mut_ptr(), lowcase.as_mut_ptr(), lowcase.len());
        let table = (&raw const r.core_main_conf().variables_hash).cast_mut();
        let v: *const ngx_http_variable_t =
            ngx_hash_find(table, hash, lowcase.as_mut_ptr(), lowcase.len()).cast();
        if let Some(v) = v.as_ref()
            && v.flags & NGX_HTTP_VAR_INDEXED as ngx_uint_t != 0
        {
            let value = (*r.as_ptr()).variables.add(v.index);
            (*value).set_valid(0);
            (*value).set_not_found(0);
        }
    }
}
