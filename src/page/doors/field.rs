//! Fields of a form, as their events tell of them.

use wasm_bindgen::JsCast as _;
use web_sys::{DragEvent, Event, EventTarget, File, HtmlDetailsElement, HtmlInputElement};

use super::files::listed;

fn target<T: wasm_bindgen::JsCast>(target: Option<EventTarget>) -> Option<T> {
    target?.dyn_into().ok()
}

/// Lets the input that an event came from hold another text: what it uses needn't be what was typed.
pub fn show(event: &Event, text: &str) {
    if let Some(input) = target::<HtmlInputElement>(event.target())
        && input.value() != text
    {
        input.set_value(text);
    }
}

/// The files that were chosen in a field.
#[must_use]
pub fn chosen(event: &Event) -> Vec<File> {
    target::<HtmlInputElement>(event.target()).map_or_else(Vec::new, |input| listed(input.files()))
}

/// The files that were dropped.
#[must_use]
pub fn dropped(event: &DragEvent) -> Vec<File> {
    listed(event.data_transfer().and_then(|data| data.files()))
}

/// Whether the fold that an event came from is open.
#[must_use]
pub fn is_open(event: &Event) -> bool {
    target::<HtmlDetailsElement>(event.target()).is_some_and(|fold| fold.open())
}
