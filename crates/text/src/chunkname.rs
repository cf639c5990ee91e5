//! Names of inline Lua chunks, as they stand in Lua's error messages.

/// Lua shows a chunk name in 60 bytes. So many are for the tag, the file and
/// the line; the others are for `=`, `(`, `:` and `)`.
const ROOM: usize = 56;

const ELLIPSIS: &[u8] = b"...";

/// `=<tag>(<file>:<line>)`. The file is `nginx.conf` when it has that name in
/// any directory, else it is relative to the configuration's prefix when it is below it. A
/// name too long for Lua's messages loses the head of the file.
pub fn inline(tag: &str, conf_file: &[u8], conf_prefix: &[u8], line: usize) -> Vec<u8> {
    let line = line.to_string();
    let file = short_file(conf_file, conf_prefix);
    let room = ROOM.saturating_sub(tag.len() + line.len());
    let (dots, file) = if file.len() > room {
        let tail = room.saturating_sub(ELLIPSIS.len());
        (ELLIPSIS, &file[file.len() - tail..])
    } else {
        (&b""[..], file)
    };

    [b"=", tag.as_bytes(), b"(", dots, file, b":", line.as_bytes(), b")"].concat()
}

fn short_file<'a>(file: &'a [u8], prefix: &[u8]) -> &'a [u8] {
    const MAIN: &[u8] = b"/nginx.conf";

    if file.ends_with(MAIN) {
        return &MAIN[1..];
    }

    match file.strip_prefix(prefix) {
        Some(relative) if !relative.is_empty() => relative,
        _ => file,
    }
}

#[cfg(test)]
mod tests;
