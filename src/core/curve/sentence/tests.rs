use super::*;
use crate::curve::testing::{bits, change, curve, fail, of, sparsity};

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
        text.starts_with("Loses little up to 20 %. At 50 %, one predicted word in two changes. Loss accelerates at "),
        "{text}"
    );
    assert!(
        text.contains(". Breaks at 3") && text.ends_with("(1.1 times the perplexity)."),
        "{text}"
    );
    let text = describe_at(&curve, 2.0);
    assert!(text.contains("(twice the perplexity)"), "{text}");
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

#[test]
fn the_interval_that_is_said_holds_the_one_that_was_computed() {
    for (i, error) in [0.002, 0.005, 0.01, 0.02].into_iter().enumerate() {
        let curve = sparsity(|x| (x * x * (1.0 + 0.1 * i as f64), error));
        let Some(Crossing::At { low, high, .. }) = crossing(&curve, 1.1) else {
            panic!("crossed inside")
        };
        let text = describe(&curve);
        let said = text.split("Breaks at ").nth(1).unwrap();
        let numbers = said.split_once(" % ± ").unwrap();
        let at = numbers.0.parse::<f64>().unwrap();
        let half = numbers.1.split(' ').next().unwrap().parse::<f64>().unwrap();
        assert!(
            at - half <= 100.0 * low && 100.0 * high <= at + half,
            "{text} {low} {high}"
        );
    }
}

#[test]
fn an_interval_that_reaches_an_end_is_open_there() {
    // A loss of .2 x ± .012 meets 1.1 at .48 and 1.15 at .7, with an interval of ± .12.
    let slow = sparsity(|x| (0.2 * x, 0.012));
    let text = describe_at(&slow, 1.15);
    assert!(text.contains("Breaks at 58 % or later (1.15 times"), "{text}");
    assert!(
        describe(&slow).contains("Breaks at 48 % ± 13 (1.1 times"),
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
    assert!(text.ends_with("2 points say nothing about a threshold."), "{text}");
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
        "Perplexity is 1.65 times the untouched model's (1.59 to 1.71); one predicted word in two changes."
    );
    assert!(at(0.01, 0.02).starts_with("Perplexity is, within the error, the untouched model's (1.01 times)"));
    assert_eq!(at(f64::NAN, 0.0), "The model's output is no longer a number.");
    assert_eq!(
        describe(&curve("none", &[(0.0, 0.0, 0.0)])),
        "Perplexity is the untouched model's."
    );
}
