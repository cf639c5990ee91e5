//! The Lua API, function by function.

use crate::phases::Phases;

/// What belongs together.
#[derive(Debug)]
pub struct Group {
    /// Of what these are fields.
    pub of: Of,
    /// The page below `docs/api/` that describes it; none for what does not
    /// exist yet.
    pub page: Option<&'static str>,
    /// The fields.
    pub entries: &'static [Entry],
}

/// Where a name is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The global variables.
    Globals,
    /// What `require` returns.
    Module(&'static str),
    /// An object that a function returns.
    Object(&'static str),
}

/// A function, or a value.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// For globals with its path: `ngx.req.get_method`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Where it works.
    pub phases: Phases,
}

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function.
    Function,
    /// A value that is found when it is read, or a table of such.
    Value,
}

const fn f(name: &'static str, phases: Phases) -> Entry {
    Entry { name, kind: Kind::Function, phases }
}

const fn v(name: &'static str, phases: Phases) -> Entry {
    Entry { name, kind: Kind::Value, phases }
}

const fn done(of: Of, page: &'static str, entries: &'static [Entry]) -> Group {
    Group { of, page: Some(page), entries }
}

const fn later(of: Of, entries: &'static [Entry]) -> Group {
    Group { of, page: None, entries }
}

use Of::{Globals, Module, Object};

const ANY: Phases = Phases::ANY;
const RUNNING: Phases = Phases::RUNNING;
const OUTPUT: Phases = Phases::OUTPUT;
const REQUEST: Phases = Phases::REQUEST;
const YIELD: Phases = Phases::YIELD;

/// All of the API.
pub const API: &[Group] = &[
    done(
        Globals,
        "output.md",
        &[
            f("ngx.print", OUTPUT),
            f("ngx.say", OUTPUT),
            f("ngx.flush", OUTPUT),
            f("ngx.eof", OUTPUT),
            f("ngx.send_headers", OUTPUT),
            v("ngx.headers_sent", REQUEST),
            f("ngx.log", ANY),
            f("print", ANY),
        ],
    ),
    done(
        Globals,
        "flow.md",
        &[
            f("ngx.exit", Phases::EXIT),
            f("ngx.sleep", YIELD),
            f("coroutine.create", Phases::COROUTINE),
            f("coroutine.resume", Phases::COROUTINE),
            f("coroutine.yield", Phases::COROUTINE),
            f("coroutine.wrap", Phases::COROUTINE),
            f("coroutine.status", Phases::COROUTINE),
            f("coroutine.running", ANY),
            f("coroutine.isyieldable", ANY),
            f("coroutine._create", Phases::COROUTINE),
            f("coroutine._resume", Phases::COROUTINE),
            f("coroutine._yield", Phases::COROUTINE),
            f("coroutine._wrap", Phases::COROUTINE),
            f("coroutine._status", Phases::COROUTINE),
            f("coroutine.__create", Phases::COROUTINE),
            f("coroutine.__resume", Phases::COROUTINE),
            f("coroutine.__yield", Phases::COROUTINE),
            f("coroutine.__wrap", Phases::COROUTINE),
            f("coroutine.__status", Phases::COROUTINE),
        ],
    ),
    done(Globals, "flow.md", &[f("ngx.exec", OUTPUT), f("ngx.redirect", OUTPUT)]),
    done(
        Globals,
        "subrequests.md",
        &[
            f("ngx.location.capture", Phases::CAPTURE),
            f("ngx.location.capture_multi", Phases::CAPTURE),
            v("ngx.is_subrequest", REQUEST),
        ],
    ),
    done(
        Globals,
        "request.md",
        &[
            f("ngx.req.get_method", REQUEST),
            f("ngx.req.get_headers", REQUEST),
            f("ngx.req.set_header", REQUEST),
            f("ngx.req.clear_header", REQUEST),
            f("ngx.req.get_uri_args", REQUEST),
            f("ngx.req.set_uri_args", REQUEST),
            f("ngx.req.set_uri", REQUEST),
            f("ngx.req.read_body", OUTPUT),
            f("ngx.req.get_body_data", REQUEST),
        ],
    ),
    done(
        Globals,
        "request.md",
        &[
            f("ngx.req.http_version", REQUEST),
            f("ngx.req.raw_header", REQUEST),
            f("ngx.req.is_internal", REQUEST),
            f("ngx.req.start_time", RUNNING),
            f("ngx.req.set_method", REQUEST),
            f("ngx.req.get_post_args", REQUEST),
            f("ngx.req.discard_body", REQUEST),
            f("ngx.req.get_body_file", REQUEST),
            f("ngx.req.set_body_data", REQUEST),
            f("ngx.req.set_body_file", REQUEST),
            f("ngx.req.init_body", REQUEST),
            f("ngx.req.append_body", REQUEST),
            f("ngx.req.finish_body", REQUEST),
        ],
    ),
    done(Module("ngx.req"), "request.md", &[f("add_header", REQUEST)]),
    done(
        Globals,
        "response.md",
        &[v("ngx.status", REQUEST), v("ngx.header", REQUEST), f("ngx.resp.get_headers", REQUEST)],
    ),
    done(
        Module("ngx.resp"),
        "response.md",
        &[f("add_header", REQUEST), f("set_status", REQUEST), f("bypass_if_checks", REQUEST)],
    ),
    done(
        Globals,
        "variables.md",
        &[v("ngx.var", REQUEST), v("ngx.ctx", RUNNING), v("ngx.arg", Phases::ARG)],
    ),
    done(Globals, "variables.md", &[v("ndk.set_var", RUNNING)]),
    done(
        Globals,
        "environment.md",
        &[
            f("ngx.get_phase", ANY),
            f("ngx.get_raw_phase", RUNNING),
            f("ngx.worker.pid", ANY),
            f("ngx.worker.id", ANY),
            f("ngx.worker.count", ANY),
            f("ngx.worker.exiting", ANY),
            f("ngx.worker.pids", ANY),
            f("ngx.config.prefix", ANY),
            f("ngx.config.nginx_configure", ANY),
            v("ngx.config.subsystem", ANY),
            v("ngx.config.debug", ANY),
            v("ngx.config.nginx_version", ANY),
            v("ngx.config.ngx_lua_version", ANY),
            v("ngx.config.lua_module.name", ANY),
            v("ngx.config.lua_module.version", ANY),
            v("ngx.null", ANY),
        ],
    ),
    done(
        Globals,
        "time.md",
        &[
            f("ngx.time", ANY),
            f("ngx.now", ANY),
            f("ngx.update_time", ANY),
            f("ngx.today", ANY),
            f("ngx.localtime", ANY),
            f("ngx.utctime", ANY),
        ],
    ),
    done(
        Globals,
        "time.md",
        &[f("ngx.http_time", ANY), f("ngx.cookie_time", ANY), f("ngx.parse_http_time", ANY)],
    ),
    done(
        Globals,
        "encoding.md",
        &[
            f("ngx.escape_uri", ANY),
            f("ngx.unescape_uri", ANY),
            f("ngx.encode_args", ANY),
            f("ngx.decode_args", ANY),
            f("ngx.encode_base64", ANY),
            f("ngx.decode_base64", ANY),
            f("ngx.decode_base64mime", ANY),
            f("ngx.crc32_short", ANY),
            f("ngx.crc32_long", ANY),
            f("ngx.md5", ANY),
            f("ngx.md5_bin", ANY),
            f("ngx.sha1_bin", ANY),
            f("ngx.hmac_sha1", ANY),
            f("ngx.quote_sql_str", ANY),
        ],
    ),
    done(
        Module("ngx.base64"),
        "encoding.md",
        &[f("encode_base64url", ANY), f("decode_base64url", ANY)],
    ),
    done(
        Globals,
        "regex.md",
        &[
            f("ngx.re.match", ANY),
            f("ngx.re.find", ANY),
            f("ngx.re.gmatch", ANY),
            f("ngx.re.sub", ANY),
            f("ngx.re.gsub", ANY),
        ],
    ),
    done(Module("ngx.re"), "regex.md", &[f("split", ANY), f("opt", ANY)]),
    done(Module("resty.core"), "modules.md", &[]),
    done(
        Module("resty.core.base"),
        "modules.md",
        &[
            f("allows_subsystem", ANY),
            f("clear_tab", ANY),
            f("get_errmsg_ptr", ANY),
            f("get_request", ANY),
            f("get_size_ptr", ANY),
            f("get_string_buf", ANY),
            f("get_string_buf_size", ANY),
            f("new_tab", ANY),
            f("ref_in_table", ANY),
            f("set_string_buf_size", ANY),
        ],
    ),
    done(Module("resty.core.base64"), "modules.md", &[]),
    done(Module("resty.core.coroutine"), "modules.md", &[]),
    done(Module("resty.core.ctx"), "variables.md", &[f("get_ctx_table", RUNNING)]),
    done(Module("resty.core.exit"), "modules.md", &[]),
    done(Module("resty.core.hash"), "modules.md", &[]),
    done(
        Module("resty.core.misc"),
        "modules.md",
        &[f("register_ngx_magic_key_getter", ANY), f("register_ngx_magic_key_setter", ANY)],
    ),
    done(Module("resty.core.ndk"), "variables.md", &[]),
    done(Module("resty.core.param"), "modules.md", &[]),
    done(Module("resty.core.phase"), "modules.md", &[]),
    done(
        Module("resty.core.regex"),
        "regex.md",
        &[
            f("check_buf_size", ANY),
            f("destroy_compiled_regex", ANY),
            f("is_regex_cache_empty", ANY),
            f("re_match_compile", ANY),
            f("re_sub_compile", ANY),
            f("set_buf_grow_ratio", ANY),
        ],
    ),
    done(Module("resty.core.request"), "request.md", &[f("set_req_header", REQUEST)]),
    done(Module("resty.core.response"), "response.md", &[f("set_resp_header", REQUEST)]),
    done(
        Module("resty.core.time"),
        "modules.md",
        &[f("monotonic_msec", ANY), f("monotonic_time", ANY)],
    ),
    done(Module("resty.core.uri"), "modules.md", &[]),
    done(Module("resty.core.utils"), "modules.md", &[f("str_replace_char", ANY)]),
    done(Module("resty.core.var"), "variables.md", &[]),
    done(Module("resty.core.worker"), "modules.md", &[]),
    done(Module("resty.lrucache"), "modules.md", LRUCACHE),
    done(Module("resty.lrucache.pureffi"), "modules.md", LRUCACHE),
    done(Module("tablepool"), "modules.md", &[f("fetch", ANY), f("release", ANY)]),
    done(
        Globals,
        "thread.md",
        &[
            f("ngx.thread.spawn", YIELD),
            f("ngx.thread.wait", YIELD),
            f("ngx.thread.kill", YIELD),
            f("ngx.on_abort", REQUEST),
        ],
    ),
    done(
        Globals,
        "timer.md",
        &[
            f("ngx.timer.at", Phases::TIMER),
            f("ngx.timer.every", Phases::TIMER),
            f("ngx.timer.running_count", RUNNING),
            f("ngx.timer.pending_count", RUNNING),
        ],
    ),
    done(
        Module("ngx.semaphore"),
        "semaphore.md",
        &[f("new", ANY), f("post", ANY), f("wait", YIELD), f("count", ANY)],
    ),
    done(Object("semaphore"), "semaphore.md", &[f("post", ANY), f("wait", YIELD), f("count", ANY)]),
    done(Globals, "shared.md", &[v("ngx.shared", ANY)]),
    done(
        Object("ngx.shared.NAME"),
        "shared.md",
        &[
            f("get", ANY),
            f("get_stale", ANY),
            f("set", ANY),
            f("safe_set", ANY),
            f("add", ANY),
            f("safe_add", ANY),
            f("replace", ANY),
            f("delete", ANY),
            f("incr", ANY),
            f("lpush", ANY),
            f("rpush", ANY),
            f("lpop", ANY),
            f("rpop", ANY),
            f("llen", ANY),
            f("ttl", ANY),
            f("expire", ANY),
            f("flush_all", ANY),
            f("flush_expired", ANY),
            f("get_keys", ANY),
            f("capacity", ANY),
            f("free_space", ANY),
        ],
    ),
    done(Module("resty.core.shdict"), "shared.md", &[]),
    done(
        Globals,
        "tcp-socket.md",
        &[
            f("ngx.socket.tcp", YIELD),
            f("ngx.socket.stream", YIELD),
            f("ngx.socket.connect", YIELD),
        ],
    ),
    done(Globals, "udp-socket.md", &[f("ngx.socket.udp", YIELD)]),
    done(Globals, "request-socket.md", &[f("ngx.req.socket", OUTPUT)]),
    done(
        Object("tcpsock"),
        "tls.md",
        &[
            f("setclientcert", YIELD),
            f("settrustedstore", YIELD),
            f("sslhandshake", YIELD),
            f("getsslsession", YIELD),
            f("getsslpointer", YIELD),
            f("getsslctx", YIELD),
        ],
    ),
    done(
        Object("tcpsock"),
        "tcp-socket.md",
        &[
            f("bind", YIELD),
            f("connect", YIELD),
            f("getfd", YIELD),
            f("send", YIELD),
            f("receive", YIELD),
            f("receiveany", YIELD),
            f("receiveuntil", YIELD),
            f("close", YIELD),
            f("settimeout", YIELD),
            f("settimeouts", YIELD),
            f("setoption", YIELD),
            f("getoption", YIELD),
            f("setkeepalive", YIELD),
            f("getreusedtimes", YIELD),
        ],
    ),
    done(
        Object("udpsock"),
        "udp-socket.md",
        &[
            f("bind", YIELD),
            f("setpeername", YIELD),
            f("send", YIELD),
            f("receive", YIELD),
            f("close", YIELD),
            f("settimeout", YIELD),
        ],
    ),
    done(Module("resty.core.socket"), "tcp-socket.md", &[]),
    later(
        Module("ngx.balancer"),
        &[
            f("set_current_peer", Phases::BALANCER),
            f("enable_keepalive", Phases::BALANCER),
            f("set_more_tries", Phases::BALANCER),
            f("get_last_failure", Phases::BALANCER),
            f("set_timeouts", Phases::BALANCER),
            f("recreate_request", Phases::BALANCER),
            f("set_upstream_tls", Phases::BALANCER),
            f("bind_to_local_addr", Phases::BALANCER),
        ],
    ),
    done(
        Module("ngx.ssl"),
        "ssl.md",
        &[
            f("cert_pem_to_der", ANY),
            f("priv_key_pem_to_der", ANY),
            f("parse_pem_cert", ANY),
            f("parse_pem_priv_key", ANY),
            f("parse_der_cert", ANY),
            f("parse_der_priv_key", ANY),
            f("raw_server_addr", Phases::CLIENT_TLS),
            f("raw_client_addr", Phases::CLIENT_TLS),
            f("server_port", Phases::CLIENT_TLS),
            f("server_name", Phases::CLIENT_TLS),
            f("get_tls1_version", Phases::CLIENT_TLS),
            f("get_tls1_version_str", Phases::CLIENT_TLS),
            f("get_client_random", Phases::CLIENT_TLS),
            f("get_server_random", Phases::CLIENT_TLS),
            f("get_session_master_key", Phases::CLIENT_TLS),
            f("export_keying_material", Phases::CLIENT_TLS),
            f("export_keying_material_early", Phases::CLIENT_TLS),
            f("get_req_ssl_pointer", RUNNING),
            f("get_upstream_ssl_pointer", REQUEST),
            f("ssl_session_reused", ANY),
        ],
    ),
    later(
        Module("ngx.ssl"),
        &[
            f("clear_certs", Phases::SERVER_TLS),
            f("set_der_cert", Phases::SERVER_TLS),
            f("set_der_priv_key", Phases::SERVER_TLS),
            f("set_cert", Phases::SERVER_TLS),
            f("set_priv_key", Phases::SERVER_TLS),
            f("verify_client", Phases::SERVER_TLS),
            f("get_req_shared_ssl_ciphers", Phases::CLIENT_TLS),
        ],
    ),
    later(
        Module("ngx.ssl.session"),
        &[
            f("get_serialized_session", Phases::SESSION),
            f("get_session_id", Phases::SESSION),
            f("set_serialized_session", Phases::SESSION_FETCH),
        ],
    ),
    later(
        Module("ngx.ssl.clienthello"),
        &[
            f("get_client_hello_server_name", Phases::CLIENT_HELLO),
            f("get_client_hello_ext", Phases::CLIENT_HELLO),
            f("get_client_hello_ext_present", Phases::CLIENT_HELLO),
            f("get_client_hello_ciphers", Phases::CLIENT_HELLO),
            f("get_supported_versions", Phases::CLIENT_HELLO),
            f("set_protocols", Phases::CLIENT_HELLO),
        ],
    ),
    later(
        Module("ngx.ssl.proxysslcert"),
        &[
            f("clear_certs", Phases::PROXY_CERTIFICATE),
            f("set_der_cert", Phases::PROXY_CERTIFICATE),
            f("set_der_priv_key", Phases::PROXY_CERTIFICATE),
            f("set_cert", Phases::PROXY_CERTIFICATE),
            f("set_priv_key", Phases::PROXY_CERTIFICATE),
        ],
    ),
    later(
        Module("ngx.ssl.proxysslverify"),
        &[
            f("set_verify_result", Phases::PROXY_VERIFY),
            f("get_verify_result", Phases::PROXY_VERIFY),
            f("get_verify_cert", Phases::PROXY_VERIFY),
        ],
    ),
    later(
        Module("ngx.proxyssl"),
        &[f("get_tls1_version", REQUEST), f("get_tls1_version_str", REQUEST)],
    ),
    later(
        Module("ngx.ocsp"),
        &[
            f("get_ocsp_responder_from_der_chain", ANY),
            f("create_ocsp_request", ANY),
            f("validate_ocsp_response", ANY),
            f("set_ocsp_status_resp", Phases::SERVER_TLS),
        ],
    ),
    later(
        Module("ngx.process"),
        &[
            f("type", ANY),
            f("enable_privileged_agent", Phases::INIT),
            f("signal_graceful_exit", ANY),
            f("get_master_pid", ANY),
        ],
    ),
    later(Module("ngx.pipe"), &[f("spawn", RUNNING)]),
    later(
        Object("proc"),
        &[
            f("pid", RUNNING),
            f("set_timeouts", RUNNING),
            f("wait", YIELD),
            f("kill", RUNNING),
            f("shutdown", RUNNING),
            f("write", YIELD),
            f("stdout_read_all", YIELD),
            f("stdout_read_bytes", YIELD),
            f("stdout_read_line", YIELD),
            f("stdout_read_any", YIELD),
            f("stderr_read_all", YIELD),
            f("stderr_read_bytes", YIELD),
            f("stderr_read_line", YIELD),
            f("stderr_read_any", YIELD),
        ],
    ),
    later(
        Module("ngx.errlog"),
        &[
            f("set_filter_level", ANY),
            f("get_logs", ANY),
            f("get_sys_filter_level", ANY),
            f("raw_log", ANY),
        ],
    ),
    later(Globals, &[f("ngx.run_worker_thread", YIELD)]),
];

/// Functions of the module and methods of a cache: they are in one table.
const LRUCACHE: &[Entry] = &[
    f("new", ANY),
    f("get", ANY),
    f("set", ANY),
    f("delete", ANY),
    f("count", ANY),
    f("capacity", ANY),
    f("get_keys", ANY),
    f("flush_all", ANY),
];
