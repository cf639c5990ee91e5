//! Reading and changing the response's headers, nginx's parsed ones included.

use core::mem::offset_of;
use core::ptr;

use nginx_lua_text::header::{content_length, content_type_len};

use super::headers::{self, SetError, iter};
use super::{NgxStr, Request, multi, string};
use crate::sys::*;

type Out = ngx_http_headers_out_t;
type Slot = multi::Slot;

/// A header's name, safe to send, with what setting it takes.
#[derive(Clone, Copy)]
pub(crate) struct Name<'a> {
    pub kind: Kind,
    pub hash: ngx_uint_t,
    pub text: &'a [u8],
    pub lowcase: &'a [u8],
}

impl<'a> Name<'a> {
    /// `lowcase` is room for as many bytes as the name has.
    pub(crate) fn new(text: &'a [u8], lowcase: &'a mut [u8]) -> Self {
        debug_assert_eq!(text.len(), lowcase.len());
        // SAFETY: there is room for the name.
        let hash =
            unsafe { ngx_hash_strlow(lowcase.as_mut_ptr(), text.as_ptr().cast_mut(), text.len()) };
        Self { kind: Kind::of(text), hash, text, lowcase }
    }

    fn is_of(&self, header: &ngx_table_elt_t) -> bool {
        header.hash != 0 && header.key.bytes().eq_ignore_ascii_case(self.text)
    }
}

/// How nginx treats a response header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
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
            13 if is(b"Accept-Ranges") => Self::Single(offset_of!(Out, accept_ranges)),
            14 if is(b"Content-Length") => Self::ContentLength,
            16 if is(b"Content-Encoding") => Self::Single(offset_of!(Out, content_encoding)),
            16 if is(b"WWW-Authenticate") => Self::WwwAuthenticate,
            _ => Self::Plain,
        }
    }
}

/// Replaces the headers of a name by one for each value; the values are safe to
/// send.
pub(crate) fn set(r: Request, name: Name, values: &[&[u8]]) -> Result<(), SetError> {
    match name.kind {
        Kind::Plain | Kind::Multi(_) | Kind::WwwAuthenticate => {
            // An empty value among several is none.
            if values.iter().any(|value| value.is_empty()) {
                let values: Vec<&[u8]> =
                    values.iter().copied().filter(|value| !value.is_empty()).collect();
                set_several(r, name, &values)
            } else {
                set_several(r, name, values)
            }
        }
        // A header that nginx keeps one of takes the last value.
        _ => {
            if name.kind == Kind::ContentLength {
                values.iter().try_for_each(|value| length(value).map(drop))?;
            }
            set_one(r, name, values.last().copied().unwrap_or_default())
        }
    }
}

/// Adds a header for each value to those of the name; one that nginx keeps one
/// of is replaced.
pub(crate) fn add(r: Request, name: Name, values: &[&[u8]]) -> Result<(), SetError> {
    match name.kind {
        Kind::Plain => {
            for value in values.iter().filter(|value| !value.is_empty()) {
                push(r, name, value)?;
            }
            Ok(())
        }
        Kind::Multi(_) | Kind::WwwAuthenticate => {
            for value in values.iter().filter(|value| !value.is_empty()) {
                let header = push(r, name, value)?;
                // SAFETY: the header is of the live request's list.
                unsafe { link(r, name, header)? };
            }
            Ok(())
        }
        _ => set(r, name, values),
    }
}

fn set_several(r: Request, name: Name, values: &[&[u8]]) -> Result<(), SetError> {
    let offset = match name.kind {
        Kind::Multi(offset) => offset,
        Kind::WwwAuthenticate => return set_www_authenticate(r, name, values),
        _ => return replace(r, name, values).map(drop),
    };
    let slot = slot(headers_out(r), offset);
    // SAFETY: live request; the offset is that of its field.
    unsafe {
        multi::clear(r, slot)?;
        replace_linked(r, name, values, slot)
    }
}

/// Sets a header that nginx keeps one of; empty means none.
fn set_one(r: Request, name: Name, value: &[u8]) -> Result<(), SetError> {
    let out = headers_out(r);
    // SAFETY: live request; the offsets are those of its fields.
    unsafe {
        match name.kind {
            Kind::Single(offset) => {
                // A slot has two names: ETag and E-Tag.
                if let Some(old) = (*slot(out, offset)).as_mut()
                    && !name.is_of(old)
                {
                    old.hash = 0;
                }
                *slot(out, offset) = single(r, name, value)?;
            }
            Kind::Location => {
                let header = single(r, name, value)?;
                // nginx would make an absolute URL of such a value.
                let is_path = value.starts_with(b"/");
                (*out).location = if is_path { ptr::null_mut() } else { header };
            }
            Kind::LastModified => {
                (*out).last_modified_time = match value {
                    [] => -1,
                    _ => ngx_parse_http_time(value.as_ptr().cast_mut(), value.len()),
                };
                (*out).last_modified = single(r, name, value)?;
            }
            Kind::ContentLength => {
                (*out).content_length_n = length(value)?;
                (*out).content_length = single(r, name, value)?;
            }
            Kind::ContentType => set_content_type(r, name, value)?,
            Kind::Plain | Kind::Multi(_) | Kind::WwwAuthenticate => {
                unreachable!("there can be several of it")
            }
        }
    }
    Ok(())
}

/// The number in a Content-Length; -1 for none.
fn length(value: &[u8]) -> Result<off_t, SetError> {
    match value {
        [] => Ok(-1),
        _ => content_length(value).map(|n| n as off_t).ok_or(SetError::Invalid),
    }
}

fn headers_out(r: Request) -> *mut Out {
    // SAFETY: live request.
    unsafe { &raw mut (*r.as_ptr()).headers_out }
}

fn slot(out: *mut Out, offset: usize) -> Slot {
    out.wrapping_byte_add(offset).cast()
}

/// Replaces a header that nginx keeps one of; its name is spelled anew. With no
/// value, what is left is an element that nginx skips, so that it makes no default
/// in its place.
fn single(r: Request, name: Name, value: &[u8]) -> Result<*mut ngx_table_elt_t, SetError> {
    let values: &[&[u8]] = if value.is_empty() { &[] } else { &[value] };
    match replace(r, name, values)? {
        Some(header) => {
            // SAFETY: the header is of the live request's list.
            unsafe {
                if (*header).key.bytes() != name.text {
                    let key = string::in_pool(r.pool(), name.text);
                    (*header).key = key.ok_or(SetError::NoMemory)?;
                }
            }
            Ok(header)
        }
        None => {
            let header = push(r, name, b"")?;
            // SAFETY: the header was just made.
            unsafe { (*header).hash = 0 };
            Ok(header)
        }
    }
}

/// Replaces the headers of a name in the list; gives the last of the new ones.
fn replace(
    r: Request,
    name: Name,
    values: &[&[u8]],
) -> Result<Option<*mut ngx_table_elt_t>, SetError> {
    let mut values = values.iter();
    let mut last = None;
    // SAFETY: live request; the list is only changed here.
    unsafe {
        for header in iter(&raw mut (*headers_out(r)).headers) {
            if !name.is_of(&*header) {
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
    }
    for value in values {
        last = Some(push(r, name, value)?);
    }
    Ok(last)
}

fn push(r: Request, name: Name, value: &[u8]) -> Result<*mut ngx_table_elt_t, SetError> {
    // SAFETY: live request.
    unsafe {
        let list = &raw mut (*headers_out(r)).headers;
        headers::push_hashed(list, r.pool(), name.text, name.lowcase, name.hash, value)
            .ok_or(SetError::NoMemory)
    }
}

/// Replaces headers of which nginx keeps several.
///
/// # Safety
/// `slot` is a field for such headers, cleared.
unsafe fn replace_linked(
    r: Request,
    name: Name,
    values: &[&[u8]],
    slot: Slot,
) -> Result<(), SetError> {
    replace(r, name, values)?;
    // SAFETY: live request; the list does not change meanwhile.
    unsafe {
        for header in iter(&raw mut (*headers_out(r)).headers) {
            if name.is_of(&*header) {
                multi::push(slot, header)?;
            }
        }
    }
    Ok(())
}

/// Adds a header to those of which nginx keeps several.
///
/// # Safety
/// The header is of the request's list and not linked.
unsafe fn link(r: Request, name: Name, header: *mut ngx_table_elt_t) -> Result<(), SetError> {
    let out = headers_out(r);
    let offset = match name.kind {
        Kind::Multi(offset) => offset,
        _ => return link_www_authenticate(r, header),
    };
    let slot = slot(out, offset);
    // SAFETY: the caller's promise.
    unsafe {
        multi::init(r, slot)?;
        multi::push(slot, header)
    }
}

#[cfg(nginx_1_23_0)]
fn set_www_authenticate(r: Request, name: Name, values: &[&[u8]]) -> Result<(), SetError> {
    // SAFETY: live request; the field starts a linked list.
    unsafe {
        let slot = slot(headers_out(r), offset_of!(Out, www_authenticate));
        multi::clear(r, slot)?;
        replace_linked(r, name, values, slot)
    }
}

#[cfg(nginx_1_23_0)]
fn link_www_authenticate(r: Request, header: *mut ngx_table_elt_t) -> Result<(), SetError> {
    // SAFETY: live request; the field starts a linked list.
    unsafe { multi::push(slot(headers_out(r), offset_of!(Out, www_authenticate)), header) }
}

#[cfg(not(nginx_1_23_0))]
fn set_www_authenticate(r: Request, name: Name, values: &[&[u8]]) -> Result<(), SetError> {
    let last = replace(r, name, values)?;
    // SAFETY: live request.
    unsafe { (*headers_out(r)).www_authenticate = last.unwrap_or(ptr::null_mut()) };
    Ok(())
}

#[cfg(not(nginx_1_23_0))]
fn link_www_authenticate(r: Request, header: *mut ngx_table_elt_t) -> Result<(), SetError> {
    // SAFETY: live request.
    unsafe { (*headers_out(r)).www_authenticate = header };
    Ok(())
}

/// The type has fields of its own; entries in the list would be sent too.
fn set_content_type(r: Request, name: Name, value: &[u8]) -> Result<(), SetError> {
    replace(r, name, &[])?;
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

/// Gives the one value of a header where it stands.
pub(crate) fn value<'a>(r: Request, name: Name) -> Value<'a> {
    let out = headers_out(r);
    // SAFETY: live request.
    unsafe {
        match name.kind {
            Kind::ContentType => {
                let kind = (*out).content_type.bytes();
                if kind.is_empty() {
                    Value::None
                } else if (*out).content_type_len == kind.len() && (*out).charset.len != 0 {
                    Value::Other
                } else {
                    Value::One(kind)
                }
            }
            Kind::LastModified => Value::Other,
            Kind::ContentLength if (*out).content_length.is_null() => Value::Other,
            _ => {
                let mut same = iter(&raw mut (*out).headers).filter(|header| name.is_of(&**header));
                match (same.next(), same.next()) {
                    (None, _) => Value::None,
                    (Some(header), None) => Value::One((*header).value.bytes()),
                    _ => Value::Other,
                }
            }
        }
    }
}

/// What [`value`] finds.
pub(crate) enum Value<'a> {
    None,
    /// The bytes stay until the header is changed.
    One(&'a [u8]),
    /// Several, or one that has to be put together.
    Other,
}

/// Gives the values of a response header, at most `max`.
pub(crate) fn values(r: Request, name: Name, max: usize, mut each: impl FnMut(&[u8])) {
    let out = headers_out(r);
    // SAFETY: live request, whose headers do not change meanwhile.
    unsafe {
        match name.kind {
            Kind::ContentType => return content_type(r, each),
            Kind::ContentLength if (*out).content_length.is_null() => {
                if let Some(length) = implied_content_length(r) {
                    each(itoa::Buffer::new().format(length).as_bytes());
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
            .filter(|header| name.is_of(&**header))
            .take(max)
            .for_each(|header| each((*header).value.bytes()));
    }
}

/// Gives the Content-Type, if there is one, as it will be sent.
pub(crate) fn content_type(r: Request, each: impl FnOnce(&[u8])) {
    let out = headers_out(r);
    // SAFETY: live request.
    unsafe {
        let kind = (*out).content_type.bytes();
        let charset = (*out).charset.bytes();
        if kind.is_empty() {
        } else if (*out).content_type_len == kind.len() && !charset.is_empty() {
            each(&[kind, b"; charset=", charset].concat());
        } else {
            each(kind);
        }
    }
}

/// The Content-Length that nginx will send and that is not in the list.
pub(crate) fn implied_content_length(r: Request) -> Option<off_t> {
    let out = headers_out(r);
    // SAFETY: live request.
    unsafe {
        ((*out).content_length.is_null() && (*out).content_length_n >= 0)
            .then_some((*out).content_length_n)
    }
}

/// The headers of the list.
pub(crate) fn listed<'a>(r: Request) -> impl Iterator<Item = &'a ngx_table_elt_t> + Clone {
    // SAFETY: live request, whose headers do not change while they are listed.
    unsafe { iter(&raw mut (*headers_out(r)).headers).map(|header| &*header) }
        .filter(|header| header.hash != 0)
}
