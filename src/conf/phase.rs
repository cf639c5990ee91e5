//! The phases in which Lua code runs.

use bitflags::bitflags;

/// A phase of Lua code. The discriminant is the phase's bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Phase {
    Init = 0,
    Set = 0x00001,
    Rewrite = 0x00002,
    Access = 0x00004,
    Content = 0x00008,
    Log = 0x00010,
    HeaderFilter = 0x00020,
    BodyFilter = 0x00040,
    Timer = 0x00080,
    InitWorker = 0x00100,
    ExitWorker = 0x02000,
    ServerRewrite = 0x08000,
    Precontent = 0x20000,
}

bitflags! {
    /// A set of phases.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Phases: u32 {
        const SET = Phase::Set as u32;
        const REWRITE = Phase::Rewrite as u32;
        const ACCESS = Phase::Access as u32;
        const CONTENT = Phase::Content as u32;
        const LOG = Phase::Log as u32;
        const HEADER_FILTER = Phase::HeaderFilter as u32;
        const BODY_FILTER = Phase::BodyFilter as u32;
        const TIMER = Phase::Timer as u32;
        const INIT_WORKER = Phase::InitWorker as u32;
        const EXIT_WORKER = Phase::ExitWorker as u32;
        const SERVER_REWRITE = Phase::ServerRewrite as u32;
        const PRECONTENT = Phase::Precontent as u32;

        /// Phases that produce output.
        const OUTPUT = Self::SERVER_REWRITE.bits() | Self::REWRITE.bits() | Self::ACCESS.bits()
            | Self::PRECONTENT.bits() | Self::CONTENT.bits();
        /// Phases that may wait for subrequests.
        const CAPTURE = Self::REWRITE.bits() | Self::ACCESS.bits() | Self::CONTENT.bits();
        /// Phases that run in a coroutine of their own and may wait.
        const YIELD = Self::OUTPUT.bits() | Self::TIMER.bits();
        /// Phases that serve a client's request.
        const REQUEST = Self::SET.bits() | Self::OUTPUT.bits() | Self::HEADER_FILTER.bits()
            | Self::BODY_FILTER.bits() | Self::LOG.bits();
    }
}

impl Phase {
    /// What `ngx.get_phase()` says.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InitWorker => "init_worker",
            Self::ExitWorker => "exit_worker",
            Self::Set => "set",
            Self::ServerRewrite => "server_rewrite",
            Self::Rewrite => "rewrite",
            Self::Access => "access",
            Self::Precontent => "precontent",
            Self::Content => "content",
            Self::HeaderFilter => "header_filter",
            Self::BodyFilter => "body_filter",
            Self::Log => "log",
            Self::Timer => "timer",
        }
    }

    /// The base name of the directives: chunk names and code keys start with it.
    /// Timers have none; this is what messages call them.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::Init => "init_by_lua",
            Self::InitWorker => "init_worker_by_lua",
            Self::ExitWorker => "exit_worker_by_lua",
            Self::Set => "set_by_lua",
            Self::ServerRewrite => "server_rewrite_by_lua",
            Self::Rewrite => "rewrite_by_lua",
            Self::Access => "access_by_lua",
            Self::Precontent => "precontent_by_lua",
            Self::Content => "content_by_lua",
            Self::HeaderFilter => "header_filter_by_lua",
            Self::BodyFilter => "body_filter_by_lua",
            Self::Log => "log_by_lua",
            Self::Timer => "ngx.timer",
        }
    }

    /// Whether its code runs for a client's request.
    pub(crate) fn has_request(self) -> bool {
        self.is_in(Phases::REQUEST)
    }

    pub(crate) fn is_in(self, phases: Phases) -> bool {
        phases.bits() & self as u32 != 0
    }
}
