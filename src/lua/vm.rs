//! A virtual machine: one per worker, or one per request with
//! `lua_code_cache off`.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::hash::Hasher;
use std::rc::Rc;

use mlua::Lua;

use super::code::Kept;
use super::coroutine::{Coroutine, Marks};
use super::state::Ref;
use super::{State, allocator, guard, sandbox, traceback};
use crate::sys::lua as ffi;

/// What the configuration says about a virtual machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// Values for `package.path` and `package.cpath`, `;;` not yet replaced.
    pub package_path: Option<Vec<u8>>,
    pub package_cpath: Option<Vec<u8>>,
    /// The server prefix, for `$prefix` in those values.
    pub prefix: Vec<u8>,
    /// How many ended coroutines are kept for reuse.
    pub thread_cache: usize,
}

/// The machine owns its states, its code and its spare coroutines; everything
/// ends with it. Requests that hold a private one keep it alive by an `Rc`.
pub(crate) struct Vm {
    main: State,
    /// Table in the registry: key → closure factory.
    code: Ref,
    /// Metatable of the globals table that each run gets.
    globals_meta: Ref,
    /// What tells the globals that a chunk needs.
    pub(super) inspector: Option<Ref>,
    /// What runs need of the chunks that have a slot.
    pub(super) kept: RefCell<Vec<Option<(Kept, Ref)>>>,
    /// The error handler of [`Vm::call`].
    handler: Ref,
    /// Ended coroutines, reset and ready to run again.
    pub(super) spare: RefCell<Vec<Coroutine>>,
    pub(super) spare_limit: usize,
    pub(super) reset_thread: Option<ffi::ResetThread>,
    /// A coroutine that never runs.
    pub(super) pristine: State,
    pub(super) marks: Marks,
    /// See [`Vm::guest`].
    guest: OnceCell<Box<dyn Any>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum CreateError {
    #[error("failed to initialize Lua VM")]
    NoMemory,
    #[error("failed to initialize Lua VM: {0}")]
    Setup(#[from] mlua::Error),
}

impl Vm {
    /// Creates a machine with the standard libraries and the package paths of
    /// the configuration; `open` then adds the API.
    pub(crate) fn new(
        options: &Options,
        open: impl FnOnce(&Lua, State) -> mlua::Result<()>,
    ) -> Result<Rc<Self>, CreateError> {
        let l = allocator::new_state();
        if l.is_null() {
            return Err(CreateError::NoMemory);
        }

        // SAFETY: the state was just created and is closed with the machine.
        let main = unsafe {
            ffi::luaL_openlibs(l);
            State::from_ptr(l)
        };

        // From here on, an early return closes the state.
        let mut vm = Self {
            main,
            code: {
                main.new_table(0, 0);
                main.anchor()
            },
            globals_meta: sandbox::metatable(main),
            inspector: None,
            kept: RefCell::default(),
            handler: {
                main.push_function(guard::function(traceback::handler), 0);
                main.anchor()
            },
            spare: RefCell::default(),
            spare_limit: options.thread_cache,
            reset_thread: ffi::reset_thread(),
            pristine: {
                // SAFETY: the coroutine is anchored at once, for good.
                let co = unsafe { State::from_ptr(ffi::lua_newthread(l)) };
                main.anchor();
                co
            },
            marks: Marks::new(main),
            guest: OnceCell::new(),
        };

        vm.inspector = sandbox::inspector(vm.lua());
        let lua = vm.lua();
        package_paths(lua, options)?;
        open(lua, main)?;
        Ok(Rc::new(vm))
    }

    /// The same machine behind mlua's safe interface, for set-up.
    pub(crate) fn lua(&self) -> &Lua {
        // SAFETY: the state lives as long as `self`.
        unsafe { Lua::get_or_init_from_ptr(self.main.as_ptr()) }
    }

    /// What another part of the module keeps for each machine, made on first use.
    /// It ends after all Lua values.
    pub(crate) fn guest<T: Default + 'static>(&self) -> &T {
        let guest = self.guest.get_or_init(|| Box::new(T::default()));
        guest.downcast_ref().expect("machines have one kind of guest")
    }

    /// The main state, on which everything runs that may not wait.
    pub(crate) fn main(&self) -> State {
        self.main
    }

    /// Pushes the code table on the main state.
    pub(super) fn push_code(&self) {
        self.main.push_ref(self.code);
    }

    pub(super) fn push_globals_meta(&self, l: State) {
        l.push_ref(self.globals_meta);
    }

    /// Calls the function below the `args` topmost values of the main state.
    /// On error, the text for the log is returned, if there is one.
    pub(crate) fn call(&self, args: i32, results: i32) -> Result<(), Option<Vec<u8>>> {
        let l = self.main;
        let base = l.top() - args;

        l.push_ref(self.handler);
        l.insert(base);

        // SAFETY: function, arguments and handler are in place.
        let status = unsafe { ffi::lua_pcall(l.as_ptr(), args, results, base) };
        l.remove(base);

        if status == ffi::LUA_OK {
            return Ok(());
        }

        let message = l.bytes(-1).map(<[u8]>::to_vec);
        l.pop(1);
        Err(message)
    }
}

/// A hash for addresses, which need no protection against collisions.
#[derive(Default)]
pub(crate) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, address: usize) {
        const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0 ^ address as u64).wrapping_mul(MULTIPLIER);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        // SAFETY: nothing runs on the machine any more: its owner is the
        // cycle, or the last request that used it.
        unsafe { ffi::lua_close(self.main.as_ptr()) }
    }
}

fn package_paths(lua: &Lua, options: &Options) -> mlua::Result<()> {
    let package: mlua::Table = lua.globals().get("package")?;

    for (field, value) in [("path", &options.package_path), ("cpath", &options.package_cpath)] {
        let Some(value) = value else { continue };
        let default: mlua::LuaString = package.get(field)?;
        let path = nginx_lua_text::path::package_path(value, &options.prefix, &default.as_bytes());
        package.set(field, lua.create_string(path)?)?;
    }

    Ok(())
}
