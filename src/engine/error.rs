//! What can go wrong in an experiment.

use crate::arch::ModelError;
use hemoscope_core::metric::MetricError;
use hemoscope_core::modify::{ModifyError, SpecError};
use hemoscope_core::protocol::Event;
use hemoscope_core::tokenizer::TokenizerError;
use hemoscope_core::weights::WeightsError;

/// An experiment could not be carried out.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The front end asked to stop.
    #[error("cancelled")]
    Cancelled,
    /// A job needs a model and none is loaded.
    #[error("no model is loaded; load one first")]
    NoModel,
    /// A point was requested that belongs to no run here.
    #[error("no run with such a point was prepared; press Run again")]
    NoRun,
    /// Another engine's findings do not fit.
    #[error("what another engine measured came in parts that don't fit; press Run again")]
    Torn,
    /// A text has too few tokens.
    #[error(
        "The text has {tokens} tokens; one window needs {window} (windows asked for: {windows}). \
         Choose fewer or shorter windows, or a longer text than {text}"
    )]
    TextTooShort {
        /// Which text.
        text: String,
        /// Tokens that it has.
        tokens: usize,
        /// Tokens per window.
        window: usize,
        /// Whole windows in it.
        whole: usize,
        /// Windows that were asked for.
        windows: usize,
    },
    /// A number of the experiment is out of range.
    #[error("{what} is {value}, but must be {allowed}")]
    OutOfRange {
        /// Which number.
        what: &'static str,
        /// Its value.
        value: usize,
        /// What is allowed.
        allowed: String,
    },
    /// A model's bytes are not those that the experiment names.
    #[error(
        "{name} has SHA-256 {found}, but the experiment was made with {expected}; results would not be comparable. \
         Give the file that it was made with, or take the model's SHA-256 out of the link to measure this one"
    )]
    WrongModel {
        /// The model.
        name: String,
        /// The expected hash.
        expected: String,
        /// The hash of the bytes.
        found: String,
    },
    /// A model's outputs are not finite.
    #[error(
        "the {model} model's outputs are not finite numbers; choose a weaker modification, or check the model's file"
    )]
    NotFinite {
        /// Which: untouched or modified.
        model: String,
    },
    /// The specification can't be built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The device or the model failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Scores don't fit together.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// A modification failed.
    #[error(transparent)]
    Modify(#[from] ModifyError),
    /// A file failed.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
}

impl EngineError {
    /// The event that tells a front end about it.
    #[must_use]
    pub fn event(&self) -> Event {
        Event::Failed {
            message: self.to_string(),
            device_lost: self.is_device_failure(),
        }
    }

    /// Whether the device itself failed, so that nothing more can be computed on it.
    #[must_use]
    pub fn is_device_failure(&self) -> bool {
        matches!(self, Self::Model(ModelError::Device { .. }))
    }
}
