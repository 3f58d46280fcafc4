//! Bytes of a model file, read piece by piece.

use std::io;

use super::WeightsError;

/// Random access to a file's bytes, so that a model never has to be in memory as a whole.
pub trait ReadAt: Send + Sync {
    /// The file's size in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// `UnexpectedEof` where the file ends first; otherwise whatever the storage reports.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// [`Self::read_at`]; an error names what was to be read.
    ///
    /// # Errors
    /// [`WeightsError::Read`].
    fn fill(&self, what: &str, offset: u64, buffer: &mut [u8]) -> Result<(), WeightsError> {
        let length = buffer.len() as u64;
        self.read_at(offset, buffer).map_err(|source| WeightsError::Read {
            what: what.to_owned(),
            offset,
            length,
            source,
        })
    }
}

/// A file that is in memory.
#[derive(Debug, Clone)]
pub struct Bytes(pub std::sync::Arc<[u8]>);

impl ReadAt for Bytes {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let slice = usize::try_from(offset)
            .ok()
            .and_then(|start| self.0.get(start..start.checked_add(buffer.len())?))
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(slice);
        Ok(())
    }
}
