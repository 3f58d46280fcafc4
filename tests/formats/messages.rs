//! The messages for bad files.

use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::architecture::LLAMA;
use hemoscope_core::weights::formats::{NamedFile, open, open_path};
use hemoscope_core::weights::{Pristine, Role};

use crate::gguf_writer::{Gguf, Value};
use crate::{named, small_model};

fn message(files: Vec<NamedFile>) -> String {
    open(files).unwrap_err().to_string()
}

fn tiny() -> Pristine {
    small_model::tiny(&LLAMA)
}

/// The error from opening a small GGUF file after `change`.
fn gguf_message(change: impl FnOnce(&mut Gguf)) -> String {
    let mut gguf = small_model::gguf(&tiny());
    change(&mut gguf);
    message(vec![named("m.gguf", &gguf.bytes())])
}

fn set(gguf: &mut Gguf, key: &str, value: Value) {
    gguf.metadata.retain(|(other, _)| other != key);
    gguf.metadata.push((key.to_owned(), value));
}

#[track_caller]
fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn impostors() {
    let page = named("m.gguf", b"<!doctype html><title>Sign in</title>");
    assert_says(
        &message(vec![page]),
        &["m.gguf is not a GGUF model", "a web page", "check the address"],
    );
    let pointer = named(
        "model.safetensors",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n",
    );
    let config = named("config.json", small_model::config_json(&tiny()).as_bytes());
    let tokenizer = named("tokenizer.json", small_model::TOKENIZER_JSON.as_bytes());
    let files = vec![pointer, config.clone(), tokenizer];
    assert_says(
        &message(files),
        &["model.safetensors is not a safetensors file", "git lfs pull"],
    );
    let files = vec![
        named("config.json", b"Entry not found"),
        named("model.safetensors", b"x"),
    ];
    assert_says(
        &message(files),
        &["config.json is not a JSON file", "\"Entry not found\""],
    );
    assert_says(
        &message(vec![named("pytorch_model.bin", b"PK\x03\x04")]),
        &["zip archive", ".safetensors or .gguf"],
    );
    assert_says(
        &message(vec![named("notes.txt", b"hello")]),
        &["notes.txt does not make up a model", ".gguf"],
    );
    assert_says(&message(Vec::new()), &["no file here", "config.json"]);
    assert_says(&message(vec![named("m.gguf", b"")]), &["an empty file"]);
    let gguf = small_model::gguf(&tiny()).bytes();
    let two = vec![named("a.gguf", &gguf), named("b.gguf", &gguf)];
    assert_says(&message(two), &["a.gguf and b.gguf are two models"]);
    assert_says(&message(vec![config]), &["config.json does not make up a model"]);
    let missing = open_path("there/is/no.gguf".as_ref()).unwrap_err().to_string();
    assert_says(&missing, &["could not open there/is/no.gguf", "Check the path"]);
}

#[test]
fn a_gguf_file_is_known_by_its_content() {
    open(vec![named("downloads/model", &small_model::gguf(&tiny()).bytes())]).unwrap();
}

#[test]
fn unsupported_gguf_files_are_named_with_what_is_supported() {
    let says = |key: &str, value: Value, parts: &[&str]| {
        assert_says(&gguf_message(|gguf| set(gguf, key, value)), parts);
    };
    says(
        "general.architecture",
        "mamba".into(),
        &["the architecture \"mamba\"", "llama, qwen2, qwen3, phi3"],
    );
    says("llama.rope.scaling.type", "yarn".into(), &["\"yarn\"", "linear"]);
    says("llama.expert_count", Value::U32(8), &["mixture of experts"]);
    says("llama.rope.dimension_count", Value::U32(2), &["a part of each head"]);
    says(
        "llama.attention.head_count_kv",
        Value::I32s(vec![1]),
        &["differs between blocks"],
    );
    says("split.count", Value::U32(2), &["several files", "--merge"]);
    assert_says(
        &gguf_message(|gguf| gguf.version = 1),
        &["version 1", "versions 2 and 3"],
    );
    assert_says(&gguf_message(|gguf| gguf.version = 3_u32.swap_bytes()), &["big-endian"]);
    assert_says(
        &gguf_message(|gguf| gguf.tensors[3].kind = 20),
        &["the type IQ4_NL of tensor", "Q4_1"],
    );
    let extra = gguf_message(|gguf| {
        let mut factors = gguf.tensors[0].clone();
        factors.name = "blk.0.attn_extra.weight".to_owned();
        gguf.tensors.push(factors);
    });
    assert_says(&extra, &["the tensor blk.0.attn_extra.weight", "rotary positions"]);
}

#[test]
fn wrong_and_missing_parts_are_named() {
    let missing = gguf_message(|gguf| gguf.tensors.retain(|tensor| tensor.name != "blk.0.ffn_up.weight"));
    assert_says(
        &missing,
        &["m.gguf has no tensor blk.0.ffn_up.weight", "llama model of 1 blocks"],
    );
    let shape = gguf_message(|gguf| set(gguf, "llama.feed_forward_length", Value::U32(16)));
    assert_says(
        &shape,
        &["m.gguf: tensor blk.0.ffn_", "configuration asks for", "get it again"],
    );
    let key = gguf_message(|gguf| gguf.metadata.retain(|(key, _)| key != "llama.block_count"));
    assert_says(&key, &["m.gguf: llama.block_count is missing", "Get the file again"]);
    let zero = gguf_message(|gguf| set(gguf, "llama.attention.head_count", Value::U32(0)));
    assert_says(&zero, &["head_count is 0"]);
    let kv = gguf_message(|gguf| set(gguf, "llama.attention.head_count_kv", Value::U32(3)));
    assert_says(&kv, &["does not divide"]);
    let tokens = gguf_message(|gguf| gguf.metadata.retain(|(key, _)| key != "tokenizer.ggml.tokens"));
    assert_says(&tokens, &["the file has no tokenizer"]);
    let mut files = small_model::hugging_face(&tiny());
    files.retain(|(name, _)| name != "tokenizer.json");
    assert_says(
        &message(files),
        &["tokenizer.json, which holds the tokenizer, is not among the files"],
    );
}

#[test]
fn damaged_files_say_where() {
    let whole = small_model::gguf(&tiny()).bytes();
    let cut = message(vec![named("m.gguf", &whole[..whole.len() - 40])]);
    assert_says(&cut, &["m.gguf is damaged at byte", "cut off", "Get the file again"]);
    let count = {
        let mut bytes = whole.clone();
        bytes[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
        message(vec![named("m.gguf", &bytes)])
    };
    assert_says(&count, &["tensors can't fit into"]);
    let (_, file) = &small_model::hugging_face(&tiny())[1];
    let mut shard = vec![0; usize::try_from(file.size()).unwrap()];
    file.read_at(0, &mut shard).unwrap();
    let with = |shard: &[u8]| {
        let mut files = small_model::hugging_face(&tiny());
        files[1] = named("model.safetensors", shard);
        message(files)
    };
    assert_says(
        &with(&shard[..shard.len() - 1]),
        &["model.safetensors is damaged", "cut off"],
    );
    shard[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert_says(&with(&shard), &["its header should take"]);
}

#[test]
fn tokenizers_that_do_not_exist_here_are_named() {
    let says = |key: &str, value: Value, parts: &[&str]| {
        let mut gguf = small_model::gguf(&tiny());
        set(&mut gguf, key, value);
        let opened = open(vec![named("m.gguf", &gguf.bytes())]).unwrap();
        assert_says(&Tokenizer::new(&opened.tokenizer).unwrap_err().to_string(), parts);
    };
    says(
        "tokenizer.ggml.model",
        "bert".into(),
        &["kind \"bert\"", "gpt2", "llama"],
    );
    says(
        "tokenizer.ggml.model",
        "llama".into(),
        &["needs a score for each token", "tokenizer.ggml.scores"],
    );
    says(
        "tokenizer.ggml.pre",
        "kimi-k2".into(),
        &["\"kimi-k2\"", "llama-bpe", "smollm", "qwen2"],
    );
    says(
        "tokenizer.ggml.merges",
        Value::Strings(vec!["ab".to_owned()]),
        &["merges", "is not a pair"],
    );
    says(
        "tokenizer.ggml.merges",
        Value::Strings(vec!["x y".to_owned()]),
        &["vocabulary", "Token `x` out of"],
    );
}

#[test]
fn reading_a_tensor_of_a_shrunken_file_says_which() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.gguf");
    let bytes = small_model::gguf(&tiny()).bytes();
    std::fs::write(&path, &bytes).unwrap();
    let opened = open_path(&path).unwrap();
    std::fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(bytes.len() as u64 / 2)
        .unwrap();
    let last = opened
        .pristine
        .tensors()
        .filter_map(|(id, tensor)| tensor.read().err().map(|error| (id, error)));
    let failed: Vec<_> = last.collect();
    assert!(failed.iter().any(|(id, _)| id.role == Role::Down), "{failed:?}");
    assert_says(&failed[0].1.to_string(), &["could not read", "of tensor "]);
}
