//! What `receiveuntil` looks for, and how it repeats itself.

use core::fmt::Debug;

/// A pattern with, for each of its beginnings, the longest shorter beginning that
/// it ends with.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// Most patterns are short, and need no memory of their own.
    Short {
        len: u8,
        bytes: [u8; SHORT],
        borders: [u8; SHORT],
    },
    Long {
        bytes: Box<[u8]>,
        borders: Box<[usize]>,
    },
}

/// The boundary of a multipart body has at most 70 characters.
const SHORT: usize = 76;

impl Pattern {
    pub(super) fn new(pattern: &[u8]) -> Self {
        let len = pattern.len();
        if len > SHORT {
            let mut borders = vec![0; len];
            fill_borders(pattern, &mut borders);
            return Self::Long { bytes: pattern.into(), borders: borders.into() };
        }
        let (mut bytes, mut borders) = ([0; SHORT], [0; SHORT]);
        bytes[..len].copy_from_slice(pattern);
        fill_borders(pattern, &mut borders[..len]);
        Self::Short { len: len as u8, bytes, borders }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Short { len, bytes, .. } => &bytes[..usize::from(*len)],
            Self::Long { bytes, .. } => bytes,
        }
    }

    /// How long the longest shorter beginning is that the first `len` bytes, one at
    /// least, end with.
    pub(super) fn border(&self, len: usize) -> usize {
        match self {
            Self::Short { borders, .. } => borders[len - 1].into(),
            Self::Long { borders, .. } => borders[len - 1],
        }
    }

    pub(super) fn owns_memory(&self) -> bool {
        matches!(self, Self::Long { .. })
    }
}

/// Finds the longest border of each beginning of the pattern.
fn fill_borders<T>(pattern: &[u8], borders: &mut [T])
where
    T: Copy + Into<usize> + TryFrom<usize, Error: Debug>,
{
    let mut border = 0;
    for end in 1..pattern.len() {
        while border > 0 && pattern[border] != pattern[end] {
            border = borders[border - 1].into();
        }
        if pattern[border] == pattern[end] {
            border += 1;
        }
        borders[end] = T::try_from(border).expect("a border is shorter than the pattern");
    }
}
