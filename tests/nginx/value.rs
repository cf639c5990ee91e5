//! Values that perl hands over, and their encoding on the pipe (the other end
//! is perl/Test/Nginx/Wire.pm).

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

/// A perl value. Text is bytes: test blocks hold binary data.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Undef,
    Text(Vec<u8>),
    List(Vec<Value>),
    Map(BTreeMap<String, Value>),
    /// A compiled regex, by its source text (`(?^i:foo)`).
    Regex(Vec<u8>),
    /// Code, by the number that a call names it with.
    Code(usize),
}

impl Value {
    pub fn text(text: impl Into<Vec<u8>>) -> Value {
        Value::Text(text.into())
    }

    pub fn as_text(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// What kind of value this is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Undef => "undef",
            Value::Text(_) => "text",
            Value::List(_) => "an array",
            Value::Map(_) => "a hash",
            Value::Regex(_) => "a regex",
            Value::Code(_) => "code",
        }
    }

    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        match self {
            Value::Text(text) => {
                write!(out, "S{}:", text.len())?;
                out.write_all(text)
            }
            Value::List(list) => {
                write!(out, "L{}:", list.len())?;
                list.iter().try_for_each(|item| item.write(out))
            }
            other => Err(invalid(format!("{} cannot be sent to perl", other.kind()))),
        }
    }

    pub fn read(input: &mut impl BufRead) -> io::Result<Value> {
        let mut tag = [0];
        input.read_exact(&mut tag)?;
        if tag[0] == b'U' {
            return Ok(Value::Undef);
        }

        let number = read_number(input)?;
        match tag[0] {
            b'S' => Ok(Value::Text(read_bytes(input, number)?)),
            b'R' => Ok(Value::Regex(read_bytes(input, number)?)),
            b'C' => Ok(Value::Code(number)),
            b'L' => {
                (0..number).map(|_| Value::read(input)).collect::<io::Result<_>>().map(Value::List)
            }
            b'M' => {
                let mut map = BTreeMap::new();
                for _ in 0..number {
                    let Value::Text(key) = Value::read(input)? else {
                        return Err(invalid("a key that is not text".into()));
                    };
                    map.insert(String::from_utf8_lossy(&key).into_owned(), Value::read(input)?);
                }
                Ok(Value::Map(map))
            }
            other => Err(invalid(format!("unknown tag {:?}", char::from(other)))),
        }
    }
}

fn read_number(input: &mut impl BufRead) -> io::Result<usize> {
    let mut digits = Vec::new();
    input.read_until(b':', &mut digits)?;
    let text = std::str::from_utf8(&digits).unwrap_or_default();
    text.strip_suffix(':')
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| invalid(format!("bad length {text:?}")))
}

fn read_bytes(input: &mut impl Read, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}
