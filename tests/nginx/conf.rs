//! The server root of a block: nginx.conf, html/, logs/.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::block::Block;
use crate::peers::Peers;
use crate::ports::Ports;
use crate::settings::{Settings, Version};
use crate::value::Value;

pub struct ServerRoot {
    pub path: PathBuf,
    pub port: u16,
}

/// Puts in the values of $TEST_NGINX_* variables.
pub struct Expander<'a> {
    env: BTreeMap<String, Vec<u8>>,
    ports: &'a Ports,
    peers: &'a Peers,
    taken: BTreeMap<String, u16>,
}

impl<'a> Expander<'a> {
    pub fn new(env: BTreeMap<String, Vec<u8>>, ports: &'a Ports, peers: &'a Peers) -> Expander<'a> {
        Expander { env, ports, peers, taken: BTreeMap::new() }
    }

    pub fn expand(&mut self, text: &[u8]) -> Result<Vec<u8>, String> {
        const PREFIX: &[u8] = b"TEST_NGINX_";
        let mut out = Vec::new();
        let mut rest = text;
        while let Some((&byte, after)) = rest.split_first() {
            if byte == b'$' && after.strip_prefix(b"{").is_some_and(|name| name.starts_with(PREFIX))
            {
                return Err("${TEST_NGINX_…} is not expanded by Test::Nginx; \
                            write $TEST_NGINX_… without braces"
                    .into());
            }
            if byte != b'$' || !after.starts_with(PREFIX) {
                out.push(byte);
                rest = after;
                continue;
            }
            let is_name = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
            let length = after.iter().take_while(|byte| is_name(byte)).count();
            out.extend(self.value(&String::from_utf8_lossy(&after[..length]))?);
            rest = &after[length..];
        }
        Ok(out)
    }

    fn value(&mut self, name: &str) -> Result<Vec<u8>, String> {
        let number = name.strip_prefix("TEST_NGINX_RAND_PORT_").unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            if !self.taken.contains_key(name) {
                self.taken.insert(name.to_owned(), self.ports.take()?);
            }
            return Ok(self.taken[name].to_string().into_bytes());
        }
        let peer = self.peers.value(name)?.map(String::into_bytes);
        self.env.get(name).cloned().or(peer).ok_or_else(|| {
            format!(
                "${name} is not set; set it in the perl part, e.g. $ENV{{{name}}} ||= …{}",
                if name == "TEST_NGINX_HTML_DIR" { " html_dir();" } else { "" }
            )
        })
    }
}

impl ServerRoot {
    pub fn html(&self) -> PathBuf {
        self.path.join("html")
    }

    pub fn conf(&self) -> PathBuf {
        self.path.join("conf/nginx.conf")
    }

    pub fn error_log(&self) -> PathBuf {
        self.path.join("logs/error.log")
    }

    pub fn access_log(&self) -> PathBuf {
        self.path.join("logs/access.log")
    }

    pub fn pid_file(&self) -> PathBuf {
        self.path.join("logs/nginx.pid")
    }

    /// Writes all of it.
    pub fn write(
        &self,
        block: &Block,
        settings: &Settings,
        expander: &mut Expander,
    ) -> Result<(), String> {
        for dir in ["conf", "html", "logs"] {
            let dir = self.path.join(dir);
            fs::create_dir_all(&dir)
                .map_err(|error| format!("cannot create {}: {error}", dir.display()))?;
        }
        write(
            &self.html().join("index.html"),
            b"<html><head><title>It works!</title></head><body>It works!</body></html>",
        )?;
        self.write_user_files(block, expander)?;
        write(&self.conf(), &self.nginx_conf(block, settings, expander)?)
    }

    fn nginx_conf(
        &self,
        block: &Block,
        settings: &Settings,
        expander: &mut Expander,
    ) -> Result<Vec<u8>, String> {
        if !block.has("config") {
            return Err(
                "no --- config section (it may be empty, but it must be there: blocks run \
                        alone, none takes over the configuration of the one before)"
                    .into(),
            );
        }
        let mut section = |name| -> Result<Vec<u8>, String> {
            expander
                .expand(block.text(name)?.unwrap_or_default())
                .map_err(|error| format!("--- {name}: {error}"))
        };
        let main_config = section("main_config")?;
        let http_config = section("http_config")?;
        let config = section("config")?;
        let post_main_config = section("post_main_config")?;

        let all = [main_config.as_slice(), &http_config, &config].concat();
        let master = block.settings.master_process || block.settings.workers != "1";
        let log_level = block.string("log_level")?.unwrap_or(block.settings.log_level.clone());
        let server_name =
            block.string("server_name")?.unwrap_or(block.settings.server_name.clone());

        let mut conf = Conf::default();
        let mut modules: Vec<&PathBuf> = settings.modules.iter().collect();
        modules.extend(settings.echo.iter().filter(|_| uses_echo(&all)));
        for module in settings.set_misc.iter().flatten().filter(|_| uses_set_misc(&all)) {
            // The C module comes with NDK.
            if !modules.contains(&module) {
                modules.push(module);
            }
        }
        for module in modules {
            conf.line(format!("load_module {};", module.display()));
        }
        conf.line(format!("worker_processes {};", block.settings.workers));
        conf.line("daemon off;");
        conf.line(format!("master_process {};", if master { "on" } else { "off" }));
        conf.line(format!("error_log {} {log_level};", self.error_log().display()));
        conf.line(format!("pid {};", self.pid_file().display()));
        if is_root() {
            conf.line("user root;");
        }
        for variable in &block.settings.env_to_nginx {
            let quote = if variable.contains(char::is_whitespace) { "'" } else { "" };
            conf.line(format!("env {quote}{variable}{quote};"));
        }
        conf.text(&main_config);

        conf.line("http {");
        conf.line(format!("    access_log {};", self.access_log().display()));
        conf.line("    default_type text/plain;");
        conf.line("    keepalive_timeout 68;");
        for line in self.temp_paths(settings, &all) {
            conf.line(line);
        }
        conf.text(&http_config);
        conf.line("    server {");
        for line in listen(self.port, block.has("http2"), settings.version) {
            conf.line(line);
        }
        conf.line(format!("        server_name '{}';", server_name.replace('\'', "\\'")));
        conf.line("        client_max_body_size 30M;");
        conf.text(&block.settings.config_preamble);
        conf.text(&config);
        if !block.settings.no_root_location {
            conf.line("        location / {");
            conf.line(format!("            root {};", self.html().display()));
            conf.line("            index index.html index.htm;");
            conf.line("        }");
        }
        conf.line("    }");
        conf.line("}");
        conf.text(&post_main_config);
        conf.line("events {");
        conf.line("    accept_mutex off;");
        conf.line(format!("    worker_connections {};", block.settings.connections));
        conf.line("}");
        Ok(conf.text)
    }

    /// nginx may be built with temporary directories that only a service may
    /// write to.
    fn temp_paths(&self, settings: &Settings, config: &[u8]) -> Vec<String> {
        let config = String::from_utf8_lossy(config);
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .into_iter()
            .filter(|name| !settings.build.contains(&format!("--without-http_{name}_module")))
            .map(|name| format!("{name}_temp_path"))
            .filter(|directive| !config.contains(directive.as_str()))
            .map(|directive| format!("    {directive} {}/{directive};", self.path.display()))
            .collect()
    }

    pub fn write_user_files(&self, block: &Block, expander: &mut Expander) -> Result<(), String> {
        for file in user_files(block)? {
            let path = self.html().join(&file.name);
            let dir = path.parent().unwrap_or(&self.path);
            fs::create_dir_all(dir)
                .map_err(|error| format!("cannot create {}: {error}", dir.display()))?;
            let text = expander
                .expand(&file.text)
                .map_err(|error| format!("--- user_files, {}: {error}", file.name))?;
            write(&path, &text)?;
            if let Some(modified) = &file.modified {
                touch(&path, modified)?;
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Conf {
    text: Vec<u8>,
}

impl Conf {
    fn line(&mut self, line: impl AsRef<str>) {
        self.text.extend(line.as_ref().as_bytes());
        self.text.push(b'\n');
    }

    fn text(&mut self, text: &[u8]) {
        self.text.extend(text);
        self.text.push(b'\n');
    }
}

/// A line that begins with a directive of the echo module.
pub fn uses_echo(config: &[u8]) -> bool {
    config.split(|&byte| byte == b'\n').any(|line| {
        let line = line.trim_ascii_start();
        line.strip_prefix(b"echo")
            .and_then(|rest| rest.first())
            .is_some_and(|&next| next == b'_' || next == b' ' || next == b';')
    })
}

/// A line that begins with a directive of the set-misc module, such as
/// `set_escape_uri`.
pub fn uses_set_misc(config: &[u8]) -> bool {
    config.split(|&byte| byte == b'\n').any(|line| {
        line.trim_ascii_start().strip_prefix(b"set_").is_some_and(|rest| {
            [&b"escape_uri "[..], b"unescape_uri ", b"encode_", b"decode_", b"md5 ", b"sha1 "]
                .iter()
                .any(|name| rest.starts_with(name))
        })
    })
}

fn listen(port: u16, http2: bool, version: Version) -> Vec<String> {
    let own_directive = version >= Version(1, 25, 1);
    match (http2, own_directive) {
        (false, _) => vec![format!("        listen 127.0.0.1:{port};")],
        (true, false) => vec![format!("        listen 127.0.0.1:{port} http2;")],
        (true, true) => {
            vec![format!("        listen 127.0.0.1:{port};"), "        http2 on;".into()]
        }
    }
}

fn is_root() -> bool {
    // SAFETY: geteuid has no conditions.
    unsafe { libc::geteuid() == 0 }
}

pub struct UserFile {
    pub name: String,
    pub text: Vec<u8>,
    pub modified: Option<String>,
}

/// `--- user_files`: ">>> name [time]" before each text, or an array of
/// [name, text, time].
fn user_files(block: &Block) -> Result<Vec<UserFile>, String> {
    match block.value("user_files") {
        None => Ok(Vec::new()),
        Some(Value::Text(text)) => user_files_of_text(text),
        Some(Value::List(list)) => list.iter().map(user_file_of_list).collect(),
        Some(other) => Err(format!("--- user_files is {}", other.kind())),
    }
}

pub fn user_files_of_text(text: &[u8]) -> Result<Vec<UserFile>, String> {
    let mut files: Vec<UserFile> = Vec::new();
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        if let Some(head) = line.strip_prefix(b">>> ") {
            let head = String::from_utf8_lossy(head.trim_ascii()).into_owned();
            let (name, modified) = match head.split_once(char::is_whitespace) {
                Some((name, time)) => (name.to_owned(), Some(time.trim().to_owned())),
                None => (head, None),
            };
            files.push(UserFile { name, text: Vec::new(), modified });
        } else {
            let file = files.last_mut().ok_or("--- user_files does not begin with \">>> name\"")?;
            file.text.extend(line);
        }
    }
    Ok(files)
}

fn user_file_of_list(item: &Value) -> Result<UserFile, String> {
    let parts = item.as_list().ok_or("--- user_files: an element is not an array")?;
    let text = |at: usize| parts.get(at).and_then(Value::as_text);
    let name = text(0).ok_or("--- user_files: a file has no name")?;
    Ok(UserFile {
        name: String::from_utf8_lossy(name).into_owned(),
        text: text(1).unwrap_or_default().to_vec(),
        modified: text(2).map(|time| String::from_utf8_lossy(time).into_owned()),
    })
}

fn write(path: &Path, text: &[u8]) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// The time is as for touch -t, in GMT.
fn touch(path: &Path, time: &str) -> Result<(), String> {
    let status = Command::new("touch").env("TZ", "GMT").args(["-t", time]).arg(path).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("--- user_files: touch -t does not take the time \"{time}\"")),
    }
}
