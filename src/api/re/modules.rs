//! The modules `ngx.re` and `resty.core.regex`.

use core::ffi::c_int;
use std::rc::Rc;

use super::super::function::Function;
use super::cache::Cache;
use super::{
    Compiled, Refused, Regexes, find, gmatch, match_, pcre, push_native, split, substitute,
};
use crate::lua::state::Type;
use crate::lua::{Return, State, function};
use crate::sys::lua::{LUA_REGISTRYINDEX, lua_CFunction};

/// The module `ngx.re`.
pub(in crate::api) const SOURCE: &str = include_str!("ngx_re.lua");
/// The module `resty.core.regex`.
pub(in crate::api) const CORE_SOURCE: &str = include_str!("resty_core_regex.lua");

/// A module's functions have no upvalues; this one gives those that have.
pub(in crate::api) const FUNCTIONS: &[Function] = &[Function::native("natives", natives)];
pub(in crate::api) const CORE_FUNCTIONS: &[Function] = FUNCTIONS;

/// The table of all functions, in the registry.
const NATIVES: &str = "nginx-lua re";

const ALL: [(&str, lua_CFunction); 14] = [
    ("match", function(match_)),
    ("find", function(find)),
    ("gmatch", function(gmatch::gmatch)),
    ("sub", function(substitute::sub)),
    ("gsub", function(substitute::gsub)),
    ("begin", function(substitute::begin)),
    ("step", function(substitute::step)),
    ("finish", function(substitute::finish)),
    ("split", function(split::split)),
    ("opt", function(opt)),
    ("is_regex_cache_empty", function(is_regex_cache_empty)),
    ("re_match_compile", function(re_match_compile)),
    ("re_sub_compile", function(re_sub_compile)),
    ("destroy_compiled_regex", function(destroy_compiled_regex)),
];

/// Makes all functions; the machine's part is at index `state`.
pub(super) fn open(l: State, state: c_int) {
    l.new_table(0, ALL.len());
    for (name, f) in ALL {
        push_native(l, state, f);
        l.raw_set_field(-2, name);
    }
    l.raw_set_field(LUA_REGISTRYINDEX, NATIVES);
}

/// Pushes the table of all functions.
pub(super) fn push_natives(l: State) {
    l.raw_get_field(LUA_REGISTRYINDEX, NATIVES);
}

fn natives(l: State) -> Return {
    push_natives(l);
    Ok(1)
}

/// `opt(name, value)` of the module `ngx.re`
///
/// `opt("jit_stack_size", bytes)` gives compiled regular expressions a stack of
/// up to so many bytes, at least 32 KB. Raises an error once some were kept.
/// Phases: all; meant for init.
fn opt(l: State) -> Return {
    l.set_top(2);
    if l.type_of(1) != Type::String || l.bytes(1) != Some(b"jit_stack_size") {
        return Err(l.error("unrecognized option name"));
    }
    let regexes = Regexes::of(l)?;
    if regexes.searches.was_used() {
        return Err(l.error(
            "changing jit stack size is not allowed when some regexs have already been compiled \
             and cached",
        ));
    }
    if l.type_of(2) != Type::Number {
        let kind = l.type_name(2);
        return Err(l.error(format_args!(
            "bad argument #1 to 'ngx_lua_ffi_set_jit_stack_size' (cannot convert '{kind}' to 'int')"
        )));
    }
    if !pcre::has_jit() {
        return Err(l.error("no pcre jit support found"));
    }
    if !regexes.matcher.set_stack(l.number(2) as usize) {
        return Err(l.error("pcre jit stack allocation failed"));
    }
    Ok(0)
}

/// `is_empty = is_regex_cache_empty()`
fn is_regex_cache_empty(l: State) -> Return {
    l.push_boolean(!Regexes::of(l)?.searches.was_used());
    Ok(1)
}

/// `compiled, is_kept, flags = re_match_compile(regex, options?)`, or nil and a message
fn re_match_compile(l: State) -> Return {
    l.set_top(2);
    // Where all others have the subject.
    l.push_nil();
    l.insert(1);
    give(l, |regexes| (&regexes.searches, regexes.search(l, 3)))
}

/// `compiled, is_kept, flags = re_sub_compile(regex, options?, replace?, function?)`,
/// or nil and a message
fn re_sub_compile(l: State) -> Return {
    l.set_top(4);
    l.push_nil();
    l.insert(1);
    let template = l.is_none_or_nil(5).then_some(4);
    if template.is_some() && l.type_of(4) != Type::String {
        return Err(super::no_length(l, "replace", 4));
    }
    give(l, |regexes| (&regexes.replacements, regexes.replacement(l, 3, template)))
}

/// Pushes what `compile` gives, and what lua-resty-core returns beside it:
/// whether the cache keeps it, and the options.
fn give(
    l: State,
    compile: impl FnOnce(&Regexes) -> (&Cache, Result<Rc<Compiled>, Refused>),
) -> Return {
    let regexes = Regexes::of(l)?;
    let (cache, compiled) = compile(&regexes);
    match compiled {
        Ok(compiled) => {
            let options = compiled.regex.options;
            regexes.kinds.compiled.push(l, compiled);
            l.push_boolean(options.once && cache.is_on());
            l.push_integer(options.flags());
            Ok(3)
        }
        Err(refused) => refused.results(l, 1),
    }
}

/// `destroy_compiled_regex(compiled)`
fn destroy_compiled_regex(l: State) -> Return {
    match Regexes::of(l)?.kinds.compiled.get(l, 1) {
        Some(place) => {
            place.take();
            Ok(0)
        }
        None => Err(l.type_error(1, "compiled regex")),
    }
}
