//! The results that the page shows before anything is loaded: every question about every method on every size of model,
//! with the page's defaults, and what the models write under each method.

mod lazy_model;
mod texts;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hemoscope_core::curve::{Curve, Point, digest, sentence};
use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::bundled::{self, Bundled, SIZES};
use hemoscope_core::experiment::{Asset, Experiment, Question, View};
use hemoscope_core::modify::Spec;
use hemoscope_core::plot::picture::{Drawn, together};
use hemoscope_core::plot::{KEPT, draw as draw_chart};
use hemoscope_core::share::{self, Opened};
use hemoscope_core::wording;
use hemoscope_core::wording::opening;
use hemoscope_engine::RunResult;
use serde::{Deserialize, Serialize};

use self::lazy_model::{Inputs, LazyModel};
use crate::files::{CliError, Format, OutFile, locate, read_json, read_text};
use crate::host::print_message;
use crate::output;

/// The page's sources, relative to the repository's folder.
const WEB: &str = "web";

/// The page, which holds the opening curve.
const PAGE: &str = "index.html";

/// The method whose curves of all sizes are drawn for the README.
const PICTURED: &str = "wanda";

/// A stored file: a curve, and the link that reproduces it.
#[derive(Serialize)]
struct Stored<'a> {
    link: String,
    #[serde(flatten)]
    curve: &'a Curve,
}

/// The part of a stored file that identifies it.
#[derive(Deserialize)]
struct Label {
    link: String,
}

/// Measures what is not stored yet, or everything.
pub(crate) async fn curves(names: &[String], force: bool) -> Result<ExitCode, CliError> {
    if let Some(unknown) = names.iter().find(|name| bundled::find(name).is_none()) {
        let known: Vec<&str> = bundled::all().map(|model| model.name).collect();
        return Err(CliError::Usage(format!(
            "there is no bundled model {unknown}; there are: {}",
            known.join(", ")
        )));
    }
    let mut code = ExitCode::SUCCESS;
    for model in bundled::all().filter(|model| names.is_empty() || names.iter().any(|name| name == model.name)) {
        let origin = Asset::bundled(model.name).origin;
        match locate(None, &origin, "web/models", ".gguf", "--model") {
            Ok(path) => measure(model, &path, force).await?,
            Err(_) => {
                print_message(format!(
                    "web/models holds no {}; its curves stay as they are",
                    model.name
                ));
                code = ExitCode::from(1);
            }
        }
    }
    draw_sizes()?;
    paint_opening()?;
    Ok(code)
}

/// Measures all of a model's stored results and its texts.
async fn measure(model: &Bundled, path: &Path, force: bool) -> Result<(), CliError> {
    let mut lazy = LazyModel::of(path)?;
    for experiment in bundled::stored(model) {
        let inputs = Inputs::of(experiment, lazy.sha256())?;
        let ask = &inputs.experiment.ask;
        let Some(place) = bundled::result_path(model.name, ask) else {
            continue;
        };
        let result = Path::new(WEB).join(place);
        store_result(&mut lazy, &inputs, &result, force).await?;
        if let (Question::Curve, Some(place)) = (ask.question(), bundled::texts_path(model.name, ask.sweep())) {
            let curve: Curve = read_json(&result)?;
            let file = Path::new(WEB).join(place);
            texts::store(&mut lazy, model, &taken(&curve), &inputs, &file, force).await?;
        }
    }
    Ok(())
}

/// The modifications under which the model's outputs are finite.
fn taken(curve: &Curve) -> Vec<Spec> {
    let is_taken = |point: &&Point| point.loss().is_some_and(f64::is_finite);
    let taken = curve.points.iter().filter(is_taken);
    taken.map(|point| point.spec.clone()).collect()
}

/// Measures a result, unless it is already stored.
async fn store_result(lazy: &mut LazyModel<'_>, inputs: &Inputs, file: &Path, force: bool) -> Result<(), CliError> {
    if !force && label(file).is_some_and(|stored| stored == inputs.experiment) {
        print_message(format!("{} is up to date", file.display()));
        return Ok(());
    }
    let Inputs {
        experiment,
        text,
        calibration,
    } = inputs;
    let session = lazy.session(&experiment.model).await?;
    let RunResult { curve, .. } = session.run(experiment, text, calibration).await?;
    let link = Settings {
        experiment: experiment.clone(),
        expect: Some(digest::expectation(&curve)),
        ..Settings::default()
    };
    let stored = Stored {
        link: share::fragment(&link),
        curve: &curve,
    };
    // With one number per line, arrays would have thousands of lines.
    let text = if curve.question != Question::Curve {
        serde_json::to_string(&stored)?
    } else {
        serde_json::to_string_pretty(&stored)?
    };
    output::save_text(file, &(text + "\n"))?;
    print_message(format!(
        "{}: {:.0} s. {}",
        file.display(),
        curve.duration_secs,
        said(&curve)
    ));
    Ok(())
}

/// A result in words.
fn said(curve: &Curve) -> String {
    let last = curve.points.iter().rfind(|point| !point.observations.is_empty());
    let of_depth = last.and_then(|last| wording::depth(curve, last));
    of_depth.map_or_else(|| sentence::describe(curve), |answer| answer.whole())
}

/// The experiment of a stored file, if the file exists.
fn label(file: &Path) -> Option<Experiment> {
    let text = std::fs::read_to_string(file).ok()?;
    let Label { link } = serde_json::from_str(&text).ok()?;
    let Opened { link, notices } = share::open(&link);
    notices.is_empty().then_some(link.experiment)
}

/// Draws the picture of the sizes, if the curve of each is stored.
fn draw_sizes() -> Result<(), CliError> {
    let files = SIZES.map(|model| Path::new(WEB).join(bundled::curve_path(model.name, PICTURED)));
    if files.iter().all(|file| file.exists()) {
        let picture = Path::new(WEB).join("curves/sizes.svg");
        output::save_text(&picture, &svg(&files)?)?;
        print_message(picture.display());
    }
    Ok(())
}

/// Writes what the page shows before its module has loaded, if the curve that it opens with is stored.
fn paint_opening() -> Result<(), CliError> {
    let curve = Path::new(WEB).join(bundled::curve_path(bundled::FIRST, PICTURED));
    if curve.exists() {
        let curve: Curve = read_json(&curve)?;
        let Some(texts) = bundled::texts_path(bundled::FIRST, &curve.sweep) else {
            return Ok(());
        };
        let texts = read_json(&Path::new(WEB).join(texts))?;
        let page = Path::new(PAGE);
        output::save_text(page, &opening::written_into(&read_text(page)?, &curve, &texts)?)?;
        print_message(page.display());
    }
    Ok(())
}

/// Draws curves into one chart.
pub(crate) fn draw(files: &[PathBuf], out: &OutFile) -> Result<ExitCode, CliError> {
    if !matches!(out.format, Format::Svg) {
        return Err(CliError::Usage(
            "a picture of several curves is an .svg file".to_owned(),
        ));
    }
    output::save_text(&out.path, &svg(files)?)?;
    Ok(ExitCode::SUCCESS)
}

fn svg(files: &[PathBuf]) -> Result<String, CliError> {
    if files.len() > KEPT {
        return Err(CliError::Usage(format!(
            "at most {KEPT} curves can be told apart; give fewer"
        )));
    }
    let curves: Vec<Curve> = files.iter().map(|file| read_json(file)).collect::<Result<_, _>>()?;
    if let Some((file, _)) = files
        .iter()
        .zip(&curves)
        .find(|(_, curve)| curve.question != Question::Curve)
    {
        return Err(CliError::Usage(format!(
            "{} holds no curve; give files as `hemoscope sweep --out FILE.json` writes them",
            file.display()
        )));
    }
    let of_size = |name: &str| SIZES.iter().find(|model| model.name == name).map(|model| model.short);
    let mut drawn: Vec<Drawn<'_>> = Vec::new();
    for (slot, curve) in curves.iter().enumerate() {
        let others = drawn.iter().map(|drawn| (drawn.name.as_str(), drawn.curve));
        let name = of_size(&curve.protocol.model_name).map_or_else(|| wording::kept_name(curve, others), str::to_owned);
        drawn.push(Drawn {
            name,
            slot: Some(slot),
            curve,
        });
    }
    let chart = together(&drawn, &View::default(), output::PICTURE)
        .ok_or_else(|| CliError::Usage("give at least one curve".to_owned()))?;
    let named = drawn.iter().map(|drawn| (drawn.name.as_str(), Some(drawn.curve)));
    let said = sentence::compare(&named.collect::<Vec<_>>(), sentence::DEFAULT_RATIO);
    let title = wording::curve_name(&curves[0].sweep);
    Ok(draw_chart(&chart)?.to_svg(&title, &format!("{title}. {said}")))
}
