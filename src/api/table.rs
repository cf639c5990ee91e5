//! What is registered where: one table of functions, area by area.

use super::function::Function;

/// Every area's functions.
pub(super) const FUNCTIONS: &[&[Function]] = &[
    super::output::FUNCTIONS,
    super::log::FUNCTIONS,
    super::exit::FUNCTIONS,
    super::sleep::FUNCTIONS,
    super::thread::FUNCTIONS,
    super::timer::FUNCTIONS,
    super::coroutine::FUNCTIONS,
    super::request::FUNCTIONS,
    super::raw_header::FUNCTIONS,
    super::request_headers::FUNCTIONS,
    super::uri::FUNCTIONS,
    super::body::FUNCTIONS,
    super::encoding::FUNCTIONS,
    super::hash::FUNCTIONS,
    super::worker::FUNCTIONS,
    super::capture::FUNCTIONS,
    super::exec::FUNCTIONS,
    super::redirect::FUNCTIONS,
];
