//! What links promise: nothing is lost, nothing crashes, and old links still open.

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

mod delivered;

use super::*;
use crate::curve::CalibrationStats;
use crate::experiment::fields::{self, Field};
use crate::experiment::{Ask, Asset, DeviceChoice, Experiment, Origin, Sampling, Screen, Tab, View, bundled};
use crate::plot::{Axis, DepthMeasure, Measure};

/// A link as version 1 wrote it. It must open forever; never edit it.
const VERSION_1: &str = "v=1&model=SmolLM2-135M-Instruct.Q4_1&model-sha256=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    &m=wanda:sparsity=0.1..0.6/6&text=own:my%20text.txt&text-sha256=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\
    &windows=4&window=256&calibration=calibration&calibration-windows=2&calibration-stats=dense&seed=7&threshold=2\
    &metric=kld&axis=log&at=0.3&prompt=Once%20upon%20a%20time&temperature=0.8&draw=3&tokens=20&tab=table&device=flex&expect=abc";

#[test]
fn version_1_opens_for_ever() {
    let Opened { link, notices } = open(&format!("#{VERSION_1}"));
    assert_eq!(notices, []);
    let e = &link.experiment;
    assert_eq!(e.model.origin, Origin::Bundled("SmolLM2-135M-Instruct.Q4_1".to_owned()));
    assert_eq!(e.model.sha256, Some("a".repeat(64)));
    assert_eq!(e.sweep().to_string(), "wanda:sparsity=0.1..0.6/6");
    assert_eq!(e.text.origin, Origin::Own("my text.txt".to_owned()));
    assert_eq!((e.windows, e.window, e.calibration_windows, e.seed), (4, 256, 2, 7));
    assert_eq!(e.calibration_stats, CalibrationStats::Dense);
    let view = &link.view;
    assert_eq!((view.threshold, view.at, view.tokens), (2.0, Some(0.3), 20));
    assert_eq!((view.measure, view.axis), (Measure::Kld, Axis::Log));
    assert_eq!((view.tab, view.device), (Tab::Table, DeviceChoice::Flex));
    assert_eq!(view.prompt, "Once upon a time");
    let sampling = Sampling::Temperature {
        temperature: 0.8,
        seed: 3,
    };
    assert_eq!(view.sampling, sampling);
    assert_eq!(link.expect.as_deref(), Some("abc"));
    let now = VERSION_1.replacen("v=1", "v=4&ask=curve", 1);
    assert_eq!(fragment(&link), format!("{now}&end"));
}

/// What a version 1 link leaves out is what the page opened with then.
#[test]
fn version_1_keeps_its_defaults() {
    for fragment in ["v=1", "v=1&seed=0", "seed=0", "tab=chart"] {
        let Opened { link, notices } = open(fragment);
        assert_eq!(notices, [], "{fragment}");
        let e = &link.experiment;
        assert_eq!(e.model, Asset::bundled("SmolLM2-135M-Instruct.Q4_1"));
        assert_eq!(link.view.prompt, "The water cycle is");
        assert_eq!(e.sweep().to_string(), "wanda:sparsity=0..0.8/9");
        assert_eq!(
            (e.windows, e.window, e.calibration_windows, e.seed),
            (8, 512, 8, 0),
            "{fragment}"
        );
        assert_eq!(e.calibration_stats, CalibrationStats::Dense);
        assert_eq!(
            (&e.text, &e.calibration_text),
            (&Asset::bundled("evaluation"), &Asset::bundled("calibration"))
        );
    }
}

/// A link as version 2 wrote it. It must open forever; never edit it.
const VERSION_2: &str = "v=2&model=hemoscope-16m&model-sha256=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
    &m=rtn:bits=8..2/7&text=evaluation&windows=8&window=256&calibration=calibration&calibration-windows=8\
    &calibration-stats=dense&seed=0&threshold=1.1&view=sizes&axis=log&expect=0_1";

#[test]
fn version_2_opens_for_ever() {
    let Opened { link, notices } = open(VERSION_2);
    assert_eq!(notices, []);
    assert_eq!(bundled::size_of(&link.experiment.model), Some(2));
    assert_eq!(link.view.screen, Screen::Sizes);
    let now = VERSION_2.replacen("v=2", "v=4&ask=curve", 1);
    assert_eq!(fragment(&link), format!("{now}&end"));
}

/// A link as version 3 wrote it. It must open forever; never edit it.
const VERSION_3: &str = "v=3&ask=depth&model=hemoscope-4m&m=wanda:sparsity=0..0.8/9&text=evaluation&windows=8&window=256\
    &calibration=calibration&calibration-windows=8&calibration-stats=dense&seed=0&threshold=1.1&at=0.3";

#[test]
fn version_3_opens_for_ever() {
    let Opened { link, notices } = open(VERSION_3);
    assert_eq!(notices, []);
    let sweep = "wanda:sparsity=0..0.8/9".parse().unwrap();
    assert_eq!(link.experiment.ask, Ask::Depth(sweep));
    assert_eq!(fragment(&link), format!("{}&end", VERSION_3.replacen("v=3", "v=4", 1)));
}

/// A link as version 4 wrote it. It must open forever; never edit it.
const VERSION_4: &str = "v=4&ask=curve&model=hemoscope-1m&m=wanda:sparsity=0.4%2Brtn:bits=8..2/7&text=own:1%2B1.txt&windows=8\
    &window=256&calibration=calibration&calibration-windows=8&calibration-stats=dense&seed=0&threshold=1.1&prompt=So%20%7E%205\
    &expect=0_1&end";

#[test]
fn version_4_opens_for_ever() {
    let Opened { link, notices } = open(VERSION_4);
    assert_eq!(notices, []);
    assert_eq!(
        link.experiment.sweep().to_string(),
        "wanda:sparsity=0.4+rtn:bits=8..2/7"
    );
    assert_eq!(link.experiment.text.origin, Origin::Own("1+1.txt".to_owned()));
    assert_eq!(link.view.prompt, "So ~ 5");
    assert_eq!(fragment(&link), VERSION_4);
}

#[test]
fn version_2_keeps_its_defaults() {
    for fragment in ["v=2", "view=sizes", "v=2&view=model"] {
        let Opened { link, notices } = open(fragment);
        assert_eq!(notices, [], "{fragment}");
        let e = &link.experiment;
        assert_eq!(e.model, Asset::bundled("hemoscope-4m"));
        assert_eq!(link.view.prompt, "Once upon a time there was a");
        assert_eq!((e.windows, e.window, e.calibration_windows), (8, 256, 8), "{fragment}");
        assert_eq!(*e, Experiment::default());
    }
}

#[test]
fn an_empty_fragment_is_the_fresh_page() {
    for fragment in ["", "#"] {
        assert_eq!(open(fragment), Opened::default());
    }
}

#[test]
fn what_cannot_be_used_is_named_and_replaced() {
    let opened = open(
        "v=9&windows=99999999&window=x&seed=-1&threshold=NaN&metric=ppl&model=ftp:x&text-sha256=12&tokens=0&colour=red&seed=4&m=nonsense",
    );
    let told = |key: &str| {
        let notice = opened.notices.iter().find(|notice| notice.key == key);
        notice.map(|notice| (notice.given.as_str(), notice.used.as_str()))
    };
    assert_eq!(told("v"), Some(("9", "everything in it that is known")));
    assert_eq!(told("windows"), Some(("99999999", "4096")));
    assert_eq!(told("window"), Some(("x", "256")));
    assert_eq!(told("threshold"), Some(("NaN", "1.1")));
    assert_eq!(told("metric"), Some(("ppl", "hemorrhage")));
    assert_eq!(told("model"), Some(("ftp:x", "hemoscope-4m")));
    assert_eq!(told("text-sha256"), Some(("12", "no check of the file")));
    assert_eq!(told("tokens"), Some(("0", "1")));
    assert_eq!(told("colour"), Some(("red", "nothing; the link keeps it")));
    assert_eq!(told("m"), Some(("nonsense", "wanda:sparsity=0..0.8/9")));
    assert_eq!(opened.notices.iter().filter(|notice| notice.key == "seed").count(), 2);
    assert!(fragment(&opened.link).ends_with("&colour=red&end"));
    let text = opened
        .notices
        .iter()
        .find(|notice| notice.key == "windows")
        .map(ToString::to_string);
    let text = text.expect("told");
    assert_eq!(
        text,
        "Link: “windows=99999999” can't be used (a number from 1 to 4096). Instead: 4096."
    );
}

#[test]
fn the_hash_of_what_is_no_origin_is_no_hash_of_what_takes_its_place() {
    let hash = "a".repeat(64);
    let opened = open(&format!("v=2&model=ftp:x&model-sha256={hash}&text-sha256={hash}"));
    let e = &opened.link.experiment;
    assert_eq!((&e.model.sha256, &e.text.sha256), (&None, &Some(hash)));
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        ".+".prop_map(Origin::Bundled),
        ".*".prop_map(Origin::Own),
        (".+", ".+", ".+").prop_map(|(repository, revision, file)| Origin::Hub {
            repository,
            revision,
            file
        }),
        ".*".prop_map(|rest| Origin::Url(format!("https://{rest}"))),
    ]
}

fn asset() -> impl Strategy<Value = Asset> {
    (origin(), prop::option::of("[0-9a-f]{64}")).prop_map(|(origin, sha256)| Asset { origin, sha256 })
}

fn one_of<T: Copy + std::fmt::Debug + 'static>(values: &'static [T]) -> impl Strategy<Value = T> {
    (0..values.len()).prop_map(|place| values[place])
}

/// A whole number that a field takes.
fn whole(field: &Field) -> std::ops::RangeInclusive<usize> {
    let (min, max) = field.whole();
    usize::try_from(min).unwrap()..=usize::try_from(max).unwrap()
}

fn experiment() -> impl Strategy<Value = Experiment> {
    let sweep = prop_oneof![
        (2usize..40).prop_map(|points| format!("wanda:sparsity=0..0.8/{points}")),
        (2usize..8).prop_map(|bits| format!("rtn:bits={bits}..8/{},group=32", 9 - bits)),
    ];
    let sizes = (
        whole(&fields::WINDOWS),
        whole(&fields::WINDOW),
        whole(&fields::CALIBRATION_WINDOWS),
        any::<u64>(),
    );
    let stats = one_of(&[CalibrationStats::Sequential, CalibrationStats::Dense]);
    let ask = (any::<bool>(), sweep).prop_map(|(depth, sweep)| {
        let sweep = sweep.parse().expect("a sweep of the grammar");
        if depth { Ask::Depth(sweep) } else { Ask::Curve(sweep) }
    });
    (asset(), ask, asset(), asset(), stats, sizes).prop_map(
        |(model, ask, text, calibration_text, calibration_stats, (windows, window, calibration_windows, seed))| {
            Experiment {
                model,
                ask,
                text,
                windows,
                window,
                calibration_text,
                calibration_windows,
                calibration_stats,
                seed,
            }
        },
    )
}

fn view() -> impl Strategy<Value = View> {
    let sampling = prop_oneof![
        Just(Sampling::Greedy),
        (0.01..10.0, any::<u64>()).prop_map(|(temperature, seed)| Sampling::Temperature { temperature, seed }),
    ];
    let looks = (
        one_of(&[Screen::Model, Screen::Sizes]),
        one_of(&[Measure::Hemorrhage, Measure::Kld, Measure::SameTop]),
        one_of(&[Axis::Linear, Axis::Log]),
        (one_of(&DepthMeasure::ALL), prop::option::of(whole(&fields::SITE))),
        one_of(&[Tab::Chart, Tab::Table, Tab::Curves]),
        one_of(&[DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Flex]),
    );
    let texts = (".*", sampling, whole(&fields::TOKENS));
    (1.001..1000.0, prop::option::of(-1e9..1e9f64), looks, texts).prop_map(
        |(threshold, at, (screen, measure, axis, (depth_measure, site), tab, device), (prompt, sampling, tokens))| {
            View {
                screen,
                threshold,
                measure,
                axis,
                depth_measure,
                site,
                at,
                prompt,
                sampling,
                tokens,
                tab,
                device,
            }
        },
    )
}

proptest! {
    #[test]
    fn a_link_opens_as_it_was_written(experiment in experiment(), view in view(), expect in prop::option::of(".*")) {
        let unknown = vec![("later key=".to_owned(), "ü & =".to_owned())];
        let link = Settings { experiment, view, expect, unknown };
        let fragment = fragment(&link);
        prop_assert!(fragment.is_ascii() && !fragment.contains(['#', ' ', '"']), "{fragment}");
        prop_assert_eq!(open(&fragment).link, link);
    }

    #[test]
    fn no_text_makes_it_crash(fragment in ".*") {
        let first = open(&fragment).link;
        // What was understood once is understood the same way again.
        prop_assert_eq!(open(&super::fragment(&first)).link, first);
    }

    #[test]
    fn no_pairs_make_it_crash(values in prop::collection::vec(("(v|m|model|seed|windows|window|at|threshold|text-sha256|draw|temperature)", ".*"), 0..6)) {
        let fragment = values.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&");
        let first = open(&fragment).link;
        prop_assert_eq!(open(&super::fragment(&first)).link, first);
    }
}
