//! The chart: plotters' drawing, and points that can be reached by pointer and keyboard.
//!
//! Points are drawn anew only when one of them changes. Which one is selected is a class that is set beside that, so
//! that walking along the curve keeps the keyboard where it is.

use leptos::html;
use leptos::prelude::*;
use web_sys::Element;

use super::context::{Page, page};
use super::erase::{entered, flag, piece, press, text};
use super::fields::option;
use crate::app::state::State;
use crate::app::{picture, words};
use crate::curve::threshold::crossing::RATIOS;
use crate::plot::{Axis, Drawing, Mark, Measure, Size, draw};
use crate::web::browser;

/// The switches and the chart.
pub(super) fn chart() -> AnyView {
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
        page.state
            .with(|state| draw(&picture::chart(state, page.threshold.get(), size)?).ok())
    });
    let part = move |read: fn(&Drawing) -> String| -> Memo<String> {
        Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map(read).unwrap_or_default()))
    };
    let marks = Memo::new(move |_| {
        drawing.with(|drawing| {
            let drawing = drawing.as_ref()?;
            page.state
                .with(|state| Some(drawing.marks_svg(&|mark| say(state, mark))))
        })
    });
    let marks_text = text(move || marks.get().unwrap_or_default());
    Effect::new(move |_| {
        marks.track();
        let selected = page.state.with(State::selected);
        // After the marks are in the document.
        request_animation_frame(move || show_selected(selected));
    });
    let (backdrop, names, wide, high) = (
        part(|drawing| drawing.backdrop.clone()),
        part(Drawing::names_svg),
        part(|drawing| drawing.size.width.to_string()),
        part(|drawing| drawing.size.height.to_string()),
    );
    let about = text(move || {
        page.sentence
            .get()
            .map_or_else(String::new, |sentence| format!("Chart. {sentence}"))
    });
    view! {
        <div class="chart-head">{switches(page)}{readout(page)}</div>
        <div class="chart" node_ref=frame>
            <svg
                id="chart"
                data-testid="chart"
                role="group"
                tabindex="-1"
                width=wide
                height=high
                viewBox=text(move || format!("0 0 {} {}", wide.get(), high.get()))
                aria-label=about
            >
                <g aria-hidden="true" inner_html=backdrop></g>
                <g
                    inner_html=marks_text
                    on:focusin=move |event| select(page, event.target())
                    on:mouseover=move |event| select(page, event.target())
                    on:click=move |event| select(page, event.target())
                ></g>
                <g class="names" aria-hidden="true" inner_html=names></g>
            </svg>
        </div>
    }
    .into_any()
}

/// Wide charts are flat, narrow ones nearly square, so that both fit on their screen.
fn size_for(width: f64, present: bool) -> Size {
    let inner_height = || {
        browser::window()
            .ok()
            .and_then(|window| window.inner_height().ok()?.as_f64())
    };
    let height = if present {
        inner_height().map_or(700.0, |inner| inner * 0.62)
    } else {
        (width * 0.62).clamp(260.0, 620.0)
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

/// Selects the point that was pointed at.
fn select(page: Page, target: Option<web_sys::EventTarget>) {
    use wasm_bindgen::JsCast as _;
    let place = target
        .and_then(|target| target.dyn_into::<Element>().ok())
        .and_then(|element| element.closest("[data-index]").ok().flatten())
        .and_then(|mark| mark.get_attribute("data-index"))
        .and_then(|index| index.parse::<usize>().ok());
    // A point that the page chose itself stays out of the address.
    if place.is_some() && place != page.read(State::selected) {
        page.update(|state| {
            let points = state.shown.as_ref().map(|shown| &shown.curve.points);
            state.link.view.at = place.and_then(|place| Some(points?.get(place)?.value));
        });
    }
}

fn show_selected(selected: Option<usize>) {
    browser::set_class(".mark.is-selected", "is-selected", false);
    if let Some(place) = selected {
        browser::set_class(&format!(".mark[data-index='{place}']"), "is-selected", true);
    }
}

/// What a mark says: its strength and its value.
fn say(state: &State, mark: &Mark) -> String {
    let curve = match mark.series.checked_sub(1) {
        None => state.shown.as_ref().map(|shown| &shown.curve),
        Some(place) => state.kept.get(place).map(|kept| &kept.curve),
    };
    curve.map_or_else(String::new, |curve| {
        words::mark(curve, mark.index, mark.x, state.link.view.measure)
    })
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
    if let Some(place) = page.read(State::selected) {
        browser::focus(&format!(".mark[data-index='{place}']"));
    }
}

/// The selected point's values, in one place that doesn't move.
fn readout(page: Page) -> AnyView {
    let line = page.text(|state| {
        let found = state.selected().zip(state.shown.as_ref());
        found.map_or_else(String::new, |(place, shown)| {
            let x = shown.curve.points.get(place).map_or(f64::NAN, |point| point.value);
            words::mark(&shown.curve, place, x, state.link.view.measure)
        })
    });
    view! { <p class="readout" data-testid="readout">{line}</p> }.into_any()
}

/// What is shown, how its axis is divided, and what counts as broken.
fn switches(page: Page) -> AnyView {
    let measure = page.part(|state| state.link.view.measure);
    let axis = page.part(|state| state.link.view.axis);
    let measures = Measure::ALL
        .into_iter()
        .map(|one| {
            let pressed = text(move || (measure.get() == one).to_string());
            let choose = press(move || page.update(|state| state.link.view.measure = one));
            view! { <button type="button" aria-pressed=pressed on:click=choose>{one.name()}</button> }.into_any()
        })
        .collect::<Vec<_>>();
    let log = flag(move || axis.get() == Axis::Log);
    let no_log = flag(move || measure.get() == Measure::SameTop);
    let turn = entered(move |_| {
        page.update(|state| {
            let axis = &mut state.link.view.axis;
            *axis = if *axis == Axis::Log { Axis::Linear } else { Axis::Log };
        });
    });
    let threshold = page.text(|state| state.link.view.threshold.to_string());
    let ratios = move || {
        let own = page.read(|state| state.link.view.threshold);
        let own = Some(own).filter(|own| !RATIOS.contains(own));
        let all = RATIOS.into_iter().chain(own);
        all.map(|ratio| option(ratio.to_string(), format!("perplexity × {ratio}"), threshold))
            .collect::<Vec<_>>()
    };
    view! {
        <div class="switches">
            <div class="segments" role="group" aria-label="What the chart shows" data-testid="metric">{measures}</div>
            <label class="inline">
                <input type="checkbox" data-testid="axis" prop:checked=log prop:disabled=no_log on:change=turn/>
                "logarithmic"
            </label>
            {piece(move || {
                threshold.track();
                let choose = entered(move |typed| {
                    if let Ok(ratio) = typed.parse::<f64>() {
                        page.update(|state| state.link.view.threshold = ratio);
                    }
                });
                view! {
                    <label class="inline">"broken at"
                        <select data-testid="threshold-ratio" prop:value=threshold on:change=choose>{ratios()}</select>
                    </label>
                }.into_any()
            })}
        </div>
    }
    .into_any()
}
