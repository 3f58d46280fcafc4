//! Foldable elements: panels of controls, menus, further settings, sections under the chart.

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

/// A button in the page's header with a sheet under it.
#[component]
pub(crate) fn Menu(
    /// What the button says.
    title: &'static str,
    /// Additional CSS classes of the sheet.
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

/// Settings and explanations that few people need.
#[component]
pub(crate) fn More(
    /// The label that unfolds them.
    title: &'static str,
    /// The folded content.
    children: Children,
) -> impl IntoView {
    view! {
        <details class="more">
            <summary>{title}</summary>
            {children()}
        </details>
    }
}

/// A section under the chart that the page may unfold by itself; only the user folds it.
#[component]
pub(crate) fn Fold(
    /// The label that unfolds it.
    title: &'static str,
    /// Whether the page unfolds it.
    #[prop(into)]
    open: Signal<bool>,
    /// Called when the user folds or unfolds it.
    on_toggle: Callback<bool>,
    /// The folded content.
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
