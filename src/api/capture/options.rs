//! The options of a subrequest.

use core::ffi::c_int;

use mlua::Lua;
use nginx_lua_text::escape::{Set, escape};

use crate::api::header_values::{key, with_values};
use crate::api::query;
use crate::lua::state::Type;
use crate::lua::{Raise, State};
use crate::ngx::subrequest::{Body, Variables};
use crate::ngx::variable::{self, Name, Refused, SHORT};
use crate::ngx::{Request, request_headers, string};
use crate::sched::Ctx;
use crate::sys::lua::{LUA_OK, LUA_REGISTRYINDEX, lua_pcall};
use crate::sys::*;

pub(super) struct Options {
    pub args: Option<Vec<u8>>,
    pub method: Option<f64>,
    pub scope: Variables,
    has_ctx: bool,
    vars: Vec<Assignment>,
    has_headers: bool,
    has_body: bool,
    always_forward_body: bool,
}

/// A variable's name and its value.
type Assignment = (Vec<u8>, Vec<u8>);

impl Default for Options {
    fn default() -> Self {
        Self {
            args: None,
            method: None,
            scope: Variables::Own,
            has_ctx: false,
            vars: Vec::new(),
            has_headers: false,
            has_body: false,
            always_forward_body: false,
        }
    }
}

impl Options {
    /// Reads the table at `index`.
    pub(super) fn read(l: State, index: c_int) -> Result<Self, Raise> {
        let base = l.top();
        // Leaves the value of an option above the stack of the caller.
        let option = |name: &str| {
            l.set_top(base);
            push_field(l, index, name)
        };
        let bad = |name: &str| Err(l.error(format_args!("Bad {name} option value")));
        let mut options = Self::default();

        match option("args")? {
            Type::Nil => {}
            Type::Table => options.args = Some(query::encode(l, l.top())?),
            Type::String | Type::Number => options.args = l.bytes(-1).map(<[u8]>::to_vec),
            _ => return bad("args"),
        }
        match option("vars")? {
            Type::Nil => {}
            Type::Table => options.vars = read_vars(l)?,
            _ => return bad("vars"),
        }
        let share = option("share_all_vars")?;
        if share == Type::Boolean && l.boolean(-1) {
            options.scope = Variables::Shared;
        } else if !matches!(share, Type::Nil | Type::Boolean) {
            return bad("share_all_vars");
        }
        let copy = option("copy_all_vars")?;
        if copy == Type::Boolean && l.boolean(-1) && options.scope == Variables::Own {
            options.scope = Variables::Copied;
        } else if !matches!(copy, Type::Nil | Type::Boolean) {
            return bad("copy_all_vars");
        }
        match option("headers")? {
            Type::Nil => {}
            Type::Table => options.has_headers = true,
            _ => return bad("headers"),
        }
        option("always_forward_body")?;
        options.always_forward_body = l.boolean(-1);
        match option("method")? {
            Type::Nil => {}
            Type::Number => options.method = Some(l.number(-1)),
            _ => return Err(l.error("Bad http request method")),
        }
        match option("ctx")? {
            Type::Nil => {}
            Type::Table => options.has_ctx = true,
            _ => {
                let kind = l.type_name(-1);
                return Err(l.error(format_args!(
                    "Bad ctx option value type {kind}, expected a Lua table"
                )));
            }
        }
        match option("body")? {
            Type::Nil => {}
            Type::String | Type::Number => options.has_body = true,
            _ => return Err(l.error("Bad http request body")),
        }
        l.set_top(base);
        Ok(options)
    }

    /// The variables to set, and their values in the pool.
    pub(super) fn variables(
        &self,
        l: State,
        r: Request,
    ) -> Result<Vec<(&'static ngx_http_variable_t, ngx_str_t)>, Raise> {
        let mut variables = Vec::with_capacity(self.vars.len());
        for (name, value) in &self.vars {
            let variable = settable(r, name).map_err(|error| {
                let name = String::from_utf8_lossy(name).to_lowercase();
                let (message, code) = match error {
                    Refused::NotChangeable => (format!("variable \"{name}\" not changeable"), 500),
                    Refused::NotAssignable => (
                        format!(
                            "variable \"{name}\" cannot be assigned a value (maybe you forgot to \
                             define it first?) "
                        ),
                        -1,
                    ),
                };
                r.log(NGX_LOG_ERR, message);
                l.error(format_args!("failed to adjust the subrequest: {code}"))
            })?;
            let value = string::in_pool(r.pool(), value).ok_or_else(|| l.error("no memory"))?;
            variables.push((variable, value));
        }
        Ok(variables)
    }

    /// The body; its text is copied just once, from the options at `index`.
    pub(super) fn request_body(&self, l: State, index: c_int, r: Request) -> Result<Body, Raise> {
        if self.has_body {
            push_field(l, index, "body")?;
            let text = string::in_pool(r.pool(), l.bytes(-1).unwrap_or_default());
            l.pop(1);
            return text.map(Body::Text).ok_or_else(|| l.error("no memory"));
        }
        let method = self.method.map_or(NGX_HTTP_GET, |number| number as u32);
        // SAFETY: live request.
        let parent_has_body = unsafe { (*r.as_ptr()).headers_in.content_length_n > 0 };
        if matches!(method, NGX_HTTP_PUT | NGX_HTTP_POST)
            || self.always_forward_body
            || !parent_has_body
        {
            return Ok(Body::Parent);
        }
        Ok(Body::None)
    }

    /// Gives a subrequest the table of the option as its `ngx.ctx`.
    pub(super) fn set_ctx(&self, l: State, index: c_int, sr: Request) -> Result<(), Raise> {
        if !self.has_ctx {
            return Ok(());
        }
        if push_field(l, index, "ctx")? != Type::Table {
            return Err(l.error("Bad ctx option value"));
        }
        let ctx = Ctx::of(sr).ok_or_else(|| l.error("no memory"))?;
        ctx.table.set(l);
        Ok(())
    }

    /// Sets the headers of the option, in place of the parent's.
    pub(super) fn set_headers(&self, l: State, index: c_int, sr: Request) -> Result<(), Raise> {
        if !self.has_headers {
            return Ok(());
        }
        let base = l.top();
        if push_field(l, index, "headers")? != Type::Table {
            return Err(l.error("Bad headers option value"));
        }
        // Making text of a value can run code, which must not disturb the
        // traversal. So it is over before the first header is set.
        let (table, pairs) = (base + 1, base + 2);
        l.new_table(16, 0);
        let mut count = 0;
        l.push_nil();
        while l.next(table) {
            l.raw_set_index(pairs, count + 2);
            l.push_value(-1);
            l.raw_set_index(pairs, count + 1);
            count += 2;
        }
        for i in (1..count).step_by(2) {
            l.raw_get_index(pairs, i);
            let name = key(l, pairs + 1)?;
            let name = escape(l.bytes(name).unwrap_or_default(), Set::HeaderName).into_owned();
            // The body says how long it is.
            if !name.eq_ignore_ascii_case(b"content-length") {
                l.raw_get_index(pairs, i + 1);
                with_values(l, l.top(), |values| request_headers::set(sr, &name, values))?
                    .map_err(|_| l.error("failed to set header"))?;
            }
            l.set_top(pairs);
        }
        l.set_top(base);
        Ok(())
    }
}

fn settable(r: Request, name: &[u8]) -> Result<&'static ngx_http_variable_t, Refused> {
    let mut space = [0; SHORT];
    let variable = Name::new(name, &mut space, r).and_then(|name| name.defined(r));
    let variable = variable.ok_or(Refused::NotAssignable)?;
    variable::check(variable)?;
    Ok(variable)
}

/// Reads a field of a table, by way of its metatable if it has one.
const FIELD: &str = "nginx-lua field";

pub(in crate::api) fn open(lua: &Lua) -> mlua::Result<()> {
    let field: mlua::Function =
        lua.load("local table, name = ... return table[name]").set_name("=[C]").into_function()?;
    lua.set_named_registry_value(FIELD, field)
}

/// Pushes a field of the options, whose defaults may come from a metatable, and
/// tells its type.
fn push_field(l: State, index: c_int, name: &str) -> Result<Type, Raise> {
    l.raw_get_field(index, name);
    if l.type_of(-1) != Type::Nil || !l.push_metatable(index) {
        return Ok(l.type_of(-1));
    }
    l.pop(2);
    l.raw_get_field(LUA_REGISTRYINDEX, FIELD);
    l.push_value(index);
    l.push_bytes(name);
    // SAFETY: the function and its arguments are on the stack; errors are
    // caught.
    match unsafe { lua_pcall(l.as_ptr(), 2, 1, 0) } {
        LUA_OK => Ok(l.type_of(-1)),
        _ => Err(Raise::Value),
    }
}

/// Reads the table on top of the stack.
fn read_vars(l: State) -> Result<Vec<Assignment>, Raise> {
    let table = l.top();
    let mut vars = Vec::new();
    l.push_nil();
    while l.next(table) {
        if l.type_of(-2) != Type::String {
            return Err(l.error("attempt to use a non-string key in the \"vars\" option table"));
        }
        if !matches!(l.type_of(-1), Type::String | Type::Number) {
            let kind = l.type_name(-1);
            return Err(l.error(format_args!("attempt to use bad variable value type {kind}")));
        }
        let name = l.bytes(-2).unwrap_or_default().to_vec();
        vars.push((name, l.bytes(-1).unwrap_or_default().to_vec()));
        l.pop(1);
    }
    Ok(vars)
}
