//! `ngx.re.*`: regular expressions.
//!
//! All of it is C functions but for replacing by a function: that one may wait,
//! which no C function that called it could outlive, so it is called by
//! `re.lua`. What belongs to a Lua machine, [`Regexes`], is a userdata that the
//! functions have as an upvalue.

mod cache;
mod captures;
mod gmatch;
mod modules;
mod options;
mod owned;
mod pcre;
mod split;
mod substitute;
mod walk;

pub(super) use modules::{CORE_FUNCTIONS, CORE_SOURCE, FUNCTIONS, SOURCE};

use core::cell::Cell;
use core::ffi::c_int;
use std::rc::Rc;

use mlua::Lua;
use nginx_lua_text::template::Template;

use self::cache::{Cache, Key};
use self::options::Options;
use self::owned::Owned;
use self::pcre::{Match, Matcher, Regex};
use super::text::push_text;
use crate::conf::MainConf;
use crate::lua::state::{Ref, Type};
use crate::lua::{Raise, Return, State, function};
use crate::ngx::log;
use crate::sys::NGX_LOG_ERR;
use crate::sys::lua::{lua_CFunction, lua_upvalueindex};

/// What belongs to a Lua machine.
struct Regexes {
    matcher: Matcher,
    /// What `match`, `find`, `gmatch` and `split` keep.
    searches: Cache,
    /// What `sub` and `gsub` keep.
    replacements: Cache,
    /// What was used last without the option `o`. Lua code cannot tell that it is
    /// kept.
    recent: Cache,
    /// Where `gsub` puts its result together.
    buffer: Cell<Vec<u8>>,
    /// The string `pos`.
    pos: Ref,
    kinds: Kinds,
}

/// How many regular expressions are kept without being asked for, and how long
/// they may be.
const RECENT: usize = 64;
const LONGEST_RECENT: usize = 1024;

/// The kinds of userdata that Lua code gets.
struct Kinds {
    iterator: Owned<gmatch::Iteration>,
    /// The metatable of the tables around them.
    iterator_metatable: Ref,
    substitution: Owned<substitute::Substitution>,
    compiled: Owned<Rc<Compiled>>,
}

/// A regex, with the template of `sub` and `gsub`.
struct Compiled {
    regex: Regex,
    template: Option<Template>,
}

/// Makes the machine's part, the functions and the table `ngx.re`.
pub(super) fn open(lua: &Lua, l: State, conf: &MainConf) -> mlua::Result<()> {
    let match_limit = u32::try_from(conf.regex_match_limit).unwrap_or(u32::MAX);
    let matcher = Matcher::new(match_limit)
        .ok_or_else(|| mlua::Error::runtime("no memory for regular expressions"))?;
    let most = usize::try_from(conf.regex_cache).unwrap_or(0);

    let state = Owned::<Rc<Regexes>>::new(l);
    let regexes = Regexes {
        matcher,
        searches: Cache::new(most),
        replacements: Cache::new(most),
        recent: Cache::new(most.min(RECENT)),
        buffer: Cell::default(),
        pos: {
            l.push_bytes("pos");
            l.anchor()
        },
        kinds: Kinds {
            iterator: Owned::new(l),
            iterator_metatable: {
                l.new_table(0, 1);
                l.anchor()
            },
            substitution: Owned::new(l),
            compiled: Owned::new(l),
        },
    };
    let iterator_metatable = regexes.kinds.iterator_metatable;
    state.push(l, Rc::new(regexes));
    let state = l.top();

    l.push_ref(iterator_metatable);
    push_native(l, state, function(gmatch::next));
    l.raw_set_field(-2, "__call");
    l.pop(1);

    modules::open(l, state);
    l.set_top(state - 1);

    // SAFETY: pushes one value.
    let natives: mlua::Table =
        unsafe { lua.exec_raw((), |l| modules::push_natives(State::from_ptr(l)))? };
    let re: mlua::Table = lua.load(include_str!("re/re.lua")).set_name("=[C]").call(natives)?;
    lua.globals().get::<mlua::Table>("ngx")?.set("re", re)
}

/// Pushes a function with the machine's part as its upvalue.
fn push_native(l: State, state: c_int, f: lua_CFunction) {
    l.push_value(state);
    l.push_function(f, 1);
}

/// Where the arguments stand that all functions have.
const SUBJECT: c_int = 1;
const REGEX: c_int = 2;

/// Why there is no compiled regex.
enum Refused {
    Raise(Raise),
    /// The function returns the message, which is on top of the stack.
    Message,
}

impl Refused {
    /// The function's results: so many nils before the message.
    fn results(self, l: State, nils: c_int) -> Return {
        match self {
            Self::Raise(raise) => Err(raise),
            Self::Message => Ok(failed(l, nils)),
        }
    }
}

impl From<Raise> for Refused {
    fn from(raise: Raise) -> Self {
        Self::Raise(raise)
    }
}

impl Regexes {
    /// The calling function's upvalue.
    fn of(l: State) -> Result<Rc<Self>, Raise> {
        // SAFETY: `push_native` gave the function this upvalue; the reference
        // ends here.
        let state = unsafe { owned::value::<Rc<Self>>(l, lua_upvalueindex(1)) };
        state.clone().ok_or_else(|| l.error("the Lua machine is being closed"))
    }

    /// The regex of a search.
    fn search(&self, l: State, options: c_int) -> Result<Rc<Compiled>, Refused> {
        self.compiled(l, &self.searches, options, None)
    }

    /// The regex of a replacement, by a template or by a function.
    fn replacement(
        &self,
        l: State,
        options: c_int,
        template: Option<c_int>,
    ) -> Result<Rc<Compiled>, Refused> {
        self.compiled(l, &self.replacements, options, template)
    }

    fn compiled(
        &self,
        l: State,
        cache: &Cache,
        options: c_int,
        template: Option<c_int>,
    ) -> Result<Rc<Compiled>, Refused> {
        let strings = [Some(REGEX), Some(options), template];
        let key = Key::new(l, strings);
        if let Some(compiled) = cache.get(&key).or_else(|| self.recent.get(&key)) {
            return Ok(compiled);
        }

        let compiled = Rc::new(compile(l, options, template)?);
        if compiled.regex.options.once {
            cache.put(l, key, strings, compiled.clone());
        } else if strings.iter().flatten().all(|index| l.raw_len(*index) <= LONGEST_RECENT) {
            self.recent.put(l, key, strings, compiled.clone());
        }
        Ok(compiled)
    }
}

/// Compiles the regex and the template.
#[cold]
fn compile(l: State, options: c_int, template: Option<c_int>) -> Result<Compiled, Refused> {
    let letters = match l.type_of(options) {
        Type::None | Type::Nil => &[],
        Type::Boolean if !l.boolean(options) => &[],
        Type::String => l.bytes(options).unwrap_or_default(),
        _ => return Err(no_length(l, "opts", options).into()),
    };
    let options = Options::parse(letters).map_err(|unknown| {
        l.error(format_args!(
            "unknown flag \"{}\" (flags \"{}\")",
            char::from(unknown),
            String::from_utf8_lossy(letters)
        ))
    })?;
    if l.type_of(REGEX) != Type::String {
        return Err(no_length(l, "regex", REGEX).into());
    }

    let regex = Regex::compile(l.bytes(REGEX).unwrap_or_default(), options).map_err(|message| {
        l.push_bytes(message);
        Refused::Message
    })?;
    let template = match template {
        None => None,
        Some(index) => {
            let template = Template::parse(l.bytes(index).unwrap_or_default());
            Some(template.map_err(|error| {
                log::cycle_error(NGX_LOG_ERR, error);
                l.push_bytes("failed to compile the replacement template");
                Refused::Message
            })?)
        }
    };
    Ok(Compiled { regex, template })
}

fn no_length(l: State, name: &str, index: c_int) -> Raise {
    let kind = match l.type_of(index) {
        Type::None => "nil",
        _ => l.type_name(index),
    };
    l.error(format_args!("attempt to get length of local '{name}' (a {kind} value)"))
}

/// Makes the value at `index` its text.
fn to_text(l: State, index: c_int) -> Result<(), Raise> {
    if l.type_of(index) != Type::String {
        push_text(l, index)?;
        // This makes a string of a number.
        if l.bytes(-1).is_none() {
            return Err(l.error("'tostring' must return a string"));
        }
        l.replace(index);
    }
    Ok(())
}

/// The results `nil, …, message`, for the message on top of the stack.
fn failed(l: State, nils: c_int) -> c_int {
    for _ in 0..nils {
        l.push_nil();
        l.insert(-2);
    }
    nils + 1
}

/// The same for an error of PCRE2's.
fn not_matched(l: State, error: c_int, nils: c_int) -> c_int {
    l.push_bytes(format!("pcre_exec() failed: {error}"));
    failed(l, nils)
}

/// `captures, err = ngx.re.match(subject, regex, options?, ctx?, res_table?)`
///
/// Finds the first match, from `ctx.pos` on if there is a table `ctx`; its field
/// is then set to the place behind the match. Returns nil without a match, nil
/// and a message if the regex is wrong or the search was given up. Phases: all.
fn match_(l: State) -> Return {
    const RESULT: c_int = 5;

    search(l, 1, |compiled, found, subject| {
        let reuse = match l.type_of(RESULT) {
            Type::None | Type::Nil => None,
            Type::Boolean if !l.boolean(RESULT) => None,
            Type::Table => Some(RESULT),
            _ => return Err(not_a_table(l, "res", RESULT)),
        };
        captures::push(l, &compiled.regex, &found, subject, reuse);
        Ok(1)
    })
}

/// `from, to, err = ngx.re.find(subject, regex, options?, ctx?, nth?)`
///
/// As `match`, but returns where the match, or its `nth` group, begins and ends.
/// Returns nil without a match or if the group took no part, nil, nil and a
/// message for an error. Phases: all.
fn find(l: State) -> Return {
    const NTH: c_int = 5;

    search(l, 2, |compiled, found, subject| {
        let group = match l.type_of(NTH) {
            Type::None | Type::Nil => 0,
            Type::Boolean if !l.boolean(NTH) => 0,
            // Negative numbers count as 0.
            Type::Number => l.number(NTH) as usize,
            _ => {
                let kind = l.type_name(NTH);
                return Err(l.error(format_args!("attempt to compare {kind} with number")));
            }
        };
        if group > compiled.regex.groups {
            l.push_bytes("nth out of bound");
            return Ok(failed(l, 2));
        }
        let (from, to) = found.offsets(group);
        if to > subject.len() {
            l.push_nil();
            l.push_nil();
            return Ok(2);
        }
        l.push_integer(from as i64 + 1);
        l.push_integer(to as i64);
        Ok(2)
    })
}

/// Looks for the first match, and has `give` make the results of it.
fn search(l: State, nils: c_int, give: impl FnOnce(&Compiled, Match, &[u8]) -> Return) -> Return {
    const OPTIONS: c_int = 3;
    const CTX: c_int = 4;
    const LAST: c_int = 5;

    // What is pushed shall not take the place of an argument.
    if l.top() != LAST {
        l.set_top(LAST);
    }
    let regexes = Regexes::of(l)?;
    to_text(l, SUBJECT)?;
    let compiled = match regexes.search(l, OPTIONS) {
        Ok(compiled) => compiled,
        Err(refused) => return refused.results(l, nils),
    };
    let refusal = |kind: &str| format!("attempt to compare {kind} with number");
    let start = start(l, &regexes, CTX, refusal)?;
    let subject = l.bytes(SUBJECT).unwrap_or_default();

    match regexes.matcher.find(&compiled.regex, subject, start.unwrap_or(0), false) {
        Ok(Some(found)) => {
            if start.is_some() {
                l.push_ref(regexes.pos);
                l.push_integer(found.offsets(0).1 as i64 + 1);
                l.raw_set(CTX);
            }
            give(&compiled, found, subject)
        }
        Ok(None) => {
            l.push_nil();
            Ok(1)
        }
        Err(error) => Ok(not_matched(l, error, nils)),
    }
}

/// Where the table at `index` says that the search begins; `None` without a
/// table. `refusal` words the error about a position that is no number but of
/// this type.
fn start(
    l: State,
    regexes: &Regexes,
    index: c_int,
    refusal: fn(&str) -> String,
) -> Result<Option<usize>, Raise> {
    match l.type_of(index) {
        Type::Nil => return Ok(None),
        Type::Boolean if !l.boolean(index) => return Ok(None),
        Type::Table => {}
        _ => return Err(not_a_table(l, "ctx", index)),
    }
    l.push_ref(regexes.pos);
    l.raw_get(index);
    let start = match l.type_of(-1) {
        Type::Nil => 0,
        Type::Boolean if !l.boolean(-1) => 0,
        Type::Number => offset(l.number(-1)),
        _ => {
            let refusal = refusal(l.type_name(-1));
            return Err(l.error(refusal));
        }
    };
    l.pop(1);
    Ok(Some(start))
}

/// The offset for a position; one that is no number is beyond every end.
fn offset(position: f64) -> usize {
    if position.is_nan() { usize::MAX } else { (position - 1.0) as usize }
}

fn not_a_table(l: State, name: &str, index: c_int) -> Raise {
    let kind = l.type_name(index);
    l.error(format_args!("attempt to index local '{name}' (a {kind} value)"))
}
