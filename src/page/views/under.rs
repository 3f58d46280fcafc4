//! What is under every picture: its numbers as a table, and what is kept for comparison.

use leptos::prelude::*;

use crate::parts::{Fold, Row, Table};
use crate::state::{Kept, State};
use crate::work::Page;
use hemoscope_core::curve::Curve;
use hemoscope_core::experiment::{Settings, Tab};
use hemoscope_core::plot::{Role, format_number};
use hemoscope_core::wording;

/// The picture's numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Numbers {
    /// The column names, starting with that of the row headers.
    pub(super) columns: Vec<String>,
    /// The rows.
    pub(super) rows: Vec<Row>,
}

/// The wording for what is kept.
#[derive(Debug)]
pub(super) struct KeptWords {
    /// The label that unfolds the list.
    pub(super) title: &'static str,
    /// What the button says.
    pub(super) keep: &'static str,
    /// What keeping is for.
    pub(super) hint: &'static str,
}

/// The table and what is kept.
#[component]
pub(super) fn Under(
    /// The table's name.
    title: &'static str,
    /// The table of a result.
    numbers: fn(&Curve, &Settings) -> Numbers,
    /// The wording for what is kept.
    kept: &'static KeptWords,
) -> impl IntoView {
    let page = Page::get();
    let tab = Memo::new(move |_| page.link.read().view.tab);
    let fold = move |own: Tab| {
        Callback::new(move |open| {
            page.update(|state| {
                let tab = &mut state.link.view.tab;
                if open {
                    *tab = own;
                } else if *tab == own {
                    *tab = Tab::Chart;
                }
            });
        })
    };
    let any_kept = move || {
        let (results, link) = (page.results.read(), page.link.read());
        results.kept_of(&link.experiment.ask).next().is_some()
    };
    let found = Memo::new(move |_| {
        let results = page.results.read();
        let shown = results.shown.as_ref()?;
        Some(numbers(&shown.curve, &page.link.read()))
    });
    let columns = Memo::new(move |_| found.get().unwrap_or_default().columns);
    let rows = Memo::new(move |_| found.get().unwrap_or_default().rows);
    view! {
        <Fold
            title
            open=Signal::derive(move || tab.get() == Tab::Table)
            on_toggle=fold(Tab::Table)
        >
            <Show when=move || found.read().is_some()>
                <Table label=title testid="table" columns rows/>
            </Show>
        </Fold>
        <Fold
            title=kept.title
            open=Signal::derive(move || tab.get() == Tab::Curves || any_kept())
            on_toggle=fold(Tab::Curves)
        >
            <KeptList words=kept/>
        </Fold>
    }
}

/// A number with four significant digits.
pub(super) fn four(value: f64) -> String {
    format_number(wording::round_to(value, 4))
}

/// The list of what is kept.
#[component]
fn KeptList(
    /// Its wording.
    words: &'static KeptWords,
) -> impl IntoView {
    let page = Page::get();
    let kept = Memo::new(move |_| {
        let (results, link) = (page.results.read(), page.link.read());
        results.kept_of(&link.experiment.ask).cloned().collect::<Vec<_>>()
    });
    let can_keep = Memo::new(move |_| page.results.read().can_keep(&page.link.read().view));
    let curve = move |kept: Kept| {
        let protocol = wording::protocol(&kept.curve.protocol, &kept.curve.device, kept.curve.duration_secs);
        let slot = kept.slot;
        view! {
            <li>
                <span class="swatch" style=format!("background:{}", Role::Kept(slot).css()) aria-hidden="true"></span>
                <span>
                    <strong>{kept.name}</strong>
                    <br/>
                    <span class="hint">{protocol}</span>
                </span>
                <button
                    type="button"
                    class="quiet"
                    on:click=move |_| page.update(|state| state.results.kept.retain(|kept| kept.slot != slot))
                >
                    "Remove"
                </button>
            </li>
        }
    };
    view! {
        <div class="row">
            <button
                type="button"
                data-testid="keep"
                disabled=move || !can_keep.get()
                on:click=move |_| page.update(State::keep)
            >
                {words.keep}
            </button>
        </div>
        <Show
            when=move || !kept.read().is_empty()
            fallback=move || view! { <p class="hint">{words.hint}</p> }
        >
            <ul class="kept">
                <For each=move || kept.get() key=|kept| (kept.slot, kept.name.clone()) children=curve/>
            </ul>
        </Show>
    }
}
