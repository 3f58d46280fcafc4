//! What the page says and shows, by the keys that index.html names: text and HTML from what the page knows, and nothing
//! else. It runs natively, so it is tested without a browser.

mod html;
mod say;

pub use html::html;
pub use say::{say, value};

use super::state::State;

/// What the page knows, with what is computed from it elsewhere because it takes too long for every change.
#[derive(Debug, Clone, Copy)]
pub struct Face<'a> {
    /// What the page knows.
    pub state: &'a State,
    /// What is said of the shown curve.
    pub sentence: &'a str,
    /// The time, milliseconds.
    pub now_ms: f64,
}

impl<'a> Face<'a> {
    /// The state alone, for what depends on nothing else.
    #[must_use]
    pub fn of(state: &'a State) -> Self {
        Self {
            state,
            sentence: "",
            now_ms: 0.0,
        }
    }
}

/// Whether what a key names is so: `data-if` shows by it, `data-off` switches off, `data-open` unfolds.
#[must_use]
pub fn is(face: Face<'_>, key: &str) -> bool {
    use hemoscope_core::plot::Measure;
    use hemoscope_core::share::{Sampling, Tab};
    let state = face.state;
    match key {
        "tag" => !say(face, "tag").is_empty(),
        "verdict" => state.verdict.is_some(),
        "own-model" => state.model_kind() == "own",
        "hub" => state.model_kind() == "hub",
        "own-text" => state.text_kind() == ":own",
        "drawn" => matches!(state.link.view.sampling, Sampling::Temperature { .. }),
        "nothing" => state.shown.is_none(),
        "no-log" => state.link.view.measure == Measure::SameTop,
        "no-writing" => state.task.is_some() || state.selected().is_none(),
        "kept" => match &state.shown {
            Some(shown) => shown.curve.points.is_empty() || state.kept.iter().any(|kept| kept.curve == shown.curve),
            None => true,
        },
        "table" => state.link.view.tab == Tab::Table,
        "curves" => state.link.view.tab == Tab::Curves || !state.kept.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
