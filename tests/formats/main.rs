//! Model files as people have them: read in each format, and refused when damaged or malicious.
#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test")]

mod allocation;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod gguf_writer;
mod hostile;
mod messages;
mod small_model;
mod smollm2;
#[path = "../support/smollm2.rs"]
mod smollm2_file;
mod stories;

use std::sync::Arc;

use hemoscope_core::weights::formats::NamedFile;
use hemoscope_core::weights::{Bytes, Pristine};

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
