//! The whole engine on a model small enough to run in a moment: stories260K (llama2.c, MIT).

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hemoscope_core::curve::{CalibrationStats, Outcome};
use hemoscope_core::experiment::{Ask, Experiment};
use hemoscope_core::modify::Spec;
use hemoscope_core::protocol::{DeviceChoice, Event, Sampling};
use hemoscope_core::weights::ReadAt;
use hemoscope_engine::{EngineError, Session};
use support::fixtures::fixture;
use support::{Quiet, own};

/// An untouched model measured against itself: what f32 rounding leaves.
const IDENTITY_TOLERANCE: f64 = 1e-6;

fn session(host: Quiet) -> Session<Quiet> {
    let mut session = Session::new(host);
    pollster::block_on(session.start(DeviceChoice::Flex)).unwrap();
    pollster::block_on(session.load(&own("stories260K.bin"), "stories260K".to_owned(), support::stories())).unwrap();
    session
}

fn experiment(sweep: &str) -> Experiment {
    Experiment {
        model: own("stories260K.bin"),
        ask: Ask::Curve(sweep.parse().unwrap()),
        text: own("text"),
        windows: 4,
        window: 128,
        calibration_text: own("calibration"),
        calibration_windows: 4,
        calibration_stats: CalibrationStats::Sequential,
        seed: 0,
    }
}

fn text() -> String {
    std::fs::read_to_string(fixture("texts/wiki.test.raw"))
        .unwrap()
        .chars()
        .take(20_000)
        .collect()
}

/// A file that counts the bytes read from it.
struct Counted {
    file: Arc<dyn ReadAt>,
    read: Arc<AtomicU64>,
}

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.file.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.read.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        self.file.read_at(offset, buffer)
    }
}

/// Loads stories260K; returns its hash, the bytes read, and the size of its files.
fn load(sha256: Option<String>) -> (String, u64, u64) {
    let read = Arc::<AtomicU64>::default();
    let counted = |(name, file)| {
        let read = Arc::clone(&read);
        let file: Arc<dyn ReadAt> = Arc::new(Counted { file, read });
        (name, file)
    };
    let mut files: Vec<_> = support::stories().into_iter().map(counted).collect();
    // The tokenizer is given twice: with the model, and by itself.
    files.dedup_by(|one, other| one.0 == other.0);
    let bytes = files.iter().map(|(_, file)| file.size()).sum();
    let mut session = Session::new(Quiet::default());
    let asset = own("stories260K.bin");
    let report = pollster::block_on(session.load_hashed(&asset, asset.name(), files, sha256)).unwrap();
    (report.sha256, read.load(Ordering::Relaxed), bytes)
}

#[test]
fn a_hash_that_is_known_is_taken_as_it_is_and_no_byte_is_read_for_it() {
    let (taken, with_hash, bytes) = load(None);
    let known = "0".repeat(64);
    let (given, without, _) = load(Some(known.clone()));
    assert_eq!((taken.len(), given), (64, known));
    assert_eq!(with_hash, without + bytes);
}

#[test]
fn greedy_text_is_the_one_that_the_model_is_known_for() {
    let session = session(Quiet::default());
    let sampling = Sampling::Greedy;
    let generated =
        pollster::block_on(session.generate(&experiment("none"), &Spec::default(), "", "", sampling, 60)).unwrap();
    let text = session.model().unwrap().tokenizer.decode(&generated.base);
    assert!(
        text.trim_start().starts_with(
            "Once upon a time, there was a little girl named Lily. She loved to play outside in the park."
        ),
        "{text}"
    );
    assert_eq!(generated.base, generated.modified);
    assert_eq!(generated.first_difference(), None);
}

#[test]
fn a_sweep_starts_at_zero_loss_and_ends_in_ruin() {
    let session = session(Quiet::default());
    for sweep in ["wanda:sparsity=0..0.8/9", "magnitude:sparsity=0..0.8/9,group=row"] {
        let result = pollster::block_on(session.run(&experiment(sweep), &text(), &text())).unwrap();
        assert!(result.complete);
        assert_eq!(result.curve.points.len(), 9);
        let losses: Vec<f64> = result
            .curve
            .points
            .iter()
            .map(|point| match point.outcome() {
                Outcome::Measured(measured) => measured.hemorrhage.ln_ratio,
                other => panic!("{sweep} at {}: {other:?}", point.value()),
            })
            .collect();
        assert!(losses[0].abs() < IDENTITY_TOLERANCE, "{sweep}: {losses:?}");
        assert!(losses[8] > 0.5, "{sweep}: {losses:?}");
        assert!(losses[4] > losses[1], "{sweep}: {losses:?}");
    }
}

#[test]
fn calibrating_in_sequence_and_densely_differ_but_agree_at_zero() {
    let session = session(Quiet::default());
    let run = |stats, sparsity: f64| {
        let experiment = Experiment {
            calibration_stats: stats,
            ..experiment(&format!("wanda:sparsity={sparsity}"))
        };
        let result = pollster::block_on(session.run(&experiment, &text(), &text())).unwrap();
        match result.curve.points[0].outcome() {
            Outcome::Measured(measured) => measured,
            other => panic!("{other:?}"),
        }
    };
    for stats in [CalibrationStats::Sequential, CalibrationStats::Dense] {
        assert!(run(stats, 0.0).hemorrhage.ln_ratio.abs() < IDENTITY_TOLERANCE);
    }
    let (sequential, dense) = (
        run(CalibrationStats::Sequential, 0.6),
        run(CalibrationStats::Dense, 0.6),
    );
    assert!((sequential.sparsity_achieved - dense.sparsity_achieved).abs() < 1e-12);
    assert!((sequential.sparsity_achieved - 0.6).abs() < 0.01);
    assert!((sequential.stats.nll - dense.stats.nll).abs() > 1e-6);
}

#[test]
fn blocks_can_be_dropped_repeated_and_combined_with_rounding() {
    let session = session(Quiet::default());
    for (spec, blocks) in [
        ("layer-drop:count=1", 4),
        ("duplicate:blocks=2", 6),
        ("duplicate:blocks=2+rtn:bits=8", 6),
        ("layer-drop:count=1+wanda:sparsity=0.3+rtn:bits=6,group=32", 4),
    ] {
        let result = pollster::block_on(session.run(&experiment(spec), &text(), &text())).unwrap();
        match result.curve.points[0].outcome() {
            Outcome::Measured(measured) => {
                assert_eq!(measured.blocks, blocks, "{spec}");
                assert!(measured.stats.kld_mean > 1e-3, "{spec}");
            }
            other => panic!("{spec}: {other:?}"),
        }
    }
}

#[test]
fn cancelling_keeps_the_finished_points() {
    let session = session(Quiet {
        cancel_after: Some(10),
        ..Quiet::default()
    });
    let result = pollster::block_on(session.run(&experiment("rtn:bits=8..2/7"), &text(), "")).unwrap();
    assert!(!result.complete);
    let points = result.curve.points.len();
    assert!((1..7).contains(&points), "{points}");
    let events = session.host().events.borrow();
    assert!(matches!(
        events.last(),
        Some(Event::RunFinished { complete: false, .. })
    ));
}

/// The untouched model is measured and calibrated on once; a run on other windows, or with another text, starts over,
/// and sharing changes no digit.
#[test]
fn runs_on_the_same_windows_share_what_is_known_of_the_untouched_model() {
    let untouched = "measuring the untouched model";
    let dense = |sweep| Experiment {
        calibration_stats: CalibrationStats::Dense,
        ..experiment(sweep)
    };
    let session_of_many = session(Quiet::default());
    let run = |session: &Session<Quiet>, experiment: &Experiment| {
        session.host().events.borrow_mut().clear();
        let result = pollster::block_on(session.run(experiment, &text(), &text())).unwrap();
        let events = session.host().events.borrow();
        let stages = |name: &str| {
            events
                .iter()
                .any(|event| matches!(event, Event::Preparing { stage, .. } if stage == name))
        };
        (result.curve.points[0].clone(), stages(untouched), stages("calibrating"))
    };
    let expected = [
        ("wanda:sparsity=0.5", true, true),
        ("wanda:sparsity=0.25", false, false),
    ];
    for (spec, measures, calibrates) in expected {
        let (shared, measured, calibrated) = run(&session_of_many, &dense(spec));
        assert_eq!((measured, calibrated), (measures, calibrates), "{spec}");
        let (alone, ..) = run(&session(Quiet::default()), &dense(spec));
        let [shared, alone] = [shared, alone].map(|point| match point.outcome() {
            Outcome::Measured(measured) => measured.stats,
            other => panic!("{other:?}"),
        });
        assert_eq!(shared, alone);
    }
    let longer = Experiment {
        window: 64,
        ..dense("wanda:sparsity=0.5")
    };
    let (_, measured, calibrated) = run(&session_of_many, &longer);
    assert!(measured && calibrated, "other windows are other tokens");
}

#[test]
fn a_text_that_is_too_short_says_what_would_fit() {
    let session = session(Quiet::default());
    let error = pollster::block_on(session.run(&experiment("rtn:bits=4"), "Too short.", "")).unwrap_err();
    assert!(matches!(
        error,
        EngineError::TextTooShort {
            whole: 0,
            windows: 4,
            ..
        }
    ));
    assert!(error.to_string().contains("Choose fewer or shorter windows"), "{error}");
}

#[test]
fn a_prompt_longer_than_the_context_is_refused_and_a_long_one_written_on() {
    let session = session(Quiet::default());
    let write = |words: usize| {
        let prompt = "cat ".repeat(words);
        let sampling = Sampling::Greedy;
        pollster::block_on(session.generate(&experiment("none"), &Spec::default(), "", &prompt, sampling, 3))
    };
    let error = write(5000).unwrap_err().to_string();
    assert!(error.contains("shorten the prompt"), "{error}");
    // Longer than the part that goes through the model at once.
    assert_eq!(write(200).unwrap().base.len(), 3);
}

#[test]
fn numbers_out_of_range_are_named() {
    let session = session(Quiet::default());
    for (window, windows) in [(1, 4), (100_000, 1), (64, 0)] {
        let experiment = Experiment {
            window,
            windows,
            ..experiment("rtn:bits=4")
        };
        let error = pollster::block_on(session.run(&experiment, &text(), "")).unwrap_err();
        assert!(matches!(error, EngineError::OutOfRange { .. }), "{error}");
    }
}

#[test]
fn drawing_with_a_seed_repeats() {
    let session = session(Quiet::default());
    let draw = |seed| {
        let sampling = Sampling::Temperature { temperature: 0.9, seed };
        pollster::block_on(session.generate(&experiment("none"), &Spec::default(), "", "Once", sampling, 30)).unwrap()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7).base, draw(8).base);
    assert_eq!(draw(7).base, draw(7).modified);
}

/// A provisional point after its first window equals the result of a run on that window alone. Before the untouched model
/// is measured on all windows, the unmodified point and the first damaged one are reported.
#[test]
fn a_provisional_point_is_the_result_of_the_windows_so_far() {
    for (sweep, early) in [
        ("rtn:bits=3", vec![0]),
        ("rtn:bits=4..3/2", vec![0]),
        ("magnitude:sparsity=0..0.5/2", vec![0, 1]),
    ] {
        let session = session(Quiet::default());
        let whole = experiment(sweep);
        pollster::block_on(session.run(&whole, &text(), "")).unwrap();
        let events = std::mem::take(&mut *session.host().events.borrow_mut());
        let base = events.iter().position(|event| matches!(event, Event::Base { .. }));
        let mut first_windows = Vec::new();
        for event in &events[..base.unwrap()] {
            if let Event::PointProgress {
                index,
                done: 1,
                total,
                so_far: Some(measured),
                ..
            } = event
            {
                assert_eq!(*total, whole.windows, "{sweep}");
                first_windows.push((*index, measured.clone()));
            }
        }
        let mut indices: Vec<usize> = first_windows.iter().map(|(index, _)| *index).collect();
        indices.dedup();
        // The untouched model's first window comes once alone and once with the others.
        assert!(indices.starts_with(&early), "{sweep}: {indices:?}");
        let first = Experiment { windows: 1, ..whole };
        let result = pollster::block_on(session.run(&first, &text(), "")).unwrap();
        for (index, provisional) in first_windows {
            let Outcome::Measured(measured) = result.curve.points[index].outcome() else {
                panic!("{result:?}")
            };
            assert_eq!(
                (provisional.stats, provisional.hemorrhage),
                (measured.stats, measured.hemorrhage),
                "{sweep}"
            );
        }
    }
}

/// An engine that takes over another's findings measures the same points, to the last digit, without running the untouched
/// model.
#[test]
fn an_engine_that_joins_measures_what_one_alone_measures() {
    for (sweep, findings) in [
        ("wanda:sparsity=0..0.6/3", 2),
        ("layer-drop:count=0..2/3", 2),
        ("layer-drop:count=1+wanda:sparsity=0.2..0.6/2", 2),
        ("rtn:bits=4..3/2", 1),
    ] {
        let experiment = Experiment {
            calibration_stats: CalibrationStats::Dense,
            ..experiment(sweep)
        };
        let alone = pollster::block_on(session(Quiet::default()).run(&experiment, &text(), &text())).unwrap();
        let mut first = session(Quiet::default());
        pollster::block_on(first.prepare(&experiment, &text(), &text())).unwrap();
        let handed_over = first.host().handed_over.borrow();
        assert_eq!(handed_over.len(), findings, "{sweep}");
        let mut other = session(Quiet::default());
        other.join(&experiment, &text(), &text()).unwrap();
        for (finding, bytes) in handed_over.iter() {
            other.adopt(finding, bytes).unwrap();
            let torn = &bytes[..bytes.len() - 1];
            assert!(other.adopt(finding, torn).is_err(), "{sweep}: {finding:?}");
        }
        for index in (0..alone.curve.points.len()).rev() {
            pollster::block_on(other.point(index)).unwrap();
        }
        assert!(pollster::block_on(other.point(99)).is_err());
        let events = other.host().events.borrow();
        let measured = |event: &Event| match event {
            Event::Point { index, point } => Some((*index, point.clone())),
            _ => None,
        };
        for (index, point) in events.iter().filter_map(measured) {
            let (Outcome::Measured(here), Outcome::Measured(there)) =
                (point.outcome(), alone.curve.points[index].outcome())
            else {
                panic!("{sweep}: {point:?}")
            };
            let same = (here.stats, here.hemorrhage, here.sparsity_achieved, here.blocks)
                == (there.stats, there.hemorrhage, there.sparsity_achieved, there.blocks);
            assert!(same, "{sweep} at {}: {here:?} {there:?}", point.value());
        }
        let stage = |event: &Event| matches!(event, Event::Preparing { point: None, .. });
        assert!(!events.iter().any(stage), "{sweep}: it measured what it was given");
    }
}
