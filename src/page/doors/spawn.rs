//! The one place where tasks are started, so that all work that outlives its caller is easy to find.

use std::future::Future;
use std::pin::Pin;

/// Runs `future` on this thread's event loop. It has no result; it stores or shows what it finds itself.
#[cfg_attr(
    target_family = "wasm",
    expect(clippy::disallowed_methods, reason = "this is the one place where tasks are started")
)]
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    // One type for all of them: the code that drives a future takes 2 kB per type.
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}
