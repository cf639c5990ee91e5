use Test::Nginx::Socket::Lua 'no_plan';

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("request", "GET /t")
        if !defined $block->request && !defined $block->raw_request
            && !defined $block->pipelined_requests;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

# require "try": what a function answers, or its error without the place.
our $Try = <<'_EOC_';
    init_by_lua_block {
        package.loaded.try = function(f, ...)
            local ok, result = pcall(f, ...)
            if ok then
                return tostring(result)
            end
            return "error: " .. result:gsub("^.-:%d+: ", "")
        end
    }
_EOC_

# All headers as one line, those of every request left out.
our $Say = <<'_EOC_';
    init_by_lua_block {
        package.loaded.say = function()
            local names = {}
            for name in pairs(ngx.req.get_headers()) do
                if name ~= "host" and name ~= "connection" then
                    names[#names + 1] = name
                end
            end
            table.sort(names)
            for i, name in ipairs(names) do
                local value = ngx.req.get_headers()[name]
                names[i] = name .. ": " .. (type(value) == "table" and table.concat(value, " + ") or value)
            end
            ngx.say(table.concat(names, ", "))
        end
    }
_EOC_

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: add_header adds and leaves what is there
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local req = require "ngx.req"
            ngx.say(select("#", req.add_header("X-Foo", "b")))
            req.add_header("x-foo", "c")
            require "say" ()
        }
    }
--- more_headers
X-Foo: a
--- response_body
0
x-foo: a + b + c



=== TEST 2: add_header of a header that is not there
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.req".add_header("X-Foo", "a")
            require "say" ()
            ngx.say(ngx.var.http_x_foo)
        }
    }
--- response_body
x-foo: a
a



=== TEST 3: add_header with an array
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.req".add_header("X-Foo", { "b", 3, true })
            require "say" ()
        }
    }
--- more_headers
X-Foo: a
--- response_body
x-foo: a + b + 3 + true



=== TEST 4: add_header turns values into text
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            add("X-A", 1.5)
            add("X-B", true)
            add("X-C", false)
            add(12, "name")
            require "say" ()
        }
    }
--- response_body
12: name, x-a: 1.5, x-b: true, x-c: false



=== TEST 5: add_header with an empty string
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            add("X-Foo", "")
            add("X-Bar", { "b", "", "c" })
            require "say" ()
        }
    }
--- more_headers
X-Foo: a
--- response_body
x-bar: b +  + c, x-foo: a + 



=== TEST 6: a header that can be there only once is replaced
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            for _, name in ipairs { "User-Agent", "Referer", "Content-Type", "Range", "If-Range", "Authorization",
                "Via", "Upgrade", "Expect", "If-None-Match" } do
                add(name, "a")
                add(name, { "b", "c" })
            end
            require "say" ()
        }
    }
--- response_body
authorization: c, content-type: c, expect: c, if-none-match: c, if-range: c, range: c, referer: c, upgrade: c, user-agent: c, via: c



=== TEST 7: add_header of Host
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.req".add_header("Host", "Other:80")
            ngx.say(ngx.var.host, " ", ngx.var.http_host, " ", ngx.req.get_headers().host)
        }
    }
--- response_body
other Other:80 Other:80



=== TEST 8: add_header of Cookie and X-Forwarded-For
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            add("Cookie", "b=2")
            add("Cookie", { "c=3", "d=4" })
            add("X-Forwarded-For", "10.0.0.2")
            ngx.say(ngx.var.cookie_a, ngx.var.cookie_b, ngx.var.cookie_c, ngx.var.cookie_d)
        }
        add_header X-Chain $proxy_add_x_forwarded_for;
    }
--- more_headers
Cookie: a=1
X-Forwarded-For: 10.0.0.1
--- response_headers
X-Chain: 10.0.0.1, 10.0.0.2, 127.0.0.1
--- response_body
1234



=== TEST 9: add_header of Cookie and X-Forwarded-For where the client sent none
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            add("Cookie", "a=1")
            add("X-Forwarded-For", "10.0.0.1")
            ngx.say(ngx.var.cookie_a)
        }
        add_header X-Chain $proxy_add_x_forwarded_for;
    }
--- response_headers
X-Chain: 10.0.0.1, 127.0.0.1
--- response_body
1



=== TEST 10: what add_header refuses
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            local try, add = require "try", require "ngx.req".add_header
            ngx.say(try(add))
            ngx.say(try(add, nil, "a"))
            ngx.say(try(add, "X-Foo"))
            ngx.say(try(add, "X-Foo", nil))
            ngx.say(try(add, "X-Foo", {}))
            ngx.say(try(add, "X-Foo", { a = "b" }))
            ngx.say(ngx.req.get_headers().x_foo)
        }
    }
--- response_body
error: bad 'name' argument: string expected, got nil
error: bad 'name' argument: string expected, got nil
error: bad 'value' argument: string or table expected, got nil
error: bad 'value' argument: string or table expected, got nil
error: bad 'value' argument: non-empty table expected
error: bad 'value' argument: non-empty table expected
nil



=== TEST 11: errors of add_header tell the place of the call
--- config
    location = /t {
        content_by_lua_block {
            local _, err = pcall(function()
                require "ngx.req".add_header("X-Foo")
            end)
            ngx.say(err)
        }
    }
--- response_body_like
^content_by_lua\(nginx\.conf:\d+\):3: bad 'value' argument: string or table expected, got nil$



=== TEST 12: add_header of a Content-Length that is none
--- http_config eval: $::Try
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(require "try" (require "ngx.req".add_header, "Content-Length", "a"))
            ngx.say(ngx.req.get_headers().content_length)
        }
    }
--- response_body
error: failed to set header
nil



=== TEST 13: add_header in every phase of a request
--- config
    location = /t {
        set_by_lua_block $set { require "ngx.req".add_header("X-Foo", "set") }
        rewrite_by_lua_block { require "ngx.req".add_header("X-Foo", "rewrite") }
        access_by_lua_block { require "ngx.req".add_header("X-Foo", "access") }
        content_by_lua_block {
            require "ngx.req".add_header("X-Foo", "content")
            ngx.print("body")
        }
        header_filter_by_lua_block { require "ngx.req".add_header("X-Foo", "header_filter") }
        body_filter_by_lua_block {
            require "ngx.req".add_header("X-Foo", "body_filter")
            ngx.arg[1] = table.concat(ngx.req.get_headers().x_foo, " ")
            ngx.arg[2] = true
        }
        log_by_lua_block {
            require "ngx.req".add_header("X-Foo", "log")
            ngx.log(ngx.WARN, "log: ", #ngx.req.get_headers().x_foo)
        }
    }
--- response_body chop
set rewrite access content header_filter body_filter
--- error_log
log: 7



=== TEST 14: without a request: not in init, not in init_worker
--- http_config
    init_by_lua_block {
        local results = {}
        function collect()
            local ok, err = pcall(require "ngx.req".add_header, "X-Foo", "a")
            results[#results + 1] = tostring(ok) .. " " .. err:gsub("^.*: ", "")
        end
        collect()
        package.loaded.results = results
    }
    init_worker_by_lua_block { collect() }
--- config
    location = /t {
        content_by_lua_block { ngx.say(table.concat(require "results", "\n")) }
    }
--- response_body
false no request found
false API disabled in the current context



=== TEST 15: HTTP/0.9 has no headers to add to
--- config
    location = /t {
        content_by_lua_block {
            require "ngx.req".add_header("X-Foo", "a")
            ngx.say(ngx.req.get_headers().x_foo)
        }
    }
--- raw_request eval
"GET /t\r\n"
--- http09
--- response_body
nil



=== TEST 16: the modules ngx.req and resty.core.request
--- config
    location = /t {
        content_by_lua_block {
            local req, core = require "ngx.req", require "resty.core.request"
            ngx.say(type(req.version), " ", req.version == core.version)
            ngx.say(type(req.add_header), " ", req == ngx.req, " ", ngx.req.add_header)
            ngx.say(type(core.set_req_header), " ", require "ngx.req" == req)
        }
    }
--- response_body
string true
function false nil
function true



=== TEST 17: set_req_header of resty.core.request sets or adds
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local set = require "resty.core.request".set_req_header
            set("X-Foo", "b", false)
            require "say" ()
            set("X-Foo", "c", true)
            require "say" ()
            set("X-Foo", nil, true)
            require "say" ()
            ngx.say(pcall(set, "X-Foo", nil, false))
        }
    }
--- more_headers
X-Foo: a
--- response_body_like
^x-foo: a \+ b
x-foo: c

false.*bad 'value' argument: string or table expected, got nil$



=== TEST 18: clear_header of what add_header added
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            add("X-Foo", "b")
            add("X-Bar", "c")
            ngx.req.clear_header("x-foo")
            require "say" ()
        }
    }
--- more_headers
X-Foo: a
X-Baz: d
--- response_body
x-bar: c, x-baz: d



=== TEST 19: nginx's pointers follow when other headers go
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.clear_header("X-First")
            ngx.req.clear_header("Accept")
            ngx.say(ngx.var.content_type, " ", ngx.var.http_authorization, " ", ngx.var.remote_user)
            ngx.req.set_header("User-Agent", { "x", "y" })
            ngx.req.clear_header("Cookie")
            ngx.say(ngx.var.http_user_agent, " ", ngx.var.http_referer, " ", ngx.var.content_type, " ",
                ngx.var.http_cookie, " ", ngx.var.cookie_a, " ", ngx.var.http_x_forwarded_for)
        }
    }
--- more_headers
X-First: 1
Accept: x
User-Agent: agent
Accept: y
Referer: referer
Content-Type: type
X-Forwarded-For: 10.0.0.1
Cookie: a=1
Authorization: Basic YTpi
--- response_body
type Basic YTpi a
y referer type nil nil 10.0.0.1



=== TEST 20: hundreds of headers set, replaced, added and cleared; nginx's pointers follow
--- config
    location = /t {
        content_by_lua_block {
            local add = require "ngx.req".add_header
            for i = 1, 300 do
                ngx.req.set_header("X-" .. i, i)
                add("Cookie", "c" .. i .. "=" .. i)
            end
            for i = 1, 300, 3 do
                ngx.req.clear_header("X-" .. i)
                ngx.req.set_header("X-" .. i + 1, { "a", "b" })
            end
            ngx.req.set_header("User-Agent", "last")
            ngx.say(ngx.var.http_user_agent, " ", ngx.var.http_referer, " ", ngx.var.cookie_c1, " ", ngx.var.cookie_c300)
            ngx.say(ngx.var.http_x_1, " ", ngx.var.http_x_2, " ", ngx.var.http_x_3, " ", ngx.var.http_x_300)
        }
    }
--- more_headers
User-Agent: first
Referer: referer
--- response_body_like
^last referer 1 300
nil a(, b)? 3 300$



=== TEST 21: a subrequest's changes stay with it
--- config
    location = /copy {
        internal;
        rewrite_by_lua_block {
            ngx.req.set_header("X-New", "copy")
            ngx.req.set_header("X-Changed", "copy")
            ngx.req.clear_header("X-Cleared")
            ngx.req.set_header("Cookie", "a=copy")
            local h = ngx.req.get_headers()
            ngx.log(ngx.WARN, "copy: ", h.x_new, " ", h.x_changed, " ", h.x_cleared, " ", h.x_last, " ", ngx.var.http_x_new)
        }
        content_by_lua_block { ngx.exit(200) }
    }
    location = /t {
        auth_request /copy;
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.say(h.x_new, " ", h.x_changed, " ", h.x_cleared, " ", h.x_last, " ", ngx.var.cookie_a)
        }
    }
--- more_headers
X-Changed: main
X-Cleared: main
Cookie: a=main
X-Last: main
--- response_body
nil main main main main
--- error_log
copy: copy copy nil main copy
--- differs: in the C module the main request has them too, and the subrequest has not all



=== TEST 22: what the main request has changed, a subrequest begins with
--- config
    location = /copy {
        internal;
        content_by_lua_block {
            local h = ngx.req.get_headers()
            ngx.log(ngx.WARN, "copy: ", h.x_new, " ", h.x_changed, " ", h.x_cleared, " ", h.x_last)
            ngx.exit(200)
        }
    }
    location = /t {
        rewrite_by_lua_block {
            ngx.req.set_header("X-New", "new")
            ngx.req.set_header("X-Changed", "changed")
            ngx.req.clear_header("X-Cleared")
        }
        auth_request /copy;
        content_by_lua_block { ngx.say("ok") }
    }
--- more_headers
X-Changed: main
X-Cleared: main
X-Last: main
--- response_body
ok
--- error_log
copy: new changed nil main



=== TEST 23: header slots of nginx that Lua sets: Depth, Destination, Overwrite, Date
--- config
    location = /t {
        content_by_lua_block {
            for _, name in ipairs { "Depth", "Destination", "Overwrite", "Date", "Keep-Alive", "X-Real-IP", "Accept-Encoding" } do
                ngx.req.set_header(name, { "a", "b" })
                ngx.print(ngx.req.get_headers()[name], " ")
                ngx.req.clear_header(name)
                ngx.print(ngx.req.get_headers()[name], " ")
            end
        }
    }
--- response_body chop
b nil b nil b nil b nil b nil b nil b nil 



=== TEST 24: a header of the client that is sent several times is replaced as a whole
--- http_config eval: $::Say
--- config
    location = /t {
        content_by_lua_block {
            ngx.req.set_header("X-Foo", "c")
            ngx.req.set_header("X-Bar", { "d", "e", "f" })
            require "say" ()
        }
    }
--- more_headers
X-Foo: a
X-Bar: 1
x-foo: b
X-Bar: 2
--- response_body
x-bar: d + e + f, x-foo: c
