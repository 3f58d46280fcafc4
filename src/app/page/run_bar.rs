//! Run, Cancel, and how far it is.

use leptos::prelude::*;

use super::context::page;
use crate::app::words;
use crate::web::fetch::Size;

/// Run, Cancel, and how far it is.
#[component]
pub(super) fn RunBar() -> impl IntoView {
    let page = page();
    let busy = page.part(|state| state.task.is_some());
    let cancelling = page.part(|state| state.task.as_ref().is_some_and(|task| task.cancelling));
    let offer = page.part(|state| {
        let points = state.link.experiment.sweep.points().len();
        let points = if points == 1 {
            "1 point".to_owned()
        } else {
            format!("{points} points")
        };
        match (state.estimate_secs(), state.cost) {
            (Some(seconds), _) => format!("{points}, about {}", words::duration(seconds)),
            (None, Some(bytes)) if bytes > 0 => format!("{points}; first downloads the model, {}", Size(bytes)),
            _ => points,
        }
    });
    let progress = Memo::new(move |_| {
        let now = page.clock.get();
        page.state.with(|state| state.progress(now))
    });
    let text = move || progress.get().map(|(text, _)| text).unwrap_or_default();
    let part = move || progress.get().and_then(|(_, part)| part);
    view! {
        <div class="run-bar">
            <Show
                when=move || busy.get()
                fallback=move || view! {
                    <button type="button" class="primary run" data-testid="run" title="Key: R" on:click=move |_| page.run()>
                        <span class="run-word">"Run"</span>
                        <span class="run-cost">{offer}</span>
                    </button>
                }
            >
                <button type="button" class="run" data-testid="cancel" title="Key: Esc" on:click=move |_| page.stop()>
                    <span class="run-word">{move || if cancelling.get() { "Stop at once" } else { "Cancel" }}</span>
                    <span class="run-cost">"what is finished stays"</span>
                </button>
            </Show>
            <div class="progress" data-testid="progress" class:is-idle=move || !busy.get()>
                <progress max="1" aria-label="Progress" prop:value=move || part().unwrap_or_default()
                    class:is-unknown=move || part().is_none()></progress>
                <p>{text}</p>
            </div>
        </div>
    }
    .into_any()
}
