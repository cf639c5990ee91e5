//! What requests leave behind in a worker's memory.

use crate::system::site::{Client, memory_of};

/// Slack for the process: LuaJIT and malloc take memory from the system in
/// pieces, and where these lie depends on when the garbage collector runs. It
/// is far less than a leak of 100 bytes per request comes to in 15,000.
const PROCESS_SLACK: u64 = 1 << 20;

/// Slack for Lua after a full collection: tables that have grown, and what the
/// compiler keeps about code that has become hot.
const LUA_SLACK: u64 = 64 << 10;

/// `require "watch"`, for the code of the trials.
pub const WATCH: &str = r#"
    init_by_lua_block {
        local watch = { started = 0, ended = 0 }
        local alive = setmetatable({}, { __mode = "k" })

        -- Notes a thing that must not outlive its request.
        function watch.object(object)
            alive[object] = true
            return object
        end

        function watch.sleep(seconds)
            watch.started = watch.started + 1
            ngx.sleep(seconds)
        end

        function watch.memory()
            -- Twice, as a finalizer may let go of further things.
            collectgarbage()
            collectgarbage()
            local objects = 0
            for _ in pairs(alive) do
                objects = objects + 1
            end
            return math.floor(collectgarbage("count") * 1024), objects
        end

        package.loaded.watch = watch
    }
"#;

/// Locations that tell about the worker. They do not count themselves.
pub const LOCATIONS: &str = r#"
    location = /memory {
        content_by_lua_block {
            local bytes, objects = require("watch").memory()
            ngx.print(ngx.worker.pid(), " ", bytes, " ", objects)
        }
        log_by_lua_block { return }
    }
    location = /counts {
        content_by_lua_block {
            local watch = require "watch"
            ngx.print(watch.started, " ", watch.ended)
        }
        log_by_lua_block { return }
    }
"#;

#[derive(Debug)]
pub struct Memory {
    process: u64,
    lua: u64,
    /// Things that `watch.object` has noted and that still exist.
    objects: u64,
}

impl Memory {
    /// Of the worker behind the port, after a full garbage collection.
    pub fn of_worker(client: &Client) -> Result<Memory, String> {
        let [pid, lua, objects] = numbers(&client.get("/memory")?)?;
        let pid = i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))?;
        Ok(Memory { process: memory_of(pid)?, lua, objects })
    }

    /// Compares with the memory after many more requests.
    pub fn is_flat(&self, after: &Memory) -> Result<(), String> {
        let flat = after.process <= self.process + PROCESS_SLACK
            && after.lua <= self.lua + LUA_SLACK
            && after.objects == 0;
        if flat {
            return Ok(());
        }
        Err(format!(
            "memory grows; of the worker (bytes, at most {PROCESS_SLACK} more), in Lua (bytes, at \
             most {LUA_SLACK} more), objects of ended requests (none): {self:?}, then {after:?}"
        ))
    }
}

pub fn numbers<const N: usize>(text: &str) -> Result<[u64; N], String> {
    let numbers: Option<Vec<u64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(|| format!("{text:?} is not {N} numbers"))
}
