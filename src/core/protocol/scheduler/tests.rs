//! The scheduler with engines that do as they are told, and with some that don't.

use super::*;
use crate::experiment::Ask;

const SQUARES: Finding = Finding::Statistic(crate::modify::StatisticId::InputSquares);

fn stats() -> Stats {
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
        tokens: 100,
    }
}

fn protocol() -> Box<Protocol> {
    Box::new(Protocol {
        name: "full-window".to_owned(),
        window: 8,
        windows: 2,
        tokens: 14,
        text_name: String::new(),
        text_sha256: String::new(),
        model_name: String::new(),
        model_sha256: String::new(),
        calibration: None,
        seed: 0,
        program_version: String::new(),
        warnings: Vec::new(),
    })
}

fn sweeping(sweep: &str) -> Box<Sweeping> {
    Box::new(Sweeping {
        experiment: Experiment {
            ask: Ask::Curve(sweep.parse().unwrap()),
            ..Experiment::default()
        },
        text: "text".to_owned(),
        calibration_text: String::new(),
    })
}

fn started(sweep: &str) -> Scheduler {
    let (run, orders) = Scheduler::start(0, sweeping(sweep), "a device".to_owned(), 10.0);
    assert!(matches!(orders.as_slice(), [Order::Ask(0, Job::Prepare(_), None)]));
    run
}

/// The untouched model is measured.
fn with_base(run: &mut Scheduler) -> Vec<Order> {
    run.on_event(0, Event::RunStarted { protocol: protocol() }, 11.0);
    run.on_event(0, Event::Base { stats: stats() }, 12.0);
    run.on_event(0, Event::Found(Finding::Untouched { stats: stats() }), 12.0)
}

fn measured(run: &Scheduler, index: usize) -> Event {
    let (value, spec) = run.sweeping.experiment.sweep().points().swap_remove(index);
    let point = Box::new(Point::failed(value, spec, format!("stands for point {index}")));
    Event::Point { index, point }
}

fn failed(message: &str) -> Event {
    Event::Failed {
        message: message.to_owned(),
        device_lost: false,
    }
}

/// Which engine is asked for which point.
fn given(orders: &[Order]) -> Vec<(usize, usize)> {
    let points = orders.iter().filter_map(|order| match order {
        Order::Ask(engine, Job::Point { index }, None) => Some((*engine, *index)),
        _ => None,
    });
    points.collect()
}

fn result(orders: &[Order]) -> Option<(usize, bool)> {
    orders.iter().find_map(|order| match order {
        Order::Emit(Event::RunFinished { curve, complete }) => Some((curve.points.len(), *complete)),
        _ => None,
    })
}

#[test]
fn as_many_engines_as_processors_where_the_model_is_small() {
    assert_eq!(engines(2, 4_300_000, 0), 2);
    assert_eq!(engines(64, 4_300_000, 0), 8);
    assert_eq!(engines(8, 15_000_000, 0), 4);
    assert_eq!(engines(8, 135_000_000, 0), 1, "SmolLM2");
    assert_eq!(engines(0, 260_000, 0), 1);
    assert_eq!(engines(8, u64::MAX, u64::MAX), 1);
}

#[test]
fn a_run_on_many_windows_has_fewer_engines() {
    let mut report = ModelReport {
        name: "hemoscope-4m".to_owned(),
        sha256: String::new(),
        parameters: 3_886_272,
        bits_per_weight: 16.0,
        blocks: 8,
        tokens_per_second: 1e3,
        hidden: 192,
        context: 512,
        engines: 8,
        warnings: Vec::new(),
    };
    let mut experiment = Experiment::default();
    (experiment.windows, experiment.window) = (8, 256);
    assert_eq!(engines_for(&report, &experiment), 8, "the opening experiment");
    (experiment.windows, experiment.window) = (500, 512);
    assert_eq!(engines_for(&report, &experiment), 2, "hidden states of 197 MB");
    (experiment.windows, experiment.window) = (4096, 512);
    assert_eq!(engines_for(&report, &experiment), 1);
    // A lost engine is not replaced.
    (experiment.windows, report.engines) = (8, 3);
    assert_eq!(engines_for(&report, &experiment), 3);
}

#[test]
fn the_first_point_needs_the_untouched_model_and_the_others_all_that_is_found_out() {
    let mut run = started("wanda:sparsity=0..0.8/5");
    assert_eq!(given(&run.join(1, 10.5)), [], "nothing is known yet");
    let orders = run.on_event(0, Event::Found(SQUARES), 11.0);
    assert_eq!(orders, [adopt(1, 0, SQUARES)], "a statistic is not the untouched model");
    let orders = with_base(&mut run);
    assert!(
        matches!(orders[0], Order::Ask(1, Job::Adopt { .. }, Some(1))),
        "{orders:?}"
    );
    assert_eq!(given(&orders), [(1, 0)]);
    assert_eq!(given(&run.on_event(0, Event::Prepared, 13.0)), [(0, 1)]);
    // A late engine gets all findings.
    let orders = run.join(2, 13.5);
    assert!(matches!(orders[0], Order::Ask(2, Job::Join(_), None)));
    assert_eq!(
        orders[1..3],
        [adopt(2, 0, SQUARES), adopt(2, 1, Finding::Untouched { stats: stats() })]
    );
    assert_eq!(given(&orders), [(2, 2)]);
}

#[test]
fn a_point_that_changes_something_waits_for_the_calibration() {
    let mut run = started("wanda:sparsity=0.2..0.8/4");
    run.join(1, 10.5);
    assert_eq!(given(&with_base(&mut run)), []);
    assert_eq!(given(&run.on_event(0, Event::Prepared, 13.0)), [(0, 0), (1, 1)]);
}

#[test]
fn points_that_come_in_any_order_are_a_curve_in_the_order_of_the_range() {
    let mut run = started("rtn:bits=8..2/4");
    run.join(1, 10.5);
    with_base(&mut run);
    run.on_event(0, Event::Prepared, 13.0);
    let mut last = Vec::new();
    for (engine, index) in [(1, 1), (1, 2), (0, 0), (1, 3)] {
        assert_eq!(result(&last), None);
        last = run.on_event(engine, measured(&run, index), 20.0);
    }
    let Some(Order::Emit(Event::RunFinished { curve, complete })) = last.last() else {
        panic!("{last:?}")
    };
    let values = curve.points.iter().map(|point| point.value()).collect::<Vec<_>>();
    assert_eq!((values.as_slice(), *complete), ([8.0, 6.0, 4.0, 2.0].as_slice(), true));
    assert_eq!((curve.device.as_str(), curve.duration_secs), ("a device", 10.0));
    assert!(run.is_over());
}

#[test]
fn one_engine_measures_all() {
    let mut run = started("rtn:bits=8..2/3");
    with_base(&mut run);
    let mut orders = run.on_event(0, Event::Prepared, 13.0);
    for index in 0..3 {
        assert_eq!(given(&orders), [(0, index)]);
        orders = run.on_event(0, measured(&run, index), 14.0);
    }
    assert_eq!(result(&orders), Some((3, true)));
}

#[test]
fn a_lost_engine_leaves_its_point_to_the_others() {
    let mut run = started("rtn:bits=8..2/4");
    run.join(1, 10.5);
    with_base(&mut run);
    assert_eq!(given(&run.on_event(0, Event::Prepared, 13.0)), [(0, 0), (1, 1)]);
    // Its point is the next one given out.
    assert_eq!(run.lose(1, "out of memory", 14.0), []);
    assert_eq!(given(&run.on_event(0, measured(&run, 0), 15.0)), [(0, 1)]);
    for index in 1..3 {
        run.on_event(0, measured(&run, index), 16.0);
    }
    assert_eq!(result(&run.on_event(0, measured(&run, 3), 17.0)), Some((4, true)));
}

#[test]
fn a_point_that_costs_two_engines_is_given_up() {
    let mut run = started("rtn:bits=8..2/3");
    run.join(1, 10.5);
    run.join(2, 10.5);
    with_base(&mut run);
    assert_eq!(given(&run.on_event(0, Event::Prepared, 13.0)), [(0, 0), (1, 1), (2, 2)]);
    run.lose(1, "out of memory", 14.0);
    assert_eq!(given(&run.on_event(2, measured(&run, 2), 15.0)), [(2, 1)]);
    let orders = run.lose(2, "out of memory", 16.0);
    let [Order::Emit(Event::Point { index: 1, point })] = orders.as_slice() else {
        panic!("{orders:?}")
    };
    assert_eq!(point.failure(), Some("out of memory"));
    assert_eq!(result(&run.on_event(0, measured(&run, 0), 17.0)), Some((3, true)));
}

#[test]
fn the_last_engine_that_is_lost_ends_the_run() {
    let mut run = started("rtn:bits=8..2/3");
    with_base(&mut run);
    run.on_event(0, Event::Prepared, 13.0);
    let orders = run.lose(0, "out of memory", 14.0);
    assert!(
        matches!(
            orders.as_slice(),
            [Order::Emit(Event::Failed { device_lost: true, .. })]
        ),
        "{orders:?}"
    );
    assert!(run.is_over());
}

#[test]
fn a_run_that_ends_early_keeps_what_was_measured() {
    let mut run = started("rtn:bits=8..2/3");
    with_base(&mut run);
    run.on_event(0, Event::Prepared, 13.0);
    run.on_event(0, measured(&run, 0), 14.0);
    let orders = run.on_event(0, failed("the device is gone"), 15.0);
    assert_eq!(orders[0], Order::Emit(failed("the device is gone")));
    assert_eq!(result(&orders), Some((1, false)));
}

#[test]
fn the_first_engine_may_be_lost_once_the_untouched_model_is_known() {
    let mut run = started("wanda:sparsity=0..0.8/3");
    run.join(1, 10.5);
    with_base(&mut run);
    assert_eq!(run.lose(0, "gone", 13.0), []);
    assert_eq!(given(&run.on_event(1, measured(&run, 0), 14.0)), [(1, 1)]);
    let mut early = started("wanda:sparsity=0..0.8/3");
    early.join(1, 10.5);
    assert!(matches!(
        early.lose(0, "gone", 13.0).as_slice(),
        [Order::Emit(Event::Failed { .. })]
    ));
}

#[test]
fn what_keeps_the_first_engine_from_preparing_is_told() {
    let mut run = started("rtn:bits=8..2/3");
    run.join(1, 10.5);
    let orders = run.on_event(0, failed("the text is too short"), 11.0);
    assert_eq!(orders, [Order::Emit(failed("the text is too short"))]);
    assert!(run.is_over());
}

#[test]
fn cancelling_stops_all_and_keeps_the_finished_points() {
    let mut run = started("rtn:bits=8..2/4");
    run.join(1, 10.5);
    with_base(&mut run);
    run.on_event(0, Event::Prepared, 13.0);
    run.on_event(0, measured(&run, 0), 14.0);
    assert_eq!(run.cancel(15.0), [Order::Stop(0), Order::Stop(1)]);
    assert_eq!(run.on_event(1, failed("cancelled"), 15.0), []);
    // This engine finished its point before the cancellation reached it.
    let orders = run.on_event(0, measured(&run, 2), 15.0);
    assert_eq!((given(&orders), result(&orders)), (vec![], Some((2, false))));
}

#[test]
fn cancelled_while_one_calibrates_it_keeps_the_point_that_another_has_measured() {
    let mut run = started("wanda:sparsity=0..0.8/5");
    run.join(1, 10.5);
    assert_eq!(given(&with_base(&mut run)), [(1, 0)]);
    run.on_event(1, measured(&run, 0), 13.0);
    assert_eq!(run.cancel(13.5), [Order::Stop(0)]);
    let orders = run.on_event(0, failed("cancelled"), 14.0);
    assert_eq!(result(&orders), Some((1, false)));
    assert!(run.is_over());
}

#[test]
fn the_strength_0_of_one_of_several_methods_waits_for_the_calibration() {
    let mut run = started("wanda:sparsity=0.3+magnitude:sparsity=0..0.8/5");
    run.join(1, 10.5);
    assert_eq!(given(&with_base(&mut run)), []);
}

#[test]
fn cancelled_before_anything_is_known_it_says_so() {
    let mut run = started("rtn:bits=8..2/4");
    assert_eq!(run.cancel(11.0), [Order::Stop(0)]);
    assert_eq!(
        run.on_event(0, failed("cancelled"), 11.0),
        [Order::Emit(failed("cancelled"))]
    );
}
