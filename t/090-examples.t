# Each of nginx-conf-examples/, with the requests that it tells to try.

use Test::Nginx::Socket::Lua 'no_plan';

use Cwd qw(cwd);

for my $file (glob 'nginx-conf-examples/*/nginx.conf') {
    my ($name) = $file =~ m{([^/]+)/nginx\.conf$};
    die "no block has a title that begins with \"$name: \"\n"
        if !grep { $_->name =~ /^TEST \d+: \Q$name\E: / } blocks();
}

no_root_location();
run_tests();

# Filters: the parts of an example that stand in server {} and around it in
# http {}, as its file has them but for what a test server sets itself.

sub server_of { example(@_)->{server} }

sub http_of { example(@_)->{http} }

sub example {
    my ($name) = @_;

    my $dir = "nginx-conf-examples/$name";
    open my $in, '<', "$dir/nginx.conf" or die "$dir/nginx.conf: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/127\.0\.0\.1:8080/127.0.0.1:\$TEST_NGINX_SERVER_PORT/g;
    $text =~ s/"127\.0\.0\.1", 6379/"127.0.0.1", \$TEST_NGINX_REDIS_PORT/g;
    $text =~ s/\$prefix/cwd() . "\/$dir"/ge;

    my ($http) = $text =~ /^http \{(\n.*?)^\}/ms or die "$dir: no http {}\n";
    $http =~ s/^    server \{\n(.*?)^    \}\n//ms or die "$dir: no server {}\n";
    my $server = $1;
    $server =~ s/^ +listen .*\n//m;
    $server = "$1$server" if $http =~ s/^( +default_type .*\n)//m;
    return { http => $http, server => $server };
}

# Another one: as if there were no Redis.

sub without_redis { $_[0] =~ s/_REDIS_PORT/_RAND_PORT_1/r }

sub has_library { -e "/usr/share/lua/5.1/nginx/$_[0].lua" }

__DATA__

=== TEST 1: hello: answers
--- http_config http_of: hello
--- config server_of: hello
--- request eval
["GET /", "GET /?name=Ada"]
--- response_body eval
["hello, world\n", "hello, Ada\n"]



=== TEST 2: hello: rewrites
--- http_config http_of: hello
--- config server_of: hello
--- request
GET /old/page
--- response_body
you asked for /old/page, this is /new/page



=== TEST 3: hello: guards
--- http_config http_of: hello
--- config server_of: hello
--- request eval
["GET /guarded", "GET /guarded"]
--- more_headers eval
["", "X-Key: sesame"]
--- error_code eval
[403, 200]
--- response_body_like eval
["403 Forbidden", "^come in\n\$"]



=== TEST 4: hello: filters
--- http_config http_of: hello
--- config server_of: hello
--- request
GET /shout
--- response_body
SAID IN A QUIET VOICE



=== TEST 5: access: tells who you are not from what you may not
--- http_config http_of: access
--- config server_of: access
--- request eval
["GET /reports", "GET /reports", "GET /reports", "GET /reports"]
--- more_headers eval
["", "Authorization: Bearer wrong", "Authorization: Bearer bob-1842",
 "Authorization: Bearer ada-1815"]
--- error_code eval
[401, 401, 403, 200]
--- response_headers eval
my $challenge = 'WWW-Authenticate: Bearer realm="reports"';
[$challenge, $challenge, "! WWW-Authenticate", "! WWW-Authenticate"]
--- response_body_like eval
["401 Auth", "401 Auth", "403 Forbidden", "^reports for Ada\n\$"]



=== TEST 6: rewrite: makes an argument of the path, and drops others
--- http_config http_of: rewrite
--- config server_of: rewrite
--- request eval
["GET /users/42", "GET /users/42?lang=de&utm_source=mail", "GET /users/42?utm_source=mail&id=1"]
--- response_body eval
["/show.html id=42 lang=en utm_source=nil\n", "/show.html id=42 lang=de utm_source=nil\n",
 "/show.html id=42 lang=en utm_source=nil\n"]



=== TEST 7: rewrite: redirects
--- http_config http_of: rewrite
--- config server_of: rewrite
--- request
GET /users/42/
--- error_code: 301
--- response_headers
Location: /users/42



=== TEST 8: rewrite: knows numbers only
--- http_config http_of: rewrite
--- config server_of: rewrite
--- request
GET /users/all
--- error_code: 404



=== TEST 9: content: adds arguments
--- http_config http_of: content
--- config server_of: content
--- request eval
["GET /add?n=1&n=2&n=3.5", "GET /add?n=7", "GET /add"]
--- error_code eval
[200, 200, 400]
--- response_body eval
["6.5\n", "7\n", "add what? Say ?n=1&n=2\n"]



=== TEST 10: content: counts the words of a request body
--- http_config http_of: content
--- config server_of: content
--- request eval
["POST /words\nsome words to count", "POST /words\n", "GET /words"]
--- error_code eval
[200, 200, 405]
--- response_headers eval
["! Allow", "! Allow", "Allow: POST"]
--- response_body_like eval
["^4\n\$", "^0\n\$", "405 Not Allowed"]



=== TEST 11: header-filter: changes the header of any response
--- http_config http_of: header-filter
--- config server_of: header-filter
--- request eval
["GET /", "GET /missing"]
--- error_code eval
[200, 404]
--- response_headers eval
my $all = <<'END';
Server: a web server
X-Content-Type-Options: nosniff
Set-Cookie: seen=yes; Path=/, theme=dark; Path=/
! X-Internal
END
["${all}Content-Type: text/plain\n! Cache-Control", "${all}Cache-Control: no-store"]
--- response_body_like eval
["^look at my headers\n\$", "404 Not Found"]



=== TEST 12: body-filter: sees the whole body at its end
--- http_config http_of: body-filter
--- config server_of: body-filter
--- request
GET /masked
--- response_headers
! Content-Length
--- response_body
card **** **** ****
room **



=== TEST 13: body-filter: cuts the body off
--- http_config http_of: body-filter
--- config server_of: body-filter
--- request
GET /first-line
--- response_body
the first line



=== TEST 14: set: computes a variable
--- http_config http_of: set
--- config server_of: set
--- request eval
["GET /", "GET /"]
--- more_headers eval
["", "User-Agent: Mozilla/5.0 (iPhone)"]
--- response_body eval
["desktop\n", "phone\n"]



=== TEST 15: set: takes arguments
--- http_config http_of: set
--- config server_of: set
--- request
GET /add?a=20&b=22
--- response_body
42



=== TEST 16: log: tells what was slow
--- http_config http_of: log
--- config server_of: log
--- request
GET /?seconds=0.21
--- response_body
done
--- error_log eval
qr{slow: /\?seconds=0\.21 took \d\.\d+ s while logging request}



=== TEST 17: log: counts
--- http_config http_of: log
--- config server_of: log
--- request eval
["GET /", "GET /missing", "GET /", "GET /counters"]
--- error_code eval
[200, 404, 200, 200]
--- response_body_like eval
["^done\n\$", "404 Not Found", "^done\n\$", "^200: 2\n404: 1\n\$"]
--- no_error_log
slow:



=== TEST 18: init: has loaded the list
--- http_config http_of: init
--- config server_of: init
--- request eval
["GET /code/de", "GET /code/xx", "GET /code/"]
--- error_code eval
[200, 404, 404]
--- response_body_like eval
["^[+]49\n\$", "404 Not Found", "404 Not Found"]



=== TEST 19: init: each worker knows when it started
--- http_config http_of: init
--- config server_of: init
--- request
GET /worker
--- response_body_like
^worker 0 of 1, process [0-9]+, since [0-9]{4}-[0-9][0-9]-[0-9][0-9] [0-9:]{8}$



=== TEST 20: proxy: keeps strangers out
--- http_config http_of: proxy
--- config server_of: proxy
--- request
GET /app/items
--- error_code: 401
--- response_body_like: 401 Authorization Required
--- response_body_unlike: seen by Lua
--- no_error_log
answered



=== TEST 21: proxy: shows the application to others
--- http_config http_of: proxy
--- config server_of: proxy
--- request
GET /app/ITEMS
--- more_headers
X-Key: sesame
--- response_headers
! X-Powered-By
--- response_body
application: /backend/items for Ada, key: nil
(seen by Lua)
--- error_log eval
qr/127\.0\.0\.1:\d+ answered Ada with 200 in \d\.\d+ s while logging request/



=== TEST 22: sleep: waits
--- http_config http_of: sleep
--- config server_of: sleep
--- request eval
["GET /ticks?pause=0.05", "GET /slow?seconds=0.05"]
--- response_body eval
["tick 1\ntick 2\ntick 3\n", "here you are\n"]



=== TEST 23: sleep: gets values out of a coroutine that waits
--- http_config http_of: sleep
--- config server_of: sleep
--- request
GET /primes?n=10
--- response_body eval
join '', map { "$_\n" } 2, 3, 5, 7, 11, 13, 17, 19, 23, 29



=== TEST 24: json: writes and reads it
--- http_config http_of: json
--- config server_of: json
--- request eval
["GET /echo?a=1", "POST /sum\n" . '{"numbers": [1, 2, 3.5]}', "POST /sum\nnumbers"]
--- error_code eval
[200, 200, 400]
--- response_headers eval
[("Content-Type: application/json") x 3]
--- response_body eval
[qq({"a":"1"}\n), qq({"sum":6.5}\n), qq({"error":"send an object with numbers"}\n)]



=== TEST 25: json: says when cjson is missing
--- http_config eval
main::http_of("json") . "lua_package_cpath '/nowhere/?.so';"
--- config server_of: json
--- request
GET /echo?a=1
--- error_code: 501
--- response_body
{"error":"cjson is not installed"}



=== TEST 26: subrequests: puts a page together
--- http_config http_of: subrequests
--- config server_of: subrequests
--- request eval
["GET /page?user=ada", "GET /page", "GET /old"]
--- response_body eval
[
    "hello, ada\nnews: 2 of them\n",
    "hello, whoever you are (404)\nnews: 2 of them\n",
    "hello, grace\nnews: 2 of them\n",
]



=== TEST 27: subrequests: keeps the parts to itself
--- http_config http_of: subrequests
--- config server_of: subrequests
--- request
GET /parts/user?name=ada
--- error_code: 404



=== TEST 28: gateway: lets in who has the token
--- http_config http_of: gateway
--- config server_of: gateway
--- request
GET /api/v1/users/7/orders
--- more_headers
Authorization: Bearer sesame
--- response_headers_like
X-Request-Id: [0-9a-f]{16}
--- response_headers
! X-Node
--- response_body
orders of user 7, asked by ada, token: nil



=== TEST 29: gateway: keeps others out
--- http_config http_of: gateway
--- config server_of: gateway
--- request eval
["GET /api/v1/users/7/orders", "GET /api/v1/users/x"]
--- error_code eval
[401, 400]



=== TEST 30: gateway: says where things have moved
--- http_config http_of: gateway
--- config server_of: gateway
--- request
GET /users/7
--- error_code: 301
--- response_headers
Location: /api/v1/users/7



=== TEST 31: form: takes fields, gives a signed cookie
--- http_config http_of: form
--- config server_of: form
--- request
POST /form
name=Ada&likes=tea&likes=cake
--- response_headers_like
Set-Cookie: user=QWRh\.[\w%]+; HttpOnly; Expires=\w+, .* GMT
--- response_body
Ada likes 2 things



=== TEST 32: form: knows its own cookie from others
--- http_config http_of: form
--- config server_of: form
--- request eval
["GET /", "GET /"]
--- more_headers eval
[
    "Cookie: user=QWRh.HdWN0IEHaDci67/fkgxiS72NERs",
    "Cookie: user=QWRh.forged",
]
--- error_code eval
[200, 403]



=== TEST 33: form: wants a name
--- http_config http_of: form
--- config server_of: form
--- request
POST /form
likes=tea
--- error_code: 400
--- response_body
a name, please



=== TEST 34: limit: five requests, then 429
--- http_config http_of: limit
--- config server_of: limit
--- request eval
[("GET /") x 6]
--- error_code eval
[(200) x 5, 429]
--- response_body_like eval
[("^welcome") x 5, "429 Too Many Requests"]



=== TEST 35: limit: a slow answer is kept
--- http_config http_of: limit
--- config server_of: limit
--- request eval
["GET /slow", "GET /slow", "GET /state"]
--- response_body_like eval
[("^the answer is 42\$") x 2, "results: 1 keys, 99"]



=== TEST 36: limit-concurrency: one guest
--- http_config http_of: limit-concurrency
--- config server_of: limit-concurrency
--- request eval
["GET /meal", "GET /free"]
--- response_body eval
["spaghetti\n", "2 places are free\n"]



=== TEST 37: limit-concurrency: more guests than the kitchen can serve
--- http_config http_of: limit-concurrency
--- config server_of: limit-concurrency
--- request eval
["GET /rush", "GET /free"]
--- response_body eval
["guest 1: 200
guest 2: 200
guest 3: 200
guest 4: 200
guest 5: 503
guest 6: 503
", "2 places are free\n"]



=== TEST 38: timers: counts after the answer
--- http_config http_of: timers
--- config server_of: timers
--- request eval
["GET /", "GET /timers"]
--- response_body_like eval
["^hello; visits so far: \\d+\$", "^pending: [12]\nrunning: [01]\$"]
--- no_error_log
[error]



=== TEST 39: timers: ticks
--- http_config http_of: timers
--- config server_of: timers
--- request
GET /ticks
--- response_body_like
^\d+$



=== TEST 40: threads: all answers
--- http_config http_of: threads
--- config server_of: threads
--- request
GET /all
--- response_body
weather says hello
sorry: broken does not answer
news says hello
--- error_log
lua user thread aborted: runtime error: broken does not answer



=== TEST 41: threads: the first answer, and one with a limit of time
--- http_config http_of: threads
--- config server_of: threads
--- request eval
["GET /first", "GET /patient"]
--- response_body eval
["near says hello\n", "no answer in time\n"]
--- no_error_log
[error]



=== TEST 42: redis-cache: made once
--- http_config http_of: redis-cache
--- config server_of: redis-cache
--- request eval
["GET /pages/a", "GET /pages/a", "GET /pages/b", "GET /pages/a", "GET /popular"]
--- response_headers eval
["X-Cache: miss", "X-Cache: hit", "X-Cache: miss", "X-Cache: hit", "! X-Cache"]
--- response_body_like eval
["^page a, made at [-0-9]+ [:0-9]+\$", "^page a", "^page b", "^page a", "^a: 3\nb: 1\$"]
--- no_error_log
[error]
--- skip_eval: 3: !$ENV{TEST_NGINX_REDIS_PORT} || !::has_library("redis")



=== TEST 43: redis-cache: does without
--- http_config http_of without_redis: redis-cache
--- config server_of: redis-cache
--- request eval
["GET /pages/a", "GET /pages/a"]
--- response_headers eval
["X-Cache: miss", "X-Cache: miss"]
--- response_body_like eval
["^page a, made at", "^page a, made at"]
--- error_log
no answer from Redis: connection refused
--- skip_eval: 3: !::has_library("redis")



=== TEST 44: websocket-echo: the client
--- http_config http_of: websocket-echo
--- config server_of: websocket-echo
--- request
GET /try?text=hello
--- response_body
the server says hello (text)
and then close 1000
--- no_error_log
[error]
--- skip_eval: 3: !::has_library("websocket/server")



=== TEST 45: websocket-echo: the page, and a request that is none
--- http_config http_of: websocket-echo
--- config server_of: websocket-echo
--- request eval
["GET /", "GET /echo"]
--- error_code eval
[200, 400]
--- response_body_like eval
["new WebSocket", "400 Bad Request"]
--- no_error_log
[error]
--- skip_eval: 3: !::has_library("websocket/server")
