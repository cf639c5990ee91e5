//! One test block: its sections and the settings of its file.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::value::Value;

/// The sections we act on. Any other section fails its block: a misspelt
/// `--- no_eror_log` must not pass for a check.
const SECTIONS: &[&str] = &[
    "abort",
    "access_log",
    "config",
    "curl_options",
    "curl_protocol",
    "differs",
    "error_code",
    "error_code_like",
    "error_log",
    "grep_error_log",
    "grep_error_log_out",
    "http09",
    "http2",
    "http_config",
    "ignore_response",
    "ignore_response_body",
    "init",
    "log_level",
    "main_config",
    "more_headers",
    "must_die",
    "no_access_log",
    "no_check_leak",
    "no_error_log",
    "no_shutdown_error_log",
    "pipelined_requests",
    "post_main_config",
    "raw_request",
    "raw_request_middle_delay",
    "raw_response_headers_like",
    "raw_response_headers_unlike",
    "request",
    "response_body",
    "response_body_filters",
    "response_body_like",
    "response_body_unlike",
    "response_headers",
    "response_headers_like",
    "server_name",
    "shutdown",
    "shutdown_error_log",
    "skip_eval",
    "skip_nginx",
    "skip_nginx2",
    "skip_openssl",
    "tcp_listen",
    "tcp_no_close",
    "tcp_query",
    "tcp_query_len",
    "tcp_reply",
    "tcp_reply_delay",
    "tcp_shutdown",
    "tcp_shutdown_delay",
    "timeout",
    "todo",
    "udp_listen",
    "udp_query",
    "udp_reply",
    "udp_reply_delay",
    "user_files",
    "wait",
    "LAST",
    "ONLY",
    "SKIP",
];

/// Sections that exist in the published Test::Nginx, with what to do instead.
const REFUSED: &[(&str, &str)] = &[
    ("request_eval", "write --- request eval"),
    ("response_body_eval", "write --- response_body eval"),
    ("stap", "systemtap is not supported"),
    ("stap_out", "systemtap is not supported"),
    ("stap_out_like", "systemtap is not supported"),
    ("stap_out_unlike", "systemtap is not supported"),
    ("reload_fails", "blocks are not run by reloading one nginx"),
    ("env", "name the variable in --- main_config, as \"env NAME=value;\""),
    ("server_config", "the server's configuration is --- config"),
];

pub struct Block {
    pub sections: BTreeMap<String, Value>,
    pub settings: Settings,
}

/// What the perl part of the file set (repeat_each(2) and the like).
pub struct Settings {
    pub repeat_each: usize,
    pub workers: String,
    pub connections: String,
    pub log_level: String,
    pub timeout: String,
    pub master_process: bool,
    pub no_root_location: bool,
    pub accumulate_log: bool,
    pub config_preamble: Vec<u8>,
    pub server_name: String,
    pub env_to_nginx: Vec<String>,
    /// TEST_NGINX_* as the file left them, for expansion in the configuration.
    pub env: BTreeMap<String, Vec<u8>>,
}

impl Block {
    /// Takes over what perl reported; fails for a section we do not know.
    pub fn new(value: Value) -> Result<Block, String> {
        let Value::Map(mut report) = value else {
            return Err("perl did not report a block".into());
        };
        let (Some(Value::Map(sections)), Some(Value::Map(settings))) =
            (report.remove("sections"), report.remove("settings"))
        else {
            return Err("perl did not report a block".into());
        };
        for name in sections.keys() {
            check_section(name)?;
        }
        Ok(Block { sections, settings: Settings::new(&settings) })
    }

    pub fn has(&self, section: &str) -> bool {
        self.value(section).is_some()
    }

    /// The section, unless it is missing or undef.
    pub fn value(&self, section: &str) -> Option<&Value> {
        self.sections.get(section).filter(|value| **value != Value::Undef)
    }

    /// A section that must be text.
    pub fn text(&self, section: &str) -> Result<Option<&[u8]>, String> {
        match self.value(section) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(format!("--- {section} is {}; it takes text", other.kind())),
        }
    }

    pub fn string(&self, section: &str) -> Result<Option<String>, String> {
        Ok(self.text(section)?.map(|text| String::from_utf8_lossy(text).trim().to_owned()))
    }

    pub fn duration(&self, section: &str) -> Result<Option<Duration>, String> {
        self.string(section)?
            .map(|text| parse_time(&text).map_err(|error| format!("--- {section}: {error}")))
            .transpose()
    }

    /// The value of `section` for request number `request`; when several
    /// requests are sent (`many`) it must be an array.
    pub fn indexed(
        &self,
        section: &str,
        request: usize,
        many: bool,
    ) -> Result<Option<&Value>, String> {
        match self.value(section) {
            None => Ok(None),
            Some(Value::List(list)) => list.get(request).map(Some).ok_or_else(|| {
                format!("--- {section} has no element for request {request} (from 0)")
            }),
            Some(_) if many => {
                Err(format!("--- {section} must be an array, as there are several requests"))
            }
            value => Ok(value),
        }
    }
}

fn check_section(name: &str) -> Result<(), String> {
    if SECTIONS.contains(&name) {
        return Ok(());
    }
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, instead)) => Err(format!("--- {name} cannot be used: {instead}")),
        None => Err(format!("unknown section --- {name}")),
    }
}

/// "2", "1.5s" or "200ms".
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s').unwrap_or(text), 1.0),
    };
    number
        .trim()
        .parse::<f64>()
        .ok()
        .and_then(|number| Duration::try_from_secs_f64(number * unit).ok())
        .ok_or_else(|| format!("\"{text}\" is not a time (2, 1.5s, 200ms)"))
}

impl Settings {
    fn new(map: &BTreeMap<String, Value>) -> Settings {
        let bytes = |key: &str| {
            map.get(key).and_then(Value::as_text).map(<[u8]>::to_vec).unwrap_or_default()
        };
        let text = |key: &str| String::from_utf8_lossy(&bytes(key)).into_owned();
        let env_to_nginx = map.get("env_to_nginx").and_then(Value::as_list).unwrap_or_default();
        let env = map.get("env").and_then(Value::as_map);
        Settings {
            repeat_each: text("repeat_each").parse().unwrap_or(1),
            workers: text("workers"),
            connections: text("connections"),
            log_level: text("log_level"),
            timeout: text("timeout"),
            master_process: text("master_process") == "on",
            no_root_location: text("no_root_location") == "1",
            accumulate_log: text("accumulate_log") == "1",
            config_preamble: bytes("config_preamble"),
            server_name: text("server_name"),
            env_to_nginx: env_to_nginx
                .iter()
                .filter_map(|value| value.as_text())
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .collect(),
            env: env
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_text()?.to_vec())))
                .collect(),
        }
    }
}
