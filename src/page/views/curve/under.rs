//! What lies under the chart: the table of its points, and the curves that are kept beside it.

use leptos::prelude::*;

use crate::parts::{Fold, Row, Table};
use crate::state::{Kept, State};
use crate::work::Page;
use hemoscope_core::curve::{Curve, Outcome, Point};
use hemoscope_core::experiment::Tab;
use hemoscope_core::modify::catalogue::Unit;
use hemoscope_core::modify::knob;
use hemoscope_core::numeric::NORMAL_95;
use hemoscope_core::plot::{Role, format_number, format_value};
use hemoscope_core::say;

/// The table and the kept curves.
#[component]
pub(super) fn Under() -> impl IntoView {
    let page = Page::get();
    let tab = Memo::new(move |_| page.link.read().view.tab);
    let fold = move |own: Tab| {
        Callback::new(move |open| {
            page.update(|state| {
                let tab = &mut state.link.view.tab;
                if open {
                    *tab = own;
                } else if *tab == own {
                    *tab = Tab::Chart;
                }
            });
        })
    };
    let any_kept = move || !page.results.read().kept.is_empty();
    view! {
        <Fold
            title="Table of points"
            open=Signal::derive(move || tab.get() == Tab::Table)
            on_toggle=fold(Tab::Table)
        >
            <PointTable/>
        </Fold>
        <Fold
            title="Kept curves"
            open=Signal::derive(move || tab.get() == Tab::Curves || any_kept())
            on_toggle=fold(Tab::Curves)
        >
            <KeptCurves/>
        </Fold>
    }
}

/// The names of the table's columns after the first.
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

/// The chart's equal in numbers.
#[component]
fn PointTable() -> impl IntoView {
    let page = Page::get();
    let of_curve = move |read: fn(&Curve) -> Vec<String>| {
        let results = page.results.read();
        results.shown.as_ref().map_or_else(Vec::new, |shown| read(&shown.curve))
    };
    let columns = Memo::new(move |_| of_curve(columns));
    let rows = Memo::new(move |_| {
        let results = page.results.read();
        results.shown.as_ref().map_or_else(Vec::new, |shown| rows(&shown.curve))
    });
    let there = Memo::new(move |_| page.results.read().shown.is_some());
    view! {
        <Show when=move || there.get()>
            <Table label="Table of points" testid="table" columns rows/>
        </Show>
    }
}

fn columns(curve: &Curve) -> Vec<String> {
    let knob = knob::knob(&curve.sweep).map_or("value", |knob| knob.term);
    std::iter::once(knob).chain(COLUMNS).map(str::to_owned).collect()
}

fn rows(curve: &Curve) -> Vec<Row> {
    let unit = knob::knob(&curve.sweep).and_then(|knob| knob.unit());
    let unit = unit.unwrap_or(Unit::Count);
    let zero = || "0".to_owned();
    let untouched = Row {
        head: "untouched".to_owned(),
        cells: vec![
            four(curve.base.ppl),
            "1".to_owned(),
            zero(),
            zero(),
            format_value(1.0, Unit::Share),
        ],
    };
    let points = curve.points.iter().map(|point| Row {
        head: format_value(point.value, unit),
        cells: cells(point),
    });
    std::iter::once(untouched).chain(points).collect()
}

fn cells(point: &Point) -> Vec<String> {
    let measured = match &point.outcome {
        Outcome::Measured(measured) => measured,
        Outcome::Observed(_) => return Vec::new(),
        Outcome::Failed(reason) => return vec![format!("not measured: {reason}")],
    };
    let loss = measured.hemorrhage;
    vec![
        four(measured.stats.ppl),
        four(loss.ln_ratio.exp()),
        format!("{} ± {}", four(loss.ln_ratio), four(NORMAL_95 * loss.ln_ratio_se)),
        four(measured.stats.kld_mean),
        format_value(measured.stats.same_top, Unit::Share),
        format_value(measured.sparsity_achieved, Unit::Share),
        four(measured.bits_per_weight),
        four(measured.duration_secs),
    ]
}

fn four(value: f64) -> String {
    format_number(say::round_to(value, 4))
}

/// Curves that stay in the chart.
#[component]
fn KeptCurves() -> impl IntoView {
    let page = Page::get();
    let kept = Memo::new(move |_| page.results.read().kept.clone());
    let can_keep = Memo::new(move |_| page.results.read().can_keep());
    let curve = move |kept: Kept| {
        let protocol = say::protocol(&kept.curve.protocol, &kept.curve.device, kept.curve.duration_secs);
        let slot = kept.slot;
        view! {
            <li>
                <span class="swatch" style=format!("background:{}", Role::Kept(slot).css()) aria-hidden="true"></span>
                <span>
                    <strong>{kept.name}</strong>
                    <br/>
                    <span class="hint">{protocol}</span>
                </span>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| page.update(|state| state.results.kept.retain(|kept| kept.slot != slot))
                >
                    "Remove"
                </button>
            </li>
        }
    };
    view! {
        <div class="row">
            <button
                type="button"
                data-testid="keep"
                disabled=move || !can_keep.get()
                on:click=move |_| page.update(State::keep)
            >
                "Keep the shown curve"
            </button>
        </div>
        <Show
            when=move || !kept.read().is_empty()
            fallback=|| {
                view! {
                    <p class="hint">"A kept curve stays in the chart, so that the next one can be compared with it."</p>
                }
            }
        >
            <ul class="kept">
                <For each=move || kept.get() key=|kept| (kept.slot, kept.name.clone()) children=curve/>
            </ul>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::stored;

    #[test]
    fn the_table_has_a_row_for_each_point_and_one_for_the_untouched_model() {
        let mut curve = stored("hemoscope-4m", "wanda:sparsity=0..0.8/9");
        let rows = super::rows(&curve);
        assert_eq!(rows.len(), curve.points.len() + 1);
        // The untouched model has no weights of its own to count.
        assert!(rows[1..].iter().all(|row| row.cells.len() == COLUMNS.len()));
        assert_eq!(columns(&curve)[0], "sparsity");
        curve.points[0].outcome = Outcome::Failed("out of memory".to_owned());
        assert_eq!(super::rows(&curve)[1].cells, ["not measured: out of memory"]);
    }
}
