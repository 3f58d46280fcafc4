//! A model's identity: SHA-256 of its bytes.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::weights::{ReadAt, WeightsError};

/// Bytes in memory at a time.
const PIECE_BYTES: u64 = 1 << 20;

/// SHA-256 of a file's bytes in lower-case hexadecimal, a piece at a time.
///
/// # Errors
/// If the file can't be read.
pub fn sha256(file: &dyn ReadAt) -> Result<String, WeightsError> {
    let mut hasher = Sha256::new();
    update(&mut hasher, "the file", file)?;
    Ok(hex::encode(hasher.finalize()))
}

/// SHA-256 of bytes in memory in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 of several files' bytes one after the other, in the order of their names; of one file, [`sha256`].
///
/// # Errors
/// If a file can't be read.
pub fn sha256_of_files(files: &[(String, Arc<dyn ReadAt>)]) -> Result<String, WeightsError> {
    let mut by_name: Vec<_> = files.iter().collect();
    by_name.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = Sha256::new();
    for (name, file) in by_name {
        update(&mut hasher, name, file.as_ref())?;
    }
    Ok(hex::encode(hasher.finalize()))
}

fn update(hasher: &mut Sha256, what: &str, file: &dyn ReadAt) -> Result<(), WeightsError> {
    let size = file.size();
    let mut piece = vec![0; usize::try_from(size.min(PIECE_BYTES)).unwrap_or_default()];
    let mut offset = 0;
    while offset < size {
        let length = (size - offset).min(PIECE_BYTES);
        let bytes = &mut piece[..usize::try_from(length).unwrap_or_default()];
        file.fill(what, offset, bytes)?;
        hasher.update(bytes);
        offset += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Bytes;

    #[test]
    fn known_answers() {
        // FIPS 180-2, appendix B.1, and the digest of no bytes.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(&Bytes(b"abc".as_slice().into())).unwrap(), abc);
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(&Bytes(b"".as_slice().into())).unwrap(), nothing);
        // FIPS 180-2, appendix B.3: a million times "a", which spans more than one piece with the second file.
        let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(sha256(&Bytes(vec![b'a'; 1_000_000].into())).unwrap(), million);
    }

    #[test]
    fn files_count_in_the_order_of_their_names() {
        let file = |bytes: &[u8]| -> Arc<dyn ReadAt> { Arc::new(Bytes(bytes.into())) };
        let files = [("b".to_owned(), file(b"c")), ("a".to_owned(), file(b"ab"))];
        assert_eq!(sha256_of_files(&files).unwrap(), sha256(file(b"abc").as_ref()).unwrap());
    }
}
