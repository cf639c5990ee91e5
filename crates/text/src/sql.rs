//! String literals of SQL, as MySQL reads them.

/// Appends the text as a literal, in single quotes.
pub fn quote_into(text: &[u8], out: &mut Vec<u8>) {
    out.reserve(text.len() + 2);
    out.push(b'\'');
    for &byte in text {
        match escape(byte) {
            Some(letter) => out.extend_from_slice(&[b'\\', letter]),
            None => out.push(byte),
        }
    }
    out.push(b'\'');
}

/// What stands for the byte after a backslash.
const fn escape(byte: u8) -> Option<u8> {
    Some(match byte {
        0 => b'0',
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        b'\r' => b'r',
        0x1a => b'Z',
        b'\\' | b'\'' | b'"' => byte,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
