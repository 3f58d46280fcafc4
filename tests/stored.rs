//! The bundled models and the curves measured on them in advance.

mod support;

use std::path::{Path, PathBuf};

use hemoscope_core::curve::sentence::compare;
use hemoscope_core::curve::{Curve, Outcome, Point, digest};
use hemoscope_core::decode::{Continuations, StoredTexts};
use hemoscope_core::experiment::bundled::{self, Bundled, SIZES};
use hemoscope_core::experiment::{Ask, Asset, Experiment, Sampling};
use hemoscope_core::modify::catalogue;
use hemoscope_core::modify::knob;
use hemoscope_core::protocol::DeviceChoice;
use hemoscope_core::share;
use hemoscope_core::weights::formats;
use hemoscope_engine::Session;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use support::Quiet;

/// A stored file, as `hemoscope curves` writes it.
#[derive(Deserialize)]
struct Stored {
    link: String,
    #[serde(flatten)]
    curve: Curve,
}

fn web(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web").join(path)
}

fn stored(model: &str, method: &str) -> Stored {
    read::<Stored>(&bundled::curve_path(model, method))
}

fn read<T: DeserializeOwned>(path: &str) -> T {
    let path = web(path);
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}; run 'make curves'", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A session with a bundled model.
fn session(model: &Bundled, asset: &Asset) -> Session<Quiet> {
    let mut session = Session::new(Quiet::default());
    let files = formats::files(&web("models").join(model.name));
    let files = files.unwrap_or_else(|error| panic!("{}: {error}", model.name));
    let loaded = pollster::block_on(async {
        session.start(DeviceChoice::Flex).await?;
        session.load(asset, model.name.to_owned(), files).await
    });
    loaded.unwrap_or_else(|error| panic!("{}: {error}", model.name));
    session
}

#[test]
fn the_models_are_those_of_the_list() {
    for model in SIZES {
        let opened = formats::open_path(&web("models").join(model.name)).unwrap();
        let files: Vec<&str> = opened.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(files, model.files, "{}", model.name);
        let config = opened.pristine.config();
        assert_eq!(
            (config.blocks, config.context),
            (model.blocks, model.context),
            "{}",
            model.name
        );
        assert_eq!(opened.sha256().unwrap(), model.sha256, "{}", model.name);
    }
}

#[test]
fn every_question_and_method_is_stored_for_every_size_by_the_pages_defaults() {
    for model in SIZES {
        for entry in catalogue::ALL {
            let mut sweep = Experiment::default().sweep().clone();
            knob::choose_method(&mut sweep, entry);
            for ask in [Ask::Curve(sweep.clone()), Ask::Depth(sweep.clone())] {
                is_stored(&model, entry.calibrated, ask);
            }
        }
    }
}

fn is_stored(model: &Bundled, calibrated: bool, ask: Ask) {
    let Some(path) = bundled::result_path(model.name, &ask) else {
        panic!("{}: nothing is stored for {ask:?}", model.name);
    };
    let mut expected = Experiment {
        model: Asset {
            sha256: Some(model.sha256.to_owned()),
            ..Asset::bundled(model.name)
        },
        ask,
        ..Experiment::default()
    };
    let Stored { link, curve } = read::<Stored>(&path);
    let opened = share::open(&link);
    assert_eq!(opened.notices, []);
    let link = opened.link;
    // The page reads the same settings from the protocol that the link holds.
    let mut found = Experiment::of_stored(&curve);
    if !calibrated {
        found.calibration_text.clone_from(&link.experiment.calibration_text);
    }
    assert_eq!(link.experiment, found, "{path}");
    expected.text.sha256.clone_from(&found.text.sha256);
    expected
        .calibration_text
        .sha256
        .clone_from(&found.calibration_text.sha256);
    assert_eq!(found, expected, "{path}: run 'make curves'");
    let Some(digest) = link.expect else {
        panic!("{path}: a stored link without a digest");
    };
    let verdict = digest::compare(&digest, &curve);
    assert!(verdict.is_reproduced(), "{path}: {verdict}");
}

#[test]
fn what_every_model_writes_is_stored_at_every_strength() {
    for model in bundled::all() {
        for experiment in bundled::stored(model) {
            let Ask::Curve(sweep) = &experiment.ask else { continue };
            let path = bundled::texts_path(model.name, sweep).unwrap();
            let StoredTexts { link, written } = read(&path);
            let opened = share::open(&link);
            assert_eq!(opened.notices, []);
            let mut found = opened.link.experiment;
            assert_eq!(found.model.sha256.as_deref(), Some(model.sha256), "{path}");
            for asset in [&mut found.model, &mut found.text, &mut found.calibration_text] {
                asset.sha256 = None;
            }
            assert_eq!(found, experiment, "{path}: run 'make curves'");
            let prompts = written.iter().map(|written| written.prompt.clone()).collect::<Vec<_>>();
            assert_eq!(prompts, bundled::prompts(model), "{path}");
            // A strength that the model can't take has no text, just as it has no perplexity.
            let Stored { curve, .. } = read(&bundled::result_path(model.name, &experiment.ask).unwrap());
            let is_taken = |point: &&Point| matches!(point.outcome(), Outcome::Measured(measured) if measured.hemorrhage.ln_ratio.is_finite());
            let taken = curve.points.iter().filter(is_taken);
            let taken = taken.map(|point| &point.spec).collect::<Vec<_>>();
            for written in written {
                let specs = written.modified.iter().map(|modified| &modified.spec);
                assert!(specs.eq(taken.iter().copied()), "{path}");
                for modified in &written.modified {
                    let differs = modified.text != written.base;
                    assert_eq!(
                        differs,
                        modified.first_difference.is_some(),
                        "{path}: {}",
                        modified.spec
                    );
                }
            }
        }
    }
}

/// Has a model write one stored text again.
#[test]
fn a_stored_text_comes_out_again() {
    let model = &SIZES[0];
    let experiment = share::open(&stored(model.name, "rtn").link).link.experiment;
    let StoredTexts { written, .. } = read(&bundled::texts_path(model.name, experiment.sweep()).unwrap());
    let Continuations {
        prompt,
        base,
        modified,
        tokens,
    } = &written[0];
    let stored = &modified[modified.len() / 2];
    let session = session(model, &experiment.model);
    let generated = session.generate(&experiment, &stored.spec, "", prompt, Sampling::Greedy, *tokens);
    let generated = pollster::block_on(generated).unwrap();
    let tokenizer = &session.model().unwrap().tokenizer;
    let texts = [&generated.base, &generated.modified].map(|ids| tokenizer.decode(ids));
    assert_eq!(texts, [base.clone(), stored.text.clone()]);
    assert_eq!(generated.first_difference(), stored.first_difference);
}

/// The README quotes the page's sentence about the stored curves.
#[test]
fn the_readme_quotes_the_page() {
    let curves = SIZES.map(|model| (model.short, stored(model.name, "wanda").curve));
    let said = compare(&curves.each_ref().map(|(name, curve)| (*name, Some(curve))), 1.1);
    let readme = std::fs::read_to_string(web("../README.md")).unwrap();
    let readme = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(readme.contains(&said.replace('\u{a0}', " ")), "{said}");
}

/// Measures one stored curve again, to check that the code still gives the same result.
#[test]
fn a_stored_curve_comes_out_again() {
    let model = &SIZES[0];
    let link = share::open(&stored(model.name, "wanda").link).link;
    let text = |asset: &Asset| {
        let text = std::fs::read_to_string(web(&format!("texts/{}.txt", asset.name()))).unwrap();
        assert_eq!(
            Some(formats::sha256_hex(text.as_bytes())),
            asset.sha256,
            "{}",
            asset.name()
        );
        text
    };
    let experiment = &link.experiment;
    let session = session(model, &experiment.model);
    let [measured, calibration] = [&experiment.text, &experiment.calibration_text].map(text);
    let result = pollster::block_on(session.run(experiment, &measured, &calibration)).unwrap();
    let verdict = digest::compare(&link.expect.unwrap(), &result.curve);
    assert!(verdict.is_reproduced(), "{verdict}");
}
