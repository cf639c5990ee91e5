//! What Lua code gets of a subrequest's response.

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
    l.push_integer(reply.status.get() as i64);
    l.raw_set_field(-2, "status");

    l.push_bytes(reply.body.take());
    l.raw_set_field(-2, "body");

    l.push_boolean(!reply.complete.get());
    l.raw_set_field(-2, "truncated");

    l.new_table(0, 4);
    if let Some(r) = reply.request() {
        fill_headers(l, r);
    }
    l.raw_set_field(-2, "header");
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
            l.push_bytes((*out).content_type.bytes());
            l.raw_set_field(table, "Content-Type");
        }
        if (*out).content_length.is_null() && (*out).content_length_n >= 0 {
            l.push_number((*out).content_length_n as f64);
            l.raw_set_field(table, "Content-Length");
        }
        if (*out).last_modified.is_null() && (*out).last_modified_time != -1 {
            let mut text = [0; 40];
            let end = ngx_http_time(text.as_mut_ptr(), (*out).last_modified_time);
            l.push_bytes(&text[..end.offset_from(text.as_ptr()) as usize]);
            l.raw_set_field(table, "Last-Modified");
        }
    }
}
