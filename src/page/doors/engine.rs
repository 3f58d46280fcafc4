//! The engine's files beside the page. Their names follow from their content, so that a browser never starts an older engine
//! that it has kept; the build writes them into index.html (`.ci/name_engine.py`).

use super::browser::{beside_page, meta};
use super::error::BrowserError;

/// The addresses of the engine's files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    /// The script of its worker.
    pub(super) loader: String,
    /// The module that the script imports.
    pub(super) module: String,
}

impl Files {
    /// As the page names them.
    ///
    /// # Errors
    /// Where it names none.
    pub(super) fn find() -> Result<Self, BrowserError> {
        let name = meta("engine", "content").ok_or_else(|| BrowserError::missing("name of the engine"))?;
        Ok(Self {
            loader: beside_page(&format!("{name}_loader.js"))?,
            module: beside_page(&format!("{name}.js"))?,
        })
    }
}
