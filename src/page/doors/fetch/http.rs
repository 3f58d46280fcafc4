//! Requests and responses, with the browser's exceptions turned into [`FetchError`].

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortController, Headers, ReadableStreamDefaultReader, ReferrerPolicy, RequestCache, RequestInit, Response,
};

use super::error::FetchError;
use super::head::{Head, Validator};
use crate::doors::error::BrowserError;

/// The page's own store keeps it, or it is read only once; the browser's cache would hold a second copy.
const KEPT_ELSEWHERE: RequestCache = RequestCache::NoStore;

/// Stops the work it was given to. Clones stop the same work.
#[derive(Debug, Clone)]
pub struct Cancel {
    asked: Rc<Cell<bool>>,
    controller: Option<AbortController>,
}

impl Default for Cancel {
    fn default() -> Self {
        Self {
            asked: Rc::default(),
            controller: AbortController::new().ok(),
        }
    }
}

impl Cancel {
    /// Stops it; pending requests are aborted.
    pub fn cancel(&self) {
        self.asked.set(true);
        if let Some(controller) = &self.controller {
            controller.abort();
        }
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.asked.get()
    }

    /// Fails if it was stopped.
    ///
    /// # Errors
    /// [`FetchError::Cancelled`] then.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        if self.is_asked() {
            Err(FetchError::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// A response whose body has not been read.
pub(super) struct Answer {
    /// Its head.
    pub head: Head,
    /// Where it came from, for messages.
    address: String,
    reader: Option<ReadableStreamDefaultReader>,
}

impl Answer {
    /// Wraps a response whose body nobody has started to read.
    pub fn new(response: &Response, address: &str) -> Self {
        Self {
            head: read_head(response),
            address: address.to_owned(),
            reader: response.body().map(|body| body.get_reader().unchecked_into()),
        }
    }

    /// The next bytes of the body; `None` at its end.
    pub async fn next(&mut self) -> Result<Option<js_sys::Uint8Array>, FetchError> {
        let Some(reader) = &self.reader else {
            return Ok(None);
        };
        let read = JsFuture::from(reader.read()).await;
        let read: JsValue = read.map_err(|error| no_answer(&error.into(), &self.address))?;
        let member = |key: &str| js_sys::Reflect::get(&read, &JsValue::from_str(key)).unwrap_or(JsValue::UNDEFINED);
        if member("done").is_truthy() {
            return Ok(None);
        }
        Ok(member("value").dyn_into().ok())
    }

    /// The body's beginning, at most `limit` bytes; the rest is not read.
    pub async fn beginning(mut self, limit: usize) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        while bytes.len() < limit
            && let Some(chunk) = self.next().await?
        {
            bytes.extend(chunk.to_vec());
        }
        bytes.truncate(limit);
        self.stop();
        Ok(bytes)
    }

    /// Aborts the response.
    pub fn stop(&self) {
        if let Some(reader) = &self.reader {
            // It does not matter here whether the server notices.
            drop(reader.cancel());
        }
    }
}

/// Requests the bytes `from..` of a file, or `from..=to`.
pub(super) async fn get(address: &str, from: u64, to: Option<u64>, cancel: &Cancel) -> Result<Answer, FetchError> {
    let range = to.map_or_else(|| format!("bytes={from}-"), |to| format!("bytes={from}-{to}"));
    let response = ask("GET", address, Some(&range), KEPT_ELSEWHERE, cancel).await?;
    Ok(Answer::new(&response, address))
}

/// Requests only a file's head: for its size on a host that hides `Content-Range` from pages, or its size as sent.
pub(super) async fn head(address: &str, cancel: &Cancel) -> Result<Head, FetchError> {
    Ok(read_head(&ask("HEAD", address, None, KEPT_ELSEWHERE, cancel).await?))
}

/// Requests one of the page's own files, which the browser may take from its cache and keep there.
pub(super) async fn own_file(address: &str, cancel: &Cancel) -> Result<Response, FetchError> {
    ask("GET", address, None, RequestCache::Default, cancel).await
}

/// Reads a small text whole: a listing, or a text to measure on.
///
/// # Errors
/// [`FetchError::TooLarge`] past `limit_bytes`; [`FetchError::Answer`] where it is not UTF-8.
pub async fn text(address: &str, limit_bytes: usize, cancel: &Cancel) -> Result<String, FetchError> {
    let answer = Answer::new(&ask("GET", address, None, KEPT_ELSEWHERE, cancel).await?, address);
    answer.head.check(address)?;
    let bytes = answer.beginning(limit_bytes.saturating_add(1)).await?;
    if bytes.len() > limit_bytes {
        return Err(FetchError::TooLarge {
            address: address.to_owned(),
            limit: limit_bytes as u64,
        });
    }
    String::from_utf8(bytes).map_err(|error| FetchError::Answer {
        address: address.to_owned(),
        reason: format!("it is not UTF-8 text ({error})"),
    })
}

async fn ask(
    method: &str,
    address: &str,
    range: Option<&str>,
    cache: RequestCache,
    cancel: &Cancel,
) -> Result<Response, FetchError> {
    cancel.check()?;
    let failed = |error: JsValue| no_answer(&error.into(), address);
    let init = RequestInit::new();
    init.set_method(method);
    init.set_cache(cache);
    init.set_referrer_policy(ReferrerPolicy::NoReferrer);
    if let Some(controller) = &cancel.controller {
        init.set_signal(Some(&controller.signal()));
    }
    if let Some(range) = range {
        let headers = Headers::new().map_err(failed)?;
        headers.set("Range", range).map_err(failed)?;
        init.set_headers(&headers);
    }
    let window = web_sys::window().ok_or_else(|| no_answer(&BrowserError::missing("window"), address))?;
    let response = JsFuture::from(window.fetch_with_str_and_init(address, &init))
        .await
        .map_err(failed)?;
    Ok(response.unchecked_into())
}

fn read_head(response: &Response) -> Head {
    let headers = response.headers();
    let header = |name: &str| headers.get(name).ok().flatten();
    Head {
        status: response.status(),
        content_type: header("Content-Type"),
        content_range: header("Content-Range"),
        content_length: header("Content-Length").and_then(|length| length.parse().ok()),
        compressed: header("Content-Encoding").is_some_and(|encoding| encoding != "identity"),
        validator: Validator {
            etag: header("ETag"),
            last_modified: header("Last-Modified"),
        },
    }
}

/// The browser doesn't tell pages why there is no response, except that the page aborted it or the browser is offline.
fn no_answer(error: &BrowserError, address: &str) -> FetchError {
    let address = address.to_owned();
    if error.is("AbortError") {
        FetchError::Cancelled
    } else if web_sys::window().is_some_and(|window| !window.navigator().on_line()) {
        FetchError::Offline { address }
    } else {
        FetchError::Unreachable { address }
    }
}
