//! What all points of a run share: the texts, cut into windows, and the protocol.

use crate::calibrate::Calibration;
use crate::text::Windows;
use crate::{EngineError, Model};
use hemoscope_core::curve::{CalibrationProtocol, Protocol};
use hemoscope_core::experiment::Experiment;
use hemoscope_core::experiment::fields::{self, Field};
use hemoscope_core::weights::formats::sha256_hex;

/// What all points share.
pub(crate) struct Setup {
    pub(crate) windows: Windows,
    pub(crate) calibration: Option<Calibration>,
    pub(crate) protocol: Protocol,
}

pub(crate) fn setup(
    model: &Model,
    experiment: &Experiment,
    text: &str,
    calibration_text: &str,
) -> Result<Setup, EngineError> {
    let Experiment {
        window,
        windows,
        calibration_windows,
        ..
    } = *experiment;
    let context = model.llama.config().context;
    let within = |what, value: usize, low: usize, high: usize| {
        let allowed = format!("from {low} to {high}");
        if (low..=high).contains(&value) {
            Ok(())
        } else {
            Err(EngineError::OutOfRange { what, value, allowed })
        }
    };
    let most_windows = most(&fields::WINDOWS);
    within(
        "the number of tokens per window",
        window,
        least(&fields::WINDOW),
        context,
    )?;
    let longest = model.llama.compute().longest_window(model.llama.config().heads);
    if window > longest {
        return Err(EngineError::OutOfRange {
            what: "the number of tokens per window",
            value: window,
            allowed: format!(
                "at most {longest} on this device, where attention over longer windows does not fit into memory; choose \
                 shorter windows"
            ),
        });
    }
    within("the number of windows", windows, 1, most_windows)?;
    let text_name = experiment.text.name();
    let cut = Windows::cut(&model.tokenizer, &text_name, text, windows, window)?;
    let calibration = calibration(model, experiment, calibration_text)?;
    if calibration.is_some() {
        within(
            "the number of calibration windows",
            calibration_windows,
            1,
            most_windows,
        )?;
    }
    let protocol = Protocol {
        name: "full-window".to_owned(),
        window,
        windows,
        tokens: windows * (window - 1),
        text_name,
        text_sha256: sha256_hex(text.as_bytes()),
        model_name: model.name.clone(),
        model_sha256: model.sha256.clone(),
        calibration: calibration.as_ref().map(|calibration| CalibrationProtocol {
            text_name: experiment.calibration_text.name(),
            text_sha256: sha256_hex(calibration_text.as_bytes()),
            windows: calibration.windows.count(),
            stats: calibration.stats,
        }),
        seed: experiment.seed,
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        warnings: model.warnings.clone(),
    };
    Ok(Setup {
        windows: cut,
        calibration,
        protocol,
    })
}

fn least(field: &Field) -> usize {
    usize::try_from(field.whole().0).unwrap_or(0)
}

fn most(field: &Field) -> usize {
    usize::try_from(field.whole().1).unwrap_or(usize::MAX)
}

/// The calibration, if any method of the experiment needs it.
pub(crate) fn calibration(
    model: &Model,
    experiment: &Experiment,
    text: &str,
) -> Result<Option<Calibration>, EngineError> {
    let mut needed = false;
    for (_, spec) in experiment.sweep().points() {
        needed |= spec.needs_calibration()?;
    }
    if !needed {
        return Ok(None);
    }
    let name = experiment.calibration_text.name();
    let windows = Windows::cut(
        &model.tokenizer,
        &name,
        text,
        experiment.calibration_windows,
        experiment.window,
    )?;
    Ok(Some(Calibration {
        windows,
        stats: experiment.calibration_stats,
    }))
}
