//! Errors and notices, and what a screen reader is told.

use leptos::html;
use leptos::prelude::*;

use crate::doors::browser;
use crate::state::Message;
use crate::work::Page;

/// Errors and notices, oldest first.
#[component]
pub(crate) fn Messages() -> impl IntoView {
    let page = Page::get();
    let messages = Memo::new(move |_| page.ui.read().messages.clone());
    let newest = Memo::new(move |_| page.ui.read().newest_error());
    // A new error is scrolled into view, but not one that was there when the page opened.
    let new_error = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<u64>| {
        let now = newest.get();
        if before.is_some_and(|before| now > before) {
            request_animation_frame(move || {
                if let Some(error) = new_error.get_untracked() {
                    browser::bring_into_view(&error);
                }
            });
        }
        now
    });
    let message = move |message: Message| {
        let element = if message.error { new_error } else { NodeRef::new() };
        let (class, role, start) = if message.error {
            ("message is-error", "alert", "Error. ")
        } else {
            ("message", "status", "")
        };
        view! {
            <div class=class data-testid="message" role=role node_ref=element>
                <p>{format!("{start}{}", message.text)}</p>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| page.update(|state| state.ui.dismiss(message.number))
                >
                    "Close"
                </button>
            </div>
        }
    };
    view! {
        <div class="messages">
            <For each=move || messages.get() key=|message| message.number children=message/>
        </div>
    }
}

/// What a screen reader is told: points as they arrive, and the result.
#[component]
pub(super) fn Announcement() -> impl IntoView {
    let page = Page::get();
    view! {
        <p class="unseen" role="status" aria-live="polite">
            {move || page.run.read().announcement.clone()}
        </p>
    }
}
