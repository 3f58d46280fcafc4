//! A model whose results are stored, and what they are measured on.

use std::path::Path;

use hemoscope_core::experiment::{Asset, Experiment};
use hemoscope_core::protocol::DeviceChoice;
use hemoscope_core::weights::formats;
use hemoscope_engine::Session;

use crate::commands;
use crate::files::{CliError, locate, read_text};
use crate::host::Terminal;

/// A model, loaded when something is first measured on it.
pub(super) struct LazyModel<'a> {
    path: &'a Path,
    sha256: String,
    session: Option<Session<Terminal>>,
}

impl<'a> LazyModel<'a> {
    /// The model in this file or folder.
    pub(super) fn of(path: &'a Path) -> Result<Self, CliError> {
        Ok(Self {
            path,
            sha256: formats::open_path(path)?.sha256()?,
            session: None,
        })
    }

    /// The hash of its bytes.
    pub(super) fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The session that holds the model.
    pub(super) async fn session(&mut self, asset: &Asset) -> Result<&Session<Terminal>, CliError> {
        let session = match self.session.take() {
            Some(session) => session,
            None => commands::session(self.path, asset, DeviceChoice::Flex).await?,
        };
        Ok(self.session.insert(session))
    }
}

/// What is measured, with the hashes that make it repeatable.
pub(super) struct Inputs {
    pub(super) experiment: Experiment,
    pub(super) text: String,
    pub(super) calibration: String,
}

impl Inputs {
    /// The texts of an experiment on the model with this hash.
    pub(super) fn of(mut experiment: Experiment, model_sha256: &str) -> Result<Self, CliError> {
        let [text, calibration] = [&experiment.text, &experiment.calibration_text]
            .map(|asset| locate(None, &asset.origin, "web/texts", ".txt", "--text").and_then(|path| read_text(&path)));
        let (text, mut calibration) = (text?, calibration?);
        experiment.model.sha256 = Some(model_sha256.to_owned());
        experiment.text.sha256 = Some(formats::sha256_hex(text.as_bytes()));
        if experiment.sweep().needs_calibration() {
            experiment.calibration_text.sha256 = Some(formats::sha256_hex(calibration.as_bytes()));
        } else {
            calibration.clear();
        }
        Ok(Self {
            experiment,
            text,
            calibration,
        })
    }
}
