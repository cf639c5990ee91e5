//! `lua_shared_dict`, and the zones that `init_by_lua` waits for.

use core::cell::OnceCell;
use core::ffi::{c_char, c_void};
use core::ptr::{self, NonNull};

use nginx_lua_dict::Dict;

use super::MainConf;
use super::cf::{Conf, Refused};
use super::setters::setter;
use crate::ngx::{self, NgxStr, Pool, log, zone};
use crate::sys::*;

/// The smallest size that the directive takes.
const SMALLEST: isize = 8192;

/// A zone that was declared through this module.
#[repr(C)]
pub(crate) struct Zone {
    /// What its owner gets for nginx's zone: `data` and `init` are the owner's.
    pub view: ngx_shm_zone_t,
    conf: NonNull<MainConf>,
    cycle: *mut ngx_cycle_t,
    /// The owner is `lua_shared_dict`.
    is_dict: bool,
    dict: OnceCell<Dict>,
}

impl Zone {
    pub(crate) fn name(&self) -> &[u8] {
        self.view.shm.name.bytes()
    }

    /// Its dictionary, if it is one and is set up.
    #[inline]
    pub(crate) fn dict(&self) -> Option<&Dict> {
        self.dict.get().map(zone::in_this_process)
    }
}

pub(super) unsafe extern "C" fn shared_dict(
    cf: *mut ngx_conf_t,
    cmd: *mut ngx_command_t,
    _conf: *mut c_void,
) -> *mut c_char {
    setter(cf, cmd, |cf, _| {
        let (mut name, mut size_text) = (cf.args()[1], cf.args()[2]);
        let shown = |text: &ngx_str_t| String::from_utf8_lossy(text.bytes()).into_owned();
        if name.len == 0 {
            return cf.refuse(&format!("invalid lua shared dict name \"{}\"", shown(&name)));
        }
        // SAFETY: nginx only reads the text.
        let size = unsafe { ngx_parse_size(&raw mut size_text) };
        if size < SMALLEST {
            return cf.refuse(&format!("invalid lua shared dict size \"{}\"", shown(&size_text)));
        }

        let tag = crate::sys::module().cast_mut().cast();
        // SAFETY: called while the configuration is read.
        let zone = unsafe { add(cf, &raw mut name, size.cast_unsigned(), tag) };
        let Some(mut zone) = zone else { return Err(Refused::Reported) };
        // SAFETY: the cycle's pool keeps it, and nobody else uses it now.
        let zone = unsafe { zone.as_mut() };
        if !zone.view.data.is_null() {
            let name = shown(&name);
            return cf
                .refuse(&format!("lua_shared_dict \"{name}\" is already defined as \"{name}\""));
        }
        zone.view.data = ptr::from_mut(zone).cast();
        zone.view.init = Some(init_dict);
        zone.is_dict = true;
        Ok(())
    })
}

/// Declares a zone that `init_by_lua` waits for; none if that was logged.
///
/// # Safety
/// The configuration is being read, inside `http {}`.
pub(crate) unsafe fn add(
    cf: Conf,
    name: *mut ngx_str_t,
    size: usize,
    tag: *mut c_void,
) -> Option<NonNull<Zone>> {
    // SAFETY: nginx's arguments; a zone lives as long as its cycle.
    unsafe {
        let real = NonNull::new(ngx_shared_memory_add(cf.as_ptr(), name, size, tag))?.as_ptr();
        if !(*real).data.is_null() {
            return NonNull::new((*real).data.cast());
        }
        let conf = cf.main_conf();
        let zone = Pool::from_ptr((*cf.as_ptr()).pool).own(|| Zone {
            view: *real,
            conf: NonNull::from(&mut *conf),
            cycle: (*cf.as_ptr()).cycle,
            is_dict: false,
            dict: OnceCell::new(),
        })?;
        (*real).data = zone.as_ptr().cast();
        (*real).init = Some(init_zone);
        conf.zones.push(zone);
        Some(zone)
    }
}

/// nginx has mapped a zone; `old` is the one of the configuration before, if its
/// memory is used on.
unsafe extern "C" fn init_zone(real: *mut ngx_shm_zone_t, old: *mut c_void) -> ngx_int_t {
    ngx::callback("shared memory", ERROR, || {
        // SAFETY: `add` has set `data`; an old zone lives as long as the old
        // cycle, which is still there.
        unsafe {
            let zone: *mut Zone = (*real).data.cast();
            let old_data = old.cast::<Zone>().as_ref().map_or(ptr::null_mut(), |old| old.view.data);
            (*zone).view.shm = (*real).shm;
            (*zone).view.noreuse = (*real).noreuse;
            let view = &raw mut (*zone).view;
            if let Some(init) = (*view).init
                && init(view, old_data) != OK
            {
                return ERROR;
            }

            let conf = (*zone).conf.as_ref();
            conf.zones_ready.set(conf.zones_ready.get() + 1);
            if conf.zones_ready.get() < conf.zones.len() || conf.vm().is_some() {
                return OK;
            }
            // What the code logs goes to the logs of the new configuration.
            let cycle = ngx_cycle;
            ngx_cycle = (*zone).cycle;
            let status = (conf.handlers.init)(conf);
            ngx_cycle = cycle;
            status
        }
    })
}

unsafe extern "C" fn init_dict(view: *mut ngx_shm_zone_t, old: *mut c_void) -> ngx_int_t {
    // SAFETY: `shared_dict` has set `data`; nginx has mapped the zone, and it is
    // this module's, as the tag says.
    let dict = unsafe {
        let zone = (*view).data.cast::<Zone>();
        let dict =
            if old.is_null() { zone::create(&(*view).shm) } else { zone::open(&(*view).shm) };
        dict.map(|dict| (*zone).dict.set(dict))
    };
    match dict {
        Ok(_) => OK,
        Err(_) => {
            log::cycle_error(NGX_LOG_CRIT, "ngx_slab_alloc() failed: no memory");
            ERROR
        }
    }
}

impl MainConf {
    /// The zone of this name that was declared through this module.
    pub(crate) fn zone(&self, name: &[u8]) -> Option<NonNull<Zone>> {
        // SAFETY: the zones live as long as the configuration.
        self.zones.iter().copied().find(|zone| unsafe { zone.as_ref() }.name() == name)
    }

    /// The dictionaries.
    pub(crate) fn dictionaries(&self) -> impl Iterator<Item = &Zone> {
        // SAFETY: as above.
        self.zones.iter().map(|zone| unsafe { zone.as_ref() }).filter(|zone| zone.is_dict)
    }
}
