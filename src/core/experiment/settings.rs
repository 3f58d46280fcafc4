//! Everything that can be set, and everything that a link holds.

use super::{Experiment, View};

/// What is run and how it is looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// What to run.
    pub experiment: Experiment,
    /// How to look at it.
    pub view: View,
    /// The digest of the result that a link was copied with.
    pub expect: Option<String>,
    /// What another version wrote into the link, as it was.
    pub unknown: Vec<(String, String)>,
}
