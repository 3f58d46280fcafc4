//! The chart: plotters' drawing, and points that can be reached by pointer and keyboard.
//!
//! Points are drawn anew only when one of them changes. Which one is selected is a class that is set beside that, so
//! that walking along the curve keeps the keyboard where it is.

use leptos::html;
use leptos::prelude::*;
use web_sys::Element;

use super::context::Page;
use crate::doors::browser;
use crate::doors::document::refill;
use crate::picture;
use crate::state::State;
use hemoscope_core::plot::picture::Drawn;
use hemoscope_core::plot::{Drawing, Mark, MarkKind, Size, draw};
use hemoscope_core::say;

/// The chart.
#[component]
pub(super) fn Chart(
    /// What it shows.
    page: Page,
) -> impl IntoView {
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
            .with(|state| draw(&picture::chart(state, &page.thresholds.get(), size)).ok())
    });
    let part = move |read: fn(&Drawing) -> String| -> Memo<String> {
        Memo::new(move |_| drawing.with(|drawing| drawing.as_ref().map(read).unwrap_or_default()))
    };
    let marks = Memo::new(move |_| {
        drawing.with(|drawing| {
            let Some(drawing) = drawing else { return String::new() };
            page.state.with(|state| {
                let drawn = picture::drawn(state);
                drawing.marks_svg(&|mark| say(state, &drawn, mark))
            })
        })
    });
    Effect::new(move |before: Option<String>| {
        let marks = marks.get();
        let new = (before.as_ref() != Some(&marks)).then(|| marks.clone());
        let selected = page.state.with(State::selected);
        // After the chart is in the document.
        request_animation_frame(move || {
            if let (Some(new), Some(group)) = (new, browser::any_element("#marks")) {
                refill(&group, &new);
            }
            show_selected(selected);
        });
        marks
    });
    let wide = part(|drawing| drawing.size.width.to_string());
    let high = part(|drawing| drawing.size.height.to_string());
    let view_box = part(|drawing| format!("0 0 {} {}", drawing.size.width, drawing.size.height));
    let about = Memo::new(move |_| format!("Chart. {}", page.sentence.get()));
    view! {
        <div node_ref=frame>
            <svg data-testid="chart" role="group" tabindex="-1" width=wide height=high viewBox=view_box aria-label=about>
                <g aria-hidden="true" inner_html=part(|drawing| drawing.backdrop.clone())></g>
                <g
                    id="marks"
                    on:focusin=move |event| select(page, event.target())
                    on:mouseover=move |event| select(page, event.target())
                    on:click=move |event| select(page, event.target())
                ></g>
                <g class="names" aria-hidden="true" inner_html=part(Drawing::names_svg)></g>
            </svg>
        </div>
    }
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
    let may = page.read(|state| picture::is_shown(state, &picture::drawn(state)));
    if may && place.is_some() && place != page.read(State::selected) {
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

/// What a mark says: its curve where there are several, its strength and its value.
fn say(state: &State, drawn: &[Drawn<'_>], mark: &Mark) -> String {
    let measure = state.link.view.measure;
    let under_way = state.under_way().iter().find(|point| point.value == mark.x);
    drawn.get(mark.series).map_or_else(String::new, |drawn| {
        let said = match under_way {
            Some(point) if mark.kind == MarkKind::Pending => picture::pending_mark(&drawn.curve.sweep, point, measure),
            _ => say::mark(drawn.curve, mark.index, mark.x, measure),
        };
        match drawn.slot {
            Some(_) => format!("{}, {said}", drawn.name),
            None => said,
        }
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
