//! What the two models write.

use hemoscope_core::modify::Spec;

/// What the two models write.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Writing {
    /// The modification of the second model.
    pub spec: Option<Spec>,
    /// What that is called.
    pub title: String,
    /// Its strength, as it is shown.
    pub at: String,
    /// The untouched model's text.
    pub base: String,
    /// The modified model's.
    pub modified: String,
    /// Once both are done: the first generated token that differs, if any.
    pub first_difference: Option<Option<usize>>,
}

impl Writing {
    /// Begins anew.
    pub fn start(&mut self, spec: Spec, title: String, at: String) {
        *self = Self {
            spec: Some(spec),
            title,
            at,
            ..Self::default()
        };
    }
}
