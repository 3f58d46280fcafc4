//! What is read off curves: where they break, what that means for the chart, and what is said of them.

use crate::state::Results;
use hemoscope_core::curve::Curve;
use hemoscope_core::curve::sentence::{Answer, answer, compare};
use hemoscope_core::experiment::Screen;
use hemoscope_core::experiment::Settings;
use hemoscope_core::plot::{Threshold, threshold};

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
    pub fn of(link: &Settings, results: &Results) -> Self {
        let (names, curves) = match link.view.screen {
            Screen::Model => (
                Vec::new(),
                vec![results.shown.as_ref().map(|shown| shown.curve.clone())],
            ),
            Screen::Sizes => results
                .sizes(link.experiment.sweep())
                .into_iter()
                .map(|(model, shown)| (model.short, shown.map(|shown| shown.curve.clone())))
                .unzip(),
        };
        Self {
            curves,
            names,
            ratio: link.view.threshold,
        }
    }

    /// What is said of them; empty where there is none.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self.curves.as_slice() {
            [Some(curve)] if self.names.is_empty() => answer(curve, self.ratio),
            curves if curves.iter().all(Option::is_none) => Answer::default(),
            curves => {
                let curves = curves.iter().map(Option::as_ref);
                let said = compare(&self.names.iter().copied().zip(curves).collect::<Vec<_>>(), self.ratio);
                // What comes of it, then each model's place.
                match said.split_once(": ") {
                    Some((headline, rest)) => Answer {
                        headline: format!("{headline}:"),
                        rest: rest.to_owned(),
                    },
                    None => Answer {
                        headline: said,
                        rest: String::new(),
                    },
                }
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
