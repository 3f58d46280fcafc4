//! Addresses: the browser's own parser in the page, the `url` crate elsewhere. They follow one standard, and the crate
//! with its tables would be an eighth of the page's module.

use std::fmt;

#[cfg(all(target_family = "wasm", feature = "page"))]
use web_sys::Url;

#[cfg(not(all(target_family = "wasm", feature = "page")))]
use url::Url;

/// A whole address.
#[derive(Debug, Clone)]
pub struct Address(Url);

#[cfg(not(all(target_family = "wasm", feature = "page")))]
impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Url::parse(text).map(Self).map_err(|error| error.to_string())
    }

    /// The address of `relative` as seen from this one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn join(&self, relative: &str) -> Result<Self, String> {
        self.0.join(relative).map(Self).map_err(|error| error.to_string())
    }

    /// `https`, `http`, …
    #[must_use]
    pub fn scheme(&self) -> String {
        self.0.scheme().to_owned()
    }

    /// The name of the host, without a port.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.host_str().unwrap_or_default().to_owned()
    }

    /// The host with its port, where that is not the usual one.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host(),
        }
    }

    /// The path, escaped.
    #[must_use]
    pub fn path(&self) -> String {
        self.0.path().to_owned()
    }
}

#[cfg(all(target_family = "wasm", feature = "page"))]
impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Url::new(text).map(Self).map_err(said)
    }

    /// The address of `relative` as seen from this one.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn join(&self, relative: &str) -> Result<Self, String> {
        Url::new_with_base(relative, &self.0.href()).map(Self).map_err(said)
    }

    /// `https`, `http`, …
    #[must_use]
    pub fn scheme(&self) -> String {
        self.0.protocol().trim_end_matches(':').to_owned()
    }

    /// The name of the host, without a port.
    #[must_use]
    pub fn host(&self) -> String {
        self.0.hostname()
    }

    /// The host with its port, where that is not the usual one.
    #[must_use]
    pub fn host_and_port(&self) -> String {
        self.0.host()
    }

    /// The path, escaped.
    #[must_use]
    pub fn path(&self) -> String {
        self.0.pathname()
    }
}

#[cfg(all(target_family = "wasm", feature = "page"))]
fn said(error: wasm_bindgen::JsValue) -> String {
    crate::web::error::BrowserError::from(error).message
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(not(all(target_family = "wasm", feature = "page")))]
        return f.write_str(self.0.as_str());
        #[cfg(all(target_family = "wasm", feature = "page"))]
        f.write_str(&self.0.href())
    }
}
