//! What a TLS handshake is about, and what came of it.

use core::cell::{Cell, RefCell};

use crate::ngx::ssl::{Session, Store};

/// A handshake that goes on.
pub(super) struct Handshake {
    /// The certificate has to be verified, for this name.
    pub verify: bool,
    pub server_name: Option<Vec<u8>>,
    pub trust: Trust,
}

/// Whose certificates are trusted.
#[derive(PartialEq, Eq)]
pub(super) enum Trust {
    Configured,
    /// Those of the system, which are in this file, or why there are none.
    System(Result<&'static str, &'static str>),
    Given(Store),
}

/// What was agreed on for a connection, besides what OpenSSL knows.
pub(super) struct Agreement {
    pub trust: Trust,
    /// It is what the present user wants.
    pub suits: Cell<bool>,
    /// The session that the handshake ended with, if there was nothing to take up in
    /// it yet, and somebody has it.
    pub first_session: RefCell<Option<Session>>,
}

impl Agreement {
    /// Another user may want something else.
    pub(super) fn forget_user(&self) {
        self.suits.set(false);
    }
}
