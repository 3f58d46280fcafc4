//! What a model and its damaged copies wrote: texts stored with the page.

use serde::{Deserialize, Serialize};

use crate::modify::Spec;

/// Continuations of one prompt, each token the most likely one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuations {
    /// The prompt.
    pub prompt: String,
    /// The most tokens that each model wrote.
    pub tokens: usize,
    /// By the untouched model.
    pub base: String,
    /// By the damaged ones, in the order of the sweep.
    pub modified: Vec<Continuation>,
}

/// The continuation by a model under one modification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuation {
    /// The modification.
    pub spec: Spec,
    /// Its text.
    pub text: String,
    /// The first token that differs from the untouched model's, counted from 1.
    pub first_difference: Option<usize>,
}

/// A stored file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTexts {
    /// The link of the experiment whose points wrote the texts.
    pub link: String,
    /// The texts, one entry per prompt.
    pub written: Vec<Continuations>,
}
