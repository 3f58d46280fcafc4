//! Small things that the browser knows or does.

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, Element, HtmlElement, KeyboardEvent, ResizeObserver, Url, Window};

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
/// Where the page has no address.
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

/// A setting that stays on this device; `None` where there is none or the browser keeps nothing.
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

/// Keeps a setting on this device, where the browser keeps anything.
pub fn store(key: &str, value: &str) {
    if let Ok(window) = window()
        && let Ok(Some(storage)) = window.local_storage()
    {
        storage.set_item(key, value).ok();
    }
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

/// Copies a text.
///
/// # Errors
/// Where the browser has no clipboard for this page or refuses.
pub async fn copy(text: &str) -> Result<(), BrowserError> {
    let navigator = window()?.navigator();
    // Missing on pages served in the clear, although web-sys says that it is always there.
    let clipboard = Reflect::get(&navigator, &"clipboard".into())?;
    if !clipboard.is_object() {
        return Err(BrowserError::missing("clipboard"));
    }
    JsFuture::from(navigator.clipboard().write_text(text)).await?;
    Ok(())
}

/// Whether the browser offers a WebGPU device. It is asked for an adapter and nothing is started.
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
    // A change of layout inside the observer's own call is reported as an error.
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

/// Calls `pressed` for every key that isn't typed into a field, for as long as the page lives. `true` means that the
/// key was used.
///
/// # Errors
/// Where there is no window.
pub fn on_key(pressed: impl Fn(&str) -> bool + 'static) -> Result<(), BrowserError> {
    let listener = Closure::<dyn Fn(KeyboardEvent)>::new(move |event: KeyboardEvent| {
        let typing = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
            .is_some_and(|target| matches!(target.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT"));
        let key = event.key();
        // What scrolls sideways does so by these keys.
        let scrolling = key.starts_with("Arrow")
            && event
                .target()
                .and_then(|target| target.dyn_into::<Element>().ok())
                .is_some_and(|target| target.closest(".scroll").is_ok_and(|found| found.is_some()));
        if (typing && key != "Escape") || scrolling || event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        if pressed(&key) {
            event.prevent_default();
        }
    });
    window()?.add_event_listener_with_callback("keydown", listener.as_ref().unchecked_ref())?;
    listener.forget();
    Ok(())
}

/// Gives a class to the first element of a selector, or takes it away.
pub fn set_class(selector: &str, class: &str, on: bool) {
    if let Some(element) = any_element(selector) {
        element.class_list().toggle_with_force(class, on).ok();
    }
}

/// The first element of a selector, of HTML or of SVG.
#[must_use]
pub fn any_element(selector: &str) -> Option<Element> {
    document().ok()?.query_selector(selector).ok().flatten()
}

/// The first element of a selector.
#[must_use]
pub fn element(selector: &str) -> Option<HtmlElement> {
    any_element(selector)?.dyn_into().ok()
}

/// Folds every element of a selector that can be folded.
pub fn fold(selector: &str) {
    let Some(found) = document()
        .ok()
        .and_then(|document| document.query_selector_all(selector).ok())
    else {
        return;
    };
    for place in 0..found.length() {
        if let Some(element) = found.item(place).and_then(|node| node.dyn_into::<Element>().ok()) {
            element.remove_attribute("open").ok();
        }
    }
}

/// Brings an element into view where it was scrolled off the upper edge.
pub fn scroll_up_to(selector: &str) {
    if let (Some(element), Ok(window)) = (element(selector), window())
        && window.scroll_y().unwrap_or_default() > f64::from(element.offset_top())
    {
        element.scroll_into_view();
    }
}

/// Gives an element the keyboard.
pub fn focus(selector: &str) {
    if let Some(element) = any_element(selector) {
        // Marks in an SVG are no HTML elements, and can be focused all the same.
        element.unchecked_into::<HtmlElement>().focus().ok();
    }
}
