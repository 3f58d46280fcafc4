//! Run, Cancel, and how far it is.

use leptos::prelude::*;

use super::context::page;
use super::erase::{flag, piece, press, text};
use crate::app::words;
use crate::web::fetch::Size;

/// Run, Cancel, and how far it is.
pub(super) fn run_bar() -> AnyView {
    let page = page();
    let busy = page.flag(|state| state.task.is_some());
    let stop = page.text(|state| {
        let again = state.task.as_ref().is_some_and(|task| task.cancelling);
        if again { "Stop at once" } else { "Cancel" }.to_owned()
    });
    let offer = page.text(|state| {
        let points = state.link.experiment.sweep.points().len();
        let points = if points == 1 {
            "1 point".to_owned()
        } else {
            format!("{points} points")
        };
        match (state.estimate_secs(), state.cost) {
            (Some(seconds), _) => format!("{points}, about {}", words::duration(seconds)),
            (None, Some(bytes)) if bytes > 0 => format!("{points}; downloads {} first", Size(bytes)),
            _ => points,
        }
    });
    let progress = Memo::new(move |_| {
        let now = page.clock.get();
        page.state.with(|state| state.progress(now)).unwrap_or_default()
    });
    let part = text(move || progress.with(|(_, part)| part.unwrap_or_default().to_string()));
    let unknown = flag(move || progress.with(|(_, part)| part.is_none()));
    let idle = flag(move || !busy.get());
    view! {
        <div class="run-bar">
            {piece(move || if busy.get() {
                view! {
                    <button type="button" class="run" data-testid="cancel" title="Key: Esc" on:click=press(move || page.stop())>
                        <span class="run-word">{stop}</span>
                        <span class="run-cost">"what is finished stays"</span>
                    </button>
                }.into_any()
            } else {
                view! {
                    <button type="button" class="primary run" data-testid="run" title="Key: R" on:click=press(move || page.run())>
                        <span class="run-word">"Run"</span>
                        <span class="run-cost">{offer}</span>
                    </button>
                }.into_any()
            })}
            <div class="progress" data-testid="progress" class:is-idle=idle>
                <progress max="1" aria-label="Progress" prop:value=part class:is-unknown=unknown></progress>
                <p>{text(move || progress.with(|(text, _)| text.clone()))}</p>
            </div>
        </div>
    }
    .into_any()
}
