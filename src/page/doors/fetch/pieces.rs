//! A file in pieces: how much of it is stored, and whether that still matches the file at its address.

use serde::{Deserialize, Serialize};

use super::head::Validator;

/// Bytes per piece. A broken connection or a closed page loses at most one piece; a 2 GB file has 477.
pub const PIECE_BYTES: u64 = 4 << 20;

/// What the store remembers about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Where it comes from.
    pub address: String,
    /// Bytes of the whole file.
    pub total: u64,
    /// Bytes of each piece but the last.
    pub piece: u64,
    /// The version of the file that the pieces are from.
    pub validator: Validator,
}

impl Manifest {
    /// The manifest of a file that is about to be downloaded.
    #[must_use]
    pub fn new(address: &str, total: u64, validator: Validator) -> Self {
        Self {
            address: address.to_owned(),
            total,
            piece: PIECE_BYTES,
            validator,
        }
    }

    /// Whether stored pieces can be used for the file as the server describes it now.
    #[must_use]
    pub fn fits(&self, total: u64, validator: &Validator) -> bool {
        self.piece == PIECE_BYTES && self.total == total && !self.validator.differs(validator)
    }

    /// Number of pieces of the whole file.
    #[must_use]
    pub fn pieces(&self) -> u64 {
        self.total.div_ceil(self.piece.max(1))
    }

    /// Bytes of the first `count` pieces.
    #[must_use]
    pub fn bytes_of(&self, count: u64) -> u64 {
        count.saturating_mul(self.piece).min(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(total: u64) -> Manifest {
        let validator = Validator {
            etag: Some("\"1\"".to_owned()),
            last_modified: None,
        };
        Manifest::new("a", total, validator)
    }

    #[test]
    fn pieces_cover_the_file() {
        for (total, pieces) in [(0, 0), (1, 1), (PIECE_BYTES, 1), (PIECE_BYTES + 1, 2), (98_126_000, 24)] {
            let manifest = manifest(total);
            assert_eq!(manifest.pieces(), pieces);
            assert_eq!(manifest.bytes_of(pieces), total);
        }
        assert_eq!(manifest(PIECE_BYTES * 3).bytes_of(2), PIECE_BYTES * 2);
    }

    #[test]
    fn another_size_or_version_does_not_fit() {
        let stored = manifest(10);
        assert!(stored.fits(10, &stored.validator));
        assert!(!stored.fits(11, &stored.validator));
        let other = Validator {
            etag: Some("\"2\"".to_owned()),
            last_modified: None,
        };
        assert!(!stored.fits(10, &other));
    }
}
