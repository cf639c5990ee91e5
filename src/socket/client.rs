//! What a stream knows of the client's connection.

use core::cell::Cell;

use super::failure::Failure;
use crate::ngx::Request;
use crate::sys::*;

/// What a stream of the client's connection knows of it.
pub(super) struct Client {
    request: Request,
    /// How much of the body has not come; none if the socket has the whole
    /// connection.
    rest: Cell<Option<usize>>,
}

impl Client {
    pub(super) fn new(request: Request, body: Option<usize>) -> Self {
        Self { request, rest: Cell::new(body) }
    }

    /// How many bytes may be received.
    pub(super) fn limit(&self) -> usize {
        self.rest.get().unwrap_or(usize::MAX)
    }

    pub(super) fn received(&self, n: usize) {
        // SAFETY: live request.
        unsafe { (*self.request.as_ptr()).request_length += n as off_t };
        let Some(rest) = self.rest.get() else { return };
        self.rest.set(Some(rest - n));
        if rest == n {
            self.body_is_read();
        }
    }

    /// What follows on the connection is the next request.
    fn body_is_read(&self) {
        // SAFETY: live request; the socket has made the body.
        unsafe {
            let r = self.request.as_ptr();
            (*r).set_reading_body(0);
            if let Some(body) = (*r).request_body.as_mut() {
                body.rest = 0;
            }
        }
    }

    /// Why nothing more can be received.
    pub(super) fn why_closed(&self) -> Failure {
        let watched = self.request.loc_conf().check_client_abort == 1;
        match self.rest.get() {
            Some(0) => Failure::Closed,
            None if !watched => Failure::Closed,
            _ => "client aborted".into(),
        }
    }

    pub(super) fn is_body(&self) -> bool {
        self.rest.get().is_some()
    }
}
