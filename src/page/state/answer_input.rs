//! What is derived from results: where curves break, what the chart shows of it, and the sentences about it.

use std::sync::Arc;

use super::Results;
use hemoscope_core::curve::sentence::{Answer, answer, compare};
use hemoscope_core::curve::{Curve, Point};
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::{Question, Screen};
use hemoscope_core::plot::{Threshold, threshold};
use hemoscope_core::wording;

/// The inputs to sentences and thresholds, which take too long to compute for every redraw and are computed again only
/// when these inputs change.
#[derive(Debug, Clone, PartialEq)]
pub enum AnswerInput {
    /// Curves, for where models break.
    Curves {
        /// The shown curve, or one per size if there is one.
        curves: Vec<Option<Arc<Curve>>>,
        /// If sizes are compared, their names.
        names: Vec<&'static str>,
        /// The perplexity ratio at which a model counts as broken.
        ratio: f64,
    },
    /// A result along the depth, for where the damage of the selected strength starts.
    Depth {
        /// The shown result.
        curve: Arc<Curve>,
        /// The selected strength; `None` before the first point.
        point: Option<Point>,
    },
}

impl AnswerInput {
    /// The inputs for what the page shows.
    #[must_use]
    pub fn of(link: &Settings, results: &Results) -> Self {
        if let Some(shown) = &results.shown
            && shown.curve.question == Question::Depth
        {
            return Self::Depth {
                curve: Arc::clone(&shown.curve),
                point: results.selected_point(&link.view).map(|(_, point)| point.clone()),
            };
        }
        let (names, curves) = match link.view.screen {
            Screen::Model => (
                Vec::new(),
                vec![results.shown.as_ref().map(|shown| Arc::clone(&shown.curve))],
            ),
            Screen::Sizes => results
                .sizes(link.experiment.sweep())
                .into_iter()
                .map(|(model, shown)| (model.short, shown.map(|shown| Arc::clone(&shown.curve))))
                .unzip(),
        };
        Self::Curves {
            curves,
            names,
            ratio: link.view.threshold,
        }
    }

    /// The answer in words; empty if there is nothing to say.
    #[must_use]
    pub fn answer(&self) -> Answer {
        match self {
            Self::Curves { curves, names, ratio } => of_curves(curves, names, *ratio),
            Self::Depth { curve, point } => {
                let said = point.as_ref().and_then(|point| wording::depth(curve, point));
                said.unwrap_or_default()
            }
        }
    }

    /// Where each curve breaks.
    #[must_use]
    pub fn thresholds(&self) -> Vec<Option<Threshold>> {
        match self {
            Self::Curves { curves, ratio, .. } => {
                let found = curves.iter().map(|curve| threshold(curve.as_ref()?, *ratio));
                found.collect()
            }
            Self::Depth { .. } => Vec::new(),
        }
    }
}

fn of_curves(curves: &[Option<Arc<Curve>>], names: &[&str], ratio: f64) -> Answer {
    match curves {
        [Some(curve)] if names.is_empty() => answer(curve, ratio),
        curves if curves.iter().all(Option::is_none) => Answer::default(),
        curves => {
            let curves = curves.iter().map(Option::as_deref);
            let said = compare(&names.iter().copied().zip(curves).collect::<Vec<_>>(), ratio);
            // The conclusion, then each model's threshold.
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
