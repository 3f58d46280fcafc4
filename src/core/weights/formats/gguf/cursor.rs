//! Reading a header from front to back, never past the file's end.

use crate::weights::{ReadAt, WeightsError};

/// Bytes fetched at a time.
const WINDOW_BYTES: u64 = 1 << 16;

/// The longest string that is read: the longest real ones, chat templates, have some ten thousand bytes.
const STRING_BYTES_MAX: u64 = 1 << 24;

/// A position in a file.
pub(super) struct Cursor<'a> {
    file: &'a dyn ReadAt,
    name: &'a str,
    position: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(file: &'a dyn ReadAt, name: &'a str) -> Self {
        Self {
            file,
            name,
            position: 0,
            window: Vec::new(),
            window_start: 0,
        }
    }

    /// The offset of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Bytes between here and the file's end.
    pub(super) fn remaining(&self) -> u64 {
        self.file.size().saturating_sub(self.position)
    }

    /// The error for something malformed at this position.
    pub(super) fn malformed(&self, problem: impl Into<String>) -> WeightsError {
        WeightsError::Malformed {
            file: self.name.to_owned(),
            offset: self.position,
            problem: problem.into(),
        }
    }

    /// The error for something valid that is not supported here.
    pub(super) fn unsupported(&self, what: impl Into<String>, supported: impl Into<String>) -> WeightsError {
        WeightsError::Unsupported {
            file: self.name.to_owned(),
            what: what.into(),
            supported: supported.into(),
        }
    }

    /// The next `length` bytes, which are in the window after this.
    fn advance(&mut self, length: u64) -> Result<&[u8], WeightsError> {
        if length > self.remaining() {
            let left = self.remaining();
            let problem = format!("{length} more bytes should follow, but the file ends after {left}; it was cut off");
            return Err(self.malformed(problem));
        }
        let inside = |window_start: u64, window: &[u8], position: u64| {
            position >= window_start && position + length <= window_start + window.len() as u64
        };
        if !inside(self.window_start, &self.window, self.position) {
            let window = WINDOW_BYTES.max(length).min(self.remaining());
            self.window.resize(usize::try_from(window).unwrap_or_default(), 0);
            self.window_start = self.position;
            self.file.fill(self.name, self.position, &mut self.window)?;
        }
        let start = usize::try_from(self.position - self.window_start).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX));
        self.position += length;
        Ok(self.window.get(start..end).unwrap_or_default())
    }

    /// The next `N` bytes.
    pub(super) fn take<const N: usize>(&mut self) -> Result<[u8; N], WeightsError> {
        let bytes = self.advance(N as u64)?;
        Ok(bytes.first_chunk().copied().unwrap_or([0; N]))
    }

    pub(super) fn u32(&mut self) -> Result<u32, WeightsError> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, WeightsError> {
        self.take().map(u64::from_le_bytes)
    }

    /// A string, after its length in 64 bits.
    pub(super) fn string(&mut self, what: &str) -> Result<String, WeightsError> {
        let start = self.position;
        let length = self.u64()?;
        let left = self.remaining();
        if length > left.min(STRING_BYTES_MAX) {
            self.position = start;
            return Err(self.malformed(format!("{what} claims {length} bytes, but {left} are left in the file")));
        }
        let text = std::str::from_utf8(self.advance(length)?).map(str::to_owned);
        text.map_err(|error| {
            self.position = start;
            self.malformed(format!("{what} is not UTF-8: {error}"))
        })
    }

    /// Skips `length` bytes.
    pub(super) fn skip(&mut self, length: u64) -> Result<(), WeightsError> {
        if length > self.remaining() {
            return Err(self.malformed(format!(
                "{length} more bytes should follow, but the file ends after {}; it was cut off",
                self.remaining()
            )));
        }
        self.position += length;
        Ok(())
    }
}
