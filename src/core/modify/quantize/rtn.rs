//! Round-to-nearest quantization: each weight becomes the nearest of a few evenly spaced values.
//!
//! For each group of weights that share a scale, with `b` bits, rounding half to even:
//! - symmetric: `Δ = max|w| / (2^(b−1) − 1)`, `ŵ = Δ · clamp(round(w/Δ), ±(2^(b−1) − 1))`;
//! - asymmetric: `lo = min(0, min w)`, `hi = max(0, max w)`, `Δ = (hi − lo) / (2^b − 1)`, `z = round(−lo/Δ)`,
//!   `ŵ = Δ · (clamp(round(w/Δ) + z, 0, 2^b − 1) − z)`.
//!
//! Groups: the whole `tensor`, each output `row`, or a number of neighbouring inputs of a row; the last group of a row
//! is shorter where that number does not divide the inputs. Zero stays zero. A stored weight takes `b` bits plus its
//! share of a 16-bit scale and, if asymmetric, of a `b`-bit zero point.
//!
//! Source: uniform quantization, Jacob et al. 2017; the asymmetric grid as `quant.py` of IST-DASLab/gptq (Frantar et al.
//! 2022), the symmetric one as SmoothQuant's (Xiao et al. 2022).

use std::sync::Arc;

use super::super::catalogue::{Citation, Entry, Family, Kind, Parameter};
use super::super::{BlockStatistics, BlockWeights, Edit, Method, ModifyError, Plan, SpecError, Step, Weight};
use super::BITS;
use crate::weights::TensorId;

const NAME: &str = "rtn";

/// Bits of a stored scale.
const SCALE_BITS: f64 = 16.0;

/// Its entry in the catalogue.
pub const ENTRY: Entry = Entry {
    name: NAME,
    title: "Rounding (round-to-nearest quantization)",
    family: Family::Quantization,
    what: "Stores each weight with few bits: it becomes the nearest of a few evenly spaced values. Weights of a group \
           share the spacing.",
    why: "One large weight stretches the spacing of its whole group, and small weights beside it all round to zero.",
    formula: "w becomes Δ · round(w/Δ), with Δ = max|w| / (2^(bits−1) − 1) in each group (symmetric)",
    source: Citation {
        authors: "Jacob et al.",
        title: "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
        year: 2017,
        url: "https://arxiv.org/abs/1712.05877",
    },
    parameters: &[
        Parameter {
            key: "bits",
            label: "bits for each weight",
            term: "bits",
            kind: BITS,
        },
        Parameter {
            key: "group",
            label: "how many weights share one scale",
            term: "group size",
            kind: Kind::Choice {
                options: &[
                    ("tensor", "one weight matrix"),
                    ("row", "the inputs of one output"),
                    ("256", "256 neighbouring inputs"),
                    ("128", "128 neighbouring inputs"),
                    ("64", "64 neighbouring inputs"),
                    ("32", "32 neighbouring inputs"),
                    ("16", "16 neighbouring inputs"),
                ],
                default: "row",
            },
        },
        Parameter {
            key: "scheme",
            label: "whether the values lie evenly around zero",
            term: "scheme",
            kind: Kind::Choice {
                options: &[
                    ("symmetric", "as far below zero as above"),
                    ("asymmetric", "from the smallest weight to the largest"),
                ],
                default: "symmetric",
            },
        },
    ],
    scoped: true,
    calibrated: false,
    build,
};

/// Which weights share a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The whole matrix.
    Tensor,
    /// The inputs of one output.
    Row,
    /// This many neighbouring inputs of a row.
    Inputs(usize),
}

/// Where the levels lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `2^b − 1` levels around zero.
    Symmetric,
    /// `2^b` levels from the smallest to the largest weight, zero among them.
    Asymmetric,
}

/// Round-to-nearest with one number of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rtn {
    /// Bits per weight, 2 to 8.
    pub bits: u32,
    /// Which weights share a scale.
    pub group: Group,
    /// Where the levels lie.
    pub scheme: Scheme,
}

fn build(step: &Step) -> Result<Arc<dyn Method>, SpecError> {
    let group = step.word("group")?;
    Ok(Arc::new(Rtn {
        bits: step.whole("bits")? as u32,
        group: match group.as_str() {
            "tensor" => Group::Tensor,
            inputs => inputs.parse().map_or(Group::Row, Group::Inputs),
        },
        scheme: match step.word("scheme")?.as_str() {
            "asymmetric" => Scheme::Asymmetric,
            _ => Scheme::Symmetric,
        },
    }))
}

impl Method for Rtn {
    fn name(&self) -> &'static str {
        NAME
    }

    fn is_identity(&self) -> bool {
        false
    }
}

impl Edit for Rtn {
    fn edit_block(
        &self,
        block: &mut BlockWeights,
        _plan: &Plan,
        _statistics: &BlockStatistics,
    ) -> Result<(), ModifyError> {
        block.edit_linears(|weight| self.round(weight))
    }
}

impl Rtn {
    /// Rounds one weight matrix.
    ///
    /// # Errors
    /// If a weight is not finite.
    pub fn round(self, weight: &mut Weight) -> Result<(), ModifyError> {
        let (id, rows, columns) = (weight.id, weight.rows, weight.columns.max(1));
        let values = weight.values_mut();
        check(values, id)?;
        let levels = f64::from(1_u32 << self.bits.clamp(2, 16));
        let quantize = match self.scheme {
            Scheme::Symmetric => symmetric,
            Scheme::Asymmetric => asymmetric,
        };
        match self.group {
            Group::Tensor => quantize(values, levels),
            Group::Row => values.chunks_mut(columns).for_each(|row| quantize(row, levels)),
            Group::Inputs(inputs) => {
                for row in values.chunks_mut(columns) {
                    row.chunks_mut(inputs.max(1)).for_each(|group| quantize(group, levels));
                }
            }
        }
        weight.store_in(self.bits_per_weight(rows, columns));
        Ok(())
    }

    /// Bits per weight of a `rows · columns` layer, scales and zero points included.
    #[must_use]
    pub fn bits_per_weight(self, rows: usize, columns: usize) -> f64 {
        let groups = match self.group {
            Group::Tensor => 1,
            Group::Row => rows,
            Group::Inputs(inputs) => rows * columns.div_ceil(inputs.max(1)),
        };
        let bits = f64::from(self.bits);
        let zero_point = match self.scheme {
            Scheme::Symmetric => 0.0,
            Scheme::Asymmetric => bits,
        };
        bits + (SCALE_BITS + zero_point) * groups as f64 / (rows * columns).max(1) as f64
    }
}

/// # Errors
/// If a weight is not finite: no scale fits it.
fn check(values: &[f32], id: TensorId) -> Result<(), ModifyError> {
    let Some(position) = values.iter().position(|value| !value.is_finite()) else {
        return Ok(());
    };
    if values[position].is_nan() {
        return Err(ModifyError::NotANumber { id, position });
    }
    Err(ModifyError::Inapplicable {
        method: NAME,
        id,
        reason: format!("the weight at position {position} is infinite; the file is damaged"),
    })
}

/// The nearest whole number, half to even: adding a number this large leaves no fraction. A call to the library's
/// function would keep the loops from becoming SIMD.
#[inline]
fn round(x: f64) -> f64 {
    /// `1.5 · 2^52`, for `|x| < 2^51`.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    (x + ROUND) - ROUND
}

/// [`round`] in f32.
#[inline]
fn round_f32(x: f32) -> f32 {
    /// `1.5 · 2^23`, for `|x| < 2^22`.
    const ROUND: f32 = 12_582_912.0;
    (x + ROUND) - ROUND
}

/// In f64, so that a weight halfway between two levels is recognised: in f32, 0.5 / (1/7) is not 3.5.
fn symmetric(group: &mut [f32], levels: f64) {
    let largest = group.iter().fold(0.0_f32, |most, w| most.max(w.abs()));
    if largest == 0.0 {
        return;
    }
    let top = levels / 2.0 - 1.0;
    let step = f64::from(largest) / top;
    for w in group {
        *w = (step * round(f64::from(*w) / step).clamp(-top, top)) as f32;
    }
}

/// In f32 and with the reciprocal of the number of steps, as PyTorch computes `quant.py` on a GPU: in a file of 4-bit
/// blocks, whole groups lie halfway between two levels, where the last bit decides. In f64, SmolLM2's Q4_1 file at 4
/// bits in groups of 32 has a perplexity 0.6 % below the reference.
fn asymmetric(group: &mut [f32], levels: f64) {
    let (low, high) = group
        .iter()
        .fold((0.0_f32, 0.0_f32), |(low, high), &w| (low.min(w), high.max(w)));
    let top = levels as f32 - 1.0;
    let step = (high - low) * top.recip();
    let step = if step.is_finite() { step } else { high / top - low / top };
    // All weights are zero, or so small that the step underflows.
    if step == 0.0 {
        return;
    }
    let zero = round_f32(-low / step);
    for w in group {
        *w = step * ((round_f32(*w / step) + zero).clamp(0.0, top) - zero);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::modify::testing::gate;

    /// A few f32 roundings, of input and output weights.
    const ULPS: f32 = 8.0 * f32::EPSILON;

    fn rtn(bits: u32, group: Group, scheme: Scheme) -> Rtn {
        Rtn { bits, group, scheme }
    }

    fn quantized(method: Rtn, columns: usize, values: &[f32]) -> Vec<f32> {
        let mut weight = gate(columns, values);
        method.round(&mut weight).unwrap();
        weight.values().into_owned()
    }

    fn close(a: &[f32], b: &[f32], scale: f32) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() <= ULPS * scale)
    }

    #[test]
    fn the_worked_example() {
        // The worked example.
        let w = [-1.0, -0.5, 0.0, 0.25, 0.8];
        let symmetric = quantized(rtn(4, Group::Tensor, Scheme::Symmetric), 5, &w);
        assert!(close(&symmetric, &[-7.0, -4.0, 0.0, 2.0, 6.0].map(|q| q / 7.0), 1.0));
        let asymmetric = quantized(rtn(4, Group::Tensor, Scheme::Asymmetric), 5, &w);
        assert!(close(&asymmetric, &[-8.0, -4.0, 0.0, 2.0, 7.0].map(|q| q * 0.12), 1.0));
    }

    #[test]
    fn the_last_group_of_a_row_is_short() {
        // Groups of two in rows of three: the third value stands alone and is kept.
        let w = [1.0, 0.4, 0.3, 8.0, -1.0, 0.01];
        let out = quantized(rtn(2, Group::Inputs(2), Scheme::Symmetric), 3, &w);
        assert_eq!(out, [1.0, 0.0, 0.3, 8.0, 0.0, 0.01]);
        assert_eq!(quantized(rtn(2, Group::Inputs(16), Scheme::Symmetric), 3, &w), {
            quantized(rtn(2, Group::Row, Scheme::Symmetric), 3, &w)
        });
    }

    #[test]
    fn stored_bits_count_scales_and_zero_points() {
        let bits = |group, scheme| rtn(4, group, scheme).bits_per_weight(64, 256);
        assert_eq!(bits(Group::Inputs(128), Scheme::Symmetric), 4.125);
        assert_eq!(bits(Group::Inputs(32), Scheme::Asymmetric), 4.0 + 20.0 / 32.0);
        assert_eq!(bits(Group::Row, Scheme::Symmetric), 4.0 + 16.0 / 256.0);
        assert_eq!(bits(Group::Tensor, Scheme::Symmetric), 4.0 + 16.0 / (64.0 * 256.0));
        assert_eq!(rtn(4, Group::Inputs(32), Scheme::Symmetric).bits_per_weight(1, 40), 4.8);
    }

    #[test]
    fn what_is_not_finite_is_refused_and_extremes_are_not() {
        let method = rtn(4, Group::Row, Scheme::Asymmetric);
        let error = |bad| method.round(&mut gate(2, &[1.0, bad])).unwrap_err();
        assert!(matches!(error(f32::NAN), ModifyError::NotANumber { position: 1, .. }));
        assert!(matches!(error(f32::INFINITY), ModifyError::Inapplicable { .. }));
        for scheme in [Scheme::Symmetric, Scheme::Asymmetric] {
            let extremes = [1e38, -1e38, f32::from_bits(1), 0.0];
            let out = quantized(rtn(8, Group::Tensor, scheme), 4, &extremes);
            assert!(out.iter().all(|w| w.is_finite()), "{out:?}");
            let smallest = [f32::from_bits(1), 0.0];
            assert_eq!(quantized(rtn(8, Group::Tensor, scheme), 2, &smallest), smallest);
        }
    }

    #[test]
    fn finer_groups_and_more_bits_err_less_on_average() {
        // Roughly Gaussian: sums of uniforms from a fixed generator.
        let mut state = 1_u32;
        let mut uniform = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 16_777_216.0 - 0.5
        };
        let w = (0..64 * 256)
            .map(|_| (0..12).map(|_| uniform()).sum())
            .collect::<Vec<f32>>();
        let error = |bits, group, scheme| {
            let out = quantized(rtn(bits, group, scheme), 256, &w);
            let squared = out.iter().zip(&w).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
            squared / w.len() as f64
        };
        let symmetric = |bits, group| error(bits, group, Scheme::Symmetric);
        assert!(symmetric(4, Group::Inputs(32)) < symmetric(4, Group::Inputs(64)));
        assert!(symmetric(4, Group::Inputs(64)) < symmetric(4, Group::Row));
        assert!(symmetric(4, Group::Row) < symmetric(4, Group::Tensor));
        assert!(error(4, Group::Row, Scheme::Asymmetric) < symmetric(4, Group::Row));
        for bits in 4..8 {
            // The step shrinks by slightly more than half per bit: (2^b − 1)/(2^(b−1) − 1).
            let ratio = symmetric(bits, Group::Row) / symmetric(bits + 1, Group::Row);
            assert!((3.5..5.5).contains(&ratio), "{bits} bits: {ratio}");
        }
    }

    proptest! {
        #[test]
        fn errors_are_at_most_half_a_step(
            w in prop::collection::vec(-4.0_f32..4.0, 1..40),
            bits in 2_u32..=8,
            asymmetric in any::<bool>(),
        ) {
            let scheme = if asymmetric { Scheme::Asymmetric } else { Scheme::Symmetric };
            let method = rtn(bits, Group::Tensor, scheme);
            let out = quantized(method, w.len(), &w);
            let levels = (1_u32 << bits) as f32;
            let largest = w.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            let span = w.iter().fold(0.0_f32, |m, v| m.max(*v)) - w.iter().fold(0.0_f32, |m, v| m.min(*v));
            // Rounding z can leave an end of the asymmetric range half a step from the nearest level; values there are
            // clipped by up to that much.
            let step = if asymmetric { 2.0 * span / (levels - 1.0) } else { largest / (levels / 2.0 - 1.0) };
            for (a, b) in out.iter().zip(&w) {
                prop_assert!((a - b).abs() <= 0.5 * step + ULPS * largest, "{a} for {b}");
                prop_assert!(*b != 0.0 || *a == 0.0);
            }
            let distinct = out.iter().map(|v| (v + 0.0).to_bits()).collect::<BTreeSet<_>>();
            prop_assert!(distinct.len() <= levels as usize);
        }

        #[test]
        fn symmetric_rounding_is_odd_idempotent_and_follows_scale(
            w in prop::collection::vec(-4.0_f32..4.0, 1..40),
            bits in 2_u32..=8,
            scale in 0.01_f32..100.0,
        ) {
            let method = rtn(bits, Group::Tensor, Scheme::Symmetric);
            let out = quantized(method, w.len(), &w);
            let largest = w.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
            let negated = quantized(method, w.len(), &w.iter().map(|v| -v).collect::<Vec<_>>());
            prop_assert!(out.iter().zip(&negated).all(|(a, b)| *a == -*b));
            prop_assert!(close(&quantized(method, w.len(), &out), &out, largest));
            // Powers of two are exact; for other scales a value on a boundary may fall to either side.
            let doubled = quantized(method, w.len(), &w.iter().map(|v| v * 4.0).collect::<Vec<_>>());
            prop_assert!(out.iter().zip(&doubled).all(|(a, b)| a * 4.0 == *b));
            let step = largest / ((1_u32 << bits) as f32 / 2.0 - 1.0);
            let scaled = quantized(method, w.len(), &w.iter().map(|v| v * scale).collect::<Vec<_>>());
            for ((a, b), w) in out.iter().zip(&scaled).zip(&w) {
                let fraction = (w / step).abs().fract();
                let boundary = (fraction - 0.5).abs() < 1e-4;
                prop_assert!(boundary || (a * scale - b).abs() <= 2.0 * ULPS * largest * scale);
            }
        }
    }
}
