//! Where the engine runs: in a dedicated worker, or in the page itself where workers have no WebGPU.

use js_sys::{Array, ArrayBuffer, Function, Reflect};
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{DedicatedWorkerGlobalScope, MessagePort, Window};

use hemoscope_core::protocol::ENGINE_PORT;

/// The engine's surroundings, and its end of the channel.
#[derive(Clone)]
pub(super) enum Scope {
    /// A worker of its own; messages go through its global scope.
    Worker(DedicatedWorkerGlobalScope),
    /// The page, which has left a port for it.
    Page(Window, MessagePort),
}

impl Scope {
    /// `None` if this is neither a worker nor a page with a port.
    pub(super) fn find() -> Option<Self> {
        match js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            Ok(scope) => Some(Self::Worker(scope)),
            Err(global) => {
                let window: Window = global.dyn_into().ok()?;
                let port = Reflect::get(&window, &ENGINE_PORT.into()).ok()?.dyn_into().ok()?;
                Some(Self::Page(window, port))
            }
        }
    }

    /// Whether files can be read synchronously: only workers may block.
    pub(super) fn may_wait(&self) -> bool {
        matches!(self, Self::Worker(_))
    }

    pub(super) fn has_webgpu(&self) -> bool {
        let navigator = match self {
            Self::Worker(scope) => JsValue::from(scope.navigator()),
            Self::Page(window, _) => JsValue::from(window.navigator()),
        };
        Reflect::get(&navigator, &"gpu".into()).is_ok_and(|gpu| gpu.is_object())
    }

    /// Posts a message; its `bytes` are transferred, not copied.
    pub(super) fn post(&self, message: &JsValue) -> Result<(), JsValue> {
        let bytes = Reflect::get(message, &"bytes".into())?;
        let given: Array = bytes.dyn_into::<ArrayBuffer>().into_iter().collect();
        match self {
            Self::Worker(scope) => scope.post_message_with_transfer(message, &given)?,
            Self::Page(_, port) => port.post_message_with_transferable(message, &given)?,
        }
        Ok(())
    }

    pub(super) fn listen(&self, receive: &Function) {
        match self {
            Self::Worker(scope) => scope.set_onmessage(Some(receive)),
            Self::Page(_, port) => port.set_onmessage(Some(receive)),
        }
    }

    /// Milliseconds since some fixed moment.
    pub(super) fn now_ms(&self) -> f64 {
        let performance = match self {
            Self::Worker(scope) => scope.performance(),
            Self::Page(window, _) => window.performance(),
        };
        performance.map_or(0.0, |performance| performance.now())
    }

    /// Calls back in a new task.
    pub(super) fn later(&self, callback: &Function) {
        // If this fails, nothing else would run either.
        match self {
            Self::Worker(scope) => scope.set_timeout_with_callback(callback).ok(),
            Self::Page(window, _) => window.set_timeout_with_callback(callback).ok(),
        };
    }
}
