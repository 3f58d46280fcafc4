//! What can go wrong with a tokenizer.

/// A tokenizer could not be made or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The model's files ask for a kind of tokenizer that is not supported.
    #[error("{what} is not supported. Supported: {supported}")]
    Unsupported {
        /// What was found.
        what: String,
        /// What would have been accepted.
        supported: String,
    },
    /// The vocabulary or its file contradicts itself.
    #[error("{what} can't be used: {problem}. Take the tokenizer from where the model comes from")]
    Invalid {
        /// Which part of the tokenizer.
        what: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The tokenizer can produce tokens that the model doesn't have.
    #[error(
        "the tokenizer has {tokenizer} tokens, the model only {model}: they don't belong together. Take both from the \
         same place"
    )]
    VocabularyMismatch {
        /// Tokens of the tokenizer.
        tokenizer: usize,
        /// Rows of the model's embedding.
        model: usize,
    },
    /// The text needs a token that the model doesn't have.
    #[error(
        "the text needs token {id}, {token:?}, but the model has only the tokens 0 to {last}: take another text, or the \
         tokenizer from where the model comes from"
    )]
    NoRow {
        /// The token's id.
        id: u32,
        /// How it is spelled.
        token: String,
        /// The model's last token.
        last: usize,
    },
    /// The text could not be turned into tokens.
    #[error("the text could not be turned into tokens: {problem}")]
    Encode {
        /// The cause.
        problem: String,
    },
}
