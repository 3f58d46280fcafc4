//! Settings that stay on this device.

use super::browser::window;

/// A setting that stays on this device; `None` if there is none, or the browser keeps nothing.
#[must_use]
pub fn stored(key: &str) -> Option<String> {
    window()
        .ok()?
        .local_storage()
        .ok()
        .flatten()?
        .get_item(key)
        .ok()
        .flatten()
}

/// Keeps a setting on this device, if the browser keeps anything.
pub fn store(key: &str, value: &str) {
    if let Ok(window) = window()
        && let Ok(Some(storage)) = window.local_storage()
    {
        storage.set_item(key, value).ok();
    }
}
