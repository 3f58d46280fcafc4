//! The page's state, driven by the engine's events.

use super::*;
use crate::testing::stored;
use hemoscope_core::curve::{CalibrationStats, Curve, Measured, Point, Protocol, digest};
use hemoscope_core::metric::{Hemorrhage, Stats};
use hemoscope_core::protocol::{DeviceKind, DeviceReport, Event, Reply};
use hemoscope_core::share;

mod under_way;

const JOB: u64 = 7;

fn stats(tokens: usize) -> Stats {
    Stats {
        ppl: 30.0,
        nll: 3.4,
        nll_se: 0.1,
        kld_mean: 0.0,
        kld_se: 0.01,
        kld_median: 0.0,
        kld_p99: 0.0,
        same_top: 1.0,
        same_top_se: 0.01,
        tokens,
    }
}

fn protocol() -> Protocol {
    Protocol {
        name: "full-window".to_owned(),
        window: 512,
        windows: 8,
        tokens: 4088,
        text_name: "Everyday prose".to_owned(),
        text_sha256: "a".repeat(64),
        model_name: "SmolLM2".to_owned(),
        model_sha256: "b".repeat(64),
        calibration: None,
        seed: 0,
        program_version: "0.1.0".to_owned(),
        warnings: Vec::new(),
    }
}

fn measured(value: f64, loss: f64) -> Measured {
    Measured {
        stats: stats(4088),
        hemorrhage: Hemorrhage {
            ln_ratio: loss,
            ln_ratio_se: 0.01,
        },
        sparsity_achieved: value,
        bits_per_weight: 4.5,
        blocks: 30,
        duration_secs: 1.0,
    }
}

/// A point of the current sweep.
fn point(state: &State, index: usize, loss: f64) -> Point {
    let (value, spec) = state.link.experiment.sweep().points().swap_remove(index);
    Point::measured(value, spec, &measured(value, loss))
}

fn curve(state: &State, points: Vec<Point>) -> Curve {
    Curve {
        question: state.link.experiment.ask.question(),
        sweep: state.link.experiment.sweep().clone(),
        protocol: protocol(),
        device: "CPU".to_owned(),
        base: stats(4088),
        points,
        duration_secs: 9.0,
    }
}

fn fold(state: &mut State, event: Event) -> Consequence {
    state.fold(Reply { id: JOB, event }, 1000.0)
}

/// A page whose run has measured its first points.
fn running(points: usize) -> State {
    let mut state = State::open(Opened::default());
    assert!(state.begin(Goal::Run));
    state.with_task(|task| task.job = Some(JOB));
    let report = DeviceReport {
        kind: DeviceKind::Flex,
        name: "flex".to_owned(),
        self_test_difference: None,
        self_test_bound: 1e-3,
        refused: None,
    };
    fold(&mut state, Event::Device(report));
    let started = Event::RunStarted {
        protocol: Box::new(protocol()),
    };
    fold(&mut state, started);
    fold(&mut state, Event::Base { stats: stats(4088) });
    for index in 0..points {
        let point = Box::new(point(&state, index, 0.05 * index as f64));
        fold(&mut state, Event::Point { index, point });
    }
    state
}

fn finish(state: &mut State, points: usize, complete: bool) {
    let points = (0..points)
        .map(|index| point(state, index, 0.05 * index as f64))
        .collect();
    let curve = Box::new(curve(state, points));
    fold(state, Event::RunFinished { curve, complete });
}

#[test]
fn points_appear_as_they_are_measured_and_are_announced() {
    let state = running(3);
    let shown = state.results.shown.as_ref().expect("a curve");
    assert_eq!(
        (shown.curve.points.len(), shown.stored, shown.complete),
        (3, false, false)
    );
    assert!(
        state.run.announcement.starts_with("Point 3 of 9: sparsity 20"),
        "{}",
        state.run.announcement
    );
}

#[test]
fn the_stored_curve_stays_until_there_is_something_to_draw() {
    let mut state = State::open(Opened::default());
    state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
    state.begin(Goal::Run);
    assert!(state.results.shown.as_ref().is_some_and(|shown| shown.stored));
}

#[test]
fn cancelling_keeps_the_finished_points() {
    let mut state = running(3);
    finish(&mut state, 3, false);
    let shown = state.results.shown.as_ref().expect("a curve");
    assert_eq!((shown.curve.points.len(), shown.complete), (3, false));
    assert!(state.run.task.is_none());
}

#[test]
fn a_run_that_ends_before_its_first_point_gives_the_curve_before_back() {
    let failed = |device_lost| Event::Failed {
        message: "it failed".to_owned(),
        device_lost,
    };
    let cancelled = |state: &State| Event::RunFinished {
        curve: Box::new(curve(state, Vec::new())),
        complete: false,
    };
    for end in 0..3 {
        let mut state = running(9);
        finish(&mut state, 9, true);
        let before = state.results.shown.clone();
        assert!(state.begin(Goal::Run));
        state.with_task(|task| task.job = Some(JOB));
        let started = Event::RunStarted {
            protocol: Box::new(protocol()),
        };
        fold(&mut state, started);
        fold(&mut state, Event::Base { stats: stats(4088) });
        assert!(
            state
                .results
                .shown
                .as_ref()
                .is_some_and(|shown| shown.curve.points.is_empty())
        );
        let event = match end {
            0 => cancelled(&state),
            1 => failed(false),
            _ => failed(true),
        };
        fold(&mut state, event);
        assert_eq!(state.results.shown, before);
        assert!(!state.ui.messages.is_empty(), "said so");
    }
}

#[test]
fn another_text_under_the_same_name_is_another_experiment() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    state.link = state.results.shared_link(&state.link);
    state.change(|e| e.text.sha256 = Some("c".repeat(64)));
    assert!(state.results.is_outdated(&state.link.experiment));
    assert_eq!(
        state.results.shared_link(&state.link).expect,
        None,
        "its result is not the other text's"
    );
}

#[test]
fn what_ends_because_it_was_asked_to_is_no_error() {
    let mut state = running(0);
    state.with_task(|task| task.cancelling = true);
    let event = Event::Failed {
        message: "cancelled".to_owned(),
        device_lost: false,
    };
    fold(&mut state, event);
    assert!(state.run.task.is_none() && state.ui.messages.iter().all(|message| !message.error));
}

#[test]
fn a_lost_device_keeps_the_points_and_drops_the_worker() {
    let mut state = running(4);
    let event = Event::Failed {
        message: "The GPU was reset.".to_owned(),
        device_lost: true,
    };
    assert_eq!(fold(&mut state, event), Consequence::DropWorker);
    assert_eq!(
        state.results.shown.as_ref().map(|shown| shown.curve.points.len()),
        Some(4)
    );
    assert!(state.run.task.is_none() && matches!(state.machine.engine, Engine::Broken(_)));
    assert!(
        state
            .ui
            .messages
            .iter()
            .any(|message| message.error && message.text.contains("The GPU was reset."))
    );
}

#[test]
fn a_word_about_an_ended_task_changes_nothing() {
    let mut state = running(2);
    let late = point(&state, 5, 1.0);
    let reply = Reply {
        id: JOB + 1,
        event: Event::Point {
            index: 5,
            point: Box::new(late),
        },
    };
    state.fold(reply, 0.0);
    assert_eq!(
        state.results.shown.as_ref().map(|shown| shown.curve.points.len()),
        Some(2)
    );
}

#[test]
fn a_shared_result_that_comes_out_again_is_called_reproduced() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    let link = state.results.shared_link(&state.link);
    assert!(link.expect.is_some());
    assert_eq!(link.experiment.model.sha256, Some("b".repeat(64)));

    let mut other = running(9);
    other.link = share::open(&share::fragment(&link)).link;
    finish(&mut other, 9, true);
    assert_eq!(other.run.verdict, Some(digest::Verdict::Reproduced));
}

#[test]
fn changed_settings_drop_the_expected_result_and_mark_the_curve_as_older() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    state.link = state.results.shared_link(&state.link);
    assert!(!state.results.is_outdated(&state.link.experiment));
    state.change(|e| e.windows += 1);
    assert!(state.results.is_outdated(&state.link.experiment));
    assert_eq!(state.link.expect, None);
    assert_eq!(state.results.shared_link(&state.link).expect, None);
}

#[test]
fn kept_curves_have_colours_of_their_own() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    state.keep();
    state.keep();
    state.results.kept.remove(0);
    state.keep();
    let mut slots = state.results.kept.iter().map(|kept| kept.slot).collect::<Vec<_>>();
    slots.sort_unstable();
    assert_eq!(slots, [0, 1]);
}

#[test]
fn no_more_curves_are_kept_than_there_are_colours() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    for _ in 0..KEPT + 1 {
        state.keep();
    }
    assert_eq!(state.results.kept.len(), KEPT);
    assert!(
        state
            .ui
            .messages
            .iter()
            .any(|message| message.text.contains("Remove one"))
    );
}

#[test]
fn a_finished_run_is_announced_in_its_sentence() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    state.announce_result("Breaks at 30 %.");
    assert_eq!(state.run.announcement, "Breaks at 30 %.");
    state.run.verdict = Some(digest::Verdict::Reproduced);
    state.announce_result("Breaks at 30 %.");
    assert!(state.run.announcement.starts_with("Reproduced: ") && state.run.announcement.ends_with(" Breaks at 30 %."));
}

#[test]
fn the_page_selects_the_first_point_beyond_the_threshold() {
    let mut state = running(9);
    // The loss grows by 0.05 per point, and ln 1.1 is 0.095.
    assert_eq!(state.results.selected(&state.link.view), Some(2));
    state.link.view.at = Some(0.52);
    assert_eq!(state.results.selected(&state.link.view), Some(5));
}

#[test]
fn the_time_left_follows_from_the_time_taken() {
    let mut state = running(0);
    let at = |index, done| Event::PointProgress {
        index,
        value: 0.0,
        done,
        total: 8,
        so_far: None,
    };
    fold(&mut state, at(0, 0));
    fold(&mut state, at(0, 4));
    let (text, _) = progress(&state.run, &state.machine, 31_000.0).expect("a task");
    assert_eq!(text, "point 1 of 9, window 4 of 8", "nothing is changed there");
    fold(&mut state, at(1, 0));
    let (text, _) = progress(&state.run, &state.machine, 31_000.0).expect("a task");
    assert_eq!(text, "0 of 9 points done, 2 being measured", "no window of it is done");
    for index in 0..3 {
        let point = Box::new(point(&state, index, 0.0));
        fold(&mut state, Event::Point { index, point });
    }
    let event = at(3, 0);
    state.fold(Reply { id: JOB, event }, 21_000.0);
    let (text, part) = progress(&state.run, &state.machine, 21_000.0).expect("a task");
    assert_eq!(part, Some(3.0 / 9.0));
    // Two modified points took 20 s; six are left.
    assert!(text.ends_with("about 1\u{a0}min\u{a0}00\u{a0}s left"), "{text}");
    // Until the next event, it counts down.
    let (text, _) = progress(&state.run, &state.machine, 26_000.0).expect("a task");
    assert!(text.ends_with("about 55\u{a0}s left"), "{text}");
}

#[test]
fn editing_within_a_point_leaves_its_number_and_the_time_left() {
    let mut state = running(0);
    state.with_task(|task| task.experiment.calibration_stats = CalibrationStats::Sequential);
    let begun = |index| Event::PointProgress {
        index,
        value: 0.4,
        done: 0,
        total: 8,
        so_far: None,
    };
    fold(&mut state, begun(0));
    for index in 0..3 {
        let point = Box::new(point(&state, index, 0.0));
        fold(&mut state, Event::Point { index, point });
    }
    fold(&mut state, begun(3));
    let editing = Event::Preparing {
        point: Some(3),
        stage: "calibrating and editing".to_owned(),
        done: 15,
        total: 30,
    };
    fold(&mut state, editing);
    let (text, part) = progress(&state.run, &state.machine, 31_000.0).expect("a task");
    assert!(
        text.starts_with("point 4 of 9, calibrating and editing: 15 of 30 · about"),
        "{text}"
    );
    // Calibration is 2 × 8 windows, half done, before 8 windows are measured.
    assert_eq!(part, Some((3.0 + 8.0 / 24.0) / 9.0));
    assert!(matches!(
        state.run.under_way(state.results.shown.as_ref()),
        [UnderWay { value: 0.4, .. }]
    ));
}

#[test]
fn another_model_takes_what_was_known_of_the_one_before() {
    let mut state = State::open(Opened::default());
    state.machine.model = Model::Missing("not here".to_owned());
    state.machine.cost = Some(7);
    state.change(|e| e.windows += 1);
    assert_eq!(state.machine.cost, Some(7));
    state.change(|e| e.model = Asset::bundled("another"));
    assert_eq!((&state.machine.model, state.machine.cost), (&Model::Absent, None));
    state.machine.cost = Some(8);
    state.follow(Opened::default());
    assert_eq!(state.machine.cost, None);
}

#[test]
fn a_second_task_waits_for_the_first() {
    let mut state = running(1);
    assert!(!state.begin(Goal::Write));
    assert_eq!(state.run.task.as_ref().map(|task| task.goal), Some(Goal::Run));
}

#[test]
fn a_browser_without_webgpu_is_not_asked_for_it_again() {
    let mut state = State::open(Opened::default());
    assert_eq!(state.device_to_start(), DeviceChoice::Auto);
    state.machine.webgpu = Some(false);
    assert_eq!(state.device_to_start(), DeviceChoice::Flex);
    // A user who asks for WebGPU only is told why there is none.
    state.link.view.device = DeviceChoice::Gpu;
    assert_eq!(state.device_to_start(), DeviceChoice::Gpu);
}
