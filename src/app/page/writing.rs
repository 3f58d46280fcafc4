//! What both models write.

use leptos::prelude::*;

use super::context::{Page, page};
use crate::app::controls;
use crate::app::state::Wish;
use crate::modify::Spec;
use crate::modify::catalogue::Unit;
use crate::plot::format_value;
use crate::share::Sampling;

/// The prompt and the two texts.
#[component]
pub(super) fn Writing() -> impl IntoView {
    let page = page();
    let prompt = page.part(|state| state.link.view.prompt.clone());
    let at = page.part(|state| {
        let point = selected(state)?;
        let unit = controls::knob(&state.shown.as_ref()?.curve.sweep).and_then(|knob| knob.unit());
        Some(format_value(point.0, unit.unwrap_or(Unit::Count)))
    });
    let busy = page.part(|state| state.task.is_some());
    let writing = page.part(|state| state.writing.clone());
    let active = page.part(|state| state.task.as_ref().is_some_and(|task| task.wish == Wish::Write));
    let write = move |_| {
        if let Some((_, spec)) = page.read(selected) {
            page.write(spec);
        }
    };
    let button = move || {
        if writing.with(|writing| writing.spec.is_some()) {
            "Write again"
        } else {
            "Let both write"
        }
    };
    let difference = move || {
        writing.with(|writing| match writing.first_difference {
            Some(Some(place)) => format!("First difference: token {place}."),
            Some(None) => "No difference.".to_owned(),
            None => String::new(),
        })
    };
    let title = move || {
        writing
            .with(|writing| writing.spec.as_ref().map(ToString::to_string))
            .or_else(|| at.get())
            .unwrap_or_default()
    };
    view! {
        <section class="writing" aria-label="What it writes">
            <h2>"What it writes"</h2>
            <label class="field">
                <span>"Both models continue"</span>
                <textarea rows="2" data-testid="prompt" prop:value=prompt
                    on:change=move |event| page.update(|state| state.link.view.prompt = event_target_value(&event))/>
            </label>
            <div class="row">
                <button type="button" data-testid="write" disabled=move || busy.get() || at.get().is_none() on:click=write>{button}</button>
                <SamplingChoice/>
            </div>
            <p class="hint">
                {move || match at.get() {
                    Some(at) => format!("The damaged model is the selected point: {at}. Choose another in the chart."),
                    None => "Select a point in the chart first.".to_owned(),
                }}
            </p>
            <div class="texts" class:is-writing=active>
                <article>
                    <h3>"untouched"</h3>
                    <p data-testid="base-text">{move || text(page, true)}</p>
                </article>
                <article>
                    <h3 class="is-damaged">{title}</h3>
                    <p data-testid="modified-text">{move || text(page, false)}</p>
                </article>
            </div>
            <p class="hint" data-testid="first-difference">{difference}</p>
        </section>
    }
    .into_any()
}

/// The strength and the modification of the selected point.
fn selected(state: &crate::app::state::State) -> Option<(f64, Spec)> {
    let point = state.shown.as_ref()?.curve.points.get(state.selected()?)?;
    Some((point.value, point.spec.clone()))
}

/// One side's text, with what it shares with the other set apart from what it doesn't.
fn text(page: Page, base: bool) -> AnyView {
    let (own, other) = page.state.with(|state| {
        let writing = &state.writing;
        if base {
            (writing.base.clone(), writing.modified.clone())
        } else {
            (writing.modified.clone(), writing.base.clone())
        }
    });
    let same = own.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
    // While the other side is still shorter, nothing differs yet.
    let end = same.map_or(own.len(), |((end, _), _)| end);
    let (same, rest) = own.split_at(end);
    view! { <span>{same.to_owned()}</span><span class=if base { "rest" } else { "rest is-damaged" }>{rest.to_owned()}</span> }.into_any()
}

#[component]
fn SamplingChoice() -> impl IntoView {
    let page = page();
    let sampling = page.part(|state| state.link.view.sampling);
    let set = move |sampling| page.update(|state| state.link.view.sampling = sampling);
    let kind = move || match sampling.get() {
        Sampling::Greedy => "greedy",
        Sampling::Temperature { .. } => "drawn",
    };
    let chosen = move |event| {
        set(if event_target_value(&event) == "drawn" {
            Sampling::Temperature {
                temperature: 0.8,
                seed: 0,
            }
        } else {
            Sampling::Greedy
        });
    };
    view! {
        <label class="inline"><span class="unseen">"How words are chosen"</span>
            <select data-testid="sampling" prop:value=kind on:change=chosen>
                <option value="greedy" prop:selected=move || kind() == "greedy">"always the most likely word"</option>
                <option value="drawn" prop:selected=move || kind() == "drawn">"drawn at random"</option>
            </select>
        </label>
        {move || match sampling.get() {
            Sampling::Greedy => ().into_any(),
            Sampling::Temperature { temperature, seed } => {
                let warmer = move |event| {
                    if let Ok(temperature) = event_target_value(&event).parse::<f64>() {
                        let temperature = temperature.clamp(0.01, 10.0);
                        set(Sampling::Temperature { temperature, seed });
                    }
                };
                let redraw = move |event| {
                    if let Ok(seed) = event_target_value(&event).parse::<u64>() {
                        set(Sampling::Temperature { temperature, seed });
                    }
                };
                view! {
                <label class="inline">"temperature"
                    <input type="number" min="0.01" max="10" step="0.1" data-testid="temperature" prop:value=temperature.to_string() on:change=warmer/>
                </label>
                <label class="inline">"seed"
                    <input type="number" min="0" data-testid="draw" prop:value=seed.to_string() on:change=redraw/>
                </label>
                }.into_any()
            }
        }}
    }
    .into_any()
}
