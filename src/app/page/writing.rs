//! What both models write.

use leptos::prelude::*;

use super::context::{Page, page};
use super::erase::{entered, flag, piece, press, text};
use super::fields::{hint, input, option};
use crate::app::controls;
use crate::app::state::{State, Wish};
use crate::modify::Spec;
use crate::modify::catalogue::Unit;
use crate::plot::format_value;
use crate::share::Sampling;

/// The prompt and the two texts.
pub(super) fn writing() -> AnyView {
    let page = page();
    let prompt = page.text(|state| state.link.view.prompt.clone());
    let at = page.text(|state| {
        let unit = state
            .shown
            .as_ref()
            .and_then(|shown| controls::knob(&shown.curve.sweep)?.unit());
        selected(state).map_or_else(String::new, |(value, _)| {
            format_value(value, unit.unwrap_or(Unit::Count))
        })
    });
    let busy = page.flag(|state| state.task.is_some());
    let closed = flag(move || busy.get() || at.get().is_empty());
    let write = press(move || {
        if let Some((_, spec)) = page.read(selected) {
            page.write(spec);
        }
    });
    let name = page.text(|state| {
        if state.writing.spec.is_some() {
            "Write again"
        } else {
            "Let both write"
        }
        .to_owned()
    });
    let difference = page.text(|state| match state.writing.first_difference {
        Some(Some(place)) => format!("First difference: token {place}."),
        Some(None) => "No difference.".to_owned(),
        None => String::new(),
    });
    let spec = page.text(|state| state.writing.spec.as_ref().map(ToString::to_string).unwrap_or_default());
    let title = text(move || {
        Some(spec.get())
            .filter(|spec| !spec.is_empty())
            .unwrap_or_else(|| at.get())
    });
    let note = text(move || match at.get() {
        at if at.is_empty() => "Select a point in the chart first.".to_owned(),
        at => format!("The damaged model is the selected point: {at}. Choose another in the chart."),
    });
    let active = page.flag(|state| state.task.as_ref().is_some_and(|task| task.wish == Wish::Write));
    let prompted = entered(move |prompt| page.update(|state| state.link.view.prompt = prompt));
    view! {
        <section class="writing" aria-label="What it writes">
            <h2>"What it writes"</h2>
            <label class="field">
                <span>"Both models continue"</span>
                <textarea rows="2" data-testid="prompt" prop:value=prompt on:change=prompted/>
            </label>
            <div class="row">
                <button type="button" data-testid="write" prop:disabled=closed on:click=write>{name}</button>
                {sampling(page)}
            </div>
            {hint(note)}
            <div class="texts" class:is-writing=active>
                <article><h3>"untouched"</h3>{side(page, true)}</article>
                <article><h3 class="is-damaged">{title}</h3>{side(page, false)}</article>
            </div>
            <p class="hint" data-testid="first-difference">{difference}</p>
        </section>
    }
    .into_any()
}

/// The strength and the modification of the selected point.
fn selected(state: &State) -> Option<(f64, Spec)> {
    let point = state.shown.as_ref()?.curve.points.get(state.selected()?)?;
    Some((point.value, point.spec.clone()))
}

/// One side's text, with what it shares with the other set apart from what it doesn't.
fn side(page: Page, base: bool) -> AnyView {
    let parts = page.part(move |state| {
        let writing = &state.writing;
        let (own, other) = if base {
            (&writing.base, &writing.modified)
        } else {
            (&writing.modified, &writing.base)
        };
        let differs = own.char_indices().zip(other.chars()).find(|((_, a), b)| a != b);
        // While the other side is still shorter, nothing differs yet.
        let end = differs.map_or(own.len(), |((end, _), _)| end);
        (
            own.get(..end).unwrap_or_default().to_owned(),
            own.get(end..).unwrap_or_default().to_owned(),
        )
    });
    let (testid, class) = if base {
        ("base-text", "rest")
    } else {
        ("modified-text", "rest is-damaged")
    };
    view! {
        <p data-testid=testid>
            <span>{text(move || parts.with(|(same, _)| same.clone()))}</span>
            <span class=class>{text(move || parts.with(|(_, rest)| rest.clone()))}</span>
        </p>
    }
    .into_any()
}

/// How words are chosen.
fn sampling(page: Page) -> AnyView {
    let sampling = page.part(|state| state.link.view.sampling);
    let kind = text(move || match sampling.get() {
        Sampling::Greedy => "greedy".to_owned(),
        Sampling::Temperature { .. } => "drawn".to_owned(),
    });
    let chosen = entered(move |kind| {
        let drawn = Sampling::Temperature {
            temperature: 0.8,
            seed: 0,
        };
        set(page, if kind == "drawn" { drawn } else { Sampling::Greedy });
    });
    let options = [("greedy", "always the most likely word"), ("drawn", "drawn at random")]
        .map(|(key, name)| option(key.to_owned(), name.to_owned(), kind))
        .into_iter()
        .collect::<Vec<_>>();
    view! {
        <label class="inline"><span class="unseen">"How words are chosen"</span>
            <select data-testid="sampling" prop:value=kind on:change=chosen>{options}</select>
        </label>
        {piece(move || match sampling.get() {
            Sampling::Greedy => ().into_any(),
            Sampling::Temperature { temperature, seed } => drawing(page, temperature, seed),
        })}
    }
    .into_any()
}

fn set(page: Page, sampling: Sampling) {
    page.update(|state| state.link.view.sampling = sampling);
}

fn drawing(page: Page, temperature: f64, seed: u64) -> AnyView {
    let warmer = move |typed: String| {
        if let Ok(temperature) = typed.parse::<f64>() {
            let temperature = temperature.clamp(0.01, 10.0);
            set(page, Sampling::Temperature { temperature, seed });
        }
    };
    let redraw = move |typed: String| {
        if let Ok(seed) = typed.parse::<u64>() {
            set(page, Sampling::Temperature { temperature, seed });
        }
    };
    view! {
        {input("temperature", "temperature", "number", text(move || temperature.to_string()), Box::new(warmer))}
        {input("seed", "draw", "number", text(move || seed.to_string()), Box::new(redraw))}
    }
    .into_any()
}
