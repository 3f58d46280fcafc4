//! The link that holds the whole experiment, and the result as files.

use leptos::prelude::*;

use super::download;
use crate::doors::spawn::spawn;
use crate::doors::{address, clipboard};
use crate::parts::Menu;
use crate::work::Page;
use hemoscope_core::share;

/// Copies the link.
#[component]
pub(super) fn CopyLink() -> impl IntoView {
    let page = Page::get();
    view! {
        <button type="button" data-testid="copy-link" title="Key: L" on:click=move |_| copy_link(page)>
            "Copy link"
        </button>
    }
}

/// Puts the address, which holds the whole experiment, on the clipboard.
pub(super) fn copy_link(page: Page) {
    let fragment = shared_fragment(page);
    // If the browser refuses, the message below says so.
    address::set_fragment(&fragment).ok();
    spawn(async move {
        let Ok(link) = address::href() else { return };
        let copied = clipboard::copy(&link).await;
        page.update(|state| {
            state.ui.notify(match copied {
                Ok(()) => "Link copied. It holds every setting; nothing was sent anywhere.".to_owned(),
                Err(error) => {
                    format!("The link could not be copied ({error}). It is the page's address: copy it there.")
                }
            });
        });
    });
}

/// The fragment of the link to share.
fn shared_fragment(page: Page) -> String {
    let link = page.results.read_untracked().shared_link(&page.link.read_untracked());
    share::fragment(&link)
}

/// The whole link to share.
pub(super) fn shared_link(page: Page) -> String {
    let address = address::href().unwrap_or_default();
    let base = address.split('#').next().unwrap_or_default();
    format!("{base}#{}", shared_fragment(page))
}

/// The result as files.
#[component]
pub(super) fn DownloadMenu() -> impl IntoView {
    let page = Page::get();
    let nothing = Memo::new(move |_| page.results.read().shown.is_none());
    view! {
        <Menu title="Download" sheet="list">
            <button type="button" data-testid="download-svg" disabled=nothing on:click=move |_| download::svg(page)>
                "Chart as SVG"
            </button>
            <button type="button" data-testid="download-png" disabled=nothing on:click=move |_| download::png(page)>
                "Chart as PNG"
            </button>
            <button type="button" data-testid="download-csv" disabled=nothing on:click=move |_| download::csv(page)>
                "Points as CSV"
            </button>
            <button type="button" data-testid="download-json" disabled=nothing on:click=move |_| download::json(page)>
                "Curve as JSON"
            </button>
        </Menu>
    }
}

/// Where a printed page comes from.
#[component]
pub(super) fn Source() -> impl IntoView {
    let page = Page::get();
    let source = move || {
        page.link.track();
        page.results.track();
        format!("hemoscope {} · {}", env!("CARGO_PKG_VERSION"), shared_link(page))
    };
    view! { <p class="on-paper">{source}</p> }
}
