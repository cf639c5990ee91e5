//! PCRE2's C interface for bytes, under the names that C code uses.

pub(crate) use generated::*;

#[allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    missing_docs,
    dead_code,
    unreachable_pub
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/pcre2.rs"));
}
