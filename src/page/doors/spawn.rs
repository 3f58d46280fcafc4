//! The one door through which tasks start, so that a reader finds every piece of work that outlives its caller.

use std::future::Future;
use std::pin::Pin;

/// Runs `future` on this thread's event loop. It has no result: what it finds out it stores or shows itself.
#[cfg_attr(
    target_family = "wasm",
    expect(
        clippy::disallowed_methods,
        reason = "this is the door that the other calls are sent to"
    )
)]
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    // One type for all of them: what drives a future is 2 kB of code for each type.
    let future: Pin<Box<dyn Future<Output = ()>>> = Box::pin(future);
    wasm_bindgen_futures::spawn_local(future);
}
