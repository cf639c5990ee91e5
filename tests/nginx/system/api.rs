//! The running module has the API that its list says, no more and no less, and
//! each function works in the phases that the list says.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use nginx_lua_reference::{API, CONSTANTS, Entry, Kind, NAMES, Of};

use crate::system::Test;
use crate::system::site::{Conf, Site};

pub const TESTS: &[Test] = &[
    Test { name: "the API is what its list says", conf: contents_conf, run: contents },
    Test { name: "functions work in the phases of the list", conf: phases_conf, run: phases },
];

const SIGQUIT: i32 = 3;

/// What exists: groups with a page.
fn existing(of: impl Fn(Of) -> bool) -> impl Iterator<Item = &'static Entry> {
    API.iter()
        .filter(move |group| group.page.is_some() && of(group.of))
        .flat_map(|group| group.entries)
}

/// What LuaJIT itself preloads.
const LUAJIT: [&str; 5] = ["ffi", "jit.", "string.", "table.", "thread."];

fn contents_conf() -> Conf {
    let server = r#"
        location = /globals {
            content_by_lua_block {
                local function show(table, path)
                    for key, value in pairs(table) do
                        local name = path .. "." .. key
                        if type(value) == "function" then
                            ngx.say("function ", name)
                        elseif type(value) == "table" and not getmetatable(value) then
                            if next(value) == nil then
                                ngx.say("value ", name)
                            end
                            show(value, name)
                        elseif type(value) == "number" and path == "ngx" then
                            ngx.say("constant ", key, " ", value)
                        else
                            ngx.say("value ", name)
                        end
                    end
                end
                show(ngx, "ngx")
                show(coroutine, "coroutine")
                ngx.say("function print")
            }
        }
        location = /preloaded {
            content_by_lua_block {
                for name in pairs(package.preload) do
                    ngx.say(name)
                end
            }
        }
        location = /module {
            content_by_lua_block {
                local module = require(ngx.var.arg_name)
                if type(module) ~= "table" then
                    return ngx.print("is no table")
                end
                for key, value in pairs(module) do
                    if type(value) == "function" then
                        ngx.say(key)
                    end
                end
            }
        }"#;
    Conf::new("", server)
}

fn contents(site: &mut Site) -> Result<(), String> {
    let mut problems = String::new();

    let found = lines(&site.client.get("/globals")?);
    let mut listed: BTreeSet<String> = existing(|of| of == Of::Globals)
        .map(|entry| match entry.kind {
            Kind::Function => format!("function {}", entry.name),
            Kind::Value => format!("value {}", entry.name),
        })
        .collect();
    listed.extend(CONSTANTS.iter().map(|(name, value)| format!("constant {name} {value}")));
    // Found through metatables, by the fields of ngx that pairs does not show,
    // or numbers like the constants.
    let computed = [
        "value ngx.headers_sent",
        "value ngx.status",
        "value ngx.ctx",
        "value ngx.is_subrequest",
        "value ndk.set_var",
    ];
    listed.retain(|line| !computed.contains(&line.as_str()));
    compare(&mut problems, "globals", &listed, &found);

    let modules: BTreeSet<String> = API
        .iter()
        .filter_map(|group| match group.of {
            Of::Module(name) if group.page.is_some() => Some(name.to_owned()),
            _ => None,
        })
        .collect();
    let mut preloaded = lines(&site.client.get("/preloaded")?);
    preloaded.retain(|name| !LUAJIT.iter().any(|prefix| name.starts_with(prefix)));
    compare(&mut problems, "built-in modules", &modules, &preloaded);

    for module in modules.intersection(&preloaded) {
        let found = lines(&site.client.get(&format!("/module?name={module}"))?);
        let listed = existing(|of| matches!(of, Of::Module(name) if name == module))
            .map(|entry| entry.name.to_owned())
            .collect();
        compare(&mut problems, module, &listed, &found);
    }

    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn lines(text: &str) -> BTreeSet<String> {
    text.lines().map(str::to_owned).collect()
}

fn compare(problems: &mut String, what: &str, listed: &BTreeSet<String>, found: &BTreeSet<String>) {
    for name in listed.difference(found) {
        let _ = write!(problems, "\n  {what}: listed, but not there: {name}");
    }
    for name in found.difference(listed) {
        let _ = write!(problems, "\n  {what}: there, but not listed: {name}");
    }
}

/// Phases that run once in a process; all others run for requests.
const OUTSIDE: [&str; 3] = ["init", "init_worker", "exit_worker"];

/// Phases that do not exist yet.
const LATER: [&str; 7] = [
    "ssl_client_hello",
    "ssl_session_fetch",
    "ssl_cert",
    "ssl_session_store",
    "balancer",
    "proxy_ssl_cert",
    "proxy_ssl_verify",
];

/// How to use what needs more than a call without arguments.
const USES: &[(&str, &str)] = &[
    ("ngx.log", "ngx.log(ngx.DEBUG, 'x')"),
    ("ngx.exit", "ngx.exit(ngx.OK)"),
    ("ngx.sleep", "ngx.sleep(0)"),
    ("ngx.thread.spawn", "ngx.thread.spawn(function() end)"),
    ("ngx.timer.at", "assert(ngx.timer.at(0, function() end))"),
    ("ngx.timer.every", "assert(ngx.timer.every(60, function() end))"),
    ("coroutine.create", "coroutine.create(function() end)"),
    ("coroutine.resume", "coroutine.resume(co)"),
    ("coroutine.wrap", "coroutine.wrap(function() end)"),
    ("coroutine.status", "coroutine.status(co)"),
    ("coroutine.yield", "yield()"),
    ("ngx.req.set_header", "ngx.req.set_header('a', 'b')"),
    ("ngx.req.clear_header", "ngx.req.clear_header('a')"),
    ("ngx.req.set_uri", "ngx.req.set_uri('/other')"),
    ("ngx.req.set_method", "ngx.req.set_method(ngx.HTTP_GET)"),
    ("ngx.req.set_body_data", "ngx.req.set_body_data('a')"),
    ("ngx.req.set_body_file", "ngx.req.set_body_file('a')"),
    ("ngx.req.append_body", "ngx.req.append_body('a')"),
    ("ngx.req.set_uri_args", "ngx.req.set_uri_args('a')"),
    ("ngx.exec", "ngx.exec('/other')"),
    ("ngx.redirect", "ngx.redirect('/other')"),
    ("ngx.location.capture", "ngx.location.capture('/other')"),
    ("ngx.location.capture_multi", "ngx.location.capture_multi({{'/other'}})"),
    ("ngx.header", "return ngx.header.a"),
    ("ngx.var", "return ngx.var.uri"),
    ("ngx.arg", "return ngx.arg[1]"),
];

/// What has no meaning without a module that does not come with nginx.
const NOT_HERE: [&str; 1] = ["ndk.set_var"];

/// What exists among the globals and can be tried.
fn to_try() -> impl Iterator<Item = &'static Entry> {
    existing(|of| of == Of::Globals).filter(|entry| !NOT_HERE.contains(&entry.name))
}

/// Whether an error says that something does not work here.
fn is_refusal(error: &str) -> bool {
    const WORDS: [&str; 4] =
        ["API disabled", "no request found", "no request object found", "request object not found"];
    WORDS.iter().any(|words| error.contains(words)) || error.ends_with("no request")
}

fn phases_conf() -> Conf {
    let mut uses = String::new();
    for entry in to_try() {
        let name = entry.name;
        let usual = match entry.kind {
            Kind::Function => format!("return {name}()"),
            Kind::Value => format!("return {name}"),
        };
        // Other names of the same functions.
        let known = name.replace("coroutine.__", "coroutine.").replace("coroutine._", "coroutine.");
        let body = USES.iter().find(|(n, _)| *n == known).map_or(usual, |(_, body)| (*body).into());
        let _ = writeln!(uses, "uses['{name}'] = function() {body} end");
    }

    let mut http = format!(
        r#"
        init_by_lua_block {{
            uses = {{}}
            {uses}
            yield = coroutine.wrap(function() end) and coroutine.yield
            co = coroutine.create(function() end)

            local path = ngx.config.prefix() .. "uses.log"
            local function note(...)
                local file = io.open(path, "a")
                file:write(table.concat({{...}}, "\t"), "\n")
                file:close()
            end

            function use(name, phase)
                note("used", name, phase)
                local ok, err = pcall(uses[name])
                if not ok then
                    note("error", name, phase, (tostring(err):gsub("\n.*", "")))
                end
            end

            function use_all(phase)
                for name in pairs(uses) do
                    use(name, phase)
                end
            end

            function use_wanted(phase)
                local name, wanted = ngx.var.arg_name, ngx.var.arg_phase
                if wanted == phase then
                    use(name, phase)
                elseif wanted == "timer" and phase == "content" then
                    ngx.timer.at(0, function() use(name, "timer") end)
                end
            end

            use_all("init")
        }}
        init_worker_by_lua_block {{ use_all("init_worker") }}
        exit_worker_by_lua_block {{ use_all("exit_worker") }}
        "#
    );
    http.push_str("server_rewrite_by_lua_block { use_wanted('server_rewrite') }\n");

    let mut server = "set_by_lua_block $set { use_wanted('set') }\n".to_owned();
    for phase in ["rewrite", "access", "precontent", "header_filter", "body_filter", "log"] {
        let _ = writeln!(server, "{phase}_by_lua_block {{ use_wanted('{phase}') }}");
    }
    server.push_str(
        "location / { content_by_lua_block { use_wanted('content') ngx.say('end') } }\n\
         location = /other { return 200; }\n",
    );
    Conf::new(http, server)
}

fn phases(site: &mut Site) -> Result<(), String> {
    let for_requests: Vec<&str> = NAMES
        .into_iter()
        .filter(|phase| !OUTSIDE.contains(phase) && !LATER.contains(phase))
        .collect();
    for entry in to_try() {
        for phase in &for_requests {
            // Some end the request, with or without an answer.
            // After ngx.eof, its second use comes before the question of the phase.
            let path = if *phase == "log" { "/other" } else { "/" };
            let _ = site.client.status(&format!("{path}?phase={phase}&name={}", entry.name));
        }
    }
    let path = site.path().join("uses.log");
    site.end(SIGQUIT)?;

    let uses = fs::read_to_string(&path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut errors: BTreeMap<(&str, &str), Option<&str>> = BTreeMap::new();
    for line in uses.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields[..] {
            ["used", name, phase] => {
                errors.entry((name, phase)).or_insert(None);
            }
            ["error", name, phase, error] => {
                errors.insert((name, phase), Some(error));
            }
            _ => return Err(format!("{} has a line {line:?}", path.display())),
        }
    }

    let mut problems = String::new();
    for entry in to_try() {
        for phase in for_requests.iter().chain(&OUTSIDE) {
            let listed = entry.phases.contains(phase);
            let problem = match errors.get(&(entry.name, *phase)) {
                None => "was not reached".to_owned(),
                Some(error) => {
                    let refusal = error.filter(|text| is_refusal(text));
                    match refusal {
                        Some(text) if listed => format!("is refused: {text}"),
                        None if !listed => format!("works, {error:?}"),
                        _ => continue,
                    }
                }
            };
            let _ = write!(problems, "\n  {} in {phase} {problem}", entry.name);
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
