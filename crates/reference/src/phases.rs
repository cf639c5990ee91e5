//! Where Lua code runs.

/// A set of phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phases(u32);

/// The names that `ngx.get_phase()` gives, in the order in which they run.
pub const NAMES: [&str; 20] = [
    "init",
    "init_worker",
    "ssl_client_hello",
    "ssl_session_fetch",
    "ssl_cert",
    "ssl_session_store",
    "set",
    "server_rewrite",
    "rewrite",
    "access",
    "precontent",
    "content",
    "balancer",
    "proxy_ssl_cert",
    "proxy_ssl_verify",
    "header_filter",
    "body_filter",
    "log",
    "timer",
    "exit_worker",
];

const fn named(name: &str) -> Phases {
    let mut i = 0;
    while i < NAMES.len() {
        if equal(NAMES[i], name) {
            return Phases(1 << i);
        }
        i += 1;
    }
    panic!("no phase has this name")
}

/// `==`, which is no const function.
pub(crate) const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    a.len() == b.len()
}

const fn union(names: &[&str]) -> Phases {
    let mut bits = 0;
    let mut i = 0;
    while i < names.len() {
        bits |= named(names[i]).0;
        i += 1;
    }
    Phases(bits)
}

impl Phases {
    /// All of them.
    pub const ANY: Self = Self((1 << NAMES.len()) - 1);
    /// All but `init`.
    pub const RUNNING: Self = Self::ANY.without(named("init"));
    /// Those that answer a request and can wait.
    pub const OUTPUT: Self =
        union(&["server_rewrite", "rewrite", "access", "precontent", "content"]);
    /// Those that serve a client's request.
    pub const REQUEST: Self = Self::OUTPUT.and(union(&[
        "set",
        "balancer",
        "proxy_ssl_cert",
        "proxy_ssl_verify",
        "header_filter",
        "body_filter",
        "log",
    ]));
    /// Those whose code can wait.
    pub const YIELD: Self = Self::OUTPUT.and(union(&[
        "timer",
        "ssl_cert",
        "ssl_client_hello",
        "ssl_session_fetch",
        "proxy_ssl_cert",
        "proxy_ssl_verify",
    ]));
    /// Where `ngx.exit` works.
    pub const EXIT: Self =
        Self::YIELD.and(union(&["header_filter", "balancer", "ssl_session_store"]));
    /// Where subrequests can be made.
    pub const CAPTURE: Self = union(&["rewrite", "access", "content"]);
    /// Where coroutines can be created.
    pub const COROUTINE: Self = Self::YIELD.and(union(&["init", "header_filter", "body_filter"]));
    /// Where `ngx.arg` has a meaning.
    pub const ARG: Self = union(&["set", "body_filter"]);
    /// Where timers can be created.
    pub const TIMER: Self = Self::RUNNING.without(named("exit_worker"));
    /// Only `init`.
    pub const INIT: Self = named("init");
    /// Only the balancer.
    pub const BALANCER: Self = named("balancer");
    /// Where the server's certificate is chosen.
    pub const SERVER_TLS: Self = union(&["ssl_cert", "ssl_client_hello"]);
    /// Where the connection with the client is known.
    pub const CLIENT_TLS: Self = Self::OUTPUT.and(union(&[
        "set",
        "header_filter",
        "body_filter",
        "log",
        "ssl_cert",
        "ssl_client_hello",
        "ssl_session_fetch",
        "ssl_session_store",
    ]));
    /// Where a session is looked up or kept.
    pub const SESSION: Self = union(&["ssl_session_fetch", "ssl_session_store"]);
    /// Only where a session is looked up.
    pub const SESSION_FETCH: Self = named("ssl_session_fetch");
    /// Only where the client has said hello.
    pub const CLIENT_HELLO: Self = named("ssl_client_hello");
    /// Only where the certificate for an upstream is chosen.
    pub const PROXY_CERTIFICATE: Self = named("proxy_ssl_cert");
    /// Only where the certificate of an upstream is verified.
    pub const PROXY_VERIFY: Self = named("proxy_ssl_verify");

    /// Sets with a name in the table; what it stands for, unless it says so.
    const SETS: [(Self, &'static str, &'static str); 6] = [
        (Self::ANY, "any", "everywhere"),
        (Self::RUNNING, "any but init", ""),
        (Self::TIMER, "any but init and exit_worker", ""),
        (Self::REQUEST, "request", "where a client's request is served"),
        (Self::OUTPUT, "output", "where the response can be made"),
        (Self::YIELD, "yield", "where code can wait"),
    ];

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether the phase called `name` is one of them.
    pub fn contains(self, name: &str) -> bool {
        self.names().any(|phase| phase == name)
    }

    /// Their names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.iter().enumerate().filter(move |(i, _)| self.0 & (1 << i) != 0).map(|(_, name)| *name)
    }

    /// What the table calls them: a set with a name, or a set and some more.
    pub fn label(self) -> String {
        let base = Self::SETS
            .iter()
            .filter(|(set, ..)| set.0 & !self.0 == 0)
            .max_by_key(|(set, ..)| set.0.count_ones());
        let Some((set, label, _)) = base else {
            return self.names().collect::<Vec<_>>().join(", ");
        };
        let mut label = (*label).to_owned();
        for name in self.without(*set).names() {
            label.push_str(", ");
            label.push_str(name);
        }
        label
    }

    /// The sets that have a name: what it stands for, and what is in it.
    pub fn legend() -> impl Iterator<Item = (&'static str, &'static str, Self)> {
        Self::SETS
            .into_iter()
            .filter(|(_, _, text)| !text.is_empty())
            .map(|(set, label, text)| (label, text, set))
    }
}

#[cfg(test)]
mod tests {
    use super::Phases;

    #[test]
    fn label_names_the_largest_set() {
        assert_eq!(Phases::ANY.label(), "any");
        assert_eq!(Phases::OUTPUT.label(), "output");
        assert_eq!(Phases::INIT.label(), "init");
        assert_eq!(Phases::CAPTURE.label(), "rewrite, access, content");
        assert_eq!(Phases::EXIT.label(), "yield, ssl_session_store, balancer, header_filter");
    }

    #[test]
    fn contains_knows_names() {
        assert!(Phases::CAPTURE.contains("access"));
        assert!(!Phases::CAPTURE.contains("precontent"));
        assert!(!Phases::CAPTURE.contains("nonsense"));
    }
}
