//! Stored curves for tests.

use crate::curve::Curve;

/// The stored curve of SmolLM2.
pub fn smollm2() -> Curve {
    serde_json::from_str(include_str!(
        "../../../web/curves/SmolLM2-135M-Instruct.Q4_1/wanda.json"
    ))
    .expect("the stored curve")
}
