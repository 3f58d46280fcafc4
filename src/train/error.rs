//! What can go wrong before and after training.

use std::path::PathBuf;

/// An error, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's message.
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("{path}: {problem}")]
    Content {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// A held-out book is in the training part too.
    #[error(
        "held-out book {book} ({title:?}): {share:.1} % of its {words}-word sequences stand in the training part; two \
         editions of one book? Hold out both or neither"
    )]
    Overlap {
        /// Its index in the file, from 0.
        book: usize,
        /// How it begins.
        title: String,
        /// Percentage of its sequences.
        share: f64,
        /// Words in a sequence.
        words: usize,
    },
    /// The tokenizer library failed.
    #[error("the vocabulary: {problem}")]
    Vocabulary {
        /// Its message.
        problem: String,
    },
    /// The losses can't be drawn.
    #[error("the loss curves could not be drawn: {problem}")]
    Drawing {
        /// Why.
        problem: String,
    },
}

impl TrainError {
    /// For `map_err`, when `path` could not be read or written.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
