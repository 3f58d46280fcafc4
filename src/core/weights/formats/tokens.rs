//! What a model's files say about its tokens; the `tokenizer` module makes a tokenizer from it.

/// Where a model's tokenizer comes from.
#[derive(Debug, Clone)]
pub enum TokenizerSource {
    /// The text of a tokenizer.json, and what the configuration beside it says about special tokens.
    Json {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// The token that begins a text.
        bos: Option<u32>,
        /// The tokens that end a text.
        eos: Vec<u32>,
    },
    /// The vocabulary inside a GGUF file.
    Gguf(GgufVocabulary),
    /// llama2.c's tokenizer file.
    Llama2c {
        /// The file's bytes.
        bytes: Vec<u8>,
        /// How many tokens it has: stated in the model's header, not in this file.
        vocabulary: usize,
    },
}

/// The `tokenizer.ggml.*` metadata of a GGUF file.
#[derive(Debug, Clone, Default)]
pub struct GgufVocabulary {
    /// The kind of tokenizer, e.g. `gpt2` for byte-level BPE.
    pub model: String,
    /// How text is cut before merging, e.g. `smollm`.
    pub pre: Option<String>,
    /// The tokens by id.
    pub tokens: Vec<String>,
    /// The kind of each token: 1 normal, 3 control, 4 user-defined; empty where the file doesn't say.
    pub kinds: Vec<i32>,
    /// Pairs to merge, in order of priority, each joined by a space.
    pub merges: Vec<String>,
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// Whether texts begin with `bos`.
    pub add_bos: bool,
}
