//! The keyboard: keys that work anywhere on the page.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlElement, KeyboardEvent};

use super::browser::window;
use super::error::BrowserError;

/// A key that works anywhere on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// R.
    Run,
    /// Escape.
    Cancel,
    /// L.
    CopyLink,
    /// The arrow to the left.
    Previous,
    /// The arrow to the right.
    Next,
}

impl Key {
    /// The key with this name in the browser.
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "r" | "R" => Self::Run,
            "Escape" => Self::Cancel,
            "l" | "L" => Self::CopyLink,
            "ArrowLeft" => Self::Previous,
            "ArrowRight" => Self::Next,
            _ => return None,
        })
    }
}

/// Whether a popover is shown. A browser that doesn't know them shows none.
fn has_open_note() -> bool {
    let document = window().ok().and_then(|window| window.document());
    document.is_some_and(|document| {
        document
            .query_selector(":popover-open")
            .is_ok_and(|open| open.is_some())
    })
}

/// Calls `pressed` for each of these keys that isn't typed into a field, for as long as the page lives.
///
/// # Errors
/// If there is no window.
pub fn on_key(pressed: impl Fn(Key) + 'static) -> Result<(), BrowserError> {
    let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
            .is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        let key = event.key();
        // Elements that scroll sideways use these keys themselves.
        let scrolling = key.starts_with("Arrow")
            && event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok())
                .is_some_and(|target| target.closest(".scroll").is_ok_and(|found| found.is_some()));
        // Escape first hides the note that is open.
        let noted = key == "Escape" && has_open_note();
        if (typing && key != "Escape") || noted || scrolling || event.ctrl_key() || event.meta_key() || event.alt_key()
        {
            return;
        }
        if let Some(key) = Key::read(&key) {
            pressed(key);
            event.prevent_default();
        }
    });
    window()?.add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref())?;
    listener.forget();
    Ok(())
}
