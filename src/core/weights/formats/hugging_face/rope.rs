//! Rotary positions in `config.json`, in every spelling: `rope_theta` and `rope_scaling` (transformers 4), both inside
//! `rope_parameters` (transformers 5), or one of these for each type of layer.
//!
//! Types and their defaults are those of transformers' `modeling_rope_utils.py`. `dynamic` (NTK) scales only beyond
//! `max_position_embeddings`, which no window here is longer than, so that it is plain.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::config::unsupported;
use crate::weights::{Rope, RopeScaling, WeightsError};

const THETA_DEFAULT: f64 = 10_000.0;
const TYPES: &str = "default, linear, dynamic, llama3";

/// The fields of `config.json` that describe rotary positions.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RopeFields {
    rope_theta: Option<f64>,
    rope_scaling: Option<Map<String, Value>>,
    rope_parameters: Option<Map<String, Value>>,
    partial_rotary_factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
}

impl RopeFields {
    /// Rotary positions of a model with this `max_position_embeddings`.
    pub(super) fn read(&self, file: &str, context: Option<usize>) -> Result<Rope, WeightsError> {
        let mut rope = Rope::plain(self.rope_theta.unwrap_or(THETA_DEFAULT));
        let mut partial = self.partial_rotary_factor;
        let objects = [
            ("rope_scaling", &self.rope_scaling),
            ("rope_parameters", &self.rope_parameters),
        ];
        for (key, object) in objects {
            let Some(object) = object else { continue };
            let parameters = Parameters {
                file,
                key,
                fields: of_full_attention(file, key, object)?,
            };
            rope.theta = parameters.number("rope_theta")?.unwrap_or(rope.theta);
            partial = parameters.number("partial_rotary_factor")?.or(partial);
            let scaling = parameters.scaling(self.original_max_position_embeddings, context)?;
            if scaling != RopeScaling::None {
                rope.scaling = scaling;
            }
        }
        if partial.is_some_and(|factor| factor != 1.0) {
            return Err(unsupported(
                file,
                "partial_rotary_factor",
                "rotary positions on the whole head",
            ));
        }
        Ok(rope)
    }
}

/// The parameters themselves, or those of the layers with full attention where each type of layer has its own.
fn of_full_attention<'a>(
    file: &str,
    key: &str,
    object: &'a Map<String, Value>,
) -> Result<&'a Map<String, Value>, WeightsError> {
    if !object.values().any(Value::is_object) {
        return Ok(object);
    }
    let own = object.get("full_attention").and_then(Value::as_object);
    own.ok_or_else(|| {
        let types: Vec<&str> = object.keys().map(String::as_str).collect();
        let what = format!("{key} for {} only", types.join(", "));
        unsupported(file, what, "layers of type full_attention")
    })
}

struct Parameters<'a> {
    file: &'a str,
    key: &'a str,
    fields: &'a Map<String, Value>,
}

impl Parameters<'_> {
    fn error(&self, field: &str, problem: &str) -> WeightsError {
        WeightsError::Config {
            file: self.file.to_owned(),
            key: format!("{}.{field}", self.key),
            problem: problem.to_owned(),
        }
    }

    fn number(&self, field: &str) -> Result<Option<f64>, WeightsError> {
        match self.fields.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match value.as_f64() {
                Some(number) => Ok(Some(number)),
                None => Err(self.error(field, "is not a number")),
            },
        }
    }

    fn needed(&self, field: &str) -> Result<f64, WeightsError> {
        self.number(field)?.ok_or_else(|| self.error(field, "is missing"))
    }

    fn scaling(&self, original: Option<f64>, context: Option<usize>) -> Result<RopeScaling, WeightsError> {
        let kind = ["rope_type", "type"]
            .into_iter()
            .find_map(|field| self.fields.get(field));
        match kind.map(Value::as_str) {
            Some(Some("default" | "dynamic")) => Ok(RopeScaling::None),
            Some(Some("linear")) => Ok(RopeScaling::Linear {
                factor: self.needed("factor")?,
            }),
            Some(Some("llama3")) => {
                #[expect(clippy::cast_precision_loss, reason = "contexts are far below 2^52 tokens")]
                let context = context.map(|context| context as f64);
                let stated = self
                    .number("original_max_position_embeddings")?
                    .or(original)
                    .or(context);
                Ok(RopeScaling::Llama3 {
                    factor: self.needed("factor")?,
                    low: self.needed("low_freq_factor")?,
                    high: self.needed("high_freq_factor")?,
                    original: stated.ok_or_else(|| self.error("original_max_position_embeddings", "is missing"))?,
                })
            }
            Some(Some(kind)) => {
                let what = format!("rotary scaling of type {kind:?} ({})", self.key);
                Err(unsupported(self.file, what, TYPES))
            }
            Some(None) => Err(self.error("rope_type", "is not a string")),
            None if self.fields.contains_key("factor") => {
                let what = format!("{} with a factor and no rope_type", self.key);
                Err(unsupported(self.file, what, TYPES))
            }
            None => Ok(RopeScaling::None),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: Value) -> Result<Rope, WeightsError> {
        let fields: RopeFields = serde_json::from_value(fields).unwrap();
        fields.read("config.json", Some(131_072))
    }

    fn llama3(original: f64) -> RopeScaling {
        RopeScaling::Llama3 {
            factor: 32.0,
            low: 1.0,
            high: 4.0,
            original,
        }
    }

    #[test]
    fn every_spelling_is_read() {
        let parameters = json!({
            "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_theta": 5e5,
        });
        let mut without_theta = parameters.clone();
        without_theta.as_object_mut().unwrap().remove("rope_theta");
        // Llama 3.2's own, transformers 5's, and one for each type of layer.
        for fields in [
            json!({"rope_theta": 5e5, "rope_scaling": without_theta}),
            json!({"rope_parameters": parameters}),
            json!({"rope_parameters": {"sliding_attention": {"rope_type": "default"}, "full_attention": parameters}}),
        ] {
            let rope = read(fields).unwrap();
            assert_eq!((rope.theta, rope.scaling), (5e5, llama3(8192.0)));
        }
        let linear = RopeScaling::Linear { factor: 2.0 };
        for kind in ["type", "rope_type"] {
            let rope = read(json!({"rope_scaling": {kind: "linear", "factor": 2.0}})).unwrap();
            assert_eq!((rope.theta, &rope.scaling), (1e4, &linear));
        }
    }

    #[test]
    fn what_scales_nothing_is_plain() {
        for fields in [
            json!({}),
            json!({"rope_scaling": null, "rope_parameters": null}),
            json!({"rope_parameters": {"rope_theta": 1e4}}),
            json!({"rope_parameters": {"rope_theta": 1e4, "rope_type": "default"}}),
            json!({"rope_scaling": {"type": "dynamic", "factor": 4.0}}),
        ] {
            assert_eq!(read(fields).unwrap(), Rope::plain(1e4));
        }
    }

    #[test]
    fn the_original_context_may_stand_outside_or_be_the_models() {
        let scaling = json!({"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0});
        let outside = read(json!({"rope_scaling": scaling, "original_max_position_embeddings": 4096})).unwrap();
        assert_eq!(outside.scaling, llama3(4096.0));
        assert_eq!(
            read(json!({"rope_scaling": scaling})).unwrap().scaling,
            llama3(131_072.0)
        );
    }

    #[test]
    fn other_types_are_refused_by_name_and_bad_fields_by_place() {
        let message = |fields| read(fields).unwrap_err().to_string();
        for kind in ["yarn", "longrope", "su", "mrope", "ntk"] {
            let found = message(json!({"rope_scaling": {"type": kind, "factor": 4.0}}));
            let wanted =
                format!("rotary scaling of type {kind:?} (rope_scaling) is not supported. Supported: default, linear");
            assert!(found.contains(&wanted), "{found}");
        }
        let found = message(json!({"rope_scaling": {"factor": 4.0}}));
        assert!(found.contains("rope_scaling with a factor and no rope_type"), "{found}");
        let found = message(json!({"rope_scaling": {"type": "linear"}}));
        assert!(
            found.starts_with("config.json: rope_scaling.factor is missing"),
            "{found}"
        );
        let found = message(json!({"rope_parameters": {"rope_type": "llama3", "factor": "8"}}));
        assert!(
            found.starts_with("config.json: rope_parameters.factor is not a number"),
            "{found}"
        );
        let found = message(json!({"rope_parameters": {"rope_type": 3}}));
        assert!(found.contains("rope_parameters.rope_type is not a string"), "{found}");
        let found = message(json!({"rope_parameters": {"sliding_attention": {"rope_type": "default"}}}));
        assert!(found.contains("rope_parameters for sliding_attention only"), "{found}");
        for fields in [
            json!({"partial_rotary_factor": 0.5}),
            json!({"rope_parameters": {"rope_theta": 1e4, "partial_rotary_factor": 0.5}}),
        ] {
            assert!(message(fields).contains("whole head"));
        }
    }
}
