//! How far something is.

use leptos::prelude::*;

/// A bar with a line under it, which keep their place while nothing is done. A share that isn't known leaves the bar pale.
#[component]
pub(crate) fn ProgressBar(
    /// What is being done, and its share of the whole where that is known; `None` while nothing is.
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
