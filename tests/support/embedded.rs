//! The models that are embedded in the page.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hemoscope_core::experiment::bundled::SIZES;
use hemoscope_core::experiment::{Asset, DeviceChoice};
use hemoscope_core::numeric::log_sum_exp;
use hemoscope_core::weights::formats;
use hemoscope_engine::arch::Batch;
use hemoscope_engine::{Model, Session};
use serde::{Deserialize, Serialize};

use super::Quiet;

/// From small to large.
pub const NAMES: [&str; 3] = [SIZES[0].name, SIZES[1].name, SIZES[2].name];

/// A file in the checkout.
pub fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The content of a JSON file in the checkout.
pub fn json<T: for<'a> Deserialize<'a>>(path: &str) -> T {
    serde_json::from_slice(&std::fs::read(here(path)).unwrap()).unwrap()
}

/// One of them, on the CPU.
pub fn model(name: &str) -> Model {
    let folder = here("web/models").join(name);
    let mut session = Session::new(Quiet::default());
    pollster::block_on(async {
        session.start(DeviceChoice::Flex).await.unwrap();
        let files = formats::files(&folder).unwrap();
        session
            .load(&Asset::bundled(name), name.to_owned(), files)
            .await
            .unwrap();
        session.model().unwrap().clone()
    })
}

/// A measurement of each of them, by name; written to `path` if HEMOSCOPE_WRITE_QUALITY is set.
pub fn measure_each<T: Serialize>(path: &str, measure: impl Fn(&Model) -> T) -> BTreeMap<String, T> {
    let found = NAMES.map(|name| (name.to_owned(), measure(&model(name)))).into();
    if std::env::var_os("HEMOSCOPE_WRITE_QUALITY").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::write(here(path), text).unwrap();
    }
    found
}

/// Loss in nats of each token after the first.
pub fn losses(model: &Model, tokens: &[u32]) -> Vec<f64> {
    let llama = &model.llama;
    let batch = Batch::new(&[tokens]).unwrap();
    let mut x = llama.embed(&batch).unwrap();
    for block in llama.blocks() {
        x = llama.forward_block(block, &x, &batch, None);
    }
    let logits = llama.logits(&llama.finish(&x));
    let logits = pollster::block_on(llama.compute().read(logits, "reading logits")).unwrap();
    let rows = logits.chunks_exact(llama.config().vocabulary);
    rows.zip(&tokens[1..])
        .map(|(row, &next)| log_sum_exp(row) - f64::from(row[next as usize]))
        .collect()
}

/// Asserts that a model's card and `docs/models.md` state these numbers.
pub fn assert_stated(name: &str, card: &[String], table: &[String]) {
    for (path, numbers) in [
        (format!("web/models/{name}/README.md"), card),
        ("docs/models.md".to_owned(), table),
    ] {
        let text = std::fs::read_to_string(here(&path)).unwrap();
        for number in numbers {
            assert!(text.contains(number), "{path} doesn't state {number} for {name}");
        }
    }
}
