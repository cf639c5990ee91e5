//! `ngx.req`: the request body.

mod read;
mod write;

use super::function::Function;
use crate::lua::{Raise, State};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("ngx.req.read_body", read::read_body),
    Function::new("ngx.req.discard_body", read::discard_body),
    Function::new("ngx.req.get_body_data", read::get_body_data),
    Function::new("ngx.req.get_body_file", read::get_body_file),
    Function::new("ngx.req.get_post_args", read::get_post_args),
    Function::new("ngx.req.set_body_data", write::set_body_data),
    Function::new("ngx.req.set_body_file", write::set_body_file),
    Function::new("ngx.req.init_body", write::init_body),
    Function::new("ngx.req.append_body", write::append_body),
    Function::new("ngx.req.finish_body", write::finish_body),
];

/// An argument that must be a number, or a string that is one; without its
/// fraction.
fn integer(l: State, index: i32) -> Result<i64, Raise> {
    if l.is_number(index) {
        return Ok(l.number(index) as i64);
    }
    Err(l.type_error(index, "number"))
}
