//! Points that are being measured, several at a time.

use super::*;
use crate::views::curve::picture;

#[test]
fn a_provisional_point_is_shown_and_nothing_is_concluded_from_it() {
    let mut state = running(2);
    let before = (
        state.results.shown.clone(),
        state.results.selected(&state.link.view),
        state.results.shared_link(&state.link),
    );
    let so_far = |done, loss| Event::PointProgress {
        index: 2,
        value: 0.2,
        done,
        total: 8,
        so_far: Some(Box::new(measured(0.2, loss))),
    };
    let event = so_far(1, 3.0);
    fold(&mut state, event);
    assert_eq!(
        (
            state.results.shown.clone(),
            state.results.selected(&state.link.view),
            state.results.shared_link(&state.link)
        ),
        before
    );
    let size = hemoscope_core::plot::Size {
        width: 720,
        height: 400,
        type_px: 12.0,
    };
    let pending = |state: &State| {
        let chart = picture::chart(
            (&state.link, &state.results),
            state.run.under_way(state.results.shown.as_ref()),
            &[],
            size,
        );
        chart.series[0]
            .pending
            .iter()
            .map(|sample| sample.y)
            .collect::<Vec<_>>()
    };
    assert_eq!(pending(&state), [3.0]);
    // Progress without a result keeps it, a newer result replaces it, and the finished point ends it.
    let silent = Event::PointProgress {
        index: 2,
        value: 0.2,
        done: 2,
        total: 8,
        so_far: None,
    };
    fold(&mut state, silent);
    assert_eq!(pending(&state), [3.0]);
    let event = so_far(3, 2.0);
    fold(&mut state, event);
    assert_eq!(pending(&state), [2.0]);
    let label = picture::pending_mark(
        state.link.experiment.sweep(),
        &state.run.under_way(state.results.shown.as_ref())[0],
        hemoscope_core::plot::Measure::Hemorrhage,
    );
    assert!(label.contains("so far") && label.contains("3 of 8 windows"), "{label}");
    let finished = Box::new(point(&state, 2, 1.0));
    fold(
        &mut state,
        Event::Point {
            index: 2,
            point: finished,
        },
    );
    assert_eq!(pending(&state), [0.0; 0]);
}

#[test]
fn the_untouched_model_begins_the_curve_while_it_is_measured() {
    let mut state = State::open(Opened::default());
    state.take_stored("", Some(stored("hemoscope-4m", "wanda:sparsity=0..0.8/9")));
    assert!(state.begin(Goal::Run));
    state.with_task(|task| task.job = Some(JOB));
    let protocol = Box::new(protocol());
    fold(&mut state, Event::RunStarted { protocol });
    let so_far = |done| {
        let mut measured = measured(0.0, 0.0);
        measured.stats = stats(511 * done);
        Event::PointProgress {
            index: 0,
            value: 0.0,
            done,
            total: 8,
            so_far: Some(Box::new(measured)),
        }
    };
    for done in [1, 3] {
        let event = so_far(done);
        fold(&mut state, event);
        assert_eq!(state.run.under_way(state.results.shown.as_ref())[0].done, done);
        let shown = state.results.shown.as_ref().expect("a curve");
        assert_eq!((shown.stored, shown.curve.base), (false, stats(511)));
    }
    fold(&mut state, Event::Base { stats: stats(4088) });
    assert_eq!(
        state.results.shown.as_ref().map(|shown| shown.curve.base),
        Some(stats(4088))
    );
    // A run cancelled before any point is finished leaves the former curve.
    state.end();
    assert!(state.results.shown.as_ref().is_some_and(|shown| shown.stored));
}

#[test]
fn points_that_come_out_of_order_stand_in_the_order_of_the_range() {
    let mut state = running(1);
    for index in [3, 1, 2] {
        let point = Box::new(point(&state, index, 0.1));
        fold(&mut state, Event::Point { index, point });
    }
    let shown = state.results.shown.as_ref().expect("a curve");
    let values = shown.curve.points.iter().map(|point| point.value()).collect::<Vec<_>>();
    assert!(values.is_sorted() && values.len() == 4, "{values:?}");
}

#[test]
fn a_new_run_keeps_the_former_curve_until_it_is_as_long() {
    let mut state = running(9);
    finish(&mut state, 9, true);
    let ghost = |state: &State| state.results.ghost().map(|former| former.curve.points.len());
    let again = |state: &mut State| {
        assert!(state.begin(Goal::Run));
        state.with_task(|task| task.job = Some(JOB));
        let protocol = Box::new(protocol());
        fold(state, Event::RunStarted { protocol });
        fold(state, Event::Base { stats: stats(4088) });
    };
    again(&mut state);
    assert_eq!(ghost(&state), Some(9));
    let first = Box::new(point(&state, 0, 0.0));
    fold(&mut state, Event::Point { index: 0, point: first });
    // After a run is cancelled with one point finished, both curves stay, even when the next run is cancelled too.
    for _ in 0..2 {
        finish(&mut state, 1, false);
        let shown = state.results.shown.as_ref().map(|shown| shown.curve.points.len());
        assert_eq!((shown, ghost(&state)), (Some(1), Some(9)));
        again(&mut state);
    }
    finish(&mut state, 9, true);
    assert_eq!(ghost(&state), None);
}
