//! Pieces of files that outlive the page, in the Cache API (see the module above for why).

use std::cell::RefCell;

use sha2::{Digest as _, Sha256};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Cache, Response};

use super::error::FetchError;
use super::pieces::Manifest;
use crate::doors::error::BrowserError;

/// The cache's name. Change it when the layout of what is stored changes.
const NAME: &str = "hemoscope-models-1";

/// Where pieces are kept: in the browser's cache, or in memory if there is none.
pub(super) struct Store {
    cache: Option<Cache>,
    /// A list, since a model has tens of pieces and a map would add to the page's size.
    memory: RefCell<Vec<(String, Blob)>>,
    origin: String,
}

impl Store {
    /// Opens the store.
    pub async fn open() -> Self {
        let window = web_sys::window();
        let origin = window
            .and_then(|window| window.location().origin().ok())
            .unwrap_or_default();
        Self {
            cache: open_cache().await.ok(),
            memory: RefCell::default(),
            origin,
        }
    }

    /// Whether what is put here is kept for the next visit.
    pub fn is_lasting(&self) -> bool {
        self.cache.is_some()
    }

    /// What is known about the file at an address, if some of it is stored.
    pub async fn manifest(&self, address: &str) -> Option<Manifest> {
        let manifest: Manifest = serde_json::from_str(&self.note(address).await?).ok()?;
        (manifest.address == address).then_some(manifest)
    }

    /// Must precede the file's first piece.
    pub async fn put_manifest(&self, manifest: &Manifest) -> Result<(), FetchError> {
        let json = serde_json::to_string(manifest).unwrap_or_default();
        self.put_note(&manifest.address, &json).await
    }

    /// A short text kept under an address: a manifest, a listing.
    pub async fn note(&self, address: &str) -> Option<String> {
        let blob = self.get(&self.key(address, "about")).await.ok()??;
        let text = JsFuture::from(blob.text()).await.ok()?;
        text.as_string()
    }

    /// Keeps a short text under an address.
    pub async fn put_note(&self, address: &str, text: &str) -> Result<(), FetchError> {
        let error = |error| self.failed("store", address, &error);
        let parts = js_sys::Array::of1(&JsValue::from_str(text));
        let blob = Blob::new_with_str_sequence(&parts).map_err(|thrown| error(thrown.into()))?;
        self.put(&self.key(address, "about"), &blob).await.map_err(error)
    }

    /// How many pieces are stored before the first gap.
    pub async fn count(&self, manifest: &Manifest) -> u64 {
        let mut count = 0;
        while count < manifest.pieces() && matches!(self.piece(manifest, count).await, Ok(Some(_))) {
            count += 1;
        }
        count
    }

    /// One piece, if it is there.
    pub async fn piece(&self, manifest: &Manifest, index: u64) -> Result<Option<Blob>, FetchError> {
        let key = self.key(&manifest.address, &index.to_string());
        let found = self.get(&key).await;
        found.map_err(|error| self.failed("read the stored part of", &manifest.address, &error))
    }

    /// Stores one piece.
    pub async fn put_piece(&self, manifest: &Manifest, index: u64, bytes: &[u8]) -> Result<(), FetchError> {
        let key = self.key(&manifest.address, &index.to_string());
        let parts = js_sys::Array::of1(&js_sys::Uint8Array::from(bytes));
        let stored = match Blob::new_with_u8_array_sequence(&parts) {
            Ok(blob) => self.put(&key, &blob).await,
            Err(thrown) => Err(thrown.into()),
        };
        match stored {
            Err(error) if error.is("QuotaExceededError") => {
                let needed = manifest.total - manifest.bytes_of(index);
                Err(FetchError::Quota {
                    needed,
                    // Browsers that hide how full the disk is report a fixed, large number.
                    available: available().await.filter(|room| *room < needed),
                })
            }
            other => other.map_err(|error| self.failed("store", &manifest.address, &error)),
        }
    }

    /// Removes a file.
    pub async fn forget(&self, manifest: &Manifest) {
        let pieces = (0..manifest.pieces()).map(|index| index.to_string());
        for part in pieces.chain(["about".to_owned()]) {
            let key = self.key(&manifest.address, &part);
            self.memory.borrow_mut().retain(|(other, _)| *other != key);
            if let Some(cache) = &self.cache {
                // If something cannot be removed, the next visit finds that it does not match.
                JsFuture::from(cache.delete_with_str(&key)).await.ok();
            }
        }
    }

    /// The cache's keys are addresses; these are never asked for over the network.
    fn key(&self, address: &str, part: &str) -> String {
        let digest = Sha256::digest(address.as_bytes());
        let short = hex::encode(&digest[..16]);
        format!("{}/.hemoscope-models/{short}/{part}", self.origin)
    }

    async fn get(&self, key: &str) -> Result<Option<Blob>, BrowserError> {
        let Some(cache) = &self.cache else {
            let memory = self.memory.borrow();
            let found = memory.iter().find(|(other, _)| other == key);
            return Ok(found.map(|(_, blob)| blob.clone()));
        };
        let found: JsValue = JsFuture::from(cache.match_with_str(key)).await?;
        let Ok(response) = found.dyn_into::<Response>() else {
            return Ok(None);
        };
        let blob: JsValue = JsFuture::from(response.blob()?).await?;
        Ok(blob.dyn_into().ok())
    }

    async fn put(&self, key: &str, blob: &Blob) -> Result<(), BrowserError> {
        let Some(cache) = &self.cache else {
            let mut memory = self.memory.borrow_mut();
            memory.retain(|(other, _)| other != key);
            memory.push((key.to_owned(), blob.clone()));
            return Ok(());
        };
        let response = Response::new_with_opt_blob(Some(blob))?;
        JsFuture::from(cache.put_with_str(key, &response)).await?;
        Ok(())
    }

    fn failed(&self, doing: &str, address: &str, error: &BrowserError) -> FetchError {
        FetchError::Browser {
            doing: doing.to_owned(),
            address: address.to_owned(),
            reason: error.to_string(),
        }
    }
}

async fn open_cache() -> Result<Cache, BrowserError> {
    let window = web_sys::window().ok_or_else(|| BrowserError::missing("window"))?;
    // Undefined, not an exception, on pages served without TLS from another machine.
    if !js_sys::Reflect::has(&window, &JsValue::from_str("caches"))? {
        return Err(BrowserError::missing("Cache API"));
    }
    let cache: JsValue = JsFuture::from(window.caches()?.open(NAME)).await?;
    Ok(cache.unchecked_into())
}

/// Bytes that the browser would still store for this page, if it says.
pub(super) async fn available() -> Option<u64> {
    let storage = web_sys::window()?.navigator().storage();
    if storage.is_undefined() {
        return None;
    }
    let estimate: JsValue = JsFuture::from(storage.estimate().ok()?).await.ok()?;
    let member = |key: &str| js_sys::Reflect::get(&estimate, &JsValue::from_str(key)).ok()?.as_f64();
    Some((member("quota")? - member("usage")?).max(0.0) as u64)
}
