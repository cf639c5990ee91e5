//! PCRE2: compiling and matching.

use core::cell::Cell;
use core::ffi::{c_int, c_void};
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::{self, NonNull};
use core::slice;

use super::options::Options;
use crate::lua::allocator::is_for_memcheck;
use crate::ngx::log;
use crate::sys::NGX_LOG_INFO;
use crate::sys::pcre2::*;

/// A compiled regular expression.
pub(super) struct Regex {
    code: NonNull<pcre2_code>,
    pub options: Options,
    /// How many groups are reported, beside the whole match.
    pub groups: usize,
    names: &'static [u8],
    name_entry: usize,
    pub name_count: usize,
    /// The subject is made of characters of several bytes.
    pub utf: bool,
    /// A subject that is not UTF-8 is an error.
    pub checks_utf: bool,
    has_machine_code: bool,
}

/// The longest message of a failed compilation: C code gave it a buffer of 128
/// bytes, and that is what users know.
const LONGEST_MESSAGE: usize = 127;

impl Regex {
    /// Compiles a pattern; the error is a message for Lua code.
    pub(super) fn compile(pattern: &[u8], options: Options) -> Result<Self, Vec<u8>> {
        let (mut error, mut offset) = (0, 0);
        // SAFETY: pattern and length belong together; null stands for defaults.
        let code = unsafe {
            pcre2_compile(
                pattern.as_ptr(),
                pattern.len(),
                options.compile,
                &raw mut error,
                &raw mut offset,
                ptr::null_mut(),
            )
        };
        let Some(code) = NonNull::new(code) else {
            return Err(compile_error(pattern, error, offset));
        };

        let mut regex = Self {
            code,
            options,
            groups: 0,
            names: &[],
            name_entry: 0,
            name_count: 0,
            utf: false,
            checks_utf: false,
            has_machine_code: false,
        };
        // The pattern can have options in it, `(*UTF)` and `(*NO_JIT)` among them.
        let all: u32 = regex.info(PCRE2_INFO_ALLOPTIONS);
        regex.utf = all & PCRE2_UTF != 0;
        regex.checks_utf = regex.utf && all & PCRE2_MATCH_INVALID_UTF == 0;
        // Machine code reads whole vectors and leaves out what is behind the
        // subject; memcheck cannot tell.
        if options.jit && !options.dfa && !is_for_memcheck() {
            compile_jit(code, pattern);
            regex.has_machine_code = regex.info::<usize>(PCRE2_INFO_JITSIZE) > 0;
        }
        if !options.dfa {
            regex.groups = regex.info::<u32>(PCRE2_INFO_CAPTURECOUNT) as usize;
            regex.name_count = regex.info::<u32>(PCRE2_INFO_NAMECOUNT) as usize;
            regex.name_entry = regex.info::<u32>(PCRE2_INFO_NAMEENTRYSIZE) as usize;
        }
        if regex.name_count > 0 {
            let table: *const u8 = regex.info::<usize>(PCRE2_INFO_NAMETABLE) as *const u8;
            // SAFETY: the table has that many entries of that size, and lives as
            // long as the code. Nobody gets it for longer.
            regex.names =
                unsafe { slice::from_raw_parts(table, regex.name_count * regex.name_entry) };
        }
        Ok(regex)
    }

    /// What PCRE2 knows of the code; `T` has the size that it writes.
    fn info<T: Default>(&self, what: u32) -> T {
        let mut value = T::default();
        // SAFETY: the code is live, and there is room for the answer.
        unsafe { pcre2_pattern_info(self.code.as_ptr(), what, (&raw mut value).cast()) };
        value
    }

    /// The names of groups and the groups' numbers, sorted by name.
    pub(super) fn names(&self) -> impl Iterator<Item = (&[u8], usize)> {
        self.names.chunks_exact(self.name_entry.max(3)).map(|entry| {
            let (number, name) = entry.split_at(2);
            let number = usize::from(u16::from_be_bytes([number[0], number[1]]));
            let len = name.iter().position(|c| *c == 0).unwrap_or(name.len());
            (&name[..len], number)
        })
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: nothing else has the code.
        unsafe { pcre2_code_free(self.code.as_ptr()) }
    }
}

/// Whether PCRE2 can make machine code.
pub(super) fn has_jit() -> bool {
    let mut answer = 0u32;
    // SAFETY: there is room for the answer.
    unsafe { pcre2_config(PCRE2_CONFIG_JIT, (&raw mut answer).cast()) };
    answer != 0
}

/// Makes machine code. Without it, the regex works as well.
fn compile_jit(code: NonNull<pcre2_code>, pattern: &[u8]) {
    // SAFETY: the code was just compiled.
    let rc = unsafe { pcre2_jit_compile(code.as_ptr(), PCRE2_JIT_COMPLETE) };
    if rc != 0 {
        log::cycle_error(
            NGX_LOG_INFO,
            format_args!(
                "pcre2_jit_compile() failed: {rc} in \"{}\", ignored",
                String::from_utf8_lossy(pattern)
            ),
        );
    }
}

fn compile_error(pattern: &[u8], error: c_int, offset: usize) -> Vec<u8> {
    let mut text = [0u8; 128];
    // SAFETY: there is that much room.
    let len = unsafe { pcre2_get_error_message(error, text.as_mut_ptr(), text.len()) };
    // A message that does not fit is cut, and its length is then negative.
    let len = usize::try_from(len).unwrap_or(text.len() - 1);

    let mut message = b"pcre2_compile() failed: ".to_vec();
    message.extend_from_slice(&text[..len]);
    message.extend_from_slice(b" in \"");
    message.extend_from_slice(pattern);
    if let Some(rest @ [_, ..]) = pattern.get(offset..) {
        message.extend_from_slice(b"\" at \"");
        message.extend_from_slice(rest);
    }
    message.push(b'"');
    message.truncate(LONGEST_MESSAGE);
    message
}

/// What matching needs besides a regex. It is there once for each Lua machine
/// and used by all its regular expressions.
pub(super) struct Matcher {
    context: NonNull<pcre2_match_context>,
    general: NonNull<pcre2_general_context>,
    /// The largest piece of memory that a match has asked for.
    largest: Box<Cell<usize>>,
    /// Where the last match noted its groups, ready for the next. It is away
    /// while a match is looked at: a finalizer that runs meanwhile may match too.
    spare: Cell<Option<Groups>>,
    stack: Cell<*mut pcre2_jit_stack>,
}

/// Memory in KiB that a single match may use where it has no machine code. What
/// PCRE2 takes in the worst case otherwise is 20 GB.
const HEAP_LIMIT: u32 = 256 * 1024;

/// A match that needed more memory than this gives it back.
const KEPT: usize = 1 << 20;

/// Pairs of offsets that most regular expressions can do with.
const USUAL_PAIRS: u32 = 16;

/// The smallest stack for machine code.
const SMALLEST_STACK: usize = 32 * 1024;

/// Numbers that a DFA match may note: at first, and if that was not enough.
const DFA_WORKSPACE: usize = 1000;
const LARGE_DFA_WORKSPACE: usize = 1 << 20;

impl Matcher {
    /// `None` if there is no memory. A limit of 0 means PCRE2's own.
    pub(super) fn new(match_limit: u32) -> Option<Self> {
        let largest = Box::new(Cell::new(0));
        // SAFETY: the box stays where it is, longer than the contexts.
        unsafe {
            let data = (&raw const *largest).cast_mut().cast();
            let general =
                NonNull::new(pcre2_general_context_create(Some(allocate), Some(release), data))?;
            let Some(context) = NonNull::new(pcre2_match_context_create(general.as_ptr())) else {
                pcre2_general_context_free(general.as_ptr());
                return None;
            };
            if match_limit > 0 {
                pcre2_set_match_limit(context.as_ptr(), match_limit);
            }
            pcre2_set_heap_limit(context.as_ptr(), HEAP_LIMIT);
            Some(Self {
                context,
                general,
                largest,
                spare: Cell::new(None),
                stack: Cell::new(ptr::null_mut()),
            })
        }
    }

    /// Gives machine code a stack of up to `size` bytes. False without memory.
    pub(super) fn set_stack(&self, size: usize) -> bool {
        // SAFETY: no match runs now, so nothing uses the old stack.
        unsafe {
            let stack =
                pcre2_jit_stack_create(SMALLEST_STACK, size.max(SMALLEST_STACK), ptr::null_mut());
            if stack.is_null() {
                return false;
            }
            pcre2_jit_stack_assign(self.context.as_ptr(), None, stack.cast());
            free_stack(self.stack.replace(stack));
        }
        true
    }

    /// Looks for the regex in `subject` from `start` on. `checked` says that the
    /// subject was seen to be UTF-8, and that `start` is not within a character.
    /// The error is PCRE2's number.
    pub(super) fn find<'m>(
        &'m self,
        regex: &Regex,
        subject: &[u8],
        start: usize,
        checked: bool,
    ) -> Result<Option<Match<'m>>, c_int> {
        // The functions without checks do not look.
        if start > subject.len() {
            return Err(PCRE2_ERROR_BADOFFSET);
        }
        let groups = self.groups(regex.groups)?;
        let mut found = Match { matcher: self, groups: ManuallyDrop::new(groups), set: 0 };

        let (code, data) = (regex.code.as_ptr(), found.groups.data.as_ptr());
        let (context, text, len) = (self.context.as_ptr(), subject.as_ptr(), subject.len());
        let options = if checked { PCRE2_NO_UTF_CHECK } else { 0 };
        let needs_check = regex.checks_utf && !checked;

        // SAFETY: all of it is live; pointer and length belong together, and
        // `start` is not behind the end.
        let rc = unsafe {
            if regex.has_machine_code && !needs_check {
                pcre2_jit_match(code, text, len, start, 0, data, context)
            } else if regex.options.dfa {
                let run = |space: &mut [MaybeUninit<c_int>]| {
                    let (room, size) = (space.as_mut_ptr().cast(), space.len());
                    pcre2_dfa_match(code, text, len, start, options, data, context, room, size)
                };
                match run(&mut [const { MaybeUninit::uninit() }; DFA_WORKSPACE]) {
                    PCRE2_ERROR_DFA_WSSIZE => {
                        run(Box::new_uninit_slice(LARGE_DFA_WORKSPACE).as_mut())
                    }
                    rc => rc,
                }
            } else {
                pcre2_match(code, text, len, start, options, data, context)
            }
        };
        match rc {
            PCRE2_ERROR_NOMATCH => Ok(None),
            // A DFA match says 0 when there are also shorter ones.
            0.. => {
                found.set = (rc as usize).clamp(1, regex.groups + 1);
                Ok(Some(found))
            }
            error => Err(error),
        }
    }

    /// Room for the offsets of so many groups.
    fn groups(&self, groups: usize) -> Result<Groups, c_int> {
        let pairs = groups as u32 + 1;
        match self.spare.take() {
            Some(spare) if spare.pairs >= pairs => Ok(spare),
            _ => Groups::new(pairs.max(USUAL_PAIRS), self.general),
        }
    }
}

impl Drop for Matcher {
    fn drop(&mut self) {
        self.spare.take();
        // SAFETY: no match runs now, and nothing else has them.
        unsafe {
            free_stack(self.stack.get());
            pcre2_match_context_free(self.context.as_ptr());
            pcre2_general_context_free(self.general.as_ptr());
        }
    }
}

/// # Safety
/// Nothing uses the stack.
unsafe fn free_stack(stack: *mut pcre2_jit_stack) {
    if !stack.is_null() {
        // SAFETY: the caller's promise.
        unsafe { pcre2_jit_stack_free(stack) }
    }
}

/// Where a match notes the offsets of its groups.
struct Groups {
    data: NonNull<pcre2_match_data>,
    offsets: NonNull<usize>,
    pairs: u32,
}

impl Groups {
    fn new(pairs: u32, general: NonNull<pcre2_general_context>) -> Result<Self, c_int> {
        // SAFETY: the context is live.
        unsafe {
            let data = NonNull::new(pcre2_match_data_create(pairs, general.as_ptr()))
                .ok_or(PCRE2_ERROR_NOMEMORY)?;
            let offsets = NonNull::new_unchecked(pcre2_get_ovector_pointer(data.as_ptr()));
            Ok(Self { data, offsets, pairs })
        }
    }
}

impl Drop for Groups {
    fn drop(&mut self) {
        // SAFETY: nothing else has it.
        unsafe { pcre2_match_data_free(self.data.as_ptr()) }
    }
}

/// A match, until it is dropped.
pub(super) struct Match<'m> {
    matcher: &'m Matcher,
    groups: ManuallyDrop<Groups>,
    /// The number of the last group that took part, plus 1.
    set: usize,
}

impl Match<'_> {
    /// The offsets of a group. They may be beyond the subject: they are then
    /// those of a group that took no part. Where the pattern has `\K`, the first
    /// may be larger than the second.
    pub(super) fn offsets(&self, group: usize) -> (usize, usize) {
        if group >= self.set {
            return (PCRE2_UNSET, PCRE2_UNSET);
        }
        // SAFETY: there are more pairs than groups.
        unsafe {
            let pair = self.groups.offsets.add(2 * group);
            (pair.read(), pair.add(1).read())
        }
    }

    /// What a group has matched; `None` if it took no part.
    pub(super) fn group<'s>(&self, group: usize, subject: &'s [u8]) -> Option<&'s [u8]> {
        let (from, to) = self.offsets(group);
        subject.get(from..to)
    }
}

const PCRE2_UNSET: usize = usize::MAX;

impl Drop for Match<'_> {
    fn drop(&mut self) {
        // SAFETY: this is the end of the match.
        let groups = unsafe { ManuallyDrop::take(&mut self.groups) };
        if self.matcher.largest.get() > KEPT {
            self.matcher.largest.set(0);
            return;
        }
        self.matcher.spare.set(Some(groups));
    }
}

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn free(data: *mut c_void);
}

unsafe extern "C" fn allocate(size: usize, largest: *mut c_void) -> *mut c_void {
    // SAFETY: the context was made with a pointer to such a cell.
    let largest = unsafe { &*largest.cast::<Cell<usize>>() };
    largest.set(largest.get().max(size));
    // SAFETY: any size will do.
    unsafe { malloc(size) }
}

unsafe extern "C" fn release(data: *mut c_void, _largest: *mut c_void) {
    // SAFETY: PCRE2 passes what `allocate` gave, or null.
    unsafe { free(data) }
}
