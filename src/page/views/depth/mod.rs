//! The view "Where does it start?": the residual stream's error after each block, one line per strength.

mod figure;
mod picture;
mod table;

use leptos::prelude::*;

use super::under::{KeptWords, Under};
use super::{Picture, Seen, View};
use crate::state::State;
use hemoscope_core::experiment::Question;
use hemoscope_core::plot::{Size, depth_alternative, draw_depth};

/// The view's entry in the list.
pub(super) const VIEW: View = View {
    question: Question::Depth,
    title: "Where does it start?",
    figure: || view! { <figure::Figure/> }.into_any(),
    under: || view! { <Under title="Table along the depth" numbers=table::numbers kept=&KEPT/> }.into_any(),
    picture,
    walk,
};

const KEPT: KeptWords = KeptWords {
    title: "Kept lines",
    keep: "Keep the selected line",
    hint: "A kept line stays in the chart, so that other strengths and methods can be compared with it.",
};

fn picture(seen: &Seen<'_>, size: Size) -> Option<Picture> {
    let chart = picture::chart(seen.link, seen.results, size)?;
    Some(Picture {
        alternative: depth_alternative(&chart, seen.answer),
        note: None,
        drawing: draw_depth(&chart).ok()?,
    })
}

/// Walks along the blocks.
fn walk(state: &mut State, step: isize) -> Option<usize> {
    let (_, point) = state.results.selected_point(&state.link.view)?;
    let sites = picture::sites(point)?;
    let place = picture::site(&state.link.view, point)?;
    let place = place.saturating_add_signed(step).min(sites.saturating_sub(1));
    state.link.view.site = Some(place);
    Some(place)
}
