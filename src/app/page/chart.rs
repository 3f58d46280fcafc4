//! The chart: plotters' drawing, and points that can be reached by pointer and keyboard.

use leptos::html;
use leptos::prelude::*;

use super::context::{Page, page};
use crate::app::state::State;
use crate::app::{controls, picture, words};
use crate::curve::threshold::crossing::RATIOS;
use crate::modify::catalogue::Unit;
use crate::plot::{Axis, Drawing, Label, Mark, MarkKind, Measure, Series, Size, draw, format_value};
use crate::web::browser;

/// The switches and the chart.
#[component]
pub(super) fn Chart() -> impl IntoView {
    let page = page();
    let frame = NodeRef::<html::Div>::new();
    let width = RwSignal::new(720.0_f64);
    Effect::new(move |_| {
        if let Some(frame) = frame.get() {
            browser::on_resize(&frame, move |now| {
                if now > 0.0 && (now - width.get_untracked()).abs() >= 1.0 {
                    width.set(now);
                }
            });
        }
    });
    let drawing = Memo::new(move |_| {
        let size = size_for(width.get(), page.present);
        page.state.with(|state| {
            let chart = picture::chart(state, page.threshold.get(), size)?;
            let sentence = page.sentence.get().unwrap_or_default();
            Some((draw(&chart).ok()?, picture::alternative(&chart, &sentence)))
        })
    });
    let drawn = move |read: fn(&Drawing) -> String| {
        drawing.with(|drawing| drawing.as_ref().map(|(drawing, _)| read(drawing)).unwrap_or_default())
    };
    let marks = move || drawing.with(|drawing| drawing.as_ref().map_or(0, |(drawing, _)| drawing.marks.len()));
    let labels = move || drawing.with(|drawing| drawing.as_ref().map_or(0, |(drawing, _)| drawing.labels.len()));
    let label = move |place: usize| {
        drawing.with(|drawing| {
            drawing
                .as_ref()
                .and_then(|(drawing, _)| drawing.labels.get(place).cloned())
        })
    };
    let threshold = move || drawing.with(|drawing| drawing.as_ref().and_then(|(drawing, _)| drawing.threshold.clone()));
    view! {
        <div class="chart-head"><Switches/><Readout/></div>
        <div class="chart" node_ref=frame>
            <svg
                id="chart"
                data-testid="chart"
                role="group"
                tabindex="-1"
                width=move || drawn(|drawing| drawing.size.width.to_string())
                height=move || drawn(|drawing| drawing.size.height.to_string())
                viewBox=move || drawn(|drawing| format!("0 0 {} {}", drawing.size.width, drawing.size.height))
                aria-label=move || drawing.with(|drawing| drawing.as_ref().map(|(_, text)| text.clone()).unwrap_or_default())
            >
                <g aria-hidden="true" inner_html=move || drawn(|drawing| drawing.backdrop.clone())></g>
                <g>
                    <For each=move || 0..marks() key=|place| *place children=move |place| view! {
                        <Point mark=Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().and_then(|(drawing, _)| drawing.marks.get(place).cloned())))
                            radius=Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map_or(4.0, |(drawing, _)| drawing.mark_radius())))/>
                    }/>
                </g>
                <g class="names">
                    <For each=move || 0..labels() key=|place| *place children=move |place| view! { <Name label=Signal::derive(move || label(place))/> }/>
                    <Name label=Signal::derive(threshold) testid="threshold"/>
                </g>
            </svg>
        </div>
    }
    .into_any()
}

/// Wide charts are flat, narrow ones nearly square, so that both fit on their screen.
fn size_for(width: f64, present: bool) -> Size {
    let height = if present {
        browser::window()
            .ok()
            .and_then(|window| window.inner_height().ok()?.as_f64())
            .map_or(700.0, |inner| inner * 0.62)
    } else {
        (width * 0.58).clamp(250.0, 540.0)
    };
    let type_px = match width {
        _ if present => 20.0,
        ..480.0 => 11.0,
        ..1000.0 => 12.5,
        _ => 14.0,
    };
    Size {
        width: width.max(240.0) as u32,
        height: height as u32,
        type_px,
    }
}

#[component]
fn Name(#[prop(into)] label: Signal<Option<Label>>, #[prop(optional)] testid: &'static str) -> impl IntoView {
    let show = move || {
        label.get().map(|label| {
            view! {
                <text x=label.left y=label.top text-anchor=label.anchor.svg() fill=label.role.css() data-testid=testid>{label.text}</text>
            }
        })
    };
    view! { {show} }.into_any()
}

/// One point: a circle with a larger invisible one around it, for fingers.
#[component]
fn Point(mark: Memo<Option<Mark>>, radius: Memo<f64>) -> impl IntoView {
    let page = page();
    let get = move |read: fn(&Mark) -> String| mark.with(|mark| mark.as_ref().map(read).unwrap_or_default());
    let main =
        Memo::new(move |_| mark.with(|mark| mark.as_ref().filter(|mark| mark.series == 0).map(|mark| mark.index)));
    let pending =
        Memo::new(move |_| mark.with(|mark| mark.as_ref().is_some_and(|mark| mark.kind == MarkKind::Pending)));
    let selected =
        move || main.get().is_some() && !pending.get() && page.state.with(|state| state.selected()) == main.get();
    let class = move || {
        let kind = mark.with(|mark| mark.as_ref().map(|mark| mark.kind));
        let kind = match kind {
            Some(MarkKind::Measured) | None => "mark",
            Some(MarkKind::Pending) => "mark is-pending",
            Some(MarkKind::Failed | MarkKind::OffScale | MarkKind::BelowScale) => "mark is-hollow",
        };
        if selected() {
            format!("{kind} is-selected")
        } else {
            kind.to_owned()
        }
    };
    let testid = move || match (main.get(), pending.get()) {
        (_, true) => "pending-point",
        (Some(_), false) => "point",
        (None, false) => "kept-point",
    };
    let text = move || {
        page.state
            .with(|state| mark.with(|mark| say(state, mark.as_ref()?)))
            .unwrap_or_default()
    };
    let select = move || {
        if main.get_untracked().is_some() && !pending.get_untracked() {
            let x = mark.with_untracked(|mark| mark.as_ref().map(|mark| mark.x));
            // A point that is selected already by the page's own choice stays out of the address.
            if page.read(State::selected) != main.get_untracked() {
                page.update(|state| state.link.view.at = x);
            }
        }
    };
    view! {
        <g class=class data-testid=testid data-x=move || get(|mark| mark.x.to_string()) data-y=move || get(|mark| mark.y.to_string())
            role="img" aria-label=text tabindex=move || if main.get().is_some() && !pending.get() { "0" } else { "-1" }
            on:focus=move |_| select() on:mouseenter=move |_| select() on:click=move |_| select()
            style=move || get(|mark| format!("--mark:{}", mark.role.css()))>
            <title>{text}</title>
            <circle class="reach" cx=move || get(|mark| mark.left.to_string()) cy=move || get(|mark| mark.top.to_string())
                r=move || radius.get() * 3.0/>
            <circle class="dot" cx=move || get(|mark| mark.left.to_string()) cy=move || get(|mark| mark.top.to_string())
                r=move || radius.get()/>
        </g>
    }
    .into_any()
}

/// What a mark says: its strength and its value.
fn say(state: &State, mark: &Mark) -> Option<String> {
    let shown = state.shown.as_ref()?;
    let curve = match mark.series.checked_sub(1) {
        None => &shown.curve,
        Some(place) => &state.kept.get(place)?.curve,
    };
    let knob = controls::knob(&curve.sweep);
    let unit = knob.and_then(|knob| knob.unit()).unwrap_or(Unit::Count);
    let x = format!(
        "{} {}",
        knob.map_or("value", |knob| knob.term),
        format_value(mark.x, unit)
    );
    if mark.kind == MarkKind::Pending {
        return Some(format!("{x}: being measured"));
    }
    let series = Series::of(curve, state.link.view.measure);
    let sample = series.samples.get(mark.index)?;
    Some(format!("{x}: {}", words::sample(sample, state.link.view.measure)))
}

/// Selects the next or the last point and gives it the keyboard.
pub(super) fn walk(page: Page, step: isize) {
    page.update(|state| {
        let Some(shown) = &state.shown else { return };
        let last = shown.curve.points.len().saturating_sub(1);
        let place = state
            .selected()
            .unwrap_or_default()
            .saturating_add_signed(step)
            .min(last);
        if let Some(point) = shown.curve.points.get(place) {
            state.link.view.at = Some(point.value);
        }
    });
    browser::focus(".mark.is-selected");
}

/// The selected point's values, in one place that doesn't move.
#[component]
fn Readout() -> impl IntoView {
    let page = page();
    let text = page.part(|state| {
        let place = state.selected()?;
        let point = state.shown.as_ref()?.curve.points.get(place)?;
        let mark = Mark {
            series: 0,
            index: place,
            x: point.value,
            y: 0.0,
            left: 0.0,
            top: 0.0,
            kind: MarkKind::Measured,
            role: crate::plot::Role::Ink,
        };
        say(state, &mark)
    });
    view! { <p class="readout" data-testid="readout">{text}</p> }.into_any()
}

/// What is shown, how its axis is divided, and what counts as broken.
#[component]
fn Switches() -> impl IntoView {
    let page = page();
    let measure = page.part(|state| state.link.view.measure);
    let axis = page.part(|state| state.link.view.axis);
    let threshold = page.part(|state| state.link.view.threshold);
    let measures = Measure::ALL
        .into_iter()
        .map(|one| {
            view! {
                <button type="button" aria-pressed=move || (measure.get() == one).to_string()
                    on:click=move |_| page.update(|state| state.link.view.measure = one)>{one.name()}</button>
            }
        })
        .collect::<Vec<_>>();
    let ratios = move || {
        let own = threshold.get();
        let mut ratios = RATIOS.to_vec();
        if !ratios.contains(&own) {
            ratios.push(own);
        }
        ratios
            .into_iter()
            .map(|ratio| view! { <option value=ratio.to_string() selected=ratio == own>{format!("perplexity × {ratio}")}</option> })
            .collect::<Vec<_>>()
    };
    let log = move || axis.get() == Axis::Log;
    view! {
        <div class="switches">
            <div class="segments" role="group" aria-label="What the chart shows" data-testid="metric">{measures}</div>
            <label class="inline"><input type="checkbox" data-testid="axis" prop:checked=log
                disabled=move || measure.get() == Measure::SameTop
                on:change=move |_| page.update(|state| state.link.view.axis = if state.link.view.axis == Axis::Log { Axis::Linear } else { Axis::Log })/>
                "logarithmic"</label>
            <label class="inline">"broken at"
                <select data-testid="threshold-ratio" on:change=move |event| {
                    if let Ok(ratio) = event_target_value(&event).parse::<f64>() {
                        page.update(|state| state.link.view.threshold = ratio);
                    }
                }>{ratios}</select>
            </label>
        </div>
    }
    .into_any()
}
