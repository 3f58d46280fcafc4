//! The chart's equal for those who read numbers.

use leptos::prelude::*;

use super::context::page;
use crate::app::controls;
use crate::app::words;
use crate::curve::{Outcome, Point};
use crate::modify::catalogue::Unit;
use crate::plot::{format_number, format_value};

/// All points with all measures.
#[component]
pub(super) fn PointTable() -> impl IntoView {
    let page = page();
    let shown = page.part(|state| state.shown.as_ref().map(|shown| shown.curve.clone()));
    move || {
        let Some(curve) = shown.get() else { return ().into_any() };
        let knob = controls::knob(&curve.sweep);
        let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
        let title = knob.map_or("value", |knob| knob.term);
        let rows = curve.points.iter().map(|point| row(point, unit)).collect::<Vec<_>>();
        view! {
            <div class="scroll" tabindex="0" role="region" aria-label="Table of points">
                <table data-testid="table">
                    <thead><tr>
                        <th scope="col">{title}</th>
                        <th scope="col">"perplexity"</th>
                        <th scope="col">"× untouched"</th>
                        <th scope="col">"hemorrhage ± 95 %"</th>
                        <th scope="col">"KL divergence"</th>
                        <th scope="col">"same next word"</th>
                        <th scope="col">"zeros"</th>
                        <th scope="col">"bits a weight"</th>
                        <th scope="col">"seconds"</th>
                    </tr></thead>
                    <tbody>
                        <tr><th scope="row">"untouched"</th><td>{three(curve.base.ppl)}</td><td>"1"</td><td>"0"</td><td>"0"</td>
                            <td>{format_value(1.0, Unit::Share)}</td><td></td><td></td><td></td></tr>
                        {rows}
                    </tbody>
                </table>
            </div>
        }
        .into_any()
    }
}

fn row(point: &Point, unit: Unit) -> AnyView {
    let x = format_value(point.value, unit);
    match &point.outcome {
        Outcome::Failed(reason) => {
            view! { <tr class="is-failed"><th scope="row">{x}</th><td colspan="8">"not measured: "{reason.clone()}</td></tr> }.into_any()
        }
        Outcome::Measured(measured) => {
            let loss = measured.hemorrhage;
            view! {
                <tr>
                    <th scope="row">{x}</th>
                    <td>{three(measured.stats.ppl)}</td>
                    <td>{three(loss.ln_ratio.exp())}</td>
                    <td>{three(loss.ln_ratio)}" ± "{three(1.96 * loss.ln_ratio_se)}</td>
                    <td>{three(measured.stats.kld_mean)}</td>
                    <td>{format_value(measured.stats.same_top, Unit::Share)}</td>
                    <td>{format_value(measured.sparsity_achieved, Unit::Share)}</td>
                    <td>{three(measured.bits_per_weight)}</td>
                    <td>{three(measured.duration_secs)}</td>
                </tr>
            }
            .into_any()
        }
    }
}

fn three(value: f64) -> String {
    format_number(words::round_to(value, 4))
}
