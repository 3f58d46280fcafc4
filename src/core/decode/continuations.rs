//! What a model and its damaged copies wrote: texts that are stored beside the page.

use serde::{Deserialize, Serialize};

use crate::modify::Spec;

/// Continuations of one prompt, each token the most likely one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuations {
    /// What is continued.
    pub prompt: String,
    /// Tokens that each model wrote at most.
    pub tokens: usize,
    /// By the untouched model.
    pub base: String,
    /// By the damaged ones, in the order of the sweep.
    pub modified: Vec<Continuation>,
}

/// The continuation by the model that one modification leaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The modification.
    pub spec: Spec,
    /// Its text.
    pub text: String,
    /// The first token that is not the untouched model's, counted from 1.
    pub first_difference: Option<usize>,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTexts {
    /// The experiment whose points wrote.
    pub link: String,
    /// The texts, one entry a prompt.
    pub written: Vec<Continuations>,
}
