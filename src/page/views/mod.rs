//! The views, each a question about a model, and the one list of them.

pub(crate) mod curve;

use leptos::prelude::*;

/// A question about a model, with its picture and its controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum View {
    /// Where does it break?
    #[default]
    Curve,
}

/// The view that the page is at.
#[component]
pub(crate) fn Router(
    /// Which.
    #[prop(into)]
    view: Signal<View>,
) -> impl IntoView {
    move || match view.get() {
        View::Curve => view! { <curve::CurveView/> },
    }
}
