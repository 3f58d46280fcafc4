//! The chart and its switches.

use leptos::prelude::*;

use super::super::caption::{Protocol, Title, selectable};
use super::picture;
use crate::parts::chart::{NamedMark, in_order, size_for};
use crate::parts::{Chart, Choice, Explained, Group, HEMORRHAGE, Segments, Select};
use crate::state::{Results, UnderWay};
use crate::work::Page;
use hemoscope_core::curve::threshold::crossing::RATIOS;
use hemoscope_core::experiment::Screen;
use hemoscope_core::experiment::Settings;
use hemoscope_core::plot::picture::Drawn;
use hemoscope_core::plot::{Axis, Mark, MarkKind, Measure, draw};
use hemoscope_core::wording;

/// The chart with its header and protocol.
#[component]
pub(super) fn Figure() -> impl IntoView {
    let page = Page::get();
    let readout = Memo::new(move |_| readout(&page.link.read(), &page.results.read()));
    view! {
        <div class="chart-head">
            <div class="chart-line">
                <Title/>
                <ThresholdSelect/>
            </div>
            <Switches/>
            <p class="readout" data-testid="readout"><Explained text=readout term=HEMORRHAGE/></p>
        </div>
        <CurveChart/>
        <Protocol/>
    }
}

/// The switches for how the chart is drawn.
#[component]
fn Switches() -> impl IntoView {
    let page = Page::get();
    let screens = vec![(Screen::Model, "one model"), (Screen::Sizes, "three sizes")];
    let screen = Signal::derive(move || page.link.read().view.screen);
    let look_at = Callback::new(move |screen| page.update(|state| state.look_at(screen)));
    let measures = Measure::ALL.map(|measure| (measure, measure.name())).to_vec();
    let measure = Signal::derive(move || page.link.read().view.measure);
    let show = Callback::new(move |measure| page.update(|state| state.link.view.measure = measure));
    let logarithmic = Memo::new(move |_| page.link.read().view.axis == Axis::Log);
    let divide = move |event| {
        let axis = if event_target_checked(&event) {
            Axis::Log
        } else {
            Axis::Linear
        };
        page.update(|state| state.link.view.axis = axis);
    };
    view! {
        <div class="switches">
            <Segments
                label="Which models the chart compares"
                testid="view"
                choices=screens
                value=screen
                on_change=look_at
            />
            <Segments label="What the chart shows" testid="metric" choices=measures value=measure on_change=show/>
            <label class="inline">
                <input
                    type="checkbox"
                    data-testid="axis"
                    prop:checked=logarithmic
                    disabled=move || measure.get() == Measure::SameTop
                    on:change=divide
                />
                " logarithmic"
            </label>
        </div>
    }
}

/// Which loss counts as broken.
#[component]
fn ThresholdSelect() -> impl IntoView {
    let page = Page::get();
    let threshold = Memo::new(move |_| page.link.read().view.threshold);
    let ratios = Memo::new(move |_| {
        let own = Some(threshold.get()).filter(|own| !RATIOS.contains(own));
        let all = RATIOS.into_iter().chain(own);
        let choice = |ratio: f64| Choice::new(ratio, ratio.to_string(), format!("perplexity × {ratio}"));
        vec![Group::from(all.map(choice).collect::<Vec<_>>())]
    });
    let move_threshold = Callback::new(move |ratio| page.update(|state| state.link.view.threshold = ratio));
    view! {
        <label class="inline">
            "broken at "
            <Select testid="threshold-ratio" groups=ratios value=threshold.into() on_change=move_threshold/>
        </label>
    }
}

/// The chart, drawn from the page's state.
#[component]
fn CurveChart() -> impl IntoView {
    let page = Page::get();
    let width = RwSignal::new(720.0_f64);
    let under_way = Memo::new(move |_| {
        let results = page.results.read();
        page.run.read().under_way(results.shown.as_ref()).to_vec()
    });
    let drawing = Memo::new(move |_| {
        let size = size_for(width.get(), page.present);
        let (link, results) = (page.link.read(), page.results.read());
        let chart = picture::chart((&link, &results), &under_way.read(), &page.thresholds.read(), size);
        draw(&chart).ok()
    });
    let marks = Memo::new(move |_| {
        let (link, results, under_way) = (page.link.read(), page.results.read(), under_way.read());
        let drawn = picture::drawn(&link, &results);
        let named = |mark: &Mark| NamedMark {
            name: named(&drawn, &under_way, link.view.measure, mark),
            mark: mark.clone(),
        };
        drawing.with(|drawing| {
            let marks = drawing.iter().flat_map(|drawing| &drawing.marks);
            in_order(marks.map(named).collect())
        })
    });
    let selected = Memo::new(move |_| page.results.read().selected(&page.link.read().view));
    let label = Signal::derive(move || page.answer.with(|answer| format!("Chart. {}", answer.whole())));
    let select = Callback::new(move |place: usize| {
        page.update(|state| {
            let drawn = picture::drawn(&state.link, &state.results);
            let may = picture::is_shown(&state.results, &drawn);
            // A point that the page chose itself is not written into the address.
            if may && Some(place) != state.results.selected(&state.link.view) {
                let points = state.results.shown.as_ref().map(|shown| &shown.curve.points);
                state.link.view.at = points.and_then(|points| Some(points.get(place)?.value()));
            }
        });
    });
    view! { <Chart label drawing marks selected on_select=select focus=page.focus width/> }
}

/// The name of a mark: its curve if there are several, its strength and its value.
fn named(drawn: &[Drawn<'_>], under_way: &[UnderWay], measure: Measure, mark: &Mark) -> String {
    let under_way = under_way.iter().find(|point| point.value == mark.x);
    drawn.get(mark.series).map_or_else(String::new, |drawn| {
        let said = match under_way {
            Some(point) if mark.kind == MarkKind::Pending => picture::pending_mark(&drawn.curve.sweep, point, measure),
            _ => wording::mark(drawn.curve, mark.index, mark.x, measure),
        };
        match drawn.slot {
            Some(_) => format!("{}, {said}", drawn.name),
            None => said,
        }
    })
}

/// The text for the selected point.
fn readout(link: &Settings, results: &Results) -> String {
    let Some((place, (curve, point))) = results.selected(&link.view).zip(results.selected_point(&link.view)) else {
        return String::new();
    };
    let said = wording::mark(curve, place, point.value(), link.view.measure);
    match selectable(link, results) {
        Some(size) => format!("{size}, {said}"),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::State;
    use crate::testing::stored;
    use hemoscope_core::share;

    #[test]
    fn of_several_sizes_the_readout_names_the_one_that_it_is_of() {
        let mut state = State::open(share::open("view=sizes"));
        for model in ["hemoscope-1m", "hemoscope-4m"] {
            state.take_stored("", Some(stored(model, "wanda:sparsity=0..0.8/9")));
        }
        assert!(readout(&state.link, &state.results).starts_with("4M, "));
        state.look_at(Screen::Model);
        assert!(!readout(&state.link, &state.results).starts_with("4M, "));
    }
}
