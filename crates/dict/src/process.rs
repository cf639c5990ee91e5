//! Who holds a lock, and whether they are still there.

/// A process: its number, and in the upper half when it started, since numbers
/// are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(u64);

impl Process {
    /// The running process.
    pub fn current() -> Self {
        let id = std::process::id();
        Self(u64::from(started(id).unwrap_or(0)) << 32 | u64::from(id))
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    /// The process's number.
    pub const fn id(self) -> u32 {
        self.0 as u32
    }

    /// Whether it runs no more. In doubt it does.
    pub(crate) fn is_dead(self) -> bool {
        // SAFETY: signal 0 only asks whether there is such a process.
        let found = unsafe { libc::kill(self.id() as libc::pid_t, 0) } == 0;
        // EPERM says that there is one, of another user.
        if !found && std::io::Error::last_os_error().raw_os_error() == Some(libc::ESRCH) {
            return true;
        }
        let start = (self.0 >> 32) as u32;
        match stat(self.id()) {
            // A killed process stays as a zombie until its parent asks for it.
            Some((b'Z' | b'X', _)) => true,
            Some((_, since)) => start != 0 && since != start,
            None => false,
        }
    }
}

fn started(id: u32) -> Option<u32> {
    stat(id).map(|(_, since)| since)
}

/// State and starting time of a process, in the system's clock ticks; only
/// Linux tells.
fn stat(id: u32) -> Option<(u8, u32)> {
    /// Fields between the state and the starting time.
    const BETWEEN: usize = 18;

    let text = std::fs::read(format!("/proc/{id}/stat")).ok()?;
    // The name, in parentheses, may have anything in it.
    let fields = &text[text.iter().rposition(|byte| *byte == b')')? + 1..];
    let mut fields = fields.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let state = *fields.next()?.first()?;
    let since = core::str::from_utf8(fields.nth(BETWEEN)?).ok()?.parse::<u64>().ok()?;
    Some((state, since as u32))
}
