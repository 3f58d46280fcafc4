//! SmolLM2-135M-Instruct, which set-up fetches because it is too large to commit.

use std::path::{Path, PathBuf};

/// Where its file is. Without it a test fails and says how to get it: a skipped test would look like a passed one.
pub fn smollm2_path() -> PathBuf {
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let path = std::env::var_os("HEMOSCOPE_MODEL").map_or(bundled, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: `make model` fetches it, or set HEMOSCOPE_MODEL to another copy",
        path.display()
    );
    path
}
