//! The engine's files beside the page, and its module, which the page loads once for all its workers.
//!
//! Their names are derived from their content, so that a browser never starts an older engine from its cache; the build
//! writes the names and the module's sizes into index.html (`.ci/name_engine.py`).

use js_sys::WebAssembly::Module;

use super::browser::{beside_page, meta};
use super::error::BrowserError;
use super::fetch::{self, Arrived, Cancel, FetchError, Weight};

/// The engine could not be loaded. The text says what and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The page was not built by `make build`.
    #[error("index.html does not name the engine's files ({reason}); 'make build' makes a page that does")]
    Unnamed {
        /// What is missing.
        reason: String,
    },
    /// The server has no such file.
    #[error("{address} is not there any more: the page was updated after it was opened. Reload it")]
    Gone {
        /// The address that was requested.
        address: String,
    },
    /// The server has it but does not send it.
    #[error("the server answers {status} for {address}. Wait a little, then press Run again")]
    Server {
        /// The address that was requested.
        address: String,
        /// The response's status.
        status: u16,
    },
    /// No response, or not all of it.
    #[error("{address} could not be loaded completely; check the connection, then press Run again")]
    Unreachable {
        /// The address that was requested.
        address: String,
    },
    /// The browser can't run it.
    #[error("this browser can't compile it ({reason}). Update the browser, or use another one")]
    Refused {
        /// The browser's message.
        reason: String,
    },
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl EngineError {
    fn new(error: FetchError, address: &str) -> Self {
        let address = address.to_owned();
        match error {
            FetchError::Cancelled => Self::Cancelled,
            FetchError::NotFound { .. } | FetchError::WebPage { .. } => Self::Gone { address },
            FetchError::Refused { status, .. } | FetchError::Server { status, .. } => Self::Server { address, status },
            FetchError::Browser { reason, .. } => Self::Refused { reason },
            _ => Self::Unreachable { address },
        }
    }
}

impl From<BrowserError> for EngineError {
    fn from(error: BrowserError) -> Self {
        Self::Unnamed {
            reason: error.to_string(),
        }
    }
}

/// An engine that can be started any number of times.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The address of its worker's script.
    pub(super) loader: String,
    /// The address of the script that starts the module.
    pub(super) script: String,
    /// The compiled module that both start.
    pub(super) module: Module,
}

impl Engine {
    /// Loads it; `on_arrival` gets the progress, unless it comes from the browser's cache.
    ///
    /// # Errors
    /// An [`EngineError`].
    pub async fn load(on_arrival: impl FnMut(Arrived), cancel: &Cancel) -> Result<Self, EngineError> {
        let name = name()?;
        let (address, weight) = module(&name)?;
        let loaded = fetch::module(&address, weight, on_arrival, cancel).await;
        Ok(Self {
            loader: beside_page(&format!("{name}_loader.js"))?,
            script: beside_page(&format!("{name}.js"))?,
            module: loaded.map_err(|error| EngineError::new(error, &address))?,
        })
    }

    /// Bytes that [`Engine::load`] downloads; an upper bound if the server doesn't say.
    ///
    /// # Errors
    /// [`EngineError::Unnamed`].
    pub async fn bytes() -> Result<u64, EngineError> {
        let (address, weight) = module(&name()?)?;
        Ok(fetch::module_bytes(&address, weight, &Cancel::default()).await)
    }
}

/// The name shared by its files.
fn name() -> Result<String, BrowserError> {
    meta("engine", "content").ok_or_else(|| BrowserError::missing("name of the engine"))
}

fn module(name: &str) -> Result<(String, Weight), BrowserError> {
    let bytes = |attribute| {
        let bytes = meta("engine", attribute).and_then(|bytes| bytes.parse().ok());
        bytes.ok_or_else(|| BrowserError::missing("size of the engine"))
    };
    let weight = Weight {
        whole: bytes("data-bytes")?,
        packed: bytes("data-packed-bytes")?,
    };
    Ok((beside_page(&format!("{name}_bg.wasm"))?, weight))
}
