//! What came out, in a sentence; and how it was measured.

use leptos::prelude::*;

use super::context::page;
use super::erase::{piece, text};
use crate::app::words;

/// The sentence above the chart, with what it rests on.
pub(super) fn outcome() -> AnyView {
    let page = page();
    let sentence = text(move || {
        page.sentence
            .get()
            .map(|sentence| sentence.replace(" %", "\u{a0}%"))
            .unwrap_or_else(|| "Nothing is measured yet. Press Run.".to_owned())
    });
    let note = page.part(|state| {
        let (tag, text) = match &state.shown {
            Some(shown) if shown.stored => (
                "stored result, not measured here",
                "Press Run to measure it on this device.",
            ),
            Some(_) if state.is_outdated() && state.task.is_none() => (
                "earlier settings",
                "The settings have changed since; Run measures them.",
            ),
            _ => ("", ""),
        };
        let expected = if state.link.expect.is_some() && state.verdict.is_none() {
            " This link carries an expected result: Run checks whether it comes out again."
        } else {
            ""
        };
        (tag, format!("{text}{expected}"))
    });
    let verdict = page.part(|state| state.verdict.clone());
    view! {
        <p class="sentence" data-testid="sentence">{sentence}</p>
        {piece(move || {
            let (tag, text) = note.get();
            let tag = if tag.is_empty() { ().into_any() } else { view! { <span class="tag">{tag}</span> }.into_any() };
            view! { <p class="status">{tag}<span>{text}</span></p> }.into_any()
        })}
        {piece(move || verdict.get().map_or(().into_any(), |verdict| {
            let class = if verdict.is_reproduced() { "verdict" } else { "verdict is-different" };
            view! { <p class=class data-testid="verdict" role="status">{verdict.to_string()}</p> }.into_any()
        }))}
    }
    .into_any()
}

/// Model, text, tokens, device and seconds.
pub(super) fn protocol_line() -> AnyView {
    let line = page().text(|state| {
        let shown = state.shown.as_ref();
        shown.map_or_else(String::new, |shown| {
            words::protocol(&shown.curve.protocol, &shown.curve.device, shown.curve.duration_secs)
        })
    });
    view! { <p class="protocol" data-testid="protocol">{line}</p> }.into_any()
}
