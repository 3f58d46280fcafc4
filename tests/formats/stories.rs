//! stories260K in llama2.c's layout, and the same model written as GGUF and as safetensors.

use hemoscope_core::tokenizer::Tokenizer;
use hemoscope_core::weights::architecture::{LLAMA, QWEN2};
use hemoscope_core::weights::formats::{open, open_path, sha256};
use hemoscope_core::weights::{Role, TensorId};

use crate::fixtures::fixture;
use crate::{assert_same_tensors, named, small_model};

#[test]
fn llama2c_model_opens_with_its_sizes() {
    let opened = open_path(&fixture("models/stories260K.bin")).unwrap();
    let config = opened.pristine.config();
    // As llama2.c gives them for this file.
    assert_eq!(config.architecture, &LLAMA);
    assert_eq!((config.hidden, config.intermediate, config.blocks), (64, 172, 5));
    assert_eq!((config.heads, config.kv_heads, config.head_dim), (8, 4, 8));
    assert_eq!((config.vocabulary, config.context), (512, 512));
    assert!(config.tied_head);
    let parameters: usize = opened
        .pristine
        .tensors()
        .map(|(_, tensor)| tensor.shape().iter().product::<usize>())
        .sum();
    assert_eq!(parameters, 260_032);
    assert_eq!(opened.files.len(), 2);
    // sha256sum of the file.
    let digest = sha256(opened.files[0].1.as_ref()).unwrap();
    assert_eq!(
        digest,
        "b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696"
    );
    assert_ne!(opened.sha256().unwrap(), digest);
}

#[test]
fn llama2c_rows_of_query_become_half_split() {
    let path = fixture("models/stories260K.bin");
    let opened = open_path(&path).unwrap();
    let bytes = std::fs::read(path).unwrap();
    // After the header, the embedding and the attention norms; row 1 of the file is the second half of pair 0, which
    // goes to row 4 of a head of eight.
    let query = 28 + 4 * (512 * 64 + 5 * 64);
    let row_1 = &bytes[query + 4 * 64..query + 2 * 4 * 64];
    let expected: Vec<f32> = row_1
        .as_chunks::<4>()
        .0
        .iter()
        .map(|float| f32::from_le_bytes(*float))
        .collect();
    let values = opened.pristine.tensor(TensorId::in_block(0, Role::Query)).unwrap();
    assert_eq!(&values[4 * 64..5 * 64], expected);
}

#[test]
fn the_same_tensors_come_back_from_gguf_and_safetensors() {
    let original = open_path(&fixture("models/stories260K.bin")).unwrap().pristine;

    let mut gguf = small_model::gguf(&original);
    for version in [2, 3] {
        gguf.version = version;
        let opened = open(vec![named("stories.gguf", &gguf.bytes())]).unwrap();
        assert_same_tensors(&opened.pristine, &original);
        assert_eq!(opened.pristine.config().name.as_deref(), Some("small"));
        assert_eq!(opened.pristine.config().licence.as_deref(), Some("mit"));
    }

    let opened = open(small_model::hugging_face(&original)).unwrap();
    assert_same_tensors(&opened.pristine, &original);
    assert_eq!(opened.pristine.config(), original.config());

    let folder = tempfile::tempdir().unwrap();
    let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    let index = serde_json::json!({"weight_map": {"a": shards[0], "b": shards[1]}});
    for (name, bytes) in [
        ("config.json", small_model::config_json(&original).into_bytes()),
        ("tokenizer.json", small_model::TOKENIZER_JSON.as_bytes().to_vec()),
        ("model.safetensors.index.json", index.to_string().into_bytes()),
        (
            shards[0],
            small_model::safetensors(&original, |block| block.is_none_or(|block| block < 2)),
        ),
        (
            shards[1],
            small_model::safetensors(&original, |block| block.is_some_and(|block| block >= 2)),
        ),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let opened = open_path(folder.path()).unwrap();
    assert_same_tensors(&opened.pristine, &original);
    assert_eq!(opened.files.len(), 4);

    std::fs::remove_file(folder.path().join(shards[1])).unwrap();
    let message = open_path(folder.path()).unwrap_err().to_string();
    assert!(
        message.contains(shards[1]) && message.contains("not among the files"),
        "{message}"
    );
}

#[test]
fn qwen2_rows_stay_as_they_are_and_biases_are_read() {
    let original = small_model::tiny(&QWEN2);
    let opened = open(vec![named("q.gguf", &small_model::gguf(&original).bytes())]).unwrap();
    assert_same_tensors(&opened.pristine, &original);
    assert!(opened.pristine.has(TensorId::in_block(0, Role::KeyBias)));
    let opened = open(small_model::hugging_face(&original)).unwrap();
    assert_same_tensors(&opened.pristine, &original);
}

#[test]
fn llama2c_tokens() {
    let opened = open_path(&fixture("models")).unwrap();
    let tokenizer = Tokenizer::for_model(&opened.tokenizer, opened.pristine.config().vocabulary).unwrap();
    assert!(tokenizer.warnings().is_empty());
    assert_eq!(tokenizer.vocabulary_size(), 512);
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some(1), Some(2)));
    // Beginning of a text and the piece "Once upon a time", as llama2.c's own `run` gives for this tokenizer:
    // 403 "Once", 407 " upon", 261 " a", 378 " time".
    let tokens = tokenizer.encode("Once upon a time").unwrap();
    assert_eq!(tokens, [1, 403, 407, 261, 378]);
    let text = "Lily said: \"Żółw!\"\n";
    assert_eq!(tokenizer.decode(&tokenizer.encode(text).unwrap()), text);
}

#[test]
fn tokenizer_json_adds_what_it_says() {
    let model = small_model::tiny(&LLAMA);
    let opened = open(small_model::hugging_face(&model)).unwrap();
    let tokenizer = Tokenizer::new(&opened.tokenizer).unwrap();
    assert_eq!(tokenizer.encode("ab a<s>b").unwrap(), [4, 3, 1, 0, 2]);
    assert_eq!(tokenizer.decode(&[4, 3, 1, 2]), "ab ab");
    assert_eq!((tokenizer.bos(), tokenizer.eos()), (Some(0), Some(1)));
    assert_eq!(tokenizer.vocabulary_size(), 5);
    let message = Tokenizer::for_model(&opened.tokenizer, 4).unwrap_err().to_string();
    assert!(message.contains("has 5 tokens, the model only 4"), "{message}");
}
