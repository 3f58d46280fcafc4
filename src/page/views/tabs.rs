//! The questions, side by side above the picture.

use leptos::prelude::*;

use super::{VIEWS, View};
use crate::state::Goal;
use crate::work::Page;

/// The questions, one of which is current. During a run it can't be changed.
#[component]
pub(super) fn Tabs(
    /// The current view.
    view: Memo<&'static View>,
) -> impl IntoView {
    let page = Page::get();
    let running = Memo::new(move |_| page.run.read().is(Goal::Run));
    let tab = move |own: &'static View| {
        let word = own.question.word();
        view! {
            <button
                type="button"
                data-testid=format!("ask-{word}")
                aria-pressed=move || (*view.read() == own).to_string()
                disabled=running
                title=move || running.get().then_some("After the run")
                on:click=move |_| page.update(|state| state.ask(own.question))
            >
                {own.title}
            </button>
        }
    };
    view! { <div class="questions" role="group" aria-label="Question">{VIEWS.map(tab).collect_view()}</div> }
}
