//! A progress bar.

use leptos::prelude::*;

/// A bar with a line of text under it; both keep their space while nothing is running. The bar is pale if the share is
/// unknown.
#[component]
pub(crate) fn ProgressBar(
    /// What is running, and the share done if known; `None` while nothing is running.
    #[prop(into)]
    progress: Signal<Option<(String, Option<f64>)>>,
) -> impl IntoView {
    let state = move || {
        progress.with(|progress| match progress {
            None => "idle",
            Some((_, None)) => "unknown",
            Some(_) => "known",
        })
    };
    let part = move || progress.with(|progress| progress.as_ref().and_then(|(_, part)| *part).unwrap_or_default());
    let text = move || progress.with(|progress| progress.as_ref().map_or_else(String::new, |(text, _)| text.clone()));
    view! {
        <div class="progress" data-testid="progress" data-is=state>
            <progress max="1" aria-label="Progress" prop:value=part></progress>
            <p>{text}</p>
        </div>
    }
}
