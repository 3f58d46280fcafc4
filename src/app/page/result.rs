//! What came out, in a sentence; and how it was measured.

use leptos::prelude::*;

use super::context::page;
use crate::app::words;

/// The sentence above the chart, with what it rests on.
#[component]
pub(super) fn Outcome() -> impl IntoView {
    let page = page();
    let sentence = page.sentence;
    let stored = page.part(|state| state.shown.as_ref().is_some_and(|shown| shown.stored));
    let outdated = page.part(|state| state.is_outdated() && state.task.is_none());
    let expected = page.part(|state| state.link.expect.is_some() && state.verdict.is_none());
    let verdict = page.part(|state| state.verdict.clone());
    view! {
        <p class="sentence" data-testid="sentence">
            {move || sentence.get().unwrap_or_else(|| "Nothing is measured yet. Press Run.".to_owned())}
        </p>
        <p class="status">
            <Show when=move || stored.get()>
                <span class="tag">"stored result, not measured here"</span>
                <span>"Press Run to measure it on this device. "</span>
            </Show>
            <Show when=move || outdated.get() && !stored.get()>
                <span class="tag">"earlier settings"</span>
                <span>"The settings have changed since; Run measures them. "</span>
            </Show>
            <Show when=move || expected.get()>
                <span>"This link carries an expected result: Run checks whether it comes out again."</span>
            </Show>
        </p>
        {move || verdict.get().map(|verdict| view! {
            <p class="verdict" class:is-different=!verdict.is_reproduced() data-testid="verdict" role="status">{verdict.to_string()}</p>
        })}
    }
    .into_any()
}

/// Model, text, tokens, device and seconds.
#[component]
pub(super) fn ProtocolLine() -> impl IntoView {
    let page = page();
    let line = page.part(|state| {
        let shown = state.shown.as_ref()?;
        Some(words::protocol(
            &shown.curve.protocol,
            &shown.curve.device,
            shown.curve.duration_secs,
        ))
    });
    view! { <p class="protocol" data-testid="protocol">{line}</p> }.into_any()
}
