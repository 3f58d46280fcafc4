//! Files that leave the page, and files that a person gives to it.

use js_sys::{Array, Function, Promise};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    BlobPropertyBag, CanvasRenderingContext2d, FileList, HtmlAnchorElement, HtmlCanvasElement, HtmlImageElement, Url,
};

pub use web_sys::{Blob, File};

use super::browser::document;
use super::error::BrowserError;

/// Saves a text as a file.
///
/// # Errors
/// If the browser refuses.
pub fn save_text(name: &str, kind: &str, text: &str) -> Result<(), BrowserError> {
    save(name, &blob(kind, text)?)
}

fn blob(kind: &str, text: &str) -> Result<Blob, BrowserError> {
    let bag = BlobPropertyBag::new();
    bag.set_type(kind);
    Ok(Blob::new_with_str_sequence_and_options(
        &Array::of1(&text.into()),
        &bag,
    )?)
}

fn save(name: &str, blob: &Blob) -> Result<(), BrowserError> {
    let address = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document()?.create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)?;
    Ok(())
}

/// Saves an SVG text as a PNG, with `scale` pixels per CSS pixel.
///
/// # Errors
/// If the browser can't draw it.
pub async fn save_png(name: &str, svg: &str, width: u32, height: u32, scale: f64) -> Result<(), BrowserError> {
    let address = Url::create_object_url_with_blob(&blob("image/svg+xml", svg)?)?;
    let image = HtmlImageElement::new()?;
    image.set_src(&address);
    let drawn = JsFuture::from(image.decode()).await;
    Url::revoke_object_url(&address)?;
    drawn?;
    let canvas: HtmlCanvasElement = document()?.create_element("canvas")?.unchecked_into();
    canvas.set_width((f64::from(width) * scale) as u32);
    canvas.set_height((f64::from(height) * scale) as u32);
    let context = canvas
        .get_context("2d")?
        .ok_or_else(|| BrowserError::missing("canvas"))?;
    let context: CanvasRenderingContext2d = context.unchecked_into();
    context.scale(scale, scale)?;
    context.draw_image_with_html_image_element(&image, 0.0, 0.0)?;
    let picture = JsFuture::from(Promise::new(&mut |resolve: Function, _| {
        let done = Closure::once_into_js(move |picture: JsValue| {
            resolve.call1(&JsValue::NULL, &picture).ok();
        });
        canvas.to_blob(done.unchecked_ref()).ok();
    }))
    .await?;
    let picture = picture
        .dyn_into::<Blob>()
        .ok()
        .ok_or_else(|| BrowserError::missing("PNG"))?;
    save(name, &picture)
}

/// The files of a list.
#[must_use]
pub fn listed(files: Option<FileList>) -> Vec<File> {
    let Some(files) = files else { return Vec::new() };
    (0..files.length()).filter_map(|place| files.get(place)).collect()
}

/// A file's text; invalid UTF-8 is replaced.
///
/// # Errors
/// If it can't be read.
pub async fn text(file: &Blob) -> Result<String, BrowserError> {
    Ok(JsFuture::from(file.text()).await?.as_string().unwrap_or_default())
}
