//! What Lua code gets of a subrequest's response.

use core::ffi::c_int;

use crate::api::headers::Fields;
use crate::lua::State;
use crate::ngx::headers::iter;
use crate::ngx::{NgxStr, Request};
use crate::sched::Thread;
use crate::sched::subrequest::Reply;
use crate::sys::*;

/// Pushes a table for each reply on the stack of the coroutine that waits,
/// which has made sure that there is room.
pub(super) fn push_all(thread: &Thread, replies: &[Reply]) -> i32 {
    let l = thread.innermost();
    for reply in replies {
        push(l, reply);
    }
    replies.len() as i32
}

fn push(l: State, reply: &Reply) {
    l.new_table(0, 4);
    let table = l.top();
    set(l, table, "status", |l| l.push_integer(reply.status.get() as i64));
    set(l, table, "body", |l| l.push_bytes(reply.body.take()));
    set(l, table, "truncated", |l| l.push_boolean(!reply.complete.get()));
    set(l, table, "header", |l| {
        l.new_table(0, 4);
        if let Some(r) = reply.request() {
            fill_headers(l, r);
        }
    });
}

/// `table[name] = value`, where `push` pushes the value.
fn set(l: State, table: c_int, name: &str, push: impl FnOnce(State)) {
    l.push_bytes(name);
    push(l);
    l.raw_set(table);
}

/// Fills the table on top of the stack.
fn fill_headers(l: State, r: Request) {
    let table = l.top();
    let mut fields = Fields::new(l);
    // SAFETY: the subrequest is over, and in the pool of the main one.
    unsafe {
        let out = &raw mut (*r.as_ptr()).headers_out;
        for header in iter(&raw mut (*out).headers).filter(|header| (**header).hash != 0) {
            fields.add(l, (*header).key.bytes(), |l| l.push_bytes((*header).value.bytes()));
        }
        if (*out).content_type.len > 0 {
            set(l, table, "Content-Type", |l| l.push_bytes((*out).content_type.bytes()));
        }
        if (*out).content_length.is_null() && (*out).content_length_n >= 0 {
            set(l, table, "Content-Length", |l| l.push_number((*out).content_length_n as f64));
        }
        if (*out).last_modified.is_null() && (*out).last_modified_time != -1 {
            let mut text = [0; 40];
            let end = ngx_http_time(text.as_mut_ptr(), (*out).last_modified_time);
            let text = &text[..end.offset_from(text.as_ptr()) as usize];
            set(l, table, "Last-Modified", |l| l.push_bytes(text));
        }
    }
}
