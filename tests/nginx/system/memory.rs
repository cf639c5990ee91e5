//! What requests leave behind in a worker's memory.

use crate::system::site::{Client, peak_memory};

/// Slack for the process: when the garbage collector runs is not the same each
/// time, and the last pages of libraries come with their first use. It is what
/// a leak of 70 bytes per request comes to in 15,000.
const PEAK_SLACK: u64 = 1 << 20;

/// Slack for Lua after a full collection: tables that have grown, and what the
/// compiler keeps about code that has become hot.
const LUA_SLACK: u64 = 64 << 10;

/// `require "watch"`, for the code of the trials.
pub const WATCH: &str = r#"
    init_by_lua_block {
        local watch = { started = 0, ended = 0 }
        local function new_set()
            return setmetatable({}, { __mode = "k" })
        end
        local alive = new_set()

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
            collectgarbage()
            -- A new set, as the old one has the size of what it once held.
            local kept, n = new_set(), 0
            for object in pairs(alive) do
                kept[object] = true
                n = n + 1
            end
            alive = kept
            collectgarbage()
            return math.floor(collectgarbage("count") * 1024), n
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
    /// The most that the process has had.
    peak: u64,
    /// After a full collection.
    lua: u64,
    /// Things that `watch.object` has noted and that still exist.
    objects: u64,
}

impl Memory {
    /// Of the worker behind the port, after a full garbage collection.
    pub fn of_worker(client: &Client) -> Result<Memory, String> {
        let [pid, lua, objects] = numbers(&client.get("/memory")?)?;
        let pid = i32::try_from(pid).map_err(|_| format!("{pid} is no process id"))?;
        Ok(Memory { peak: peak_memory(pid)?, lua, objects })
    }

    /// Whether the memory stays the same while `more` runs. How much is in use at
    /// the same time differs a little from run to run, so that a peak may still
    /// rise; but it does not rise again and again unless something leaks.
    pub fn stays_flat(
        client: &Client,
        mut more: impl FnMut() -> Result<(), String>,
    ) -> Result<(), String> {
        const ATTEMPTS: usize = 4;
        let mut before = Memory::of_worker(client)?;
        for _ in 1..ATTEMPTS {
            more()?;
            let after = Memory::of_worker(client)?;
            if before.is_flat(&after).is_ok() {
                return Ok(());
            }
            before = after;
        }
        more()?;
        before.is_flat(&Memory::of_worker(client)?)
    }

    /// Compares with the memory after many more requests.
    pub fn is_flat(&self, after: &Memory) -> Result<(), String> {
        let flat = after.peak <= self.peak + PEAK_SLACK
            && after.lua <= self.lua + LUA_SLACK
            && after.objects == 0;
        if flat {
            return Ok(());
        }
        Err(format!(
            "memory grows; allowed are {PEAK_SLACK} bytes more for the worker, {LUA_SLACK} bytes \
             more in Lua, and no objects of ended requests: {self:?}, then {after:?}"
        ))
    }
}

pub fn numbers<const N: usize>(text: &str) -> Result<[u64; N], String> {
    let numbers: Option<Vec<u64>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
    numbers
        .and_then(|numbers| numbers.try_into().ok())
        .ok_or_else(|| format!("{text:?} is not {N} numbers"))
}
