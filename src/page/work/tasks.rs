//! The work behind the buttons: engine, model and text are made ready, then the job runs.

use std::pin::Pin;

use futures_util::future::try_join;
use leptos::prelude::*;
use sha2::{Digest as _, Sha256};

use super::page::{Page, Stop};
use crate::doors::address;
use crate::doors::browser::{beside_page, now_ms};
use crate::doors::fetch::{self, FetchError, Hub, Plan, Progress};
use crate::doors::files::Blob;
use crate::doors::spawn::spawn;
use crate::state::{Consent, Fetching, Goal, Model, Stage};
use hemoscope_core::modify::knob;
use hemoscope_core::modify::{Spec, Sweep};
use hemoscope_core::protocol::{FileHandle, Job, Sweeping};
use hemoscope_core::say;
use hemoscope_core::share::{Asset, Link, Origin};

/// A text that is longer than this measures no more and takes minutes to split into tokens.
pub(super) const LONGEST_TEXT_BYTES: usize = 20_000_000;

impl Page {
    /// Measures the curve of the present settings.
    pub(super) fn measure_chosen(self) {
        self.begin(Goal::Run, async move {
            let experiment = self.link.read_untracked().experiment.clone();
            let text = self.text_of(&experiment.text).await?;
            let calibration_text = self
                .calibration_text(&experiment.calibration_text, &experiment.sweep)
                .await?;
            self.ready(&experiment.model).await?;
            let sweeping = Sweeping {
                experiment,
                text,
                calibration_text,
            };
            self.job(Job::Run(Box::new(sweeping)), &[]).await.map(drop)
        });
    }

    /// Lets both models write, the second as it is at the selected point.
    pub(crate) fn write_selected(self) {
        let selected = self
            .results
            .read_untracked()
            .selected_point(&self.link.read_untracked().view)
            .map(|(curve, point)| {
                let title = say::curve_name(&curve.sweep);
                (point.spec.clone(), title, say::strength(&curve.sweep, point.value))
            });
        if let Some((spec, title, at)) = selected {
            self.write(spec, title, at);
        }
    }

    /// Lets both models write, the second with this modification, which is called so.
    fn write(self, spec: Spec, title: String, at: String) {
        self.begin(Goal::Write, async move {
            let Link { experiment, view, .. } = self.link.get_untracked();
            let calibration_text = self
                .calibration_text(&experiment.calibration_text, &Sweep::from(spec.clone()))
                .await?;
            self.ready(&experiment.model).await?;
            self.update(|state| {
                state.writing.start(spec.clone(), title, at);
                if let Some(task) = &mut state.run.task {
                    task.stage = Stage::Writing;
                }
            });
            self.job(
                Job::Generate {
                    experiment: Box::new(experiment),
                    spec,
                    calibration_text,
                    prompt: view.prompt,
                    sampling: view.sampling,
                    tokens: view.tokens,
                },
                &[],
            )
            .await
            .map(drop)
        });
    }

    /// Makes the chosen model ready, and no more.
    pub(super) fn load(self) {
        self.begin(Goal::Load, async move {
            let model = self.link.read_untracked().experiment.model.clone();
            self.ready(&model).await?;
            Ok(())
        });
    }

    fn begin(self, goal: Goal, work: impl Future<Output = Result<(), Stop>> + 'static) {
        self.begin_boxed(goal, Box::pin(work));
    }

    fn begin_boxed(self, goal: Goal, work: Pin<Box<dyn Future<Output = Result<(), Stop>>>>) {
        let begun = self.update(|state| state.begin(goal));
        let Some(number) = self.task(|task| task.number).filter(|_| begun) else {
            return;
        };
        self.renew_cancel();
        spawn(async move {
            let ended = work.await;
            // One that was ended from outside may come to its end while the next one is at work.
            if self.task(|task| task.number != number) == Some(true) {
                return;
            }
            self.update(|state| {
                if ended.is_err() {
                    state.run.queue = None;
                }
                match ended {
                    Ok(()) | Err(Stop::Told) => {}
                    Err(Stop::Cancelled) => state.cancelled(),
                    Err(Stop::Failed(text)) => state.ui.report(text),
                }
                state.end();
            });
            self.measure_next();
        });
    }

    fn check(self) -> Result<(), Stop> {
        if self.task(|task| task.cancelling).unwrap_or(true) {
            Err(Stop::Cancelled)
        } else {
            Ok(())
        }
    }

    /// Engine, device and model: the device starts while the model's files come in.
    async fn ready(self, model: &Asset) -> Result<(), Stop> {
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
        };
        self.update(|state| state.machine.model = Model::Loading { done: 0, total: 0 });
        self.job(job, &blobs).await?;
        if given == self.models_given() {
            self.set_loaded(Some(asset));
        }
        self.check()
    }

    /// The model's files, from the reader or from the network after consent.
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
                    .notify(format!("{file} has changed at its server and is fetched anew."))
            });
        }
        if plan.unchecked() {
            self.update(|state| {
                state.ui.notify(format!(
                    "{} can't be reached, so the copy that this browser has stored is used, as it was then.",
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
        let text = say::sentence(&error.to_string());
        self.update(|state| state.machine.model = Model::Missing(text.clone()));
        Stop::Failed(text)
    }

    /// Asks before anything large is fetched; for the page's own model, the Run button has said the size already.
    async fn consent(self, plan: &Plan) -> Result<(), Stop> {
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
                "The model “{name}” is a file of somebody's own, which a link can't carry. Drop that file on this page, \
                 or choose another model."
            )));
        }
        // The engine hashes what it reads, and the page then says where that is not what the link was made with.
        let asset = Asset {
            sha256: None,
            ..model.clone()
        };
        Ok((asset, files))
    }

    /// What `sweep` is calibrated on, empty where it is not. A page holds one text of the reader's own, which is measured
    /// on; only where that is the very text that a link calibrates on does it serve both.
    async fn calibration_text(self, asset: &Asset, sweep: &Sweep) -> Result<String, Stop> {
        if !knob::is_calibrated(sweep) {
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

    async fn text_of(self, asset: &Asset) -> Result<String, Stop> {
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

    /// A text of somebody else's server, from there after consent, as a model is.
    async fn agreed(self, address: &str) -> Result<String, Stop> {
        let asset = Asset {
            origin: Origin::Url(address.to_owned()),
            sha256: None,
        };
        let plan = fetch::plan(&asset, &Hub::default(), &self.cancel())
            .await
            .map_err(unread)?;
        // A text is not stored.
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

    /// Keeps the clock going, so that times left are new; for as long as the page lives.
    pub(crate) async fn tick(self) {
        #[expect(clippy::infinite_loop, reason = "it ends with the page")]
        loop {
            gloo_timers::future::TimeoutFuture::new(500).await;
            if self.run.read_untracked().task.is_some() {
                self.clock.set(now_ms());
            }
        }
    }
}

fn failed(error: FetchError) -> Stop {
    Stop::Failed(error.to_string())
}

fn unread(error: FetchError) -> Stop {
    match error {
        FetchError::Cancelled => Stop::Cancelled,
        error => Stop::Failed(format!("The text could not be read: {error}")),
    }
}

/// SHA-256 of a text's bytes, hexadecimal.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(&Sha256::digest(text.as_bytes()))
}

/// The Hugging Face hub, or the one that `?hub=` names: a mirror, or one on this machine.
pub(crate) fn hub() -> Result<Hub, FetchError> {
    let Some(base) = address::query("hub") else {
        return Ok(Hub::default());
    };
    let base = percent_encoding::percent_decode_str(&base).decode_utf8_lossy();
    Hub::at(&base)
}

fn beside(file: &str) -> Result<String, Stop> {
    beside_page(file).map_err(|error| Stop::Failed(error.to_string()))
}
