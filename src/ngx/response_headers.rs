//! Reading and changing the response's headers, nginx's parsed ones included.

use core::mem::offset_of;
use core::ptr;
use std::borrow::Cow;

use nginx_lua_text::header::{content_length, content_type_len};

use super::headers::{self, SetError, iter};
use super::{NgxStr, Request, multi, string};
use crate::sys::*;

type Out = ngx_http_headers_out_t;
type Slot = multi::Slot;

/// How nginx treats a response header.
#[derive(Clone, Copy)]
enum Kind {
    /// A header like any other.
    Plain,
    /// nginx has a pointer to it, at this offset.
    Single(usize),
    /// nginx has pointers to several, at this offset.
    Multi(usize),
    /// nginx has a pointer, to the first of several since 1.23.
    WwwAuthenticate,
    Location,
    LastModified,
    AcceptRanges,
    ContentLength,
    ContentType,
}

impl Kind {
    fn of(name: &[u8]) -> Self {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        match name.len() {
            4 if is(b"Date") => Self::Single(offset_of!(Out, date)),
            4 if is(b"ETag") => Self::Single(offset_of!(Out, etag)),
            4 if is(b"Link") => Self::Multi(offset_of!(Out, link)),
            5 if is(b"E-Tag") => Self::Single(offset_of!(Out, etag)),
            6 if is(b"Server") => Self::Single(offset_of!(Out, server)),
            7 if is(b"Refresh") => Self::Single(offset_of!(Out, refresh)),
            7 if is(b"Expires") => Self::Single(offset_of!(Out, expires)),
            8 if is(b"Location") => Self::Location,
            12 if is(b"Content-Type") => Self::ContentType,
            13 if is(b"Cache-Control") => Self::Multi(offset_of!(Out, cache_control)),
            13 if is(b"Last-Modified") => Self::LastModified,
            13 if is(b"Content-Range") => Self::Single(offset_of!(Out, content_range)),
            13 if is(b"Accept-Ranges") => Self::AcceptRanges,
            14 if is(b"Content-Length") => Self::ContentLength,
            16 if is(b"Content-Encoding") => Self::Single(offset_of!(Out, content_encoding)),
            16 if is(b"WWW-Authenticate") => Self::WwwAuthenticate,
            _ => Self::Plain,
        }
    }
}

/// Replaces the headers `name` by one for each value; the values are safe to
/// send.
pub(crate) fn set(r: Request, name: &[u8], values: &[&[u8]]) -> Result<(), SetError> {
    let kind = Kind::of(name);
    // An empty value among several is none.
    let several: Cow<'_, [&[u8]]> = if values.iter().any(|value| value.is_empty()) {
        values.iter().copied().filter(|value| !value.is_empty()).collect()
    } else {
        Cow::Borrowed(values)
    };
    // A header that nginx keeps one of takes the last value.
    let values = match kind {
        Kind::Plain | Kind::Multi(_) | Kind::WwwAuthenticate => &several,
        _ => &values[values.len().saturating_sub(1)..],
    };
    let value = values.last().copied().filter(|value| !value.is_empty());
    let out = headers_out(r);

    // SAFETY: live request; the offsets are those of its fields.
    unsafe {
        match kind {
            Kind::Plain => {
                replace(r, name, values)?;
            }
            Kind::Single(offset) => {
                // A slot has two names: ETag and E-Tag.
                if let Some(old) = (*slot(out, offset)).as_mut() {
                    old.hash = 0;
                }
                *slot(out, offset) = single(r, name, value)?;
            }
            Kind::Multi(offset) => {
                multi::clear(r, slot(out, offset))?;
                replace_linked(r, name, values, slot(out, offset))?;
            }
            Kind::WwwAuthenticate => set_www_authenticate(r, name, values)?,
            Kind::Location => {
                let header = single(r, name, value)?;
                // nginx would make an absolute URL of such a value.
                let is_path = value.is_some_and(|value| value.starts_with(b"/"));
                (*out).location = if is_path { ptr::null_mut() } else { header };
            }
            Kind::LastModified => {
                (*out).last_modified_time = match value {
                    Some(value) => ngx_parse_http_time(value.as_ptr().cast_mut(), value.len()),
                    None => -1,
                };
                (*out).last_modified = single(r, name, value)?;
            }
            Kind::AcceptRanges => {
                if value.is_none() {
                    (*r.as_ptr()).set_allow_ranges(0);
                }
                (*out).accept_ranges = single(r, name, value)?;
            }
            Kind::ContentLength => {
                let length = match value {
                    Some(value) => content_length(value).ok_or(SetError::Invalid)? as off_t,
                    None => -1,
                };
                (*out).content_length_n = length;
                (*out).content_length = single(r, name, value)?;
            }
            Kind::ContentType => set_content_type(r, value.unwrap_or_default())?,
        }
    }
    Ok(())
}

fn headers_out(r: Request) -> *mut Out {
    // SAFETY: live request.
    unsafe { &raw mut (*r.as_ptr()).headers_out }
}

fn slot(out: *mut Out, offset: usize) -> Slot {
    out.wrapping_byte_add(offset).cast()
}

/// Replaces a header that nginx keeps one of. With no value, what is left is
/// an element that nginx skips, so that it makes no default in its place.
unsafe fn single(
    r: Request,
    name: &[u8],
    value: Option<&[u8]>,
) -> Result<*mut ngx_table_elt_t, SetError> {
    match replace(r, name, value.as_slice())? {
        Some(header) => Ok(header),
        None => {
            // SAFETY: live request.
            unsafe {
                let list = &raw mut (*headers_out(r)).headers;
                let header = headers::push(list, r.pool(), name, b"").ok_or(SetError::NoMemory)?;
                (*header).hash = 0;
                Ok(header)
            }
        }
    }
}

/// Replaces the headers of a name in the list; gives the last of the new ones.
fn replace(
    r: Request,
    name: &[u8],
    values: &[&[u8]],
) -> Result<Option<*mut ngx_table_elt_t>, SetError> {
    let mut values = values.iter();
    let mut last = None;
    // SAFETY: live request; the list is only changed here.
    unsafe {
        let list = &raw mut (*headers_out(r)).headers;
        for header in iter(list) {
            if (*header).hash == 0 || !(*header).key.bytes().eq_ignore_ascii_case(name) {
                continue;
            }
            match values.next() {
                Some(value) => {
                    (*header).value = string::in_pool(r.pool(), value).ok_or(SetError::NoMemory)?;
                    last = Some(header);
                }
                None => (*header).hash = 0,
            }
        }
        for value in values {
            last = Some(headers::push(list, r.pool(), name, value).ok_or(SetError::NoMemory)?);
        }
    }
    Ok(last)
}

/// Replaces headers of which nginx keeps several.
unsafe fn replace_linked(
    r: Request,
    name: &[u8],
    values: &[&[u8]],
    slot: Slot,
) -> Result<(), SetError> {
    replace(r, name, values)?;
    // SAFETY: live request; the list does not change meanwhile.
    unsafe {
        for header in iter(&raw mut (*headers_out(r)).headers) {
            if (*header).hash != 0 && (*header).key.bytes().eq_ignore_ascii_case(name) {
                multi::push(slot, header)?;
            }
        }
    }
    Ok(())
}

#[cfg(nginx_1_23_0)]
fn set_www_authenticate(r: Request, name: &[u8], values: &[&[u8]]) -> Result<(), SetError> {
    // SAFETY: live request; the field starts a linked list.
    unsafe {
        let slot = slot(headers_out(r), offset_of!(Out, www_authenticate));
        multi::clear(r, slot)?;
        replace_linked(r, name, values, slot)
    }
}

#[cfg(not(nginx_1_23_0))]
fn set_www_authenticate(r: Request, name: &[u8], values: &[&[u8]]) -> Result<(), SetError> {
    let last = replace(r, name, values)?;
    // SAFETY: live request.
    unsafe { (*headers_out(r)).www_authenticate = last.unwrap_or(ptr::null_mut()) };
    Ok(())
}

/// The type has fields of its own; entries in the list would be sent too.
fn set_content_type(r: Request, value: &[u8]) -> Result<(), SetError> {
    replace(r, b"Content-Type", &[])?;
    let out = headers_out(r);
    // SAFETY: live request.
    unsafe {
        (*out).content_type = string::in_pool(r.pool(), value).ok_or(SetError::NoMemory)?;
        (*out).content_type_len = content_type_len(value);
        (*out).content_type_hash = 1;
        (*out).content_type_lowcase = ptr::null_mut();
    }
    Ok(())
}

/// Gives the values of a response header, at most `max`.
pub(crate) fn get(r: Request, name: &[u8], max: usize, mut each: impl FnMut(&[u8])) {
    let out = headers_out(r);
    // SAFETY: live request, whose headers do not change meanwhile.
    unsafe {
        match Kind::of(name) {
            Kind::ContentType => {
                let kind = (*out).content_type.bytes();
                let charset = (*out).charset.bytes();
                if kind.is_empty() {
                } else if (*out).content_type_len == kind.len() && !charset.is_empty() {
                    each(&[kind, b"; charset=", charset].concat());
                } else {
                    each(kind);
                }
                return;
            }
            Kind::ContentLength if (*out).content_length.is_null() => {
                if (*out).content_length_n >= 0 {
                    each((*out).content_length_n.to_string().as_bytes());
                }
                return;
            }
            Kind::LastModified => {
                if (*out).last_modified_time != -1 {
                    let mut text = [0; 40];
                    let end = ngx_http_time(text.as_mut_ptr(), (*out).last_modified_time);
                    each(&text[..end.offset_from(text.as_ptr()) as usize]);
                }
                return;
            }
            _ => {}
        }

        iter(&raw mut (*out).headers)
            .filter(|h| (**h).hash != 0 && (**h).key.bytes().eq_ignore_ascii_case(name))
            .take(max)
            .for_each(|h| each((*h).value.bytes()));
    }
}
