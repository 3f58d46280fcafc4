//! The texts of a task: what is measured on, and what is calibrated on.

use leptos::prelude::*;
use sha2::{Digest as _, Sha256};

use super::model::{failed, hub};
use super::page::{Page, Stop};
use crate::doors::browser::beside_page;
use crate::doors::fetch::{self, FetchError, Hub, Plan};
use crate::state::Model;
use hemoscope_core::experiment::{Asset, Origin};
use hemoscope_core::modify::Sweep;

/// Longer texts would add nothing to a measurement and take minutes to tokenise.
pub(super) const LONGEST_TEXT_BYTES: usize = 20_000_000;

impl Page {
    /// The text that `sweep` is calibrated on; empty if it needs none. The page holds only one text of the user's own,
    /// for measuring; it serves for calibration too only if it is the very text that a link calibrates on.
    pub(super) async fn calibration_text(self, asset: &Asset, sweep: &Sweep) -> Result<String, Stop> {
        if !sweep.needs_calibration() {
            return Ok(String::new());
        }
        if let Origin::Own(name) = &asset.origin {
            let own = self.own().text.map(|(_, text)| text);
            return own
                .filter(|text| asset.sha256 == Some(sha256(text)))
                .ok_or_else(|| {
                    Stop::Failed(format!(
                        "The link calibrates on “{name}”, somebody's own text, which a link can't carry. Choose a bundled \
                         text under “More settings”, calibrate on; or run the link on the command line with --calibration."
                    ))
                });
        }
        self.text_of(asset).await
    }

    pub(super) async fn text_of(self, asset: &Asset) -> Result<String, Stop> {
        let text = match &asset.origin {
            Origin::Own(name) => self.own().text.map(|(_, text)| text).ok_or_else(|| {
                Stop::Failed(format!(
                    "The text “{name}” is somebody's own, which a link can't carry. Paste it or drop it under “Measure \
                     on”, or choose the bundled text."
                ))
            })?,
            Origin::Bundled(name) => self.fetched(&beside(&format!("texts/{name}.txt"))?).await?,
            Origin::Url(address) => self.agreed(address).await?,
            Origin::Hub {
                repository,
                revision,
                file,
            } => {
                let address = hub().and_then(|hub| hub.file(repository, revision, file));
                self.agreed(&address.map_err(failed)?).await?
            }
        };
        let found = sha256(&text);
        if let Some(wanted) = &asset.sha256
            && *wanted != found
        {
            self.update(|state| {
                state.ui.notify(format!(
                    "The text “{}” is not the one that the link was made with (SHA-256 {found}, expected {wanted}); the \
                     results will differ.",
                    asset.origin
                ));
            });
        }
        Ok(text)
    }

    /// A text from a third-party server, fetched after consent, like a model.
    async fn agreed(self, address: &str) -> Result<String, Stop> {
        let asset = Asset {
            origin: Origin::Url(address.to_owned()),
            sha256: None,
        };
        let plan = fetch::plan(&asset, &Hub::default(), &self.cancel())
            .await
            .map_err(unread)?;
        // Texts are not stored.
        let plan = Plan { lasting: false, ..plan };
        let model = self.machine.read_untracked().model.clone();
        let answer = self.consent(&plan).await;
        self.update(|state| {
            if matches!(state.machine.model, Model::Asking(_)) {
                state.machine.model = model;
            }
        });
        answer?;
        self.fetched(address).await
    }

    async fn fetched(self, address: &str) -> Result<String, Stop> {
        fetch::text(address, LONGEST_TEXT_BYTES, &self.cancel())
            .await
            .map_err(unread)
    }
}

fn unread(error: FetchError) -> Stop {
    match error {
        FetchError::Cancelled => Stop::Cancelled,
        error => Stop::Failed(format!("The text could not be read: {error}")),
    }
}

/// SHA-256 of a text's bytes, hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn beside(file: &str) -> Result<String, Stop> {
    beside_page(file).map_err(|error| Stop::Failed(error.to_string()))
}
