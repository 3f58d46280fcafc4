//! Small functions of the browser.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Document, Element, HtmlElement, ResizeObserver, ScrollIntoViewOptions, ScrollLogicalPosition, Url, Window,
};

use super::error::BrowserError;

/// The window.
///
/// # Errors
/// In a worker.
pub fn window() -> Result<Window, BrowserError> {
    web_sys::window().ok_or_else(|| BrowserError::missing("window"))
}

/// The document.
///
/// # Errors
/// In a worker.
pub fn document() -> Result<Document, BrowserError> {
    window()?.document().ok_or_else(|| BrowserError::missing("document"))
}

/// The address of one of the page's own files, from wherever the page is served.
///
/// # Errors
/// If the page has no address.
pub fn beside_page(file: &str) -> Result<String, BrowserError> {
    let base = document()?.base_uri()?.unwrap_or_default();
    Ok(Url::new_with_base(file, &base)?.href())
}

/// Milliseconds since the page was opened.
#[must_use]
pub fn now_ms() -> f64 {
    window()
        .ok()
        .and_then(|window| window.performance())
        .map_or(0.0, |clock| clock.now())
}

/// Whether a media query holds.
#[must_use]
pub fn matches(query: &str) -> bool {
    window()
        .ok()
        .and_then(|window| window.match_media(query).ok().flatten())
        .is_some_and(|list| list.matches())
}

/// Sets an attribute of the whole document; an empty value removes it.
pub fn mark_document(name: &str, value: &str) {
    let Some(root) = document().ok().and_then(|document| document.document_element()) else {
        return;
    };
    if value.is_empty() {
        root.remove_attribute(name).ok();
    } else {
        root.set_attribute(name, value).ok();
    }
}

/// Whether the browser offers a WebGPU device. Only asks for an adapter and starts nothing.
pub async fn has_webgpu() -> bool {
    adapter().await.is_ok_and(|adapter| adapter.is_object())
}

async fn adapter() -> Result<JsValue, BrowserError> {
    let gpu = Reflect::get(&window()?.navigator(), &"gpu".into())?;
    if !gpu.is_object() {
        return Ok(JsValue::UNDEFINED);
    }
    let ask: Function = Reflect::get(&gpu, &"requestAdapter".into())?.dyn_into()?;
    let answer: Promise = ask.call0(&gpu)?.dyn_into()?;
    Ok(JsFuture::from(answer).await?)
}

/// Calls `resized` with an element's width in CSS pixels now and whenever it changes, for as long as the page lives.
pub fn on_resize(element: &Element, resized: impl Fn(f64) + 'static) {
    let watched = element.clone();
    resized(f64::from(watched.client_width()));
    let tell = Closure::<dyn Fn()>::new(move || resized(f64::from(watched.client_width())));
    // Browsers report a layout change within the observer's callback as an error.
    let listener = Closure::<dyn Fn()>::new(move || {
        if let Ok(window) = window() {
            window.request_animation_frame(tell.as_ref().unchecked_ref()).ok();
        }
    });
    if let Ok(observer) = ResizeObserver::new(listener.as_ref().unchecked_ref()) {
        observer.observe(element);
        listener.forget();
    }
}

/// The element with an id.
#[must_use]
pub fn by_id(id: &str) -> Option<HtmlElement> {
    document().ok()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Removes the element with an id from the document, and returns its text.
pub fn take_out(id: &str) -> Option<String> {
    let element = by_id(id)?;
    element.remove();
    element.text_content()
}

/// An attribute of the `<meta>` element of this name.
#[must_use]
pub(super) fn meta(name: &str, attribute: &str) -> Option<String> {
    let element = document().ok()?.query_selector(&format!("meta[name={name}]"));
    element.ok().flatten()?.get_attribute(attribute)
}

/// The height of the visible part of the page, in CSS pixels.
#[must_use]
pub fn inner_height() -> Option<f64> {
    window().ok()?.inner_height().ok()?.as_f64()
}

/// Brings an element into view where it is off the screen.
pub fn bring_into_view(element: &Element) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(ScrollLogicalPosition::Nearest);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}

/// Gives an element the keyboard focus.
pub fn focus(element: &Element) {
    // Marks in an SVG are not HTML elements, but can be focused all the same.
    element.unchecked_ref::<HtmlElement>().focus().ok();
}
