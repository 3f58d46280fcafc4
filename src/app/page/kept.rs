//! Curves kept for comparison.

use leptos::prelude::*;

use super::context::page;
use crate::app::words;
use crate::plot::Role;

/// The kept curves, and the button that keeps the shown one.
#[component]
pub(super) fn KeptCurves() -> impl IntoView {
    let page = page();
    let kept = page.part(|state| state.kept.clone());
    let can_keep = page.part(|state| {
        let Some(shown) = &state.shown else { return false };
        !shown.curve.points.is_empty() && state.kept.iter().all(|kept| kept.curve != shown.curve)
    });
    view! {
        <div class="row">
            <button type="button" data-testid="keep" disabled=move || !can_keep.get() on:click=move |_| page.update(|state| state.keep())>
                "Keep the shown curve"
            </button>
        </div>
        <Show when=move || kept.with(Vec::is_empty)>
            <p class="hint">"A kept curve stays in the chart, so that the next one can be compared with it."</p>
        </Show>
        <ul class="kept">
            <For each=move || kept.get() key=|kept| kept.slot children=move |kept| {
                let slot = kept.slot;
                let line = format!("background:{}", Role::Kept(slot).css());
                let protocol = words::protocol(&kept.curve.protocol, &kept.curve.device, kept.curve.duration_secs);
                view! {
                    <li>
                        <span class="swatch" style=line aria-hidden="true"></span>
                        <span><strong>{kept.name}</strong><br/><span class="hint">{protocol}</span></span>
                        <button type="button" class="quiet" on:click=move |_| page.update(|state| state.kept.retain(|kept| kept.slot != slot))>
                            "Remove"
                        </button>
                    </li>
                }
            }/>
        </ul>
    }
    .into_any()
}
