//! Files that tests read; `tests/fixtures/README.md` states source and licence of each.

use std::path::{Path, PathBuf};

/// A file of `tests/fixtures`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)
}
