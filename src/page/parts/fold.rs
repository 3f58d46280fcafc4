//! What can be unfolded: panels of controls, menus, further settings, what lies under the chart.

use leptos::prelude::*;
use leptos::{ev, html};

use crate::doors::field;

/// A group of controls under a heading.
#[component]
pub(crate) fn Panel(
    /// The heading.
    title: &'static str,
    /// Whether it is open at first.
    open: bool,
    /// The controls.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="panel" open=open>
            <summary><h2>{title}</h2></summary>
            {children()}
        </details>
    }
}

/// A button in the page's head with a sheet under it.
#[component]
pub(crate) fn Menu(
    /// What the button says.
    title: &'static str,
    /// Further classes of the sheet.
    sheet: &'static str,
    /// What the sheet holds.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="menu">
            <summary>{title}</summary>
            <div class=format!("sheet {sheet}")>{children()}</div>
        </details>
    }
}

/// Settings and words that few need.
#[component]
pub(crate) fn More(
    /// What unfolds them.
    title: &'static str,
    /// What is folded away.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="more">
            <summary>{title}</summary>
            {children()}
        </details>
    }
}

/// Something under the chart that the page may unfold by itself; folding is left to the person.
#[component]
pub(crate) fn Fold(
    /// What unfolds it.
    title: &'static str,
    /// Whether the page unfolds it.
    #[prop(into)]
    open: Signal<bool>,
    /// A person has folded or unfolded it.
    on_toggle: Callback<bool>,
    /// What is folded away.
    children: Children,
) -> impl IntoView {
    let fold = NodeRef::<html::Details>::new();
    let open = Memo::new(move |_| open.get());
    Effect::new(move |_| {
        if let (true, Some(fold)) = (open.get(), fold.get()) {
            fold.set_open(true);
        }
    });
    view! {
        <details
            class="fold"
            node_ref=fold
            on:toggle=move |event: ev::Event| on_toggle.run(field::is_open(&event))
        >
            <summary>{title}</summary>
            {children()}
        </details>
    }
}
