//! The chart's equal for those who read numbers.

use leptos::prelude::*;

use super::context::page;
use super::erase::piece;
use crate::app::{controls, words};
use crate::curve::{Curve, Outcome, Point};
use crate::modify::catalogue::Unit;
use crate::plot::{format_number, format_value};

/// The names of the columns after the first.
const COLUMNS: [&str; 8] = [
    "perplexity",
    "× untouched",
    "hemorrhage ± 95 %",
    "KL divergence",
    "same next word",
    "zeros",
    "bits a weight",
    "seconds",
];

/// All points with all measures.
pub(super) fn point_table() -> AnyView {
    let page = page();
    let shown = page.part(|state| state.shown.as_ref().map(|shown| shown.curve.clone()));
    piece(move || shown.with(|shown| shown.as_ref().map_or(().into_any(), table)))
}

fn table(curve: &Curve) -> AnyView {
    let knob = controls::knob(&curve.sweep);
    let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
    let names = std::iter::once(knob.map_or("value", |knob| knob.term)).chain(COLUMNS);
    let head = names
        .map(|name| view! { <th scope="col">{name}</th> }.into_any())
        .collect::<Vec<_>>();
    let untouched = [
        three(curve.base.ppl),
        "1".to_owned(),
        "0".to_owned(),
        "0".to_owned(),
        format_value(1.0, Unit::Share),
    ];
    let rows = std::iter::once(row("untouched".to_owned(), untouched.to_vec()))
        .chain(curve.points.iter().map(|point| point_row(point, unit)))
        .collect::<Vec<_>>();
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Table of points">
            <table data-testid="table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>
        </div>
    }
    .into_any()
}

fn point_row(point: &Point, unit: Unit) -> AnyView {
    let x = format_value(point.value, unit);
    let measured = match &point.outcome {
        Outcome::Measured(measured) => measured,
        Outcome::Failed(reason) => return row(x, vec![format!("not measured: {reason}")]),
    };
    let loss = measured.hemorrhage;
    row(
        x,
        vec![
            three(measured.stats.ppl),
            three(loss.ln_ratio.exp()),
            format!("{} ± {}", three(loss.ln_ratio), three(1.96 * loss.ln_ratio_se)),
            three(measured.stats.kld_mean),
            format_value(measured.stats.same_top, Unit::Share),
            format_value(measured.sparsity_achieved, Unit::Share),
            three(measured.bits_per_weight),
            three(measured.duration_secs),
        ],
    )
}

fn row(head: String, cells: Vec<String>) -> AnyView {
    let missing = COLUMNS.len() - cells.len().min(COLUMNS.len());
    let span = if cells.len() == 1 {
        (missing + 1).to_string()
    } else {
        "1".to_owned()
    };
    let cells = cells
        .into_iter()
        .map(|cell| view! { <td colspan=span.clone()>{cell}</td> }.into_any())
        .collect::<Vec<_>>();
    view! { <tr><th scope="row">{head}</th>{cells}</tr> }.into_any()
}

fn three(value: f64) -> String {
    format_number(words::round_to(value, 4))
}
