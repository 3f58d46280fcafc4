//! What each command does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hemoscope_core::curve::{Curve, Outcome, Point, digest};
use hemoscope_core::experiment::{Ask, Asset, Experiment, Origin};
use hemoscope_core::modify::{Spec, Sweep};
use hemoscope_core::numeric::quantiles;
use hemoscope_core::protocol::{DeviceChoice, Sampling};
use hemoscope_core::share::{self, Opened};
use hemoscope_core::weights::formats;
use hemoscope_engine::{RunResult, Session};

use crate::args::{Command, Setting};
use crate::files::{CliError, OutFile, file_name, locate, read_text};
use crate::host::{Terminal, print_message, print_warning};
use crate::{depth, output, stored};

/// Runs one command.
pub(crate) async fn run(command: Command) -> Result<ExitCode, CliError> {
    match command {
        Command::Measure { setting, modify, json } => measure(&setting, modify, json).await,
        Command::Sweep {
            setting,
            modify,
            out,
            json,
        } => {
            let RunResult { curve, complete, .. } = execute(&setting, Ask::Curve(modify)).await?;
            if json {
                output::print_json(&curve)?;
            } else {
                output::print(|out| output::write_curve(out, &curve))?;
            }
            save_all(&curve, &out)?;
            let measured = |point: &Point| matches!(point.outcome(), Outcome::Measured(_));
            Ok(if complete && curve.points.iter().any(measured) {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
        Command::Depth {
            setting,
            modify,
            out,
            json,
        } => depth::depth(&setting, modify, &out, json).await,
        Command::Open {
            link,
            model,
            text,
            calibration,
            device,
            out,
        } => open(&link, [model, text, calibration], device.into(), &out).await,
        Command::Curves { models, force } => stored::curves(&models, force).await,
        Command::Draw { curves, out } => stored::draw(&curves, &out),
        Command::Inspect { model, json } => inspect(&model, json),
        Command::Write {
            setting,
            modify,
            prompt,
            tokens,
            temperature,
        } => write(&setting, modify, &prompt, tokens, temperature).await,
        Command::Bench {
            model,
            window,
            repeats,
            device,
        } => bench(&model, window, repeats, device.into()).await,
    }
}

fn own(path: &Path) -> Asset {
    Asset {
        origin: Origin::Own(file_name(path)),
        sha256: None,
    }
}

pub(crate) async fn session(model: &Path, asset: &Asset, device: DeviceChoice) -> Result<Session<Terminal>, CliError> {
    let files = formats::files(model)?;
    let mut session = Session::new(Terminal::new());
    session.start(device).await?;
    let report = session.load(asset, asset.name(), files).await?;
    report.warnings.iter().for_each(print_warning);
    Ok(session)
}

fn experiment(setting: &Setting, ask: Ask) -> Experiment {
    let nothing = Asset {
        origin: Origin::Own(String::new()),
        sha256: None,
    };
    Experiment {
        model: own(&setting.model),
        ask,
        text: setting.text.as_deref().map_or_else(|| nothing.clone(), own),
        windows: setting.windows,
        window: setting.window,
        calibration_text: setting.calibration.as_deref().map_or(nothing, own),
        calibration_windows: setting.calibration_windows,
        calibration_stats: setting.calibration_stats.into(),
        seed: setting.seed,
    }
}

/// The calibration text, if the modification needs one.
fn calibration_text(setting: &Setting, sweep: &Sweep) -> Result<String, CliError> {
    match &setting.calibration {
        Some(path) => read_text(path),
        None if sweep.needs_calibration() => Err(CliError::Usage(format!(
            "{sweep} looks at the model's activations; give a text to calibrate on with --calibration FILE"
        ))),
        None => Ok(String::new()),
    }
}

/// Runs the experiment.
pub(crate) async fn execute(setting: &Setting, ask: Ask) -> Result<RunResult, CliError> {
    let path = setting.text.as_deref();
    let path = path.ok_or_else(|| CliError::Usage("give a text to measure on with --text FILE".to_owned()))?;
    let text = read_text(path)?;
    let calibration = calibration_text(setting, ask.sweep())?;
    let experiment = experiment(setting, ask);
    let session = session(&setting.model, &experiment.model, setting.device.into()).await?;
    Ok(session.run(&experiment, &text, &calibration).await?)
}

/// Writes a result to all of these files.
pub(crate) fn save_all(curve: &Curve, files: &[OutFile]) -> Result<(), CliError> {
    files.iter().try_for_each(|file| output::save_curve(curve, file))
}

async fn measure(setting: &Setting, modify: Spec, json: bool) -> Result<ExitCode, CliError> {
    let result = execute(setting, Ask::Curve(Sweep::from(modify))).await?;
    match result.curve.points.first().map(Point::outcome) {
        Some(Outcome::Measured(measured)) => {
            if json {
                output::print_json(&output::measurement_json(&result, &measured))?;
            } else {
                output::print(|out| output::write_measurement(out, &result.curve, &measured))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Outcome::Failed(reason)) => {
            print_message(reason);
            Ok(ExitCode::from(1))
        }
        // `measure` asks for a curve, so nothing else can come out.
        Some(Outcome::Observed(_)) | None => Ok(ExitCode::from(1)),
    }
}

async fn open(
    link: &str,
    [model, text, calibration]: [Option<PathBuf>; 3],
    device: DeviceChoice,
    files: &[OutFile],
) -> Result<ExitCode, CliError> {
    let Opened { link, notices } = share::open(link);
    // The page shows the settings that it used instead. A command line that continued would silently measure something
    // else.
    if !notices.is_empty() {
        let notices: Vec<String> = notices.iter().map(ToString::to_string).collect();
        return Err(CliError::Usage(notices.join("\n")));
    }
    let mut experiment = link.experiment;
    let Experiment {
        model: model_asset,
        text: text_asset,
        calibration_text: calibration_asset,
        ..
    } = &mut experiment;
    for (asset, path) in [
        (model_asset, &model),
        (text_asset, &text),
        (calibration_asset, &calibration),
    ] {
        // Without a hash, nothing says that the file is what the link names: the result names the file.
        if let (Some(path), None) = (path, &asset.sha256) {
            *asset = own(path);
        }
    }
    let model = locate(model, &experiment.model.origin, "web/models", ".gguf", "--model")?;
    let text_path = locate(text, &experiment.text.origin, "web/texts", ".txt", "--text")?;
    let text = checked_text(&text_path, &experiment.text)?;
    let calibration = if experiment.sweep().needs_calibration() {
        let path = locate(
            calibration,
            &experiment.calibration_text.origin,
            "web/texts",
            ".txt",
            "--calibration",
        )?;
        checked_text(&path, &experiment.calibration_text)?
    } else {
        String::new()
    };
    let session = session(&model, &experiment.model, device).await?;
    let RunResult { curve, complete, .. } = session.run(&experiment, &text, &calibration).await?;
    let verdict = link.expect.map(|expected| digest::compare(&expected, &curve));
    output::print(|out| {
        match experiment.ask {
            Ask::Curve(_) => output::write_curve(out, &curve)?,
            Ask::Depth(_) => depth::write_depth(out, &curve)?,
        }
        match &verdict {
            None => writeln!(
                out,
                "The link carries no expected result; this run expects {}",
                digest::expectation(&curve)
            ),
            Some(verdict) => writeln!(out, "{verdict}"),
        }
    })?;
    save_all(&curve, files)?;
    Ok(if complete && verdict.is_none_or(|verdict| verdict.is_reproduced()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// A text, checked against the link's hash if it has one.
fn checked_text(path: &Path, asset: &Asset) -> Result<String, CliError> {
    let text = read_text(path)?;
    let found = formats::sha256_hex(text.as_bytes());
    match &asset.sha256 {
        Some(expected) if *expected != found => Err(CliError::Usage(format!(
            "{} has SHA-256 {found}, but the link was made with {expected}; results would not be comparable. \
             Give the text that it was made with",
            path.display()
        ))),
        _ => Ok(text),
    }
}

fn inspect(path: &Path, json: bool) -> Result<ExitCode, CliError> {
    let opened = formats::open_path(path)?;
    let sha256 = opened.sha256()?;
    let pristine = &opened.pristine;
    let config = pristine.config();
    #[expect(clippy::cast_precision_loss, reason = "parameter counts are far below 2⁵²")]
    let bits = 8.0 * pristine.stored_bytes() as f64 / pristine.parameters().max(1) as f64;
    if json {
        let tensors: Vec<_> = pristine
            .tensors()
            .map(|(id, tensor)| {
                serde_json::json!({
                    "name": tensor.name(), "id": id, "shape": tensor.shape(), "encoding": tensor.encoding(),
                    "bytes": tensor.stored_bytes(),
                })
            })
            .collect();
        let object = serde_json::json!({
            "config": config, "sha256": sha256, "parameters": pristine.parameters(),
            "bits_per_weight": bits, "tensors": tensors, "warnings": opened.warnings,
        });
        output::print_json(&object)?;
    } else {
        opened.warnings.iter().for_each(print_warning);
        output::print(|out| output::write_model(out, pristine, &sha256, bits))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn write(
    setting: &Setting,
    modify: Spec,
    prompt: &str,
    tokens: usize,
    temperature: Option<f64>,
) -> Result<ExitCode, CliError> {
    let sweep = Sweep::from(modify.clone());
    let calibration = calibration_text(setting, &sweep)?;
    let experiment = experiment(setting, Ask::Curve(sweep));
    let session = session(&setting.model, &experiment.model, setting.device.into()).await?;
    let sampling = match temperature {
        Some(temperature) => Sampling::Temperature {
            temperature,
            seed: setting.seed,
        },
        None => Sampling::Greedy,
    };
    let generated = session
        .generate(&experiment, &modify, &calibration, prompt, sampling, tokens)
        .await?;
    let tokenizer = &session.model()?.tokenizer;
    output::print(|out| {
        writeln!(out, "untouched: {}", tokenizer.decode(&generated.base))?;
        writeln!(out, "modified:  {}", tokenizer.decode(&generated.modified))?;
        match generated.first_difference() {
            Some(token) => writeln!(out, "first difference: generated token {token}"),
            None => writeln!(out, "no difference in {} tokens", generated.base.len()),
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn bench(model: &Path, window: usize, repeats: usize, device: DeviceChoice) -> Result<ExitCode, CliError> {
    let session = session(model, &own(model), device).await?;
    let loaded = session.model()?;
    let context = loaded.llama.config().context;
    if window > context {
        return Err(CliError::Usage(format!(
            "--window {window} is longer than the {context} tokens that {} was made for; give fewer",
            loaded.name
        )));
    }
    let seconds = session.time_passes(&loaded.llama, window, repeats).await?;
    let [median, best] = quantiles(seconds, [0.5, 0.0]);
    #[expect(clippy::cast_precision_loss, reason = "a window is short")]
    let speed = window as f64 / median;
    output::print(|out| {
        writeln!(
            out,
            "| {} | {} | {window} | {median:.3} | {best:.3} | {speed:.0} |",
            file_name(model),
            session.device_label()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
