//! Model files as people have them: read in each format, and refused when they are damaged or made to do harm.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod allocation;
mod gguf_writer;
mod hostile;
mod messages;
mod small_model;
mod smollm2;
mod stories;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hemoscope_core::weights::formats::NamedFile;
use hemoscope_core::weights::{Bytes, Pristine};

/// A file that other people made: `HEMOSCOPE_SHARED` or the folder `shared` beside the checkout.
fn shared(name: &str) -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let folder = std::env::var_os("HEMOSCOPE_SHARED").map_or(beside, PathBuf::from);
    folder.join(name)
}

fn named(name: &str, bytes: &[u8]) -> NamedFile {
    (name.to_owned(), Arc::new(Bytes(bytes.into())))
}

/// Bit-equal tensors under the same roles.
fn assert_same_tensors(found: &Pristine, expected: &Pristine) {
    let ids = |model: &Pristine| model.tensors().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(found), ids(expected));
    for (id, tensor) in expected.tensors() {
        assert_eq!(found.shape(id).unwrap(), tensor.shape(), "{id}");
        assert_eq!(found.tensor(id).unwrap(), tensor.read().unwrap(), "{id}");
    }
}
