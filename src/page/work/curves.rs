//! Stored curves and texts, fetched when the settings call for them, and runs of several models in turn.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

use super::page::Page;
use crate::doors::browser::beside_page;
use crate::doors::fetch::{self, Cancel};
use crate::doors::spawn::spawn;
use crate::state::State;

/// The most bytes of a stored file; a curve of a thousand points has 600 kB.
const LONGEST_FILE_BYTES: usize = 2_000_000;

impl Page {
    /// Shows what is stored or was measured here for the current model and method, fetching it if necessary.
    pub(crate) fn show_curves(self) {
        let (curves, texts) = self.update(|state| {
            let wanted = state.results.ask_for_curves(&state.link);
            let texts = state.writing.ask_for_texts(&state.link);
            state.show();
            (wanted, texts)
        });
        for path in curves {
            spawn(async move {
                // If none is stored, the chart stays empty and says so.
                let curve = stored(&path).await;
                self.update(|state| state.take_stored(&path, curve));
            });
        }
        if let Some(path) = texts {
            spawn(async move {
                let texts = stored(&path).await;
                self.update(|state| state.writing.take_stored(&path, texts));
            });
        }
    }

    /// Measures what is on view: the chosen model, or all sizes in turn.
    pub(crate) fn measure(self) {
        self.update(State::queue_sizes);
        if self.run.read_untracked().queue.is_some() {
            self.measure_next();
        } else {
            self.measure_chosen();
        }
    }

    /// Measures the next queued model, if there is one.
    pub(super) fn measure_next(self) {
        let waits = self.update(|state| state.run.task.is_none() && state.choose_next());
        if waits {
            self.measure_chosen();
        }
    }
}

/// A file stored with the page; `None` if it is missing or can't be read.
async fn stored<T: DeserializeOwned>(path: &str) -> Option<T> {
    let address = beside_page(path).ok()?;
    let text = fetch::text(&address, LONGEST_FILE_BYTES, &Cancel::default())
        .await
        .ok()?;
    serde_json::from_str(&text).ok()
}
