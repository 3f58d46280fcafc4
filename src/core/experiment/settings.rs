//! Everything that can be set, and everything that a link holds.

use super::{Experiment, View};

/// What is run and how it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// What to run.
    pub experiment: Experiment,
    /// How to look at it.
    pub view: View,
    /// The digest of the result at the time the link was copied.
    pub expect: Option<String>,
    /// Keys and values that this version does not know, kept as they were.
    pub unknown: Vec<(String, String)>,
}
