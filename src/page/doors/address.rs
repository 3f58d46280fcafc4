//! The address bar: the experiment in the fragment, and the page's options in the query.

use wasm_bindgen::JsCast as _;
use wasm_bindgen::JsValue;
use wasm_bindgen::closure::Closure;

use super::browser::window;
use super::error::BrowserError;

/// The fragment, with `#`; empty where there is none.
#[must_use]
pub fn fragment() -> String {
    window()
        .and_then(|window| Ok(window.location().hash()?))
        .unwrap_or_default()
}

/// Puts a fragment into the address, without a new history entry.
///
/// # Errors
/// If the browser refuses, for instance after too many calls in a second.
pub fn set_fragment(fragment: &str) -> Result<(), BrowserError> {
    let history = window()?.history()?;
    history.replace_state_with_url(&JsValue::NULL, "", Some(&format!("#{fragment}")))?;
    Ok(())
}

/// The whole address.
///
/// # Errors
/// If the browser doesn't say.
pub fn href() -> Result<String, BrowserError> {
    Ok(window()?.location().href()?)
}

/// The value of a key in the query: `Some("")` for `?present`.
#[must_use]
pub fn query(key: &str) -> Option<String> {
    let search = window().and_then(|window| Ok(window.location().search()?)).ok()?;
    search
        .trim_start_matches('?')
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .find(|(name, _)| *name == key)
        .map(|(_, value)| value.to_owned())
}

/// Calls `changed` whenever a person changes the fragment, for as long as the page lives.
///
/// # Errors
/// If there is no window.
pub fn on_change(changed: impl Fn(String) + 'static) -> Result<(), BrowserError> {
    let listener = Closure::<dyn Fn()>::new(move || changed(fragment()));
    window()?.add_event_listener_with_callback("hashchange", listener.as_ref().unchecked_ref())?;
    listener.forget();
    Ok(())
}
