//! The clipboard.

use js_sys::Reflect;
use wasm_bindgen_futures::JsFuture;

use super::browser::window;
use super::error::BrowserError;

/// Copies a text.
///
/// # Errors
/// If the browser has no clipboard for this page or refuses.
pub async fn copy(text: &str) -> Result<(), BrowserError> {
    let navigator = window()?.navigator();
    // Missing on pages served without TLS, although web-sys says that it is always there.
    let clipboard = Reflect::get(&navigator, &"clipboard".into())?;
    if !clipboard.is_object() {
        return Err(BrowserError::missing("clipboard"));
    }
    JsFuture::from(navigator.clipboard().write_text(text)).await?;
    Ok(())
}
