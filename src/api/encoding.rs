//! Escaping, Base64, query strings and SQL literals: `ngx.escape_uri`,
//! `ngx.encode_base64` and their like.
//!
//! Most are conversions of one text into another. `encoding.lua` calls
//! [`convert`] for them, a C function, through LuaJIT's FFI: it is compiled
//! together with the code around it. What is too long for the buffer of
//! `encoding.lua` goes to [`convert_long`].

use core::ffi::c_int;
use core::slice;

use mlua::Lua;
use nginx_lua_text::args::Counting;
use nginx_lua_text::base64::{self, Form, Invalid};
use nginx_lua_text::escape::{Set, escape_to, escaped_len};
use nginx_lua_text::sql;
use nginx_lua_text::unescape::{Plus, decode_to};

use super::coroutine::native;
use super::function::Function;
use super::headers::DEFAULT_MAX;
use super::query;
use super::text::check_text;
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::ngx;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.encode_args", encode_args),
    Function::new("ngx.decode_args", decode_args),
    Function::new("ngx.quote_sql_str", quote_sql_str),
];

/// The functions of the module `ngx.base64`.
pub(super) const BASE64: &[Function] = &[
    Function::native("encode_base64url", encode_base64url),
    Function::native("decode_base64url", decode_base64url),
];

pub(super) fn open(lua: &Lua) -> mlua::Result<()> {
    let native_half = lua.create_table()?;
    // Addresses fit in a Lua number.
    native_half.set("convert", convert as *const () as usize as f64)?;
    native_half.set("convert_long", native(lua, function(convert_long))?)?;
    for ((name, _), number) in NAMED.iter().zip(FIRST_NAMED..) {
        native_half.set(*name, number)?;
    }
    lua.load(include_str!("encoding.lua")).set_name("=[C]").call(native_half)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conversion {
    Escape(Set),
    Unescape,
    Encode(Form),
    Decode(Form),
    DecodeMime,
}

/// The conversions that have a name in `encoding.lua`. There, each has a
/// number: those of `escape_uri` the type that its users know, these the next.
const NAMED: &[(&str, Conversion)] = &[
    ("unescape", Conversion::Unescape),
    ("encode_padded", Conversion::Encode(Form::Padded)),
    ("encode_unpadded", Conversion::Encode(Form::Unpadded)),
    ("decode", Conversion::Decode(Form::Padded)),
    ("decode_mime", Conversion::DecodeMime),
];
const FIRST_NAMED: c_int = 7;

impl Conversion {
    fn from_number(number: c_int) -> Self {
        let named = usize::try_from(number - FIRST_NAMED).ok().and_then(|i| NAMED.get(i));
        match named {
            Some((_, conversion)) => *conversion,
            // `encoding.lua` has refused types that do not exist.
            None => Self::Escape(Set::from_type(i64::from(number)).unwrap_or(Set::Component)),
        }
    }

    /// The room that the result may need, at most; quick to tell.
    fn bound(self, text: &[u8]) -> usize {
        match self {
            Self::Escape(_) => text.len().saturating_mul(3),
            _ => self.room(text),
        }
    }

    /// The room that the result may need.
    fn room(self, text: &[u8]) -> usize {
        match self {
            Self::Escape(set) => escaped_len(text, set),
            Self::Unescape => text.len(),
            Self::Encode(form) => base64::encoded_length(text.len(), form).unwrap_or(usize::MAX),
            Self::Decode(_) | Self::DecodeMime => base64::decoded_length(text.len()),
        }
    }

    /// Writes the result to the start of `out`; gives its length.
    fn apply(self, text: &[u8], out: &mut [u8]) -> Result<usize, Invalid> {
        match self {
            Self::Escape(set) => Ok(escape_to(text, set, out)),
            Self::Unescape => Ok(decode_to(text, Plus::Space, out)),
            Self::Encode(form) => Ok(base64::encode(text, form, out)),
            Self::Decode(form) => base64::decode(text, form, out),
            Self::DecodeMime => base64::decode_mime(text, out),
        }
    }

    /// Pushes the result; false if the text is malformed.
    fn push(self, l: State, text: &[u8]) -> bool {
        let mut out = vec![0; self.room(text)];
        match self.apply(text, &mut out) {
            Ok(len) => {
                l.push_bytes(&out[..len]);
                true
            }
            Err(Invalid) => false,
        }
    }
}

/// In place of a length: the text is malformed.
const MALFORMED: c_int = -1;
/// In place of a length: there is not enough room.
const TOO_LONG: c_int = -2;

/// Converts a text, for `encoding.lua`; gives the length of the result.
unsafe extern "C" fn convert(
    text: *const u8,
    len: usize,
    kind: c_int,
    out: *mut u8,
    size: usize,
) -> c_int {
    ngx::callback("a conversion", MALFORMED, || {
        // SAFETY: `encoding.lua` passes a Lua string and its buffer.
        let (text, out) =
            unsafe { (slice::from_raw_parts(text, len), slice::from_raw_parts_mut(out, size)) };
        let kind = Conversion::from_number(kind);
        if kind.bound(text) > size {
            return TOO_LONG;
        }
        kind.apply(text, out).map_or(MALFORMED, |len| len as c_int)
    })
}

/// `result = convert_long(text, kind)`: nil if the text is malformed.
fn convert_long(l: State) -> Return {
    let kind = Conversion::from_number(l.number(2) as c_int);
    if !kind.push(l, l.bytes(1).unwrap_or_default()) {
        l.push_nil();
    }
    Ok(1)
}

/// `text, err = base64.encode_base64url(text)`
///
/// In the alphabet with `-` and `_`, without padding. Returns nil and
/// "must provide a string" for anything else. All phases.
fn encode_base64url(l: State) -> Return {
    if l.type_of(1) != Type::String {
        return Ok(failure(l, "must provide a string"));
    }
    Conversion::Encode(Form::Url).push(l, l.bytes(1).unwrap_or_default());
    Ok(1)
}

/// `text, err = base64.decode_base64url(text)`
///
/// Returns nil and "must provide a string" or "invalid input". All phases.
fn decode_base64url(l: State) -> Return {
    if l.type_of(1) != Type::String {
        return Ok(failure(l, "must provide a string"));
    }
    if !Conversion::Decode(Form::Url).push(l, l.bytes(1).unwrap_or_default()) {
        return Ok(failure(l, "invalid input"));
    }
    Ok(1)
}

/// `query = ngx.encode_args(table)`
///
/// The fields of the table as a query string, in the table's order: strings and
/// numbers as `name=value`, true as `name`, false not at all, an array as
/// several. Raises for other values and for names that are not strings. All
/// phases.
fn encode_args(l: State) -> Return {
    let n = l.top();
    if n != 1 {
        return Err(l.error(format_args!("expecting 1 argument but seen {n}")));
    }
    if l.type_of(1) != Type::Table {
        return Err(l.type_error(1, "table"));
    }
    l.push_bytes(query::encode(l, 1)?);
    Ok(1)
}

/// `args, err = ngx.decode_args(query, max?)`
///
/// A table as `ngx.req.get_uri_args` gives it. At most `max` (100; none if it
/// is 0 or negative) pieces between `&` are looked at, else there is a second
/// result "truncated". All phases.
fn decode_args(l: State) -> Return {
    let n = l.top();
    if !matches!(n, 1 | 2) {
        return Err(l.error(format_args!("expecting 1 or 2 arguments but seen {n}")));
    }
    check_text(l, 1)?;
    let mut max = DEFAULT_MAX;
    if n == 2 {
        if !l.is_number(2) {
            return Err(l.type_error(2, "number"));
        }
        max = usize::try_from(l.number(2) as i64).unwrap_or(0);
    }

    let text = l.bytes(1).unwrap_or_default();
    l.new_table(0, query::room(text));
    Ok(query::fill(l, text, max, Counting::Pieces))
}

/// `literal = ngx.quote_sql_str(text)`
///
/// The text as a string literal of MySQL, quotes included. All phases.
fn quote_sql_str(l: State) -> Return {
    if l.top() != 1 {
        return Err(l.error("expecting one argument"));
    }
    check_text(l, 1)?;
    let mut out = Vec::new();
    sql::quote_into(l.bytes(1).unwrap_or_default(), &mut out);
    l.push_bytes(out);
    Ok(1)
}

fn failure(l: State, reason: &str) -> c_int {
    l.push_nil();
    l.push_bytes(reason);
    2
}
