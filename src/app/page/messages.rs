//! Errors and notices.

use leptos::prelude::*;

use super::context::{Page, page};
use super::fields::button;
use crate::app::state::Message;

/// Errors and notices, each until it is closed.
pub(super) fn messages() -> AnyView {
    let page = page();
    let messages = page.part(|state| state.messages.clone());
    view! {
        <div class="messages">
            <For each=move || messages.get() key=|message| message.number children=move |message| one(page, message)/>
        </div>
    }
    .into_any()
}

fn one(page: Page, Message { number, error, text }: Message) -> AnyView {
    let (class, role) = if error {
        ("message is-error", "alert")
    } else {
        ("message", "status")
    };
    let text = if error { format!("Error. {text}") } else { text };
    view! {
        <div class=class data-testid="message" role=role>
            <p>{text}</p>
            {button("Close", "quiet", "", move || page.update(|state| state.dismiss(number)))}
        </div>
    }
    .into_any()
}
