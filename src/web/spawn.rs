//! The one door through which tasks start, so that a reader finds every piece of work that outlives its caller.

use std::future::Future;

/// Runs `future` on this thread's event loop. It has no result: what it finds out it stores or shows itself.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the door that the other calls are sent to"
)]
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(future);
}
