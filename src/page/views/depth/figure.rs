//! The chart along the depth and its switches.

use leptos::prelude::*;

use super::super::caption::{Protocol, Title};
use super::picture;
use crate::parts::chart::{NamedMark, size_for};
use crate::parts::{Chart, Segments, Slider};
use crate::state::Results;
use crate::work::Page;
use hemoscope_core::experiment::Settings;
use hemoscope_core::plot::{DepthMeasure, Mark, depth_alternative, draw_depth};
use hemoscope_core::wording;

/// The chart with its header and protocol.
#[component]
pub(super) fn Figure() -> impl IntoView {
    let page = Page::get();
    view! {
        <div class="chart-head">
            <div class="chart-line">
                <Title/>
            </div>
            <Switches/>
            <p class="readout" data-testid="readout">
                {move || readout(&page.link.read(), &page.results.read())}
            </p>
        </div>
        <DepthLines/>
        <Protocol/>
    }
}

/// The switches for what the lines show, and which one is selected.
#[component]
fn Switches() -> impl IntoView {
    let page = Page::get();
    let measures = DepthMeasure::ALL.map(|measure| (measure, measure.name())).to_vec();
    let measure = Signal::derive(move || page.link.read().view.depth_measure);
    let show = Callback::new(move |measure| page.update(|state| state.link.view.depth_measure = measure));
    let points = Memo::new(move |_| {
        let results = page.results.read();
        results.shown.as_ref().map_or(0, |shown| shown.curve.points.len())
    });
    let last = move || points.get().saturating_sub(1) as f64;
    let place = move || page.results.read().selected(&page.link.read().view);
    let strength = move || {
        let results = page.results.read();
        let selected = results.selected_point(&page.link.read().view);
        selected.map_or_else(
            || "—".to_owned(),
            |(curve, point)| wording::strength(&curve.sweep, point.value()),
        )
    };
    let select = Callback::new(move |place: f64| {
        page.update(|state| {
            let points = state.results.shown.as_ref().map(|shown| &shown.curve.points);
            if let Some(point) = points.and_then(|points| points.get(place as usize)) {
                state.link.view.at = Some(point.value());
            }
        });
    });
    view! {
        <div class="switches">
            <Segments
                label="What the lines show"
                testid="depth-metric"
                choices=measures
                value=measure
                on_change=show
            />
            <Slider
                label="strength"
                name="Selected strength".to_owned()
                testid="strength"
                scale=Signal::derive(move || (0.0, last(), 1.0))
                value=Signal::derive(move || place().unwrap_or_default() as f64)
                shown=Signal::derive(strength)
                on_change=select
            />
        </div>
    }
}

/// The chart, drawn from the page's state.
#[component]
fn DepthLines() -> impl IntoView {
    let page = Page::get();
    let width = RwSignal::new(720.0_f64);
    let chart = Memo::new(move |_| {
        let size = size_for(width.get(), page.present);
        picture::chart(&page.link.read(), &page.results.read(), size)
    });
    let drawing = Memo::new(move |_| chart.with(|chart| draw_depth(chart.as_ref()?).ok()));
    let marks = Memo::new(move |_| {
        let (link, results) = (page.link.read(), page.results.read());
        let named = |mark: &Mark| NamedMark {
            name: named(&link, &results, mark.index),
            mark: mark.clone(),
        };
        drawing.with(|drawing| {
            let marks = drawing.iter().flat_map(|drawing| &drawing.marks);
            marks.map(named).collect::<Vec<_>>()
        })
    });
    let selected = Memo::new(move |_| {
        let (link, results) = (page.link.read(), page.results.read());
        let (_, point) = results.selected_point(&link.view)?;
        picture::site(&link.view, point)
    });
    let label = Signal::derive(move || {
        let said = page.answer.read().whole();
        chart.with(|chart| {
            chart
                .as_ref()
                .map_or_else(|| said.clone(), |chart| depth_alternative(chart, &said))
        })
    });
    let select = Callback::new(move |place: usize| {
        page.update(|state| {
            // A site that the page chose itself is not written into the address.
            if Some(place) != selected.get_untracked() {
                state.link.view.site = Some(place);
            }
        });
    });
    view! { <Chart label drawing marks selected on_select=select focus=page.focus width/> }
}

/// The name of a mark at the selected strength.
fn named(link: &Settings, results: &Results, site: usize) -> String {
    let selected = results.selected_point(&link.view);
    let said = selected.and_then(|(curve, point)| wording::depth_mark(curve, point, site, link.view.depth_measure));
    said.unwrap_or_default()
}

/// The text for the selected mark.
fn readout(link: &Settings, results: &Results) -> String {
    let selected = results.selected_point(&link.view);
    let site = selected.and_then(|(_, point)| picture::site(&link.view, point));
    site.map_or_else(String::new, |site| named(link, results, site))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::along_the_depth;
    use hemoscope_core::share;

    #[test]
    fn the_readout_is_of_the_selected_strength_and_place() {
        let mut state = State::open(share::open("v=3&ask=depth&at=0.2&site=0&depth-metric=cosine"));
        assert_eq!(readout(&state.link, &state.results), "");
        state.take_stored("", Some(along_the_depth("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
        assert_eq!(
            readout(&state.link, &state.results),
            "sparsity 20\u{202f}%, after the embedding: cosine 1"
        );
        state.link.view.site = None;
        assert!(readout(&state.link, &state.results).contains("after block 7: cosine 0."));
    }
}
