//! A WebAssembly module from the page's own folder: how much will be downloaded, and the module itself, compiled as it
//! arrives.

use js_sys::{Promise, WebAssembly};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::error::FetchError;
use super::head::Head;
use super::http::{self, Answer, Cancel};
use super::rate::Rate;
use crate::doors::error::BrowserError;

/// Time between two reports. What comes from the browser's cache arrives before the first one.
const REPORT_MS: f64 = 300.0;

/// The size of a module, as stated by its build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// Uncompressed bytes.
    pub whole: u64,
    /// The most bytes that a compressing host sends.
    pub packed: u64,
}

/// How much of a module has arrived, in bytes as sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrived {
    /// Bytes that have arrived.
    pub done: u64,
    /// The total.
    pub total: u64,
    /// Recent bytes per second, once there is a rate.
    pub rate: Option<f64>,
}

impl Weight {
    /// Bytes that a host sends, according to the response's head; an upper bound if it doesn't say.
    fn sent(self, head: Option<&Head>) -> u64 {
        match head {
            Some(head) if head.compressed => head.sent().unwrap_or(self.packed),
            Some(head) => head.sent().unwrap_or(self.whole),
            None => self.whole,
        }
    }

    /// How many bytes have been sent once `read` bytes can be read, if `sent` are sent in all. A page sees only
    /// decompressed bytes, so this is an estimate by proportion; at the end it is exact.
    fn arrived(self, read: u64, sent: u64) -> u64 {
        let part = read.min(self.whole) as f64 / self.whole.max(1) as f64;
        (part * sent as f64).round() as u64
    }
}

/// How many bytes of a module will be sent; an upper bound if the server doesn't say.
pub async fn module_bytes(address: &str, weight: Weight, cancel: &Cancel) -> u64 {
    let head = http::head(address, cancel).await.ok();
    weight.sent(head.filter(|head| head.status == 200).as_ref())
}

/// Fetches and compiles a module.
///
/// # Errors
/// Those of the server and of the connection, [`FetchError::Cancelled`], and [`FetchError::Browser`] where the bytes
/// are not a module that this browser can run.
pub async fn module(
    address: &str,
    weight: Weight,
    mut on_arrival: impl FnMut(Arrived),
    cancel: &Cancel,
) -> Result<WebAssembly::Module, FetchError> {
    let refused = |thrown: JsValue| FetchError::Browser {
        doing: "compile".to_owned(),
        address: address.to_owned(),
        reason: BrowserError::from(thrown).to_string(),
    };
    let response = http::own_file(address, cancel).await?;
    // One copy is compiled while the bytes of the other are counted.
    let copy = response.clone().map_err(refused)?;
    let mut answer = Answer::new(&response, address);
    answer.head.check(address)?;
    // Browsers compile a stream only with the WebAssembly content type.
    let kind = answer.head.content_type.as_deref().unwrap_or_default();
    let streamed = kind.to_ascii_lowercase().starts_with("application/wasm");
    let compiled = if streamed {
        JsFuture::from(WebAssembly::compile_streaming(&Promise::resolve::<JsValue>(
            copy.as_ref(),
        )))
    } else {
        JsFuture::from(copy.array_buffer().map_err(refused)?)
    };
    let total = weight.sent(Some(&answer.head));
    let (mut read, mut rate, mut told_ms) = (0, Rate::default(), now_ms());
    while let Some(chunk) = answer.next().await? {
        cancel.check()?;
        read += u64::from(chunk.length());
        let now = now_ms();
        if now - told_ms >= REPORT_MS {
            told_ms = now;
            let done = weight.arrived(read, total);
            let rate = rate.at(now, done);
            on_arrival(Arrived { done, total, rate });
        }
    }
    let compiled = compiled.await;
    // If it was stopped meanwhile, report that.
    cancel.check()?;
    let mut module = compiled.map_err(refused)?;
    if !streamed {
        module = JsFuture::from(WebAssembly::compile(&module)).await.map_err(refused)?;
        cancel.check()?;
    }
    Ok(module.unchecked_into())
}

fn now_ms() -> f64 {
    js_sys::Date::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHT: Weight = Weight {
        whole: 12_000_000,
        packed: 3_300_000,
    };

    #[test]
    fn what_is_sent_is_what_the_host_says_and_else_the_most_it_can_be() {
        let head = |compressed, content_length| Head {
            status: 200,
            compressed,
            content_length,
            ..Head::default()
        };
        for (head, sent) in [
            (Some(head(true, Some(3_000_000))), 3_000_000),
            (Some(head(true, None)), 3_300_000),
            (Some(head(false, Some(12_000_000))), 12_000_000),
            (Some(head(false, None)), 12_000_000),
            (None, 12_000_000),
        ] {
            assert_eq!(WEIGHT.sent(head.as_ref()), sent, "{head:?}");
        }
    }

    #[test]
    fn what_has_arrived_is_counted_as_it_was_sent() {
        for (read, arrived) in [
            (0, 0),
            (6_000_000, 1_500_000),
            (12_000_000, 3_000_000),
            (13_000_000, 3_000_000),
        ] {
            assert_eq!(WEIGHT.arrived(read, 3_000_000), arrived);
        }
        assert_eq!(
            WEIGHT.arrived(7, 12_000_000),
            7,
            "a host that doesn't compress sends what is read"
        );
    }
}
