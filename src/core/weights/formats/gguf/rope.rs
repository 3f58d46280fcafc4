//! Rotary positions in GGUF files.
//!
//! | metadata | default |
//! |---|---|
//! | `A.rope.freq_base` | 10000 |
//! | `A.rope.scaling.type` | `linear` |
//! | `A.rope.scaling.factor`, before that `A.rope.scale_linear` | 1; 0 is 1 too |
//!
//! A file for Llama 3.1 has no such key, but a tensor `rope_freqs.weight` with a divisor for each pair of channels. As in
//! llama.cpp's `src/llama-model.cpp` (`load_hparams`) and `src/llama-context.cpp`: a factor without a type is linear, and
//! the type `none` ignores the factor.

use super::Metadata;
use crate::weights::formats::tensor::{Entry, FileTensor, RowOrder};
use crate::weights::{Rope, RopeScaling, StoredTensor as _, WeightsError};

/// The tensor with the divisors.
pub(super) const DIVISORS: &str = "rope_freqs.weight";

const THETA_DEFAULT: f64 = 10_000.0;

/// Metadata of scalings that are not supported, and what they mean.
const OTHERS: [(&str, f64, &str); 2] = [
    ("rope.scaling.attn_factor", 1.0, "rotary positions that scale attention"),
    ("rope.scaling.alpha", 0.0, "rotary scaling by an alpha"),
];

/// The most pairs of channels that a head can have here, so that no file makes much of a small table.
const PAIRS_MAX: usize = 1 << 16;

impl Metadata<'_> {
    /// Reads the tensor with the divisors.
    pub(super) fn divisors(&self, entry: Entry) -> Result<Vec<f64>, WeightsError> {
        let [pairs] = *entry.shape.as_slice() else {
            return Err(self.error(DIVISORS, "is not a vector"));
        };
        if pairs > PAIRS_MAX {
            return Err(self.error(DIVISORS, format!("has {pairs} numbers, more than {PAIRS_MAX}")));
        }
        let tensor = FileTensor {
            name: DIVISORS.to_owned(),
            shape: [1, pairs],
            entry,
            order: RowOrder::AsWanted,
        };
        Ok(tensor.read()?.into_iter().map(f64::from).collect())
    }

    /// Rotary positions of a model of this architecture.
    pub(super) fn rope(&self, architecture: &str, divisors: Option<Vec<f64>>) -> Result<Rope, WeightsError> {
        let key = |key: &str| format!("{architecture}.{key}");
        for (other, none, what) in OTHERS {
            if self.float(&key(other))?.is_some_and(|value| value != none) {
                return Err(self.unsupported(what, "linear scaling, divisors in rope_freqs.weight"));
            }
        }
        let factor = match self.float(&key("rope.scaling.factor"))? {
            None => self.float(&key("rope.scale_linear"))?,
            stated => stated,
        };
        let factor = match self.string(&key("rope.scaling.type"))?.as_deref() {
            Some("none") => 1.0,
            None | Some("linear") => factor.filter(|factor| *factor != 0.0).unwrap_or(1.0),
            Some(kind) => {
                let what = format!("rotary scaling of type {kind:?}");
                return Err(self.unsupported(what, "none, linear, divisors in rope_freqs.weight"));
            }
        };
        let scaling = match divisors {
            Some(divisors) => RopeScaling::Divisors(divisors.iter().map(|by| by * factor).collect()),
            None if factor == 1.0 => RopeScaling::None,
            None => RopeScaling::Linear { factor },
        };
        let theta = self.float(&key("rope.freq_base"))?.unwrap_or(THETA_DEFAULT);
        Ok(Rope { theta, scaling })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::header::Value;
    use super::*;

    fn rope(metadata: &[(&str, Value)], divisors: Option<Vec<f64>>) -> Result<Rope, WeightsError> {
        let metadata = metadata
            .iter()
            .map(|(key, value)| (format!("llama.{key}"), value.clone()));
        let metadata: BTreeMap<String, Value> = metadata.collect();
        let file_name = "m.gguf";
        Metadata { file_name, metadata }.rope("llama", divisors)
    }

    fn kind(name: &str) -> (&'static str, Value) {
        ("rope.scaling.type", Value::String(name.to_owned()))
    }

    #[test]
    fn a_factor_without_a_type_is_linear_under_the_new_key_and_the_old_one() {
        let linear = |factor| Rope {
            theta: 10_000.0,
            scaling: RopeScaling::Linear { factor },
        };
        let (new, old) = ("rope.scaling.factor", "rope.scale_linear");
        let cases: [&[(&str, Value)]; 5] = [
            &[(old, Value::Float(4.0))],
            &[(new, Value::Float(4.0))],
            &[(new, Value::Float(4.0)), (old, Value::Float(8.0))],
            &[kind("linear"), (new, Value::Float(4.0))],
            &[kind("linear"), (old, Value::Float(4.0))],
        ];
        for metadata in cases {
            assert_eq!(rope(metadata, None).unwrap(), linear(4.0), "{metadata:?}");
        }
    }

    #[test]
    fn what_scales_nothing_is_plain() {
        let (new, old) = ("rope.scaling.factor", "rope.scale_linear");
        let cases: [&[(&str, Value)]; 6] = [
            &[],
            &[kind("linear")],
            &[(new, Value::Float(0.0))],
            &[(new, Value::Float(1.0))],
            &[kind("none"), (new, Value::Float(4.0)), (old, Value::Float(4.0))],
            &[
                ("rope.scaling.attn_factor", Value::Float(1.0)),
                ("rope.scaling.alpha", Value::Float(0.0)),
            ],
        ];
        for metadata in cases {
            assert_eq!(rope(metadata, None).unwrap(), Rope::plain(10_000.0), "{metadata:?}");
        }
    }

    #[test]
    fn the_tensors_divisors_and_a_factor_multiply() {
        let found = rope(&[("rope.scaling.factor", Value::Float(2.0))], Some(vec![1.0, 8.0])).unwrap();
        assert_eq!(found.scaling, RopeScaling::Divisors(vec![2.0, 16.0]));
        let found = rope(&[("rope.freq_base", Value::Float(5e5))], Some(vec![1.0, 8.0])).unwrap();
        assert_eq!(
            (found.theta, found.scaling),
            (5e5, RopeScaling::Divisors(vec![1.0, 8.0]))
        );
    }

    #[test]
    fn other_scalings_are_refused_by_name() {
        let message = |metadata: &[(&str, Value)]| rope(metadata, None).unwrap_err().to_string();
        for name in ["yarn", "longrope", "dynamic"] {
            let found = message(&[kind(name)]);
            assert!(
                found.contains(&format!("rotary scaling of type {name:?} is not supported")),
                "{found}"
            );
        }
        let found = message(&[("rope.scaling.alpha", Value::Float(1000.0))]);
        assert!(found.contains("by an alpha is not supported"), "{found}");
        let found = message(&[("rope.scaling.factor", Value::String("4".to_owned()))]);
        assert!(
            found.contains("llama.rope.scaling.factor is not a floating-point number"),
            "{found}"
        );
    }
}
