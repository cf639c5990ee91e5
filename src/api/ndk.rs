//! `ndk.set_var`: the directives that other modules define by means of the
//! Nginx Development Kit (NDK), such as `set_escape_uri`, as functions.
//!
//! NDK is a module of its own, which this one neither needs nor links to: where
//! it is loaded, its set_var directives are known by their setter.

use core::ffi::c_void;
use core::ptr;

use super::call::{self, NO_REQUEST};
use super::function::computed;
use super::header_values::key;
use crate::lua::{Return, State, function};
use crate::ngx::fake_request::FakeRequest;
use crate::ngx::{self, HttpConf, NgxStr, Request, variable};
use crate::sched::Run;
use crate::sys::lua::{LUA_GLOBALSINDEX, lua_upvalueindex};
use crate::sys::*;

/// Makes the global table `ndk`.
pub(super) fn open(l: State) {
    l.new_table(0, 1);
    l.new_table(0, 0);
    computed(l, function(directive), function(refuse));
    l.raw_set_field(-2, "set_var");
    l.raw_set_field(LUA_GLOBALSINDEX, "ndk");
}

/// `function = ndk.set_var.DIRECTIVE`
fn directive(l: State) -> Return {
    let name = key(l, 2)?;
    l.push_value(name);
    let cycle = Run::current().map_or_else(ngx::current_cycle, |run| run.cycle);
    let Some(filter) = find(cycle, l.bytes(-1).unwrap_or_default()) else {
        let name = String::from_utf8_lossy(l.bytes(-1).unwrap_or_default()).into_owned();
        return Err(l.error(format_args!(
            "ndk.set_var: directive \"{name}\" not found or does not use ndk_set_var_value"
        )));
    };
    // Addresses fit in a Lua number; not every one fits in a light userdata.
    l.push_number(filter.expose_provenance() as f64);
    l.push_function(function(call), 2);
    Ok(1)
}

fn refuse(l: State) -> Return {
    Err(l.error("not allowed"))
}

/// `value = ndk.set_var.DIRECTIVE(argument)`
///
/// What the directive would set its variable to. The argument is turned into a
/// string. Phases: all but init. Raises `calling directive X failed with code N`.
fn call(l: State) -> Return {
    l.set_top(1);
    let run = call::current(l, NO_REQUEST)?;
    let argument = key(l, 1)?;
    let filter = l.number(lua_upvalueindex(2)) as usize;
    let filter: *const Filter = ptr::with_exposed_provenance(filter);

    // Such functions need a request, if only for its memory.
    let fake;
    let request = match run.ctx() {
        Some(ctx) => ctx.request,
        None => {
            // SAFETY: the run's cycle and log are live, and longer than the call.
            fake = unsafe {
                HttpConf::of_cycle(run.cycle)
                    .and_then(HttpConf::first_server)
                    .and_then(|conf| FakeRequest::new(conf, *run.log(), None))
            };
            fake.as_ref().ok_or_else(|| l.error(NO_REQUEST))?.request()
        }
    };
    // SAFETY: `find` found the directive; the modules outlive the machine.
    match unsafe { value(filter, request, l.bytes(argument).unwrap_or_default()) } {
        Ok(value) => {
            l.push_bytes(value.bytes());
            Ok(1)
        }
        Err(code) => {
            let name = l.bytes(lua_upvalueindex(1)).unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            Err(l.error(format_args!("calling directive {name} failed with code {code}")))
        }
    }
}

/// NDK's `ndk_set_var_t`: what a directive computes its value with.
#[repr(C)]
struct Filter {
    kind: ngx_uint_t,
    function: *mut c_void,
    size: usize,
    data: *mut c_void,
}

/// NDK's `NDK_SET_VAR_VALUE` and `NDK_SET_VAR_VALUE_DATA`.
const VALUE: ngx_uint_t = 2;
const VALUE_DATA: ngx_uint_t = 3;

/// NDK's `ndk_set_var_value_pt` and `ndk_set_var_value_data_pt`; C lets the
/// former be called like the latter.
type SetValue = unsafe extern "C" fn(
    *mut ngx_http_request_t,
    *mut ngx_str_t,
    *mut ngx_http_variable_value_t,
    *mut c_void,
) -> ngx_int_t;

/// Finds a directive with one argument among those that NDK's setter serves.
fn find(cycle: *mut ngx_cycle_t, name: &[u8]) -> Option<*const Filter> {
    let setter = symbol(c"ndk_set_var_value");
    if setter.is_null() {
        return None;
    }
    // SAFETY: the cycle is live; modules and commands end with an empty one.
    unsafe {
        let mut modules = (*cycle).modules;
        while let Some(module) = (*modules).as_ref() {
            modules = modules.add(1);
            let mut command = module.commands;
            if module.type_ != NGX_HTTP_MODULE as ngx_uint_t || command.is_null() {
                continue;
            }
            while (*command).name.len != 0 {
                let ndk = (*command).set.is_some_and(|set| set as *mut c_void == setter);
                let filter: *const Filter = (*command).post.cast();
                if ndk
                    && (*command).name.bytes() == name
                    && filter.as_ref().is_some_and(|filter| {
                        matches!(filter.kind, VALUE | VALUE_DATA) && !filter.function.is_null()
                    })
                {
                    return Some(filter);
                }
                command = command.add(1);
            }
        }
    }
    None
}

/// # Safety
/// [`find`] gave the filter, and the request is live.
unsafe fn value(
    filter: *const Filter,
    request: Request,
    argument: &[u8],
) -> Result<ngx_str_t, ngx_int_t> {
    let mut result = ngx_str_t::empty();
    // Some results are the argument itself, and some change it in place.
    let argument = ngx::string::in_pool(request.pool(), argument).ok_or(ERROR)?;
    let mut argument = variable::value(argument);
    // SAFETY: the function is of the type that the filter says.
    let code = unsafe {
        let function: SetValue = core::mem::transmute((*filter).function);
        function(request.as_ptr(), &raw mut result, &raw mut argument, (*filter).data)
    };
    if code == OK { Ok(result) } else { Err(code) }
}
