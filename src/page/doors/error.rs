//! What the browser throws, as one error type: no `JsValue` leaves this module.

use wasm_bindgen::{JsCast as _, JsValue};

/// Something that a browser interface threw or rejected with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {message}")]
pub struct BrowserError {
    /// The exception's class (`TypeError`, `QuotaExceededError`), or `thrown` if it was not an exception.
    pub name: String,
    /// Its message.
    pub message: String,
}

impl BrowserError {
    /// An interface that this browser or this kind of page doesn't have.
    #[must_use]
    pub fn missing(what: &str) -> Self {
        Self {
            name: "missing".to_owned(),
            message: format!("this browser has no {what} here"),
        }
    }

    /// Whether it is the exception with this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }
}

impl From<JsValue> for BrowserError {
    fn from(value: JsValue) -> Self {
        // Errors and DOMExceptions share these two members, but no class that all browsers agree on.
        let member = |key: &str| {
            js_sys::Reflect::get(&value, &JsValue::from_str(key))
                .ok()
                .and_then(|member| member.as_string())
        };
        if value.is_object()
            && let (Some(name), Some(message)) = (member("name"), member("message"))
        {
            return Self { name, message };
        }
        let message = value.as_string().or_else(|| {
            let text = js_sys::JSON::stringify(&value).ok()?;
            text.dyn_ref::<js_sys::JsString>().map(String::from)
        });
        Self {
            name: "thrown".to_owned(),
            message: message.unwrap_or_else(|| "something without a description".to_owned()),
        }
    }
}
