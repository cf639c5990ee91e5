//! OpenSSL, and nginx's code around it, as the nginx that has loaded the module
//! has it.

use std::sync::OnceLock;

use libloading::os::unix::Library;

#[allow(
    dead_code,
    clippy::missing_safety_doc,
    clippy::too_many_arguments,
    clippy::undocumented_unsafe_blocks,
    missing_docs,
    non_snake_case,
    unsafe_op_in_unsafe_fn
)]
mod generated {
    use nginx_sys::*;
    include!(concat!(env!("OUT_DIR"), "/openssl.rs"));
}

pub(crate) use generated::OpenSsl;

/// The functions; the error tells which one this nginx does not have.
pub(crate) fn openssl() -> Result<&'static OpenSsl, &'static str> {
    static FUNCTIONS: OnceLock<Result<OpenSsl, String>> = OnceLock::new();

    FUNCTIONS
        .get_or_init(|| {
            // SAFETY: the declarations come from the headers of the same nginx and
            // the OpenSSL that it was built with; the program is never unloaded.
            unsafe { OpenSsl::from_library(Library::this()) }
                .map_err(|error| format!("this nginx has no TLS: {error}"))
        })
        .as_ref()
        .map_err(String::as_str)
}
