//! What is read off curves: where they break, what that means for the chart, and what is said of them.

use super::state::State;
use hemoscope_core::curve::Curve;
use hemoscope_core::curve::sentence::{compare, describe_at};
use hemoscope_core::plot::{Threshold, threshold};
use hemoscope_core::share::Screen;

/// The curves that are read. What follows from them takes too long for every redraw, so it is found anew only where they
/// are others.
#[derive(Debug, Clone, PartialEq)]
pub struct Subjects {
    /// The shown curve, or one of each size where there is one.
    curves: Vec<Option<Curve>>,
    /// Where sizes are compared, their names.
    names: Vec<&'static str>,
    /// The perplexity ratio at which a model counts as broken.
    ratio: f64,
}

impl Subjects {
    /// What the page shows.
    #[must_use]
    pub fn of(state: &State) -> Self {
        let (names, curves) = match state.link.view.screen {
            Screen::Model => (Vec::new(), vec![state.shown.as_ref().map(|shown| shown.curve.clone())]),
            Screen::Sizes => state
                .sizes()
                .into_iter()
                .map(|(model, shown)| (model.short, shown.map(|shown| shown.curve.clone())))
                .unzip(),
        };
        Self {
            curves,
            names,
            ratio: state.link.view.threshold,
        }
    }

    /// What is said of them; empty where there is none.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.curves.as_slice() {
            [None] => String::new(),
            [Some(curve)] if self.names.is_empty() => describe_at(curve, self.ratio),
            curves if curves.iter().all(Option::is_none) => String::new(),
            curves => {
                let curves = curves.iter().map(Option::as_ref);
                compare(&self.names.iter().copied().zip(curves).collect::<Vec<_>>(), self.ratio)
            }
        }
    }

    /// Where each of them breaks.
    #[must_use]
    pub fn thresholds(&self) -> Vec<Option<Threshold>> {
        let found = self.curves.iter().map(|curve| threshold(curve.as_ref()?, self.ratio));
        found.collect()
    }
}
