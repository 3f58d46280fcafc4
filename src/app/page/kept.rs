//! Curves kept for comparison.

use leptos::prelude::*;

use super::context::{Page, page};
use super::erase::press;
use super::fields::button;
use crate::app::state::Kept;
use crate::app::words;
use crate::plot::Role;

/// The kept curves, and the button that keeps the shown one.
pub(super) fn kept_curves() -> AnyView {
    let page = page();
    let nothing = page.flag(|state| match &state.shown {
        Some(shown) => shown.curve.points.is_empty() || state.kept.iter().any(|kept| kept.curve == shown.curve),
        None => true,
    });
    view! {
        <div class="row">
            <button type="button" data-testid="keep" prop:disabled=nothing on:click=press(move || page.update(|state| state.keep()))>
                "Keep the shown curve"
            </button>
        </div>
        {page.piece(|state| state.kept.clone(), move |kept| {
            if kept.is_empty() {
                let text = "A kept curve stays in the chart, so that the next one can be compared with it.";
                return view! { <p class="hint">{text}</p> }.into_any();
            }
            let items = kept.into_iter().map(|kept| one(page, kept)).collect::<Vec<_>>();
            view! { <ul class="kept">{items}</ul> }.into_any()
        })}
    }
    .into_any()
}

fn one(page: Page, kept: Kept) -> AnyView {
    let slot = kept.slot;
    let line = format!("background:{}", Role::Kept(slot).css());
    let protocol = words::protocol(&kept.curve.protocol, &kept.curve.device, kept.curve.duration_secs);
    view! {
        <li>
            <span class="swatch" style=line aria-hidden="true"></span>
            <span><strong>{kept.name}</strong><br/><span class="hint">{protocol}</span></span>
            {button("Remove", "quiet", "", move || page.update(|state| state.kept.retain(|kept| kept.slot != slot)))}
        </li>
    }
    .into_any()
}
