//! `config.json`, as transformers writes it for Llama and Qwen2 models.
//!
//! Defaults are those of transformers' `LlamaConfig` and `Qwen2Config`.

use serde::Deserialize;
use serde_json::Value;

use crate::weights::architecture::StatedWindow;
use crate::weights::{Architecture, ModelConfig, WeightsError};

/// The fields used here; absent ones have transformers' defaults.
#[derive(Debug, Deserialize)]
struct Fields {
    model_type: Option<String>,
    architectures: Option<Vec<String>>,
    #[serde(rename = "_name_or_path")]
    name: Option<String>,
    license: Option<String>,
    hidden_size: Option<usize>,
    intermediate_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    vocab_size: Option<usize>,
    max_position_embeddings: Option<usize>,
    rope_theta: Option<f64>,
    rms_norm_eps: Option<f64>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    partial_rotary_factor: Option<f64>,
    use_sliding_window: Option<bool>,
    sliding_window: Option<u64>,
    layer_types: Option<Vec<String>>,
    rope_scaling: Option<Value>,
    rope_parameters: Option<Value>,
    quantization_config: Option<Value>,
    #[serde(flatten)]
    special: SpecialTokens,
}

/// The special tokens that `config.json` and `generation_config.json` name.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SpecialTokens {
    bos_token_id: Option<Ids>,
    eos_token_id: Option<Ids>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Several(Vec<u32>),
}

impl Ids {
    fn to_vec(&self) -> Vec<u32> {
        match self {
            Self::One(id) => vec![*id],
            Self::Several(ids) => ids.clone(),
        }
    }
}

impl SpecialTokens {
    /// The token that begins a text.
    pub(super) fn bos(&self) -> Option<u32> {
        self.bos_token_id.as_ref().and_then(|ids| ids.to_vec().first().copied())
    }

    /// The tokens that end a text.
    pub(super) fn eos(&self) -> Vec<u32> {
        self.eos_token_id.as_ref().map(Ids::to_vec).unwrap_or_default()
    }
}

const ROPE_THETA_DEFAULT: f64 = 10_000.0;
const RMS_EPSILON_DEFAULT: f64 = 1e-6;

/// Reads the text of a `config.json`.
pub(super) fn parse(file: &str, text: &[u8]) -> Result<(ModelConfig, SpecialTokens), WeightsError> {
    let error = |key: &str, problem: String| WeightsError::Config {
        file: file.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let fields: Fields =
        serde_json::from_slice(text).map_err(|problem| error("the JSON", format!("can't be read: {problem}")))?;
    let architecture = architecture(file, &fields)?;
    refuse_extras(file, architecture, &fields)?;
    let theta = rope_theta(file, &fields)?;
    let needed = |key: &str, value: Option<usize>| value.ok_or_else(|| error(key, "is missing".to_owned()));
    let hidden = needed("hidden_size", fields.hidden_size)?;
    let heads = needed("num_attention_heads", fields.num_attention_heads)?;
    if heads == 0 {
        return Err(error("num_attention_heads", "is 0".to_owned()));
    }
    let config = ModelConfig {
        architecture,
        name: fields.name.filter(|name| !name.is_empty()),
        licence: fields.license,
        hidden,
        intermediate: needed("intermediate_size", fields.intermediate_size)?,
        blocks: needed("num_hidden_layers", fields.num_hidden_layers)?,
        heads,
        kv_heads: fields.num_key_value_heads.unwrap_or(heads),
        head_dim: fields.head_dim.unwrap_or(hidden / heads),
        vocabulary: needed("vocab_size", fields.vocab_size)?,
        context: fields.max_position_embeddings.unwrap_or(architecture.context_default),
        rope_theta: theta,
        rms_epsilon: fields.rms_norm_eps.unwrap_or(RMS_EPSILON_DEFAULT),
        tied_head: fields.tie_word_embeddings.unwrap_or(false),
    };
    Ok((config, fields.special))
}

fn unsupported(file: &str, what: impl Into<String>, supported: impl Into<String>) -> WeightsError {
    WeightsError::Unsupported {
        file: file.to_owned(),
        what: what.into(),
        supported: supported.into(),
    }
}

fn architecture(file: &str, fields: &Fields) -> Result<&'static Architecture, WeightsError> {
    let supported = format!("{} ({})", Architecture::names(), Architecture::classes());
    let Some(model_type) = &fields.model_type else {
        return Err(unsupported(file, "a configuration without model_type", supported));
    };
    let Some(architecture) = Architecture::from_name(model_type) else {
        return Err(unsupported(file, format!("the architecture {model_type:?}"), supported));
    };
    match fields.architectures.as_deref() {
        None | Some([]) => Ok(architecture),
        Some([class, ..]) if class == architecture.class => Ok(architecture),
        Some([class, ..]) => Err(unsupported(file, format!("a model of class {class:?}"), supported)),
    }
}

/// Refuses features of a supported architecture that the forward pass here lacks.
fn refuse_extras(file: &str, architecture: &Architecture, fields: &Fields) -> Result<(), WeightsError> {
    let refuse = |what: &str, supported: &str| Err(unsupported(file, what, supported));
    if let Some(method) = &fields.quantization_config {
        let method = method.get("quant_method").and_then(Value::as_str).unwrap_or("unknown");
        let what = format!("a model that was quantized by {method:?}");
        return Err(unsupported(file, what, "F32, F16 and BF16 tensors, or a GGUF file"));
    }
    if let Some(act) = fields.hidden_act.as_deref().filter(|act| *act != "silu") {
        return Err(unsupported(file, format!("hidden_act {act:?}"), "silu"));
    }
    if fields.attention_bias == Some(true) {
        return refuse(
            "attention_bias: true",
            &format!("{} in {}", architecture.biases_in_words, architecture.name),
        );
    }
    if fields.mlp_bias == Some(true) {
        return refuse("mlp_bias: true", "a feed-forward part without biases");
    }
    if fields.partial_rotary_factor.is_some_and(|factor| factor != 1.0) {
        return refuse("partial_rotary_factor", "rotary positions on the whole head");
    }
    let states_window = architecture.stated_window == StatedWindow::Used && fields.sliding_window.is_some();
    if fields.use_sliding_window.unwrap_or(states_window) {
        return refuse("sliding-window attention", "attention over the whole context");
    }
    let layers = fields.layer_types.iter().flatten();
    let other_layer = layers.map(String::as_str).find(|kind| *kind != "full_attention");
    if let Some(kind) = other_layer {
        return Err(unsupported(file, format!("layer type {kind:?}"), "full_attention"));
    }
    Ok(())
}

/// The base of the rotary frequencies, which transformers 5 keeps inside `rope_parameters`.
fn rope_theta(file: &str, fields: &Fields) -> Result<f64, WeightsError> {
    let mut theta = fields.rope_theta.unwrap_or(ROPE_THETA_DEFAULT);
    let objects = [
        ("rope_scaling", &fields.rope_scaling),
        ("rope_parameters", &fields.rope_parameters),
    ];
    for (key, object) in objects {
        let Some(object) = object else { continue };
        let kind = object.get("rope_type").or_else(|| object.get("type"));
        match kind.and_then(Value::as_str) {
            Some("default") => {}
            Some(kind) => {
                let what = format!("rotary scaling of type {kind:?} ({key})");
                return Err(unsupported(file, what, "plain rotary positions"));
            }
            None if key == "rope_parameters" => {}
            None => return Err(unsupported(file, key, "plain rotary positions")),
        }
        if let Some(inner) = object.get("rope_theta").and_then(Value::as_f64) {
            theta = inner;
        }
    }
    Ok(theta)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::architecture::{LLAMA, QWEN2};

    /// The fields of HuggingFaceTB/SmolLM2-135M-Instruct's config.json that matter here.
    const SMOLLM2: &str = r#"{
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1, "eos_token_id": 2,
        "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536, "max_position_embeddings": 8192,
        "mlp_bias": false, "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
        "num_key_value_heads": 3, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 100000,
        "tie_word_embeddings": true, "vocab_size": 49152
    }"#;

    fn with(changes: &[(&str, Value)]) -> Result<(ModelConfig, SpecialTokens), WeightsError> {
        let mut config: Value = serde_json::from_str(SMOLLM2).unwrap();
        for (key, value) in changes {
            config[*key] = value.clone();
        }
        parse("config.json", config.to_string().as_bytes())
    }

    #[test]
    fn a_llama_configuration_is_read() {
        let (config, special) = with(&[]).unwrap();
        assert_eq!(config.architecture, &LLAMA);
        assert_eq!((config.hidden, config.intermediate, config.blocks), (576, 1536, 30));
        assert_eq!((config.heads, config.kv_heads, config.head_dim), (9, 3, 64));
        assert_eq!((config.vocabulary, config.context), (49152, 8192));
        assert_eq!((config.rope_theta, config.rms_epsilon), (100_000.0, 1e-5));
        assert!(config.tied_head);
        assert_eq!((special.bos(), special.eos()), (Some(1), vec![2]));
    }

    #[test]
    fn newer_files_keep_theta_inside_rope_parameters() {
        let parameters = serde_json::json!({"rope_theta": 5e5, "rope_type": "default"});
        let (config, _) = with(&[("rope_theta", Value::Null), ("rope_parameters", parameters)]).unwrap();
        assert_eq!(config.rope_theta, 5e5);
    }

    #[test]
    fn qwen2_with_its_window_switched_off_is_read() {
        let changes = [
            ("model_type", "qwen2".into()),
            ("architectures", serde_json::json!(["Qwen2ForCausalLM"])),
            ("use_sliding_window", false.into()),
            ("sliding_window", 32768.into()),
            ("eos_token_id", serde_json::json!([5, 6])),
        ];
        let (config, special) = with(&changes).unwrap();
        assert_eq!(config.architecture, &QWEN2);
        assert_eq!(special.eos(), [5, 6]);
    }

    #[test]
    fn what_is_not_supported_is_named_with_what_is() {
        let cases = [
            ("model_type", "mistral".into(), "\"mistral\"", "llama, qwen2"),
            (
                "architectures",
                serde_json::json!(["LlamaForSequenceClassification"]),
                "class",
                "LlamaForCausalLM",
            ),
            (
                "rope_scaling",
                serde_json::json!({"rope_type": "llama3", "factor": 32.0}),
                "llama3",
                "plain rotary",
            ),
            (
                "rope_scaling",
                serde_json::json!({"type": "linear", "factor": 2.0}),
                "linear",
                "plain rotary",
            ),
            ("attention_bias", true.into(), "attention_bias", "biases"),
            ("mlp_bias", true.into(), "mlp_bias", "without biases"),
            ("hidden_act", "gelu".into(), "gelu", "silu"),
            ("sliding_window", 4096.into(), "sliding-window", "whole context"),
            (
                "partial_rotary_factor",
                0.5.into(),
                "partial_rotary_factor",
                "whole head",
            ),
            (
                "quantization_config",
                serde_json::json!({"quant_method": "awq"}),
                "awq",
                "GGUF",
            ),
        ];
        for (key, value, found, supported) in cases {
            let message = with(&[(key, value)]).unwrap_err().to_string();
            assert!(
                message.contains(found) && message.contains("not supported"),
                "{message}"
            );
            assert!(message.contains(supported), "{message}");
        }
        let message = with(&[("hidden_size", Value::Null)]).unwrap_err().to_string();
        assert!(
            message.starts_with("config.json: hidden_size is missing. Get the file"),
            "{message}"
        );
        let message = parse("config.json", b"{").unwrap_err().to_string();
        assert!(message.contains("the JSON can't be read"), "{message}");
    }
}
