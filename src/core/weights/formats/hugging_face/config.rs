//! `config.json`, as transformers writes it. Defaults are those of the architecture's own configuration class there.

use serde::Deserialize;
use serde_json::Value;

use super::rope::RopeFields;
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
    rms_norm_eps: Option<f64>,
    tie_word_embeddings: Option<bool>,
    hidden_act: Option<String>,
    attention_bias: Option<bool>,
    mlp_bias: Option<bool>,
    use_sliding_window: Option<bool>,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<String>>,
    #[serde(flatten)]
    rope: RopeFields,
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

/// A token's id or several; negative ones, mostly −1, mean none.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Ids {
    One(i64),
    Several(Vec<Option<i64>>),
}

impl Ids {
    /// Ids too large for a token stay too large.
    fn to_vec(&self) -> Vec<u32> {
        let ids = match self {
            Self::One(id) => &vec![Some(*id)],
            Self::Several(ids) => ids,
        };
        let ids = ids.iter().flatten().filter(|id| **id >= 0);
        ids.map(|id| u32::try_from(*id).unwrap_or(u32::MAX)).collect()
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

/// What a `config.json` says.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) config: ModelConfig,
    pub(super) special: SpecialTokens,
    pub(super) warning: Option<String>,
}

/// Reads the text of a `config.json`.
pub(super) fn parse(file: &str, text: &[u8]) -> Result<Parsed, WeightsError> {
    let error = |key: &str, problem: String| WeightsError::Config {
        file: file.to_owned(),
        key: key.to_owned(),
        problem,
    };
    let fields: Fields =
        serde_json::from_slice(text).map_err(|problem| error("the JSON", format!("can't be read: {problem}")))?;
    let architecture = architecture(file, &fields)?;
    refuse_extras(file, architecture, &fields)?;
    let rope = fields.rope.read(file, fields.max_position_embeddings)?;
    let needed = |key: &str, value: Option<usize>| value.ok_or_else(|| error(key, "is missing".to_owned()));
    let hidden = needed("hidden_size", fields.hidden_size)?;
    let heads = needed("num_attention_heads", fields.num_attention_heads)?;
    if heads == 0 {
        return Err(error("num_attention_heads", "is 0".to_owned()));
    }
    let head_dim = fields.head_dim.or(architecture.head_dim_default);
    let window = sliding_window(file, architecture, &fields)?;
    let mut config = ModelConfig {
        architecture,
        name: fields.name.filter(|name| !name.is_empty()),
        licence: fields.license,
        hidden,
        intermediate: needed("intermediate_size", fields.intermediate_size)?,
        blocks: needed("num_hidden_layers", fields.num_hidden_layers)?,
        heads,
        kv_heads: fields.num_key_value_heads.unwrap_or(heads),
        head_dim: head_dim.unwrap_or(hidden / heads),
        vocabulary: needed("vocab_size", fields.vocab_size)?,
        context: fields.max_position_embeddings.unwrap_or(architecture.context_default),
        rope,
        rms_epsilon: fields.rms_norm_eps.unwrap_or(architecture.epsilon_default),
        tied_head: fields.tie_word_embeddings.unwrap_or(false),
    };
    let warning = window.and_then(|window| config.limit_context(window));
    Ok(Parsed {
        config,
        special: fields.special,
        warning,
    })
}

pub(super) fn unsupported(file: &str, what: impl Into<String>, supported: impl Into<String>) -> WeightsError {
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
    Ok(())
}

/// How many tokens attention looks back in some blocks; `None` where it is all of them.
fn sliding_window(file: &str, architecture: &Architecture, fields: &Fields) -> Result<Option<usize>, WeightsError> {
    let layers = fields.layer_types.iter().flatten();
    let mut kinds = layers
        .map(String::as_str)
        .filter(|kind| *kind != "full_attention")
        .peekable();
    let stated = architecture.stated_window == StatedWindow::Used && fields.sliding_window.is_some();
    if !fields.use_sliding_window.unwrap_or(stated) && kinds.peek().is_none() {
        return Ok(None);
    }
    if let Some(kind) = kinds.find(|kind| *kind != "sliding_attention") {
        let what = format!("layer type {kind:?}");
        return Err(unsupported(file, what, "full_attention, sliding_attention"));
    }
    match fields.sliding_window {
        Some(window) if window > 0 => Ok(Some(window)),
        Some(_) | None => Err(unsupported(
            file,
            "sliding-window attention without the window's size",
            "a sliding_window of 1 or more",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::Rope;
    use crate::weights::architecture::{LLAMA, QWEN2};

    /// The fields of HuggingFaceTB/SmolLM2-135M-Instruct's config.json that matter here.
    const SMOLLM2: &str = r#"{
        "architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 1, "eos_token_id": 2,
        "hidden_act": "silu", "hidden_size": 576, "intermediate_size": 1536, "max_position_embeddings": 8192,
        "mlp_bias": false, "model_type": "llama", "num_attention_heads": 9, "num_hidden_layers": 30,
        "num_key_value_heads": 3, "rms_norm_eps": 1e-05, "rope_scaling": null, "rope_theta": 100000,
        "tie_word_embeddings": true, "vocab_size": 49152
    }"#;

    fn with(changes: &[(&str, Value)]) -> Result<Parsed, WeightsError> {
        let mut config: Value = serde_json::from_str(SMOLLM2).unwrap();
        for (key, value) in changes {
            config[*key] = value.clone();
        }
        parse("config.json", config.to_string().as_bytes())
    }

    #[test]
    fn a_llama_configuration_is_read() {
        let Parsed { config, special, .. } = with(&[]).unwrap();
        assert_eq!(config.architecture, &LLAMA);
        assert_eq!((config.hidden, config.intermediate, config.blocks), (576, 1536, 30));
        assert_eq!((config.heads, config.kv_heads, config.head_dim), (9, 3, 64));
        assert_eq!((config.vocabulary, config.context), (49152, 8192));
        assert_eq!((config.rope, config.rms_epsilon), (Rope::plain(100_000.0), 1e-5));
        assert!(config.tied_head);
        assert_eq!((special.bos(), special.eos()), (Some(1), vec![2]));
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
        let Parsed { config, special, .. } = with(&changes).unwrap();
        assert_eq!(config.architecture, &QWEN2);
        assert_eq!(special.eos(), [5, 6]);
    }

    #[test]
    fn a_sliding_window_limits_the_context_and_says_so() {
        let of = |changes: &[(&str, Value)]| {
            let parsed = with(changes).unwrap();
            (parsed.config.context, parsed.warning.is_some())
        };
        assert_eq!(of(&[("sliding_window", 4096.into())]), (4096, true));
        // It is no limit where it is longer than the context, or off.
        assert_eq!(of(&[("sliding_window", 16384.into())]), (8192, false));
        let off = [("sliding_window", 4096.into()), ("use_sliding_window", false.into())];
        assert_eq!(of(&off), (8192, false));
        let layers = serde_json::json!(["full_attention", "sliding_attention"]);
        let mixed = [("sliding_window", 512.into()), ("layer_types", layers.clone())];
        assert_eq!(of(&mixed), (512, true));
        let message = with(&[("layer_types", layers)]).unwrap_err().to_string();
        assert!(message.contains("without the window's size"), "{message}");
        let other = with(&[("layer_types", serde_json::json!(["linear_attention"]))])
            .unwrap_err()
            .to_string();
        assert!(other.contains("layer type \"linear_attention\""), "{other}");
    }

    #[test]
    fn negative_ids_and_null_name_no_token() {
        let special = |bos: Value, eos: Value| {
            let Parsed { special, .. } = with(&[("bos_token_id", bos), ("eos_token_id", eos)]).unwrap();
            (special.bos(), special.eos())
        };
        assert_eq!(special((-1).into(), (-1).into()), (None, vec![]));
        assert_eq!(special(Value::Null, Value::Null), (None, vec![]));
        let list = serde_json::json!([-1, null, 2]);
        assert_eq!(special(list.clone(), list), (Some(2), vec![2]));
        // The tokenizer tells that the model doesn't have it.
        assert_eq!(
            special(128_000.into(), 5_000_000_000_i64.into()),
            (Some(128_000), vec![u32::MAX])
        );
    }

    #[test]
    fn what_is_not_supported_is_named_with_what_is() {
        let cases = [
            (
                "model_type",
                "mistral".into(),
                "\"mistral\"",
                "llama, qwen2, qwen3, phi3",
            ),
            (
                "architectures",
                serde_json::json!(["LlamaForSequenceClassification"]),
                "class",
                "LlamaForCausalLM",
            ),
            ("attention_bias", true.into(), "attention_bias", "biases"),
            ("mlp_bias", true.into(), "mlp_bias", "without biases"),
            ("hidden_act", "gelu".into(), "gelu", "silu"),
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
