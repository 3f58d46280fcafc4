//! Errors and notices.

use leptos::prelude::*;

use super::context::page;

/// Errors and notices, each until it is closed.
#[component]
pub(super) fn Messages() -> impl IntoView {
    let page = page();
    let messages = page.part(|state| state.messages.clone());
    view! {
        <div class="messages">
            <For each=move || messages.get() key=|message| message.number children=move |message| {
                let number = message.number;
                view! {
                    <div class="message" class:is-error=message.error data-testid="message" role=if message.error { "alert" } else { "status" }>
                        <p><strong>{if message.error { "Error. " } else { "" }}</strong>{message.text}</p>
                        <button type="button" class="quiet" on:click=move |_| page.update(|state| state.dismiss(number))>"Close"</button>
                    </div>
                }
            }/>
        </div>
    }
    .into_any()
}
