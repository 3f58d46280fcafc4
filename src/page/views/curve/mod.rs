//! The view "Where does it break?": the loss of a model against the strength of its damage.

mod figure;
pub(crate) mod picture;
mod table;

use leptos::prelude::*;

use super::under::{KeptWords, Under};
use super::{Picture, Seen, View};
use crate::state::State;
use hemoscope_core::experiment::{Question, Screen};
use hemoscope_core::plot::picture::alternative;
use hemoscope_core::plot::{Size, draw};

/// The view's entry in the list.
pub(super) const VIEW: View = View {
    question: Question::Curve,
    title: "Where does it break?",
    figure: || view! { <figure::Figure/> }.into_any(),
    under: || view! { <Under title="Table of points" numbers=table::numbers kept=&KEPT/> }.into_any(),
    picture,
    walk,
};

const KEPT: KeptWords = KeptWords {
    title: "Kept curves",
    keep: "Keep the shown curve",
    hint: "A kept curve stays in the chart, so that the next one can be compared with it.",
};

/// A file holds only finished points, on their own scale.
fn picture(seen: &Seen<'_>, size: Size) -> Option<Picture> {
    let chart = picture::chart((seen.link, seen.results), &[], seen.thresholds, size);
    Some(Picture {
        alternative: alternative(&chart, seen.answer),
        note: (seen.link.view.screen == Screen::Sizes).then(|| seen.answer.to_owned()),
        drawing: draw(&chart).ok()?,
    })
}

/// Walks along the points.
fn walk(state: &mut State, step: isize) -> Option<usize> {
    let place = state.results.selected(&state.link.view)?;
    let points = &state.results.shown.as_ref()?.curve.points;
    let place = place.saturating_add_signed(step).min(points.len().saturating_sub(1));
    state.link.view.at = Some(points.get(place)?.value());
    Some(place)
}
