//! What each command does.

use std::path::Path;
use std::process::ExitCode;

use hemoscope::curve::{Outcome, digest};
use hemoscope::engine::job::{DeviceChoice, Sampling};
use hemoscope::engine::{RunResult, Session};
use hemoscope::modify::{Spec, Sweep};
use hemoscope::share::{Asset, Experiment, Link, Opened, Origin};
use hemoscope::weights::formats;

use crate::args::{Command, Setting};
use crate::files::{CliError, file_name, locate, read_text};
use crate::host::Terminal;
use crate::output;

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
            let result = execute(&setting, modify).await?;
            write_all(&result, &out)?;
            if json {
                println!("{}", serde_json::to_string_pretty(&result.curve)?);
            } else {
                output::print_curve(&result.curve);
            }
            Ok(if result.complete {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
        Command::Open {
            link,
            model,
            text,
            calibration,
            device,
            out,
        } => open(&link, [model, text, calibration], device.into(), &out).await,
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

async fn session(model: &Path, asset: &Asset, device: DeviceChoice) -> Result<Session<Terminal>, CliError> {
    let files = formats::files(model)?;
    let mut session = Session::new(Terminal::new());
    session.start(device).await?;
    session.load(asset, asset.name(), files).await?;
    Ok(session)
}

fn experiment(setting: &Setting, sweep: Sweep) -> Experiment {
    let nothing = Asset {
        origin: Origin::Own(String::new()),
        sha256: None,
    };
    Experiment {
        model: own(&setting.model),
        sweep,
        text: setting.text.as_deref().map_or_else(|| nothing.clone(), own),
        windows: setting.windows,
        window: setting.window,
        calibration_text: setting.calibration.as_deref().map_or(nothing, own),
        calibration_windows: setting.calibration_windows,
        calibration_stats: setting.calibration_stats.into(),
        seed: setting.seed,
    }
}

/// The calibration text where the modification needs one and it was given.
fn calibration_text(setting: &Setting, sweep: &Sweep) -> Result<String, CliError> {
    match &setting.calibration {
        Some(path) => read_text(path),
        None if sweep.needs_calibration() => Err(CliError::Usage(format!(
            "{sweep} looks at the model's activations; give a text to calibrate on with --calibration FILE"
        ))),
        None => Ok(String::new()),
    }
}

async fn execute(setting: &Setting, sweep: Sweep) -> Result<RunResult, CliError> {
    let path = setting.text.as_deref();
    let path = path.ok_or_else(|| CliError::Usage("give a text to measure on with --text FILE".to_owned()))?;
    let text = read_text(path)?;
    let calibration = calibration_text(setting, &sweep)?;
    let experiment = experiment(setting, sweep);
    let session = session(&setting.model, &experiment.model, setting.device.into()).await?;
    Ok(session.run(&experiment, &text, &calibration).await?)
}

fn write_all(result: &RunResult, paths: &[std::path::PathBuf]) -> Result<(), CliError> {
    paths
        .iter()
        .try_for_each(|path| output::write_curve(&result.curve, path))
}

async fn measure(setting: &Setting, modify: Spec, json: bool) -> Result<ExitCode, CliError> {
    let result = execute(setting, Sweep::from(modify)).await?;
    match result.curve.points.first().map(|point| &point.outcome) {
        Some(Outcome::Measured(measured)) => {
            if json {
                println!(
                    "{}",
                    serde_json::to_string_pretty(&output::measurement_json(&result, measured))?
                );
            } else {
                output::print_measurement(&result, measured);
            }
            Ok(ExitCode::SUCCESS)
        }
        Some(Outcome::Failed(reason)) => {
            eprintln!("hemoscope: {reason}");
            Ok(ExitCode::from(1))
        }
        None => Ok(ExitCode::from(1)),
    }
}

async fn open(
    link: &str,
    [model, text, calibration]: [Option<std::path::PathBuf>; 3],
    device: DeviceChoice,
    out: &[std::path::PathBuf],
) -> Result<ExitCode, CliError> {
    let fragment = link.split_once('#').map_or(link, |(_, fragment)| fragment);
    let Opened { link, notices } = Link::open(fragment);
    // A front end that shows the settings can go on with others; a command line that does so measures something else.
    if !notices.is_empty() {
        let notices: Vec<String> = notices.iter().map(ToString::to_string).collect();
        return Err(CliError::Usage(notices.join("\n")));
    }
    let experiment = link.experiment;
    let model = locate(model, &experiment.model.origin, "web/models", ".gguf", "--model")?;
    let text_path = locate(text, &experiment.text.origin, "web/texts", ".txt", "--text")?;
    let text = checked_text(&text_path, &experiment.text)?;
    let calibration = if experiment.sweep.needs_calibration() {
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
    let result = session.run(&experiment, &text, &calibration).await?;
    write_all(&result, out)?;
    output::print_curve(&result.curve);
    match link.expect {
        None => {
            println!(
                "The link carries no expected result; this run expects {}",
                digest::expectation(&result.curve)
            );
            Ok(ExitCode::SUCCESS)
        }
        Some(expected) => {
            let verdict = digest::compare(&expected, &result.curve);
            println!("{verdict}");
            Ok(if verdict.is_reproduced() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            })
        }
    }
}

/// A text whose hash is the link's, where the link names one.
fn checked_text(path: &Path, asset: &Asset) -> Result<String, CliError> {
    let text = read_text(path)?;
    let found = formats::sha256_hex(text.as_bytes());
    match &asset.sha256 {
        Some(expected) if *expected != found => Err(CliError::Usage(format!(
            "{} has SHA-256 {found}, but the link was made with {expected}; results would not be comparable",
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
            "bits_per_weight": bits, "tensors": tensors,
        });
        println!("{}", serde_json::to_string_pretty(&object)?);
        return Ok(ExitCode::SUCCESS);
    }
    println!("{}", config.name.as_deref().unwrap_or("(no name)"));
    println!("architecture     {:?}", config.architecture);
    println!(
        "licence          {}",
        config.licence.as_deref().unwrap_or("not stated in the file")
    );
    println!("sha256           {}", sha256);
    println!("parameters       {}", pristine.parameters());
    println!("bits per weight  {bits:.3}");
    println!(
        "blocks {}, hidden {}, intermediate {}, heads {} ({} for keys and values) × {}, vocabulary {}, context {}",
        config.blocks,
        config.hidden,
        config.intermediate,
        config.heads,
        config.kv_heads,
        config.head_dim,
        config.vocabulary,
        config.context
    );
    for (_, tensor) in pristine.tensors() {
        let [rows, columns] = tensor.shape();
        println!(
            "{:<40} {rows:>7} × {columns:<7} {:<6} {:>12} bytes",
            tensor.name(),
            tensor.encoding(),
            tensor.stored_bytes()
        );
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
    let experiment = experiment(setting, sweep);
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
    println!("untouched: {}", tokenizer.decode(&generated.base));
    println!("modified:  {}", tokenizer.decode(&generated.modified));
    match generated.first_difference() {
        Some(token) => println!("first difference: generated token {token}"),
        None => println!("no difference in {} tokens", generated.base.len()),
    }
    Ok(ExitCode::SUCCESS)
}

async fn bench(model: &Path, window: usize, repeats: usize, device: DeviceChoice) -> Result<ExitCode, CliError> {
    let session = session(model, &own(model), device).await?;
    let loaded = session.model()?;
    let mut seconds = session.time_passes(&loaded.llama, window, repeats).await?;
    seconds.sort_by(f64::total_cmp);
    let median = seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN);
    #[expect(clippy::cast_precision_loss, reason = "a window is short")]
    let speed = window as f64 / median;
    println!(
        "| {} | {} | {window} | {median:.3} | {speed:.0} |",
        file_name(model),
        session.device_label()
    );
    Ok(ExitCode::SUCCESS)
}
