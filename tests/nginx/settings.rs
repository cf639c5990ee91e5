//! What is tested, and how: from the environment.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub struct Settings {
    pub nginx: PathBuf,
    pub version: Version,
    /// What `nginx -V` says.
    pub build: String,
    /// For load_module, in this order.
    pub modules: Vec<PathBuf>,
    /// The echo module, if this nginx takes it.
    pub echo: Option<PathBuf>,
    /// NDK and the set-misc module, if this nginx takes them.
    pub set_misc: Option<[PathBuf; 2]>,
    /// Parity: the C module runs, not ours.
    pub oracle: bool,
    /// Options for valgrind, when nginx is to run under it.
    pub valgrind: Option<Vec<String>>,
    /// By how much longer than a block says we wait for what must come.
    pub patience: f64,
    /// Without it there is no soak.
    pub soak: Option<Soak>,
    /// Where the server roots of this run are made.
    pub work: PathBuf,
}

#[derive(Clone)]
pub struct Soak {
    pub time: Duration,
    /// The URIs to visit; all, if there are none.
    pub only: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Version(pub u32, pub u32, pub u32);

const DEBIAN_MODULES: &str = "/usr/lib/nginx/modules";
const NDK: &str = "ndk_http_module.so";
const VALGRIND: &str = "--tool=memcheck --leak-check=full --show-possibly-lost=no \
                        --num-callers=40 --errors-for-leak-kinds=definite";

impl Settings {
    pub fn from_env() -> Result<Settings, String> {
        let nginx = nginx_binary()?;
        let build = nginx_build(&nginx)?;
        let version = nginx_version(&build)
            .ok_or_else(|| format!("{} -V tells no version: {build}", nginx.display()))?;
        let oracle = flag("TEST_NGINX_ORACLE");
        let work = work_dir()?;
        let valgrind = valgrind_options();

        let mut modules: Vec<PathBuf> = env::var("TEST_NGINX_LOAD_MODULES")
            .unwrap_or_default()
            .split_whitespace()
            .map(PathBuf::from)
            .collect();
        if oracle {
            modules.push(Path::new(DEBIAN_MODULES).join(NDK));
            modules.push(Path::new(DEBIAN_MODULES).join("ngx_http_lua_module.so"));
        } else {
            modules.push(module_under_test()?);
        }
        for module in &modules {
            if !module.exists() {
                return Err(format!("there is no module {}", module.display()));
            }
        }

        let patience = match env::var("TEST_NGINX_TIMEOUT_FACTOR") {
            Ok(text) => text
                .parse()
                .map_err(|_| format!("TEST_NGINX_TIMEOUT_FACTOR is not a number: {text}"))?,
            Err(_) if valgrind.is_some() => 20.0,
            Err(_) => 3.0,
        };
        let mut settings = Settings {
            nginx,
            version,
            build,
            modules,
            echo: None,
            set_misc: None,
            oracle,
            valgrind,
            patience,
            soak: soak()?,
            work,
        };
        let module = |name| Path::new(DEBIAN_MODULES).join(name);
        let echo = module("ngx_http_echo_module.so");
        if settings.takes(std::slice::from_ref(&echo)) {
            settings.echo = Some(echo);
        }
        let set_misc = [module(NDK), module("ngx_http_set_misc_module.so")];
        if settings.takes(&set_misc) {
            settings.set_misc = Some(set_misc);
        }
        Ok(settings)
    }

    /// Debian's modules fit Debian's nginx only; ask nginx.
    fn takes(&self, modules: &[PathBuf]) -> bool {
        if !modules.iter().all(|module| module.exists()) {
            return false;
        }
        let conf = self.work.join("modules.conf");
        let pid = self.work.join("modules.pid");
        let mut text: String =
            modules.iter().map(|module| format!("load_module {};\n", module.display())).collect();
        text += &format!("pid {};\nevents {{}}\n", pid.display());
        if fs::write(&conf, text).is_err() {
            return false;
        }
        let output = Command::new(&self.nginx)
            .args(["-t", "-e", "stderr", "-c"])
            .arg(&conf)
            .arg("-p")
            .arg(&self.work)
            .output();
        let _ = fs::remove_file(&conf);
        let _ = fs::remove_file(pid);
        output.is_ok_and(|output| output.status.success())
    }

    /// The OpenSSL that nginx was built with.
    pub fn openssl_version(&self) -> Option<Version> {
        let (_, after) = self.build.split_once("built with OpenSSL ")?;
        let version = after.split_whitespace().next()?;
        Version::parse(version.trim_end_matches(char::is_alphabetic))
    }

    /// The variables that tell perl what is tested.
    pub fn perl_env(&self) -> Vec<(String, String)> {
        let echo = self.echo.as_ref().map(|module| module.display().to_string());
        let set_misc = self.set_misc.as_ref().map(|[_, module]| module.display().to_string());
        let Version(major, minor, patch) = self.version;
        vec![
            ("TEST_NGINX_ECHO".into(), echo.unwrap_or_default()),
            ("TEST_NGINX_SET_MISC".into(), set_misc.unwrap_or_default()),
            ("TEST_NGINX_NGINX_VERSION".into(), format!("{major}.{minor}.{patch}")),
            ("TEST_NGINX_ORACLE".into(), if self.oracle { "1" } else { "" }.into()),
        ]
    }
}

/// The root of the project: where cargo says it is, else where it was built.
pub fn project() -> PathBuf {
    env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from)
}

fn soak() -> Result<Option<Soak>, String> {
    let Ok(text) = env::var("TEST_NGINX_SOAK_SECONDS") else { return Ok(None) };
    let Some(seconds) = text.parse().ok().filter(|seconds| *seconds >= 10) else {
        return Err(format!("TEST_NGINX_SOAK_SECONDS must be a number, at least 10: {text}"));
    };
    let only = env::var("TEST_NGINX_SOAK_ONLY").unwrap_or_default();
    let only = only.split_whitespace().map(str::to_owned).collect();
    Ok(Some(Soak { time: Duration::from_secs(seconds), only }))
}

fn flag(name: &str) -> bool {
    env::var(name).is_ok_and(|value| !value.is_empty() && value != "0")
}

fn nginx_binary() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("TEST_NGINX_BINARY").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    if let Some(path) = option_env!("NGX_LUA_NGINX") {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")])
        .map(|dir| dir.join("nginx"))
        .find(|file| file.is_file())
        .ok_or_else(|| {
            "no nginx in PATH; install nginx or set TEST_NGINX_BINARY to its path".into()
        })
}

fn nginx_build(nginx: &Path) -> Result<String, String> {
    let output = Command::new(nginx)
        .arg("-V")
        .output()
        .map_err(|error| format!("cannot run {}: {error}", nginx.display()))?;
    Ok(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn nginx_version(build: &str) -> Option<Version> {
    let (_, after) = build.split_once("nginx/")?;
    let version = after.split_whitespace().next()?;
    Version::parse(version)
}

impl Version {
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.split('.').map(|number| number.parse().ok());
        Some(Version(numbers.next()??, numbers.next()??, numbers.next()??))
    }
}

/// The module, built for the profile of this program. `cargo test` alone does
/// not build it: no test program links to a cdylib.
fn module_under_test() -> Result<PathBuf, String> {
    if let Some(path) = env::var_os("TEST_NGINX_MODULE").filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let program = env::current_exe().map_err(|error| format!("where am I? {error}"))?;
    // …/target/<profile>/deps/nginx-<hash>
    let deps = program.parent().ok_or("this program is in no directory")?;
    let profile = deps.parent().ok_or("this program is not in a target directory")?;
    if let Some(cargo) = env::var_os("CARGO") {
        build_module(&cargo, profile)?;
    }
    Ok(profile.join("libngx_http_lua_module.so"))
}

fn build_module(cargo: &OsStr, profile: &Path) -> Result<(), String> {
    let target = profile.parent().ok_or("this program is not in a target directory")?;
    let name = match profile.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let mut command = Command::new(cargo);
    command
        .current_dir(project())
        .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--lib"])
        .args(["--profile", name, "--target-dir"])
        .arg(target);
    if cfg!(feature = "vendored") {
        command.args(["--features", "vendored"]);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err("the module does not build".into()),
        Err(error) => Err(format!("cannot run cargo to build the module: {error}")),
    }
}

const WORK: &str = "nginx-lua-t.";

/// A directory of this run's own. It is short, as paths of sockets must be.
/// What runs of other days left there goes away.
fn work_dir() -> Result<PathBuf, String> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let temp = env::temp_dir();
    for entry in fs::read_dir(&temp).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(WORK);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        if is_ours && modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > DAY)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }

    let work = temp.join(format!("{WORK}{}", std::process::id()));
    fs::create_dir_all(&work)
        .map_err(|error| format!("cannot create {}: {error}", work.display()))?;
    Ok(work)
}

fn valgrind_options() -> Option<Vec<String>> {
    let value = env::var("TEST_NGINX_USE_VALGRIND").ok()?;
    let options = match value.as_str() {
        "" | "0" => return None,
        number if number.bytes().all(|byte| byte.is_ascii_digit()) => VALGRIND,
        options => options,
    };
    let mut options: Vec<String> = options.split_whitespace().map(str::to_owned).collect();
    let suppressions = project().join("valgrind.suppress");
    if suppressions.exists() {
        options.push(format!("--suppressions={}", suppressions.display()));
    }
    options.push("--gen-suppressions=all".into());
    Some(options)
}
