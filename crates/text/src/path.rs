//! Values of `lua_package_path` and `lua_package_cpath`.

const PREFIXES: [&[u8]; 2] = [b"$prefix", b"${prefix}"];

/// Expands `;;` to `default` between semicolons, `$prefix` and `${prefix}` to
/// `prefix` (nginx's own ends in a slash). What was inserted is not expanded
/// again. An empty value means the default.
///
/// ```
/// use nginx_lua_text::path::package_path;
///
/// let path = package_path(b"$prefix/lua/?.lua;;", b"/srv/", b"./?.lua");
/// assert_eq!(path, b"/srv//lua/?.lua;./?.lua;");
/// ```
pub fn package_path(value: &[u8], prefix: &[u8], default: &[u8]) -> Vec<u8> {
    if value.is_empty() {
        return default.to_vec();
    }

    let mut out = Vec::with_capacity(value.len() + prefix.len() + default.len());
    let mut rest = value;
    while let Some((&first, tail)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b";;") {
            out.push(b';');
            out.extend_from_slice(default);
            out.push(b';');
            rest = after;
        } else if let Some(after) = PREFIXES.iter().find_map(|name| rest.strip_prefix(*name)) {
            out.extend_from_slice(prefix);
            rest = after;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests;
