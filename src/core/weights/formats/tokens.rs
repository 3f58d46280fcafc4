//! What a model's files say about its tokens; the `tokenizer` module makes a tokenizer from it.

/// The metadata of a GGUF file that describe its tokenizer.
pub mod keys {
    /// The kind of tokenizer.
    pub const MODEL: &str = "tokenizer.ggml.model";
    /// How text is cut into words.
    pub const PRE: &str = "tokenizer.ggml.pre";
    /// The tokens by id.
    pub const TOKENS: &str = "tokenizer.ggml.tokens";
    /// A score for each token.
    pub const SCORES: &str = "tokenizer.ggml.scores";
    /// What each token is for.
    pub const KINDS: &str = "tokenizer.ggml.token_type";
    /// Pairs to merge.
    pub const MERGES: &str = "tokenizer.ggml.merges";
    /// The token that begins a text.
    pub const BOS: &str = "tokenizer.ggml.bos_token_id";
    /// The token that ends a text.
    pub const EOS: &str = "tokenizer.ggml.eos_token_id";
    /// The token of characters that are not in the vocabulary.
    pub const UNKNOWN: &str = "tokenizer.ggml.unknown_token_id";
    /// Whether texts begin with BOS.
    pub const ADD_BOS: &str = "tokenizer.ggml.add_bos_token";
    /// Whether texts end with EOS.
    pub const ADD_EOS: &str = "tokenizer.ggml.add_eos_token";
    /// Whether texts get a space in front.
    pub const ADD_SPACE_PREFIX: &str = "tokenizer.ggml.add_space_prefix";
}

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
    /// The model's architecture, e.g. `llama`.
    pub architecture: String,
    /// The kind of tokenizer, e.g. `gpt2` for byte-level BPE.
    pub model: String,
    /// How text is cut before merging, e.g. `smollm`.
    pub pre: Option<String>,
    /// The tokens by id.
    pub tokens: Vec<String>,
    /// The score of each token; empty where the file doesn't say.
    pub scores: Vec<f32>,
    /// The kind of each token, as [`TokenKind`] numbers them; empty where the file doesn't say.
    pub kinds: Vec<i32>,
    /// Pairs to merge, in order of priority, each joined by a space.
    pub merges: Option<Vec<String>>,
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// The token of characters that are not in the vocabulary.
    pub unknown: Option<u32>,
    /// Whether texts begin with `bos`.
    pub add_bos: Option<bool>,
    /// Whether texts end with `eos`.
    pub add_eos: Option<bool>,
    /// Whether texts get a space in front.
    pub add_space_prefix: Option<bool>,
}

/// What a token of a GGUF file is for. Source: ggml-org/llama.cpp, `include/llama.h` (`llama_token_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Text is merged into it; 1, and whatever is not listed.
    Normal,
    /// Stands for what is not in the vocabulary; 2.
    Unknown,
    /// Not text, e.g. BOS; 3.
    Control,
    /// Text that is matched before anything else; 4.
    UserDefined,
    /// Fills a place; 5.
    Unused,
    /// One byte; 6.
    Byte,
}

impl TokenKind {
    /// Whether it is matched in a text before anything else.
    #[must_use]
    pub fn is_added(self) -> bool {
        matches!(self, Self::Unknown | Self::Control | Self::UserDefined)
    }
}

impl GgufVocabulary {
    /// What a token is for.
    #[must_use]
    pub fn kind(&self, id: u32) -> TokenKind {
        match self.kinds.get(id as usize) {
            Some(2) => TokenKind::Unknown,
            Some(3) => TokenKind::Control,
            Some(4) => TokenKind::UserDefined,
            Some(5) => TokenKind::Unused,
            Some(6) => TokenKind::Byte,
            _ => TokenKind::Normal,
        }
    }
}
