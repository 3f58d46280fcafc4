//! Drawings as text, and what every drawing promises.

use proptest::prelude::{Strategy, any, prop, prop_assert, prop_oneof, proptest};

use super::*;

fn sample(x: f64, y: f64) -> Sample {
    Sample {
        x,
        y,
        half_width: 0.05,
        failed: None,
    }
}

fn chart(samples: Vec<Sample>) -> Chart {
    Chart {
        x_title: "share of weights set to zero (sparsity)".to_owned(),
        x_unit: Unit::Share,
        x_range: (0.0, 0.8),
        measure: Measure::Hemorrhage,
        axis: Axis::Linear,
        series: vec![Series {
            samples,
            ..Series::default()
        }],
        threshold: None,
        size: Size {
            width: 480,
            height: 320,
            type_px: 12.0,
        },
    }
}

/// A sweep in the middle of a run, with a failed point and a kept curve.
fn sweep() -> Chart {
    let values = [0.0, 0.01, 0.04, 0.16, 0.42, 1.1];
    let mut samples = values
        .iter()
        .enumerate()
        .map(|(place, y)| sample(place as f64 / 10.0, *y))
        .collect::<Vec<_>>();
    samples[2].failed = Some("out of memory".to_owned());
    samples[2].y = f64::NAN;
    let kept = Series {
        name: "magnitude".to_owned(),
        samples: vec![sample(0.0, 0.0), sample(0.3, 0.5), sample(0.6, 2.0)],
        kept: Some(0),
        ..Series::default()
    };
    let mut chart = chart(samples);
    chart.series[0].name = "this run".to_owned();
    chart.series[0].pending = vec![Sample {
        half_width: 0.2,
        ..sample(0.6, 1.5)
    }];
    chart.series.push(kept);
    chart.threshold = Some(Threshold {
        name: "breaks at 27 %".to_owned(),
        level: 1.1_f64.ln(),
        at: Some(0.27),
        band: Some((0.24, 0.3)),
        safe: Some((0.0, 0.27)),
    });
    chart
}

fn svg(chart: &Chart) -> String {
    let drawing = draw(chart).expect("a size that holds axes");
    drawing.to_svg("title", "caption").replace("><", ">\n<")
}

#[test]
fn a_sweep_in_the_middle() {
    insta::assert_snapshot!(svg(&sweep()));
}

#[test]
fn a_sweep_with_a_value_that_is_not_a_number() {
    insta::assert_snapshot!(svg(&chart(vec![
        sample(0.0, 0.0),
        sample(0.4, f64::NAN),
        sample(0.8, 1.0)
    ])));
}

#[test]
fn a_sweep_with_an_infinite_value() {
    insta::assert_snapshot!(svg(&chart(vec![
        sample(0.0, 0.0),
        sample(0.4, 0.3),
        sample(0.8, f64::INFINITY)
    ])));
}

#[test]
fn a_single_point() {
    let mut chart = chart(vec![sample(0.5, 0.2)]);
    chart.x_range = (0.5, 0.5);
    insta::assert_snapshot!(svg(&chart));
}

#[test]
fn values_that_are_no_numbers_stand_at_the_upper_edge() {
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let drawing = draw(&chart(vec![sample(0.0, 0.0), sample(0.4, odd), sample(0.8, 1.0)])).expect("drawn");
        assert_eq!(drawing.marks[1].kind, MarkKind::OffScale);
        assert_eq!(drawing.marks[1].top, drawing.area[1]);
    }
}

#[test]
fn a_failed_point_stays_visible_at_the_lower_edge() {
    let drawing = draw(&sweep()).expect("drawn");
    assert_eq!(drawing.marks[2].kind, MarkKind::Failed);
    assert_eq!(drawing.marks[2].top, drawing.area[3]);
}

#[test]
fn what_is_beyond_the_threshold_is_in_the_colour_of_damage() {
    let drawing = draw(&sweep()).expect("drawn");
    for mark in drawing
        .marks
        .iter()
        .filter(|mark| mark.series == 0 && mark.kind == MarkKind::Measured)
    {
        assert_eq!(mark.role == Role::Damage, mark.x > 0.27, "{mark:?}");
    }
}

#[test]
fn damage_grows_to_the_right_where_the_knob_falls() {
    let mut chart = chart(vec![sample(8.0, 0.0), sample(4.0, 0.1), sample(2.0, 3.0)]);
    (chart.x_range, chart.x_unit) = ((8.0, 2.0), Unit::Bits);
    let drawing = draw(&chart).expect("drawn");
    let lefts = drawing.marks.iter().map(|mark| mark.left).collect::<Vec<_>>();
    assert!(lefts.is_sorted(), "{lefts:?}");
    insta::assert_snapshot!(svg(&chart));
}

#[test]
fn factors_of_perplexity_stand_at_their_logarithm() {
    let scale = scale::Scale::of(&sweep());
    for (place, factor) in scale.factors(Some(1.1), 0.01) {
        assert!((place - factor.ln()).abs() < 1e-12, "{factor} at {place}");
    }
    assert!(scale.factors(Some(1.1), 0.5).iter().any(|(_, factor)| *factor == 1.1));
}

#[test]
fn a_still_drawing_has_every_point_and_no_markup_from_outside() {
    let mut chart = sweep();
    chart.series[1].name = "<b>".to_owned();
    let drawing = draw(&chart).expect("drawn");
    let svg = drawing.still_svg("is-wide", "a \"<chart>\"");
    // The backdrop holds no circles of its own.
    assert_eq!(svg.matches("<circle").count(), drawing.marks.len());
    assert!(
        svg.contains("aria-label=\"a &quot;&lt;chart&gt;&quot;\"") && svg.contains("&lt;b&gt;"),
        "{svg}"
    );
    assert!(!svg.contains("<b>"), "{svg}");
}

#[test]
fn a_framed_drawing_says_what_it_is_of_and_breaks_long_notes() {
    let drawing = draw(&sweep()).expect("drawn");
    let link = "https://example.org/#".to_owned() + &"x".repeat(300);
    let frame = Frame {
        title: "Wanda & more".to_owned(),
        alternative: "a chart".to_owned(),
        notes: vec!["protocol".to_owned(), link.clone()],
    };
    let (svg, height) = drawing.framed(&frame);
    assert!(svg.contains("Wanda &amp; more") && svg.contains("protocol"));
    assert!(!svg.contains(&link), "it has more letters than a line holds");
    assert!(svg.matches("xxxxxxxxxx").count() >= 25, "all of it is there");
    assert!(height > drawing.size.height);
}

#[test]
fn every_curve_can_have_a_threshold_in_its_own_colour() {
    let mut chart = sweep();
    let own = Threshold {
        name: "magnitude breaks at 12 %".to_owned(),
        at: Some(0.12),
        ..chart.threshold.clone().expect("the sweep has one")
    };
    chart.series[1].threshold = Some(own);
    chart.threshold = None;
    let drawing = draw(&chart).expect("drawn");
    assert_eq!(drawing.thresholds.len(), 1);
    assert_eq!(drawing.thresholds[0].role, Role::Kept(0));
    chart.threshold = sweep().threshold;
    let drawing = draw(&chart).expect("drawn");
    let tops = drawing.thresholds.iter().map(|label| label.top).collect::<Vec<_>>();
    assert!(tops.len() == 2 && tops[1] - tops[0] > chart.size.type_px, "{tops:?}");
}

#[test]
fn downloads_carry_no_custom_property_and_no_stand_in() {
    let svg = svg(&sweep());
    assert!(!svg.contains("var(") && !svg.contains("#01FE"), "{svg}");
}

#[test]
fn numbers_are_written_for_people() {
    for (value, text) in [
        (0.0, "0"),
        (-0.0, "0"),
        (0.25, "0.25"),
        (1.05, "1.05"),
        (12345.6, "12346"),
        (-1.5, "−1.5"),
        (0.000_123, "0.000123"),
        (3e9, "3\u{202f}×\u{202f}10⁹"),
        (f64::INFINITY, "∞"),
        (f64::NAN, "not a number"),
    ] {
        assert_eq!(format_number(value), text);
    }
    assert_eq!(format_value(0.3, Unit::Share), "30\u{202f}%");
    assert_eq!(format_value(0.305, Unit::Share), "30.5\u{202f}%");
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![4 => -2.0..20.0f64, 1 => any::<f64>()]
}

proptest! {
    #[test]
    fn every_mark_lies_in_the_drawing(
        values in prop::collection::vec((number(), number(), number()), 0..12),
        size in (60u32..2000, 60u32..1200),
        log in any::<bool>(),
        measure in 0usize..3,
        edge in (number(), number()),
    ) {
        let samples = values.into_iter().map(|(x, y, half_width)| Sample { x: x.clamp(-1e6, 1e6), y, half_width, failed: None });
        let mut chart = chart(samples.collect());
        chart.size.width = size.0;
        chart.size.height = size.1;
        chart.axis = if log { Axis::Log } else { Axis::Linear };
        chart.measure = Measure::ALL[measure];
        chart.threshold = Some(Threshold { name: "broken".to_owned(), level: 0.1, at: Some(edge.0), band: Some(edge), safe: Some(edge) });
        let drawing = draw(&chart);
        prop_assert!(drawing.is_ok());
        for mark in drawing.expect("checked").marks {
            prop_assert!(mark.left.is_finite() && mark.left >= 0.0 && mark.left <= f64::from(size.0.max(120)), "{mark:?}");
            prop_assert!(mark.top.is_finite() && mark.top >= 0.0 && mark.top <= f64::from(size.1.max(120)), "{mark:?}");
        }
    }
}
