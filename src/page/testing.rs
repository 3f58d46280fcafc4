//! Stored results for tests.

use hemoscope_core::curve::Curve;
use hemoscope_core::plot::Size;

/// The stored curve of SmolLM2.
fn smollm2() -> Curve {
    serde_json::from_str(include_str!("../../web/curves/SmolLM2-135M-Instruct.Q4_1/wanda.json"))
        .expect("the stored curve")
}

/// A curve with its numbers, relabelled as another model and sweep, under the page's default protocol.
pub fn stored(model: &str, sweep: &str) -> Curve {
    let mut curve = smollm2();
    model.clone_into(&mut curve.protocol.model_name);
    curve.sweep = sweep.parse().expect("a sweep of the grammar");
    curve.protocol.window = 256;
    curve
}

/// A result along the depth with the numbers of the stored one, relabelled as another model and sweep.
pub fn along_the_depth(model: &str, sweep: &str) -> Curve {
    let stored = include_str!("../../web/curves/hemoscope-4m/depth/wanda.json");
    let mut curve: Curve = serde_json::from_str(stored).expect("the stored result");
    model.clone_into(&mut curve.protocol.model_name);
    curve.sweep = sweep.parse().expect("a sweep of the grammar");
    curve
}

/// A size to draw at.
pub const SIZE: Size = Size {
    width: 960,
    height: 540,
    type_px: 14.0,
};
