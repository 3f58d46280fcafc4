//! Models of a few kilobytes in each format, written here.

use hemoscope_core::weights::architecture::{LLAMA, QWEN2};
use hemoscope_core::weights::formats::{NamedFile, interleaved_from_half_split};
use hemoscope_core::weights::{Architecture, Pristine, Role, Rope};

use crate::gguf_writer::{Gguf, Tensor, Value};
use crate::named;

const F32: u32 = 0;

fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn gguf_name(role: Role, block: Option<usize>) -> String {
    let name = match role {
        Role::TokenEmbedding => "token_embd.weight",
        Role::OutputNorm => "output_norm.weight",
        Role::OutputHead => "output.weight",
        Role::AttentionNorm => "attn_norm.weight",
        Role::Query => "attn_q.weight",
        Role::Key => "attn_k.weight",
        Role::Value => "attn_v.weight",
        Role::QueryBias => "attn_q.bias",
        Role::KeyBias => "attn_k.bias",
        Role::ValueBias => "attn_v.bias",
        Role::AttentionOutput => "attn_output.weight",
        Role::MlpNorm => "ffn_norm.weight",
        Role::Gate => "ffn_gate.weight",
        Role::Up => "ffn_up.weight",
        Role::Down => "ffn_down.weight",
        Role::QueryNorm => "attn_q_norm.weight",
        Role::KeyNorm => "attn_k_norm.weight",
    };
    block.map_or_else(|| name.to_owned(), |block| format!("blk.{block}.{name}"))
}

/// The model as llama.cpp's converter writes it: for `llama`, query and key rows interleaved.
pub(crate) fn gguf(model: &Pristine) -> Gguf {
    let config = model.config();
    let architecture = config.architecture.name;
    let size = |value: usize| Value::U32(u32::try_from(value).unwrap());
    let mut metadata = vec![
        ("general.architecture".to_owned(), Value::from(architecture)),
        ("general.name".to_owned(), Value::from("small")),
        ("general.license".to_owned(), Value::from("mit")),
        ("general.odd".to_owned(), Value::Nested(vec![vec![1, 2], vec![]])),
    ];
    for (key, value) in [
        ("embedding_length", size(config.hidden)),
        ("feed_forward_length", size(config.intermediate)),
        ("block_count", size(config.blocks)),
        ("attention.head_count", size(config.heads)),
        ("attention.head_count_kv", size(config.kv_heads)),
        ("context_length", size(config.context)),
        ("rope.freq_base", Value::F32(config.rope.theta as f32)),
        (
            "attention.layer_norm_rms_epsilon",
            Value::F32(config.rms_epsilon as f32),
        ),
    ] {
        metadata.push((format!("{architecture}.{key}"), value));
    }
    let tokens: Vec<String> = (0..config.vocabulary).map(|id| format!("t{id}")).collect();
    for (key, value) in [
        ("model", Value::from("gpt2")),
        ("pre", Value::from("smollm")),
        ("token_type", Value::I32s(vec![1; tokens.len()])),
        ("tokens", Value::Strings(tokens)),
        ("merges", Value::Strings(Vec::new())),
        ("bos_token_id", Value::U32(1)),
        ("add_bos_token", Value::Bool(false)),
    ] {
        metadata.push((format!("tokenizer.ggml.{key}"), value));
    }
    let tensors = model.tensors().map(|(id, tensor)| {
        let [rows, columns] = tensor.shape();
        let mut values = tensor.read().unwrap();
        if config.architecture == &LLAMA && matches!(id.role, Role::Query | Role::Key) {
            values = interleaved_from_half_split(&values, columns, config.head_dim);
        }
        let dimensions = if rows == 1 {
            vec![columns as u64]
        } else {
            vec![columns as u64, rows as u64]
        };
        Tensor {
            name: gguf_name(id.role, id.block),
            dimensions,
            kind: F32,
            bytes: little_endian(&values),
        }
    });
    Gguf {
        version: 3,
        metadata,
        tensors: tensors.collect(),
    }
}

fn hugging_face_name(role: Role, block: Option<usize>) -> String {
    let name = match role {
        Role::TokenEmbedding => "embed_tokens.weight",
        Role::OutputNorm => "norm.weight",
        Role::OutputHead => return "lm_head.weight".to_owned(),
        Role::AttentionNorm => "input_layernorm.weight",
        Role::Query => "self_attn.q_proj.weight",
        Role::Key => "self_attn.k_proj.weight",
        Role::Value => "self_attn.v_proj.weight",
        Role::QueryBias => "self_attn.q_proj.bias",
        Role::KeyBias => "self_attn.k_proj.bias",
        Role::ValueBias => "self_attn.v_proj.bias",
        Role::AttentionOutput => "self_attn.o_proj.weight",
        Role::MlpNorm => "post_attention_layernorm.weight",
        Role::Gate => "mlp.gate_proj.weight",
        Role::Up => "mlp.up_proj.weight",
        Role::Down => "mlp.down_proj.weight",
        Role::QueryNorm => "self_attn.q_norm.weight",
        Role::KeyNorm => "self_attn.k_norm.weight",
    };
    block.map_or_else(
        || format!("model.{name}"),
        |block| format!("model.layers.{block}.{name}"),
    )
}

/// The bytes of a safetensors file with the tensors that `keep` selects.
pub(crate) fn safetensors(model: &Pristine, keep: impl Fn(Option<usize>) -> bool) -> Vec<u8> {
    let tensors: Vec<_> = model
        .tensors()
        .filter(|(id, _)| keep(id.block))
        .map(|(id, tensor)| {
            let [rows, columns] = tensor.shape();
            let shape = if rows == 1 { vec![columns] } else { vec![rows, columns] };
            let bytes = little_endian(&tensor.read().unwrap());
            (hugging_face_name(id.role, id.block), shape, bytes)
        })
        .collect();
    let views = tensors.iter().map(|(name, shape, bytes)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), bytes);
        (name.as_str(), view.unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// The model's `config.json`.
pub(crate) fn config_json(model: &Pristine) -> String {
    let config = model.config();
    let class = config.architecture.class;
    serde_json::json!({
        "model_type": config.architecture.name, "architectures": [class],
        "hidden_size": config.hidden, "intermediate_size": config.intermediate, "num_hidden_layers": config.blocks,
        "num_attention_heads": config.heads, "num_key_value_heads": config.kv_heads, "vocab_size": config.vocabulary,
        "max_position_embeddings": config.context, "rope_theta": config.rope.theta,
        "rms_norm_eps": config.rms_epsilon, "tie_word_embeddings": config.tied_head, "hidden_act": "silu",
        "bos_token_id": 0, "eos_token_id": 1
    })
    .to_string()
}

/// A tokenizer with one token per byte-level character, two of them merged.
pub(crate) const TOKENIZER_JSON: &str = r#"{
    "version": "1.0",
    "added_tokens": [
        {"id": 0, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}
    ],
    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "decoder": {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true},
    "model": {"type": "BPE", "vocab": {"<s>": 0, "a": 1, "b": 2, "Ġ": 3, "ab": 4}, "merges": [["a", "b"]]}
}"#;

/// The model as a folder of the Hugging Face hub, in one file.
pub(crate) fn hugging_face(model: &Pristine) -> Vec<NamedFile> {
    vec![
        named("config.json", config_json(model).as_bytes()),
        named("model.safetensors", &safetensors(model, |_| true)),
        named("tokenizer.json", TOKENIZER_JSON.as_bytes()),
    ]
}

/// A model with one block, eight channels, 16 tokens, an untied head and, for Qwen2, biases.
pub(crate) fn tiny(architecture: &'static Architecture) -> Pristine {
    use hemoscope_core::weights::{MemoryTensor, ModelConfig, StoredTensor, TensorId};
    use std::sync::Arc;

    let config = ModelConfig {
        architecture,
        name: None,
        licence: None,
        hidden: 8,
        intermediate: 12,
        blocks: 1,
        heads: 2,
        kv_heads: 1,
        head_dim: 4,
        vocabulary: 16,
        context: 32,
        rope: Rope::plain(10_000.0),
        rms_epsilon: 1e-5,
        tied_head: false,
    };
    let outside = [Role::TokenEmbedding, Role::OutputNorm, Role::OutputHead].map(TensorId::global);
    let mut roles = vec![Role::AttentionNorm, Role::MlpNorm];
    roles.extend(Role::LINEARS);
    if architecture == &QWEN2 {
        roles.extend([Role::QueryBias, Role::KeyBias, Role::ValueBias]);
    }
    let inside = roles.into_iter().map(|role| TensorId::in_block(0, role));
    let tensors = outside.into_iter().chain(inside).zip(1_u16..).map(|(id, number)| {
        let shape = config.shape(id.role);
        let values = (0..shape[0] * shape[1]).map(|i| f32::from(number) + i as f32 / 256.0);
        let tensor = MemoryTensor {
            name: id.to_string(),
            shape,
            values: values.collect(),
        };
        (id, Arc::new(tensor) as Arc<dyn StoredTensor>)
    });
    let tensors = tensors.collect();
    Pristine::new(config, tensors)
}
