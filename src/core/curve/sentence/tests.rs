use super::*;
use crate::curve::testing::{bits, change, curve, fail, of, sparsity};
use crate::modify::Sweep;

fn same_top(curve: &mut Curve, rates: &[f64]) {
    for (point, &rate) in curve.points.iter_mut().zip(rates) {
        change(point, |measured| measured.stats.same_top = rate);
    }
}

/// Untouched at 0, then a loss with an error.
fn bent(error: f64) -> Curve {
    sparsity(|x| {
        if x == 0.0 {
            (0.0, 0.0)
        } else {
            (0.01 + 6.0 * x.powi(4), error)
        }
    })
}

#[test]
fn a_curve_that_bends() {
    let mut curve = bent(0.003);
    same_top(&mut curve, &[1.0, 0.98, 0.95, 0.9, 0.8, 0.51, 0.3, 0.2, 0.1]);
    let text = describe(&curve);
    assert!(
        text.starts_with(
            "Loses little up to 20 %. At 50 %, it predicts a different next word half the time. Loss accelerates at "
        ),
        "{text}"
    );
    assert!(
        text.contains(". Breaks at 3") && text.ends_with("1.1 times the perplexity."),
        "{text}"
    );
    let text = describe_at(&curve, 2.0);
    assert!(text.contains("twice the perplexity"), "{text}");
}

#[test]
fn the_error_weakens_what_is_said() {
    // At 20 % the loss is .02 ± .05: it may be more than little.
    let text = describe(&bent(0.025));
    assert!(!text.contains("up to 20 %") && !text.contains("Loses little"), "{text}");
    // At 10 % and 20 % the loss is .01 to .02, and its error .014: no loss and little loss can't be told apart.
    let text = describe(&bent(0.014));
    assert!(text.starts_with("No measurable loss up to 20 %."), "{text}");
    // With an error as large as the threshold's loss, the position is unknown.
    let text = describe(&sparsity(|x| (0.2 * x, 0.2)));
    assert!(text.contains("the error is too large to say where"), "{text}");
}

/// The ends of an interval are told to whole per cent; told as ±, its middle and its half are rounded.
const ROUNDED: f64 = 1.05;

#[test]
fn the_interval_that_is_said_is_the_one_that_was_computed() {
    for (i, error) in [0.002, 0.005, 0.01, 0.02].into_iter().enumerate() {
        let curve = sparsity(|x| (x * x * (1.0 + 0.1 * i as f64), error));
        let Some(Crossing::At { value, low, high }) = crossing(&curve, 1.1) else {
            panic!("crossed inside")
        };
        let text = describe(&curve);
        let said = text.split("Breaks at ").nth(1).unwrap();
        let numbers = said.split([' ', '(', ')']).filter_map(|word| word.parse::<f64>().ok());
        let numbers = numbers.collect::<Vec<_>>();
        let (from, to) = if said.contains('±') {
            (numbers[0] - numbers[1], numbers[0] + numbers[1])
        } else {
            assert!(numbers[1] < numbers[0] && numbers[0] < numbers[2], "{text}");
            (numbers[1], numbers[2])
        };
        assert!((numbers[0] - 100.0 * value).abs() <= 0.5, "{text} {value}");
        assert!((from - 100.0 * low).abs() <= ROUNDED, "{text} {low}");
        assert!((to - 100.0 * high).abs() <= ROUNDED, "{text} {high}");
    }
}

#[test]
fn an_interval_is_told_as_plus_minus_only_where_both_sides_are_as_wide() {
    let samples = samples(&sparsity(|x| (x, 0.01)));
    let varied = "wanda:sparsity=0..0.8/9".parse::<Sweep>().unwrap();
    let knob = Knob {
        parameter: varied.varied().unwrap().parameter,
    };
    let said = |value: f64, low: f64, high: f64| place(&samples, knob, Interval::Short, value, low, high).unwrap();
    assert_eq!(said(0.389, 0.357, 0.419), "at 39 % (36 to 42)");
    assert_eq!(said(0.16, 0.1, 0.42), "at 16 % (10 to 42)");
    assert_eq!(said(0.384, 0.346, 0.422), "at 38 % ± 4");
    assert_eq!(said(0.384, 0.379, 0.389), "at 38.4 % ± 0.5");
    assert_eq!(said(0.384, 0.379, 0.391), "at 38.4 % (37.9 to 39.1)");
    assert_eq!(said(0.42, 0.4199, 0.4202), "at 42 % ± 0.1");
    assert_eq!(said(0.42, 0.0, 0.5), "at or before 50 %");
    let precise = place(&samples, knob, Interval::Precise, 0.389, 0.3571, 0.4189).unwrap();
    assert_eq!(precise, "at 38.9 % (35.7 to 41.9)");
}

#[test]
fn one_step_that_breaks_it_is_told() {
    let first = |count: f64| (0.4 * count.min(1.0), 0.001);
    let text = describe(&of("layer-drop:count=0..4/5", first));
    assert!(
        text.contains("Removing a single block breaks it (1.1 times the perplexity)."),
        "{text}"
    );
    let text = describe(&of("layer-drop:count=1..4/4", first));
    assert!(text.contains("Removing a single block breaks it"), "{text}");
    let text = describe(&of("duplicate:repeat=0..4/5,blocks=2", first));
    assert!(text.contains("A single extra copy breaks it"), "{text}");
    // Not where it takes two, where nothing says that one is enough, or where more is done to the model.
    for (sweep, loss) in [
        (
            "layer-drop:count=0..4/5",
            (|count: f64| (0.07 * count, 0.001)) as fn(f64) -> (f64, f64),
        ),
        ("layer-drop:count=0..4/3", |count| (0.4 * count, 0.001)),
        ("rtn:bits=4+layer-drop:count=0..4/5", |count| (0.4 * count, 0.001)),
        ("rtn:bits=8..2/7", |bits| (0.4 * (8.0 - bits), 0.001)),
    ] {
        let text = describe(&of(sweep, loss));
        assert!(!text.contains("breaks it"), "{text}");
    }
}

#[test]
fn a_ratio_that_nobody_can_picture_is_said_in_words() {
    let text = describe(&of("layer-drop:count=0..4/5", |count| (20.9 * count, 0.1)));
    assert!(
        text.contains("Loses noticeably from the first step, 1 removed block (lost: worse than guessing)."),
        "{text}"
    );
    let at = |loss, error| describe(&curve("wanda:sparsity=0.5", &[(0.5, loss, error)]));
    assert!(
        at(20.9, 0.1).starts_with("The model is lost: worse than guessing; the model"),
        "{}",
        at(20.9, 0.1)
    );
    assert!(at(11.0, 2.0).contains("(1188 or more)"), "{}", at(11.0, 2.0));
}

#[test]
fn an_interval_that_reaches_an_end_is_open_there() {
    // A loss of .2 x ± .012 meets 1.1 at .48 and 1.15 at .7, with an interval of ± .12.
    let slow = sparsity(|x| (0.2 * x, 0.012));
    let text = describe_at(&slow, 1.15);
    assert!(text.contains("Breaks at 58 % or later (1.15 times"), "{text}");
    assert!(
        describe(&slow).contains("Breaks at 48 % ± 12 (1.1 times"),
        "{}",
        describe(&slow)
    );
    let early = sparsity(|x| (0.05 + x, 0.03));
    assert!(
        describe(&early).contains("Breaks at or before 11 % (1.1 times"),
        "{}",
        describe(&early)
    );
}

#[test]
fn a_bend_is_told_with_its_interval() {
    let bent = describe(&sparsity(|x| (0.1 * x + 5.0 * (x - 0.42).max(0.0), 0.001)));
    assert!(bent.contains("Loss accelerates at 42 % ± 0.1."), "{bent}");
    let whole = describe(&bits(|bits| (0.01 * (8.0 - bits) + 0.9 * (4.5 - bits).max(0.0), 0.001)));
    assert!(whole.contains("Loss accelerates between 5 and 4 bits."), "{whole}");
    let line = describe(&sparsity(|x| (x, 0.001)));
    assert!(!line.contains("faster"), "{line}");
}

#[test]
fn no_threshold_and_always_broken() {
    let flat = sparsity(|x| (0.01 * x, 0.0001));
    let text = describe(&flat);
    assert!(
        text.contains("No threshold in this range (1.1 times the perplexity), up to 80 %."),
        "{text}"
    );
    let near = sparsity(|x| (0.1 * x, 0.01));
    assert!(
        describe(&near).contains("though the error would allow one"),
        "{}",
        describe(&near)
    );
    let broken = sparsity(|_| (1.0, 0.01));
    let text = describe(&broken);
    assert!(text.contains("Already broken at the first point, 0 %"), "{text}");
    assert!(
        text.starts_with("Loses noticeably from the first step, 0 % (2.72 times the perplexity)."),
        "{text}"
    );
}

#[test]
fn whole_knobs_break_between_their_values() {
    let text = describe_at(&bits(|bits| (0.3 * (2.0_f64.powf(4.0 - bits)), 0.001)), 2.0);
    assert!(text.contains("Loses little down to 7 bits."), "{text}");
    assert!(
        text.contains("Breaks between 3 and 2 bits (twice the perplexity)."),
        "{text}"
    );
    let text = describe(&of("layer-drop:count=0..3/4", |count| (0.07 * count, 0.001)));
    assert!(text.contains("Breaks between 1 and 2 removed blocks"), "{text}");
    assert!(
        text.contains("Loses noticeably from the first step, 1 removed block "),
        "{text}"
    );
}

#[test]
fn a_gain_is_told() {
    let text = describe(&sparsity(|x| (x * (x - 0.3), 0.001)));
    assert!(
        text.starts_with("At 10 %, perplexity is even lower than the untouched model's (0.98 times)."),
        "{text}"
    );
    let text = describe(&sparsity(|x| (-0.01 * x, 0.1)));
    assert!(!text.contains("lower"), "{text}");
}

#[test]
fn what_was_not_measured_is_told() {
    let mut curve = bent(0.003);
    fail(&mut curve, 3);
    fail(&mut curve, 4);
    assert!(
        describe(&curve).ends_with("2 of 9 points could not be measured."),
        "{}",
        describe(&curve)
    );
    for i in 0..9 {
        fail(&mut curve, i);
    }
    assert_eq!(
        describe(&curve),
        "No point could be measured: the device, \"GPU\", is gone"
    );
    let dead = sparsity(|x| {
        if x > 0.55 {
            (f64::NAN, f64::NAN)
        } else {
            (0.01 * x, 0.001)
        }
    });
    assert!(
        describe(&dead).ends_with("At 60 %, the model's output is no longer a number."),
        "{}",
        describe(&dead)
    );
}

#[test]
fn few_points_say_little() {
    let two = curve("wanda:sparsity=0..0.8/9", &[(0.0, 0.0, 0.0), (0.1, 0.02, 0.001)]);
    let text = describe(&two);
    assert!(
        text.ends_with("Two points are not enough to find a threshold."),
        "{text}"
    );
    assert_eq!(
        describe(&curve("wanda:sparsity=0..0.8/9", &[])),
        "No point was measured."
    );
}

#[test]
fn one_point_without_a_range() {
    let at = |loss, error| describe(&curve("wanda:sparsity=0.5", &[(0.5, loss, error)]));
    assert_eq!(
        at(0.5, 0.02),
        "Perplexity is 1.65 times the untouched model's (1.59 to 1.71); the model predicts a different next word half the time."
    );
    assert!(at(0.01, 0.02).starts_with("Perplexity is, within the error, the untouched model's (1.01 times)"));
    assert_eq!(at(f64::NAN, 0.0), "The model's output is no longer a number.");
    assert_eq!(
        describe(&curve("none", &[(0.0, 0.0, 0.0)])),
        "Perplexity is the untouched model's."
    );
}

#[test]
fn one_window_gives_no_interval_and_no_threshold() {
    let mut curve = bent(0.01);
    assert!(describe(&curve).contains("Breaks at "), "{}", describe(&curve));
    curve.protocol.windows = 1;
    let text = describe(&curve);
    assert!(
        text.ends_with("One window tells no error, so no threshold is given: measure at least two."),
        "{text}"
    );
    assert!(!text.contains('±') && !text.contains("accelerates"), "{text}");
    assert_eq!(
        answer(&curve, DEFAULT_RATIO).headline,
        "One window tells no error, so no threshold is given: measure at least two."
    );
    let mut one = crate::curve::testing::curve("magnitude:sparsity=0.5", &[(0.5, 0.5, 0.05)]);
    one.protocol.windows = 1;
    let text = describe(&one);
    assert!(
        text.starts_with("Perplexity is 1.65 times the untouched model's (one window tells no error)"),
        "{text}"
    );
}
