//! `set_by_lua`: computes a variable among the rewrite module's directives.

use crate::conf::Phase;
use crate::conf::set_by_lua::{Set, SetCode};
use crate::lua::state::Type;
use crate::ngx::{self, NgxStr, Request, string};
use crate::sched::run::Arg;
use crate::sched::{Ctx, Run};
use crate::sys::*;

/// The instruction: leaves the value on the script engine's stack.
pub(super) unsafe extern "C" fn run_code(e: *mut ngx_http_script_engine_t) {
    ngx::callback("set_by_lua", (), || {
        // SAFETY: the engine runs our instruction, for a live request.
        unsafe {
            let code = (*e).ip.cast::<SetCode>();
            (*e).ip = (*e).ip.add(size_of::<SetCode>());

            let r = Request::from_ptr((*e).request);
            match run(r, &*(*code).set) {
                Some(value) => {
                    let sp = (*e).sp;
                    *sp = ngx::variable::value(value);
                    (*e).sp = sp.add(1);
                }
                None => {
                    (*e).ip = (&raw const EXIT).cast_mut().cast();
                    (*e).status = NGX_HTTP_INTERNAL_SERVER_ERROR as ngx_int_t;
                }
            }
        }
    });
}

/// An empty instruction, at which the engine stops.
static EXIT: usize = 0;

fn run(r: Request, set: &Set) -> Option<ngx_str_t> {
    let ctx = Ctx::of(r)?;

    let mut args = Vec::with_capacity(set.args.len());
    for arg in &set.args {
        let mut value = ngx_str_t::empty();
        // SAFETY: live request; nginx does not change the complex value.
        let rc = unsafe {
            ngx_http_complex_value(r.as_ptr(), (&raw const *arg).cast_mut(), &raw mut value)
        };
        if rc != OK {
            return None;
        }
        args.push(value.bytes().to_vec());
    }

    let mut run = Run::on_main(Phase::Set, ctx);
    run.arg = Some(Arg::Set(&raw const args[..]));
    run.chunk(ctx, &set.chunk, 1).ok()?;

    let l = ctx.vm.main();
    let value = match l.type_of(-1) {
        Type::String | Type::Number => string::in_pool(r.pool(), l.bytes(-1).unwrap_or_default()),
        _ => Some(ngx_str_t::empty()),
    };
    l.pop(1);
    value
}
