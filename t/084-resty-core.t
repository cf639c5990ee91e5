use Test::Nginx::Socket::Lua 'no_plan';

our $HttpConfig = <<'_EOC_';
    init_by_lua_block {
        local function shown(value)
            if type(value) ~= "string" then
                return tostring(value)
            end
            return '"' .. value:gsub('[^ -~]', function(c) return string.format("\\x%02x", c:byte()) end) .. '"'
        end

        -- What a function gives, strings in quotes, or its error without the place.
        local function list(ok, ...)
            local values = {...}
            if not ok then
                return "error: " .. tostring(values[1]):gsub("^[^ ]-:%d+: ", "")
            end
            for i = 1, select("#", ...) do
                values[i] = shown(values[i])
            end
            return table.concat(values, " ")
        end

        package.loaded.try = function(f, ...)
            return (list(pcall(f, ...)))
        end
        package.loaded.hex = function(text)
            return (text:gsub(".", function(c) return string.format("%02x", c:byte()) end))
        end
    }
_EOC_

add_block_preprocessor(sub {
    my ($block) = @_;
    $block->set_value("http_config", $::HttpConfig) if !defined $block->http_config;
    $block->set_value("request", "GET /t") if !defined $block->request;
    $block->set_value("no_error_log", "[error]")
        if !defined $block->error_log && !defined $block->no_error_log;
});

repeat_each(2);
run_tests();

__DATA__

=== TEST 1: require "resty.core" works, and says a version
--- config
    location = /t {
        content_by_lua_block {
            local core = require "resty.core"
            ngx.say(type(core), " ", core.version:match("^0%.1%.%d+$") ~= nil, " ", core == require "resty.core")
        }
    }
--- response_body
table true true



=== TEST 2: its parts can be required, each with the same version
--- config
    location = /t {
        content_by_lua_block {
            local version = require "resty.core".version
            for _, name in ipairs {"base", "base64", "coroutine", "exit", "hash", "param", "phase", "time", "uri", "utils"} do
                ngx.print(require("resty.core." .. name).version == version, " ")
            end
            for _, name in ipairs {"misc", "worker"} do
                ngx.print(require("resty.core." .. name)._VERSION == version, " ")
            end
            ngx.say(require "ngx.base64".version == version)
        }
    }
--- response_body
true true true true true true true true true true true true true



=== TEST 3: resty.core loads its parts
--- config
    location = /t {
        content_by_lua_block {
            require "resty.core"
            for _, name in ipairs {"base", "base64", "coroutine", "exit", "hash", "misc", "param", "phase", "time", "uri", "worker"} do
                ngx.print(type(package.loaded["resty.core." .. name]), " ")
            end
            ngx.say()
        }
    }
--- response_body
table table table table table table table table table table table 



=== TEST 4: its parts can be required first, and in any order
--- http_config
    init_by_lua_block {
        local misc, base = require "resty.core.misc", require "resty.core.base"
        require "resty.core.uri"
        require "resty.core"
        package.loaded.same = misc == require "resty.core.misc" and base == require "resty.core.base"
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "same", " ", ngx.escape_uri(" ")) }
    }
--- response_body
true %20



=== TEST 5: a part that does not exist is reported as usual
--- config
    location = /t {
        content_by_lua_block {
            local ok, err = pcall(require, "resty.core.nothing")
            ngx.say(ok, " ", err:match("^[^\n]*"))
            ngx.say((err:match("no field package.preload%['resty.core.nothing'%]")))
        }
    }
--- response_body
false module 'resty.core.nothing' not found:
no field package.preload['resty.core.nothing']



=== TEST 6: base.new_tab and base.clear_tab make and empty tables
--- config
    location = /t {
        content_by_lua_block {
            local base = require "resty.core.base"
            local tab = base.new_tab(10, 2)
            tab[1], tab.a = 1, 2
            base.clear_tab(tab)
            ngx.say(type(tab), " ", next(tab))
        }
    }
--- response_body
table nil



=== TEST 7: base names the codes of C functions
--- config
    location = /t {
        content_by_lua_block {
            local base = require "resty.core.base"
            for _, name in ipairs {"OK", "ERROR", "AGAIN", "BUSY", "DONE", "DECLINED", "NO_REQ_CTX", "BAD_CONTEXT", "ABORT"} do
                ngx.print(name, " ", base["FFI_" .. name], " ")
            end
            ngx.say()
        }
    }
--- response_body
OK 0 ERROR -1 AGAIN -2 BUSY -3 DONE -4 DECLINED -5 NO_REQ_CTX -100 BAD_CONTEXT -101 ABORT nil 



=== TEST 8: base.get_errmsg_ptr and base.get_size_ptr give room that is shared
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            local base = require "resty.core.base"
            local message, size = base.get_errmsg_ptr(), base.get_size_ptr()
            ngx.say(ffi.istype("char *[1]", message), " ", ffi.istype("size_t[1]", size))
            size[0] = 7
            ngx.say(tonumber(base.get_size_ptr()[0]), " ", base.get_errmsg_ptr() == message)
        }
    }
--- response_body
true true
7 true



=== TEST 9: base.get_string_buf gives one buffer for all that fits
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            local base = require "resty.core.base"
            local buffer = base.get_string_buf(10)
            ngx.say(ffi.istype("char[?]", buffer), " ", ffi.sizeof(buffer), " ", base.get_string_buf_size())
            ngx.say(base.get_string_buf(4096) == buffer, " ", base.get_string_buf(4097) == buffer, " ", base.get_string_buf(10, true) == buffer)
            ngx.say(ffi.sizeof(base.get_string_buf(5000)), " ", ffi.sizeof(base.get_string_buf(10, true)))
        }
    }
--- response_body
true 4096 4096
true false false
5000 10



=== TEST 10: base.set_string_buf_size makes it larger or smaller
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            local base = require "resty.core.base"
            for _, size in ipairs {10, 0, -1, 10.5, 10000, 4096} do
                base.set_string_buf_size(size)
                ngx.print(base.get_string_buf_size(), " ", ffi.sizeof(base.get_string_buf(1)), "|")
            end
            ngx.say()
        }
    }
--- response_body
10 10|10 10|10 10|11 11|10000 10000|4096 4096|



=== TEST 11: a small buffer of base does not matter to the functions of ngx
--- config
    location = /t {
        content_by_lua_block {
            local base = require "resty.core.base"
            base.set_string_buf_size(1)
            ngx.say(ngx.escape_uri("a b c d"), " ", ngx.encode_base64("hello"), " ", ngx.md5(""), " ", ngx.today():len())
            base.set_string_buf_size(4096)
        }
    }
--- response_body
a%20b%20c%20d aGVsbG8= d41d8cd98f00b204e9800998ecf8427e 10



=== TEST 12: base.ref_in_table gives values numbers, and uses them again
--- config
    location = /t {
        content_by_lua_block {
            local base = require "resty.core.base"
            local tab = {}
            ngx.say(base.ref_in_table(tab, "a"), " ", base.ref_in_table(tab, "b"), " ", base.ref_in_table(tab, "c"), " ", tab[2])
            -- As those do who give a number back.
            local function release(ref)
                tab[ref] = tab[0]
                tab[0] = ref
            end
            release(1)
            release(3)
            ngx.say(base.ref_in_table(tab, "d"), " ", tab[3])
            ngx.say(base.ref_in_table(tab, nil), " ", base.ref_in_table(tab, false))
        }
    }
--- response_body
1 2 3 b
3 d
-1 1



=== TEST 13: base.allows_subsystem raises unless http is named
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local base = require "resty.core.base"
            ngx.say("[", try(base.allows_subsystem, "http"), "] [", try(base.allows_subsystem, "stream", "http"), "]")
            ngx.say(try(base.allows_subsystem, "stream"))
            ngx.say(try(base.allows_subsystem))
        }
    }
--- response_body
[] []
error: unsupported subsystem: http
error: unsupported subsystem: http



=== TEST 14: base.get_request is a pointer to nginx's request
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            local base = require "resty.core.base"
            local r = base.get_request()
            ngx.say(type(r), " ", ffi.istype("void *", r), " ", r == base.get_request())
            -- The first field of a request, "HTTP".
            ngx.say(ffi.cast("uint32_t *", r)[0] == 0x50545448)
            local typed = ffi.cast("ngx_http_request_t *", r)
            ngx.say(typed == r)
        }
    }
--- response_body
cdata true true
true
true



=== TEST 15: base.get_request in each phase
--- http_config
    init_by_lua_block {
        package.loaded.found = {tostring((require "resty.core.base".get_request()))}
    }
--- config
    location = /t {
        set_by_lua_block $set { return type(require "resty.core.base".get_request()) }
        rewrite_by_lua_block { ngx.ctx.r = require "resty.core.base".get_request() }
        content_by_lua_block {
            local r = require "resty.core.base".get_request()
            ngx.say(require "found"[1], " ", ngx.var.set, " ", r == ngx.ctx.r)
        }
        log_by_lua_block {
            ngx.log(ngx.WARN, "logged ", require "resty.core.base".get_request() == ngx.ctx.r)
        }
    }
--- error_log
logged true
--- response_body
nil cdata true



=== TEST 16: base.get_request in init_worker, where no request is served
--- differs: the C module has a made-up request there
--- http_config
    init_worker_by_lua_block {
        package.loaded.found = tostring((require "resty.core.base".get_request()))
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "found") }
    }
--- response_body
nil



=== TEST 17: the types that libraries declare their functions with
--- config
    location = /t {
        content_by_lua_block {
            local ffi = require "ffi"
            require "resty.core.base"
            local text = ffi.new("ngx_str_t[1]")
            text[0].data, text[0].len = "hello", 5
            ngx.say(ffi.string(text[0].data, text[0].len), " ", ffi.sizeof("ngx_str_t"), " ", ffi.sizeof("ngx_http_lua_ffi_str_t"), " ",
                    tostring(ffi.typeof("ngx_http_request_t *")))
        }
    }
--- response_body_like
^hello 16 16 ctype<struct ngx_http_request_s \*>$



=== TEST 18: code that declares the types first is not disturbed
--- http_config
    init_by_lua_block {
        require "ffi".cdef "typedef struct ngx_http_request_s ngx_http_request_t;"
        package.loaded.found = pcall(require, "resty.core")
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(require "found") }
    }
--- response_body
true



=== TEST 19: misc adds fields to ngx that are computed when they are read
--- config
    location = /t {
        content_by_lua_block {
            local misc = require "resty.core.misc"
            local n = 0
            misc.register_ngx_magic_key_getter("counter", function() n = n + 1 return n end)
            ngx.say(ngx.counter, ngx.counter, ngx["counter"], " ", rawget(ngx, "counter"))
            misc.register_ngx_magic_key_getter("counter", nil)
            ngx.say(ngx.counter)
        }
    }
--- response_body
123 nil
nil



=== TEST 20: misc adds fields to ngx that are written
--- config
    location = /t {
        content_by_lua_block {
            local misc = require "resty.core.misc"
            local last
            misc.register_ngx_magic_key_setter("sink", function(value) last = value end)
            ngx.sink = "a value"
            ngx.say(last, " ", rawget(ngx, "sink"), " ", ngx.sink)
            misc.register_ngx_magic_key_setter("sink", nil)
            ngx.sink = "kept"
            ngx.say(last, " ", ngx.sink)
            ngx.sink = nil
        }
    }
--- response_body
a value nil nil
a value kept



=== TEST 21: errors of such functions are passed on
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local misc = require "resty.core.misc"
            misc.register_ngx_magic_key_getter("broken", function() error("cannot be read") end)
            misc.register_ngx_magic_key_setter("broken", function(value) error("cannot be " .. value) end)
            ngx.say(try(function() return ngx.broken end))
            ngx.say(try(function() ngx.broken = "written" end))
            misc.register_ngx_magic_key_getter("broken", nil)
            misc.register_ngx_magic_key_setter("broken", nil)
        }
    }
--- response_body
error: cannot be read
error: cannot be written



=== TEST 22: the fields of ngx go on as before
--- config
    location = /t {
        content_by_lua_block {
            local misc = require "resty.core.misc"
            misc.register_ngx_magic_key_getter("other", function() return "other" end)
            misc.register_ngx_magic_key_setter("other", function() end)
            ngx.ctx.a = 1
            ngx.status = 201
            ngx.say(ngx.ctx.a, " ", ngx.status, " ", ngx.headers_sent, " ", ngx.nothing, " ", ngx[1], " ", ngx.other)
            ngx.ctx = {b = 2}
            ngx.say(ngx.ctx.a, " ", ngx.ctx.b, " ", ngx.headers_sent)
            ngx.something = "set"
            ngx.say(ngx.something, " ", rawget(ngx, "something"))
            ngx.something = nil
            misc.register_ngx_magic_key_getter("other", nil)
            misc.register_ngx_magic_key_setter("other", nil)
        }
    }
--- error_code: 201
--- response_body
1 201 false nil nil other
nil 2 true
set set



=== TEST 23: the errors of ngx.ctx and ngx.status do, too
--- config
    location = /t {
        content_by_lua_block {
            local try = require "try"
            local misc = require "resty.core.misc"
            misc.register_ngx_magic_key_getter("other", function() return "other" end)
            misc.register_ngx_magic_key_setter("other", function() end)
            ngx.say(try(function() ngx.ctx = "text" end))
            misc.register_ngx_magic_key_getter("other", nil)
            misc.register_ngx_magic_key_setter("other", nil)
        }
    }
--- response_body
error: ctx should be a table while getting a string



=== TEST 24: a field of ours can be taken over
--- http_config
    init_by_lua_block {
        local misc = require "resty.core.misc"
        misc.register_ngx_magic_key_getter("headers_sent", function() return "taken over" end)
    }
--- config
    location = /t {
        content_by_lua_block { ngx.say(ngx.headers_sent, " ", ngx.status) }
    }
--- response_body
taken over 0



=== TEST 25: without misc, unknown fields read nil, and assignments are kept
--- config
    location = /t {
        content_by_lua_block {
            ngx.say(ngx.nothing, " ", ngx[1])
            ngx.something = 1
            ngx.say(ngx.something)
            ngx.something = nil
        }
    }
--- response_body
nil nil
1



=== TEST 26: in compiled code
--- config
    location = /t {
        content_by_lua_block {
            local misc = require "resty.core.misc"
            local n = 0
            misc.register_ngx_magic_key_getter("counter", function() n = n + 1 return n end)
            misc.register_ngx_magic_key_setter("counter", function(value) n = value end)
            local sum = 0
            for i = 1, 1000 do
                sum = sum + ngx.counter
                if i % 100 == 0 then
                    ngx.counter = 0
                end
            end
            ngx.say(sum)
            misc.register_ngx_magic_key_getter("counter", nil)
            misc.register_ngx_magic_key_setter("counter", nil)
        }
    }
--- response_body
50500



=== TEST 27: utils.str_replace_char replaces each byte that equals the first
--- config
    location = /t {
        content_by_lua_block {
            local replace = require "resty.core.utils".str_replace_char
            ngx.say(replace("a-b-c", "-", "_"), " ", replace("abc", "-", "_"), " [", replace("", "-", "_"), "] ", replace("--", "-", "%"), " ",
                    replace("a.b", ".", "x"))
        }
    }
--- response_body
a_b_c abc [] %% axb



=== TEST 28: utils.str_replace_char with NUL and other bytes
--- config
    location = /t {
        content_by_lua_block {
            local replace = require "resty.core.utils".str_replace_char
            local hex = require "hex"
            ngx.say(replace("a\0b\0", "\0", "-"), " ", hex(replace("a-b", "-", "\0")), " ", hex(replace("\255a\255", "\255", "\254")))
            ngx.say(#replace(("a-"):rep(5 * 1024 * 1024), "-", "_"))
        }
    }
--- timeout: 10
--- response_body
a-b- 610062 fe61fe
10485760



=== TEST 29: utils.str_replace_char with longer strings looks for all, and takes the first bytes
--- config
    location = /t {
        content_by_lua_block {
            local replace = require "resty.core.utils".str_replace_char
            ngx.say(replace("a-b--c", "--", "_"), " ", replace("a-b", "--", "_"), " ", replace("a-b", "-", "xy"), " ", replace("a1b", 1, 2))
        }
    }
--- response_body
a_b__c a-b axb a2b



=== TEST 30: utils.str_replace_char refuses an empty string to look for, and nil
--- config
    location = /t {
        content_by_lua_block {
            local replace = require "resty.core.utils".str_replace_char
            for _, args in ipairs {{"a", "", "b"}, {"a-b", "-", ""}, {nil, "-", "_"}, {"a-b", nil, "_"}, {"a-b", "-", nil}} do
                ngx.print((pcall(replace, args[1], args[2], args[3])), " ")
            end
            ngx.say()
        }
    }
--- response_body
false false false false false 
