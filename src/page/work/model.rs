//! The model of a task: its files come from the user or the network, and go to the engine.

use futures_util::future::try_join;
use leptos::prelude::*;

use super::page::{Page, Stop};
use crate::doors::address;
use crate::doors::fetch::{self, FetchError, Hub, Plan, Progress};
use crate::doors::files::Blob;
use crate::state::{Consent, Fetching, Model};
use hemoscope_core::experiment::{Asset, Origin};
use hemoscope_core::protocol::{FileHandle, Job};
use hemoscope_core::wording;

impl Page {
    /// Engine, device and model: the device starts while the model's files come in.
    pub(super) async fn ready(self, model: &Asset) -> Result<(), Stop> {
        let loaded = self.loaded().is_some_and(|loaded| loaded.may_be(model))
            && matches!(self.machine.read_untracked().model, Model::Ready(_));
        if loaded {
            self.device().await?;
            return self.check();
        }
        self.set_loaded(None);
        let (given, cancel) = (self.models_given(), self.cancel());
        let device = async {
            let started = self.device().await;
            if started.is_err() {
                cancel.cancel();
            }
            started
        };
        let ((), (asset, files)) = try_join(device, self.model_files(model)).await?;
        self.check()?;
        let (names, blobs): (Vec<String>, Vec<Blob>) = files.into_iter().unzip();
        let files = names
            .into_iter()
            .enumerate()
            .map(|(blob, name)| FileHandle { name, blob })
            .collect();
        let job = Job::LoadModel {
            model: asset.clone(),
            files,
            // Downloads were hashed as they arrived; the user's own files have not been read yet.
            sha256: asset.sha256.clone(),
        };
        self.update(|state| state.machine.model = Model::Loading { done: 0, total: 0 });
        self.job(job, &blobs).await?;
        if given == self.models_given() {
            self.set_loaded(Some(asset));
        }
        self.check()
    }

    /// The model's files, from the user, or from the network after consent.
    async fn model_files(self, model: &Asset) -> Result<(Asset, Vec<(String, Blob)>), Stop> {
        if let Origin::Own(name) = &model.origin {
            return self.own_model(model, name);
        }
        let cancel = self.cancel();
        let plan = fetch::plan(model, &hub().map_err(failed)?, &cancel)
            .await
            .map_err(|error| self.no_model(error))?;
        for file in plan.changed() {
            self.update(|state| {
                state
                    .ui
                    .notify(format!("{file} has changed on its server and is downloaded again."));
            });
        }
        if plan.unchecked() {
            self.update(|state| {
                state.ui.notify(format!(
                    "{} can't be reached, so the copy stored in this browser is used as it is.",
                    plan.asset.origin
                ));
            });
        }
        self.consent(&plan).await?;
        let report = move |progress: Progress| {
            let file = progress.file;
            let what = match progress.stage {
                fetch::Stage::Reading => format!("reading the stored copy of {file}"),
                fetch::Stage::Downloading => format!("downloading {file}"),
                fetch::Stage::Restarting => format!("downloading {file} anew, which has changed"),
            };
            self.update(|state| {
                state.machine.model = Model::Fetching(Fetching {
                    what,
                    done: progress.done_bytes,
                    total: progress.total_bytes,
                    rate: progress.bytes_per_second,
                });
            });
        };
        let got = fetch::download(&plan, report, &cancel)
            .await
            .map_err(|error| self.no_model(error))?;
        let asset = Asset {
            origin: plan.asset.origin,
            sha256: Some(got.sha256),
        };
        let files = got.files.into_iter().map(|file| (file.name, file.blob)).collect();
        Ok((asset, files))
    }

    fn no_model(self, error: FetchError) -> Stop {
        if matches!(error, FetchError::Cancelled) {
            return Stop::Cancelled;
        }
        let text = wording::sentence(&error.to_string());
        self.update(|state| state.machine.model = Model::Missing(text.clone()));
        Stop::Failed(text)
    }

    /// Asks before anything large is fetched; for bundled models, the Run button has already shown the size.
    pub(super) async fn consent(self, plan: &Plan) -> Result<(), Stop> {
        if plan.missing_bytes() == 0 || plan.host.is_empty() {
            return Ok(());
        }
        self.update(|state| {
            state.machine.model = Model::Asking(Consent {
                name: plan.asset.name(),
                bytes: plan.missing_bytes(),
                host: plan.host.clone(),
                lasting: plan.lasting,
            });
        });
        if self.ask().await {
            self.check()
        } else {
            Err(Stop::Cancelled)
        }
    }

    fn own_model(self, model: &Asset, name: &str) -> Result<(Asset, Vec<(String, Blob)>), Stop> {
        let files = self.own().model;
        if files.iter().all(|(file, _)| file != name) {
            return Err(Stop::Failed(format!(
                "The model “{name}” is somebody's own file, which a link can't carry. Drop that file on this page, \
                 or choose another model."
            )));
        }
        // The engine hashes what it reads, and the page then says if it is not what the link was made with.
        let asset = Asset {
            sha256: None,
            ..model.clone()
        };
        Ok((asset, files))
    }
}

pub(super) fn failed(error: FetchError) -> Stop {
    Stop::Failed(error.to_string())
}

/// The Hugging Face hub, or the one that `?hub=` names: a mirror, or one on this machine.
pub(crate) fn hub() -> Result<Hub, FetchError> {
    let Some(base) = address::query("hub") else {
        return Ok(Hub::default());
    };
    let base = percent_encoding::percent_decode_str(&base).decode_utf8_lossy();
    Hub::at(&base)
}
