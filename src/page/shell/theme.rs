//! Light or dark.

use leptos::prelude::*;

use crate::doors::{browser, store};
use crate::work::Page;

/// The key of the stored choice; index.html reads it before the module has loaded.
const KEY: &str = "hemoscope-theme";

/// Whether the page is dark: as chosen here, or else as the system prefers.
pub(crate) fn is_dark() -> bool {
    store::stored(KEY).map_or_else(
        || browser::matches("(prefers-color-scheme: dark)"),
        |theme| theme == "dark",
    )
}

/// Gives the document its colours.
pub(crate) fn apply(dark: bool) {
    browser::mark_document("data-theme", word(dark));
}

fn word(dark: bool) -> &'static str {
    if dark { "dark" } else { "light" }
}

/// Switches the theme.
#[component]
pub(super) fn ThemeButton() -> impl IntoView {
    let page = Page::get();
    let dark = Memo::new(move |_| page.ui.read().dark);
    let turn = move |_| {
        let dark = !dark.get_untracked();
        page.update(|state| state.ui.dark = dark);
        store::store(KEY, word(dark));
        apply(dark);
    };
    view! {
        <button type="button" data-testid="theme" on:click=turn>
            {move || if dark.get() { "Light" } else { "Dark" }}
        </button>
    }
}
