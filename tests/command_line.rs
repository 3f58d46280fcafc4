//! The command line: what it prints, what it writes, and its exit status.
//!
//! Results on standard output, messages on standard error; exit 0, 1 for a failed run, 2 for bad usage.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use hemoscope_core::experiment::Settings;
use hemoscope_core::experiment::bundled::{self, SIZES};
use hemoscope_core::experiment::{Ask, Asset, Experiment, Origin};
use hemoscope_core::share;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;
use support::fixtures::fixture;
use support::program::{call, text};
use tempfile::TempDir;

/// The program with the options that name a small model and a small text.
struct Program {
    folder: TempDir,
}

impl Program {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(fixture("texts/wiki.test.raw")).unwrap();
        let start: String = text.chars().take(5_000).collect();
        std::fs::write(folder.path().join("text.txt"), start).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Runs `command` on two windows of 32 tokens.
    fn on_stories(&self, command: &str, more: &[&str]) -> Output {
        let (model, text) = (
            fixture("models/stories260K.bin").display().to_string(),
            self.path("text.txt"),
        );
        let mut args = vec![
            command,
            "--model",
            &model,
            "--text",
            &text,
            "--windows",
            "2",
            "--window",
            "32",
        ];
        args.extend(more);
        call(&args)
    }
}

/// The standard output of a call that must have succeeded.
fn printed(output: &Output) -> &str {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The message of a call that ended with this status and printed no result.
#[track_caller]
fn refused(output: &Output, status: i32) -> &str {
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{message}");
    assert_eq!(text(&output.stdout), "", "{message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

#[test]
fn a_measurement_has_every_field_that_checks_rely_on() {
    let program = Program::new();
    let output = program.on_stories("measure", &["--modify", "rtn:bits=4", "--json"]);
    let found: Value = serde_json::from_str(printed(&output)).unwrap();
    for side in ["base", "modified"] {
        let numbers = [
            "ppl",
            "nll",
            "nll_se",
            "kld_mean",
            "kld_median",
            "kld_p99",
            "same_top",
            "tokens",
        ];
        for key in numbers {
            assert!(found[side][key].is_number(), "{side}.{key}: {found}");
        }
    }
    assert_eq!(found["modification"]["spec"], "rtn:bits=4");
    for key in ["sparsity_achieved", "bits_per_weight"] {
        assert!(found["modification"][key].is_number(), "{key}: {found}");
    }
    let protocol = &found["protocol"];
    assert_eq!(
        (protocol["window"].as_u64(), protocol["windows"].as_u64()),
        (Some(32), Some(2))
    );
    assert_eq!(protocol["tokens"], 62);
    for key in ["text_sha256", "model_sha256"] {
        assert_eq!(protocol[key].as_str().map(str::len), Some(64), "{key}: {found}");
    }
    assert!(found["device"].is_string() && found["seconds"].is_number(), "{found}");
    assert!(found["modified"]["kld_mean"].as_f64() > found["base"]["kld_mean"].as_f64());
}

/// A Parquet file's rows, each as a JSON object.
fn parquet_rows(path: &str) -> Vec<Value> {
    let file = SerializedFileReader::new(std::fs::File::open(path).unwrap()).unwrap();
    let notes = file.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(notes.iter().any(|note| note.key == "hemoscope.protocol"));
    let rows = file.get_row_iter(None).unwrap();
    rows.map(|row| row.unwrap().to_json_value()).collect()
}

#[test]
fn a_sweep_is_printed_and_written_in_each_format() {
    let program = Program::new();
    let files = ["curve.json", "curve.csv", "curve.svg", "curve.parquet"].map(|name| program.path(name));
    let mut more = vec!["--modify", "rtn:bits=8..4/3"];
    more.extend(files.iter().flat_map(|file| ["--out", file]));
    let output = program.on_stories("sweep", &more);
    assert!(printed(&output).contains("ln(PPL/PPL₀)"));
    let [json, csv, svg, parquet] = files;
    let [json, csv, svg] = [json, csv, svg].map(|file| std::fs::read_to_string(file).unwrap());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["points"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        csv.lines()
            .filter(|line| line.starts_with(|c: char| c.is_ascii_digit()))
            .count(),
        3
    );
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));

    // Each number of the curve has a row, with its standard error if it has one.
    let rows = parquet_rows(&parquet);
    let losses = rows
        .iter()
        .filter(|row| row["measure"] == "ln_ratio")
        .collect::<Vec<_>>();
    assert_eq!(losses.len(), 3);
    for (loss, point) in losses.iter().zip(json["points"].as_array().unwrap()) {
        let expected = &point["outcome"]["measured"]["hemorrhage"];
        assert_eq!((&loss["at"], &loss["spec"]), (&point["value"], &point["spec"]));
        assert_eq!(
            (&loss["value"], &loss["standard_error"], &loss["unit"]),
            (&expected["ln_ratio"], &expected["ln_ratio_se"], &"nats".into())
        );
        assert!(loss["reason"].is_null());
    }
}

#[test]
fn depth_is_printed_as_arrays_with_named_axes_and_written_in_each_format() {
    let program = Program::new();
    let files = ["depth.json", "depth.csv", "depth.svg", "depth.parquet"].map(|name| program.path(name));
    let mut more = vec!["--modify", "rtn:bits=4,blocks=2", "--json"];
    more.extend(files.iter().flat_map(|file| ["--out", file]));
    let output = program.on_stories("depth", &more);
    let found: Value = serde_json::from_str(printed(&output)).unwrap();
    let observations = found["observations"].as_array().unwrap();
    for measure in ["relative_error", "cosine", "cka"] {
        for suffix in ["", "_without_first"] {
            let name = format!("{measure}{suffix}");
            let observation = observations.iter().find(|one| one["measure"] == name.as_str()).unwrap();
            let axis = &observation["axes"][0];
            let values = observation["values"].as_array().unwrap();
            assert_eq!(
                (axis["name"].as_str(), observation["axes"].as_array().map(Vec::len)),
                (Some("site"), Some(1))
            );
            // The embedding and five blocks.
            assert_eq!(
                (values.len(), axis["values"].as_array().map(Vec::len)),
                (6, Some(6)),
                "{name}"
            );
            // Only block 2 is rounded: everything before it is untouched.
            let untouched = if measure == "relative_error" { 0.0 } else { 1.0 };
            for (site, value) in values.iter().enumerate() {
                let value = value.as_f64().unwrap();
                assert_eq!((value - untouched).abs() < 1e-6, site < 3, "{name} at {site}: {value}");
            }
        }
    }
    for key in ["protocol", "device", "seconds"] {
        assert!(!found[key].is_null(), "{key}: {found}");
    }
    let [json, csv, svg, parquet] = files;
    let [json, csv, svg] = [json, csv, svg].map(|file| std::fs::read_to_string(file).unwrap());
    let row = parquet_rows(&parquet)
        .into_iter()
        .find(|row| row["measure"] == "relative_error" && row["label"] == "block 2");
    let row = row.unwrap();
    assert_eq!(
        (&row["place"], &row["spec"]),
        (&"site=3".into(), &"rtn:bits=4,blocks=2".into())
    );
    assert!(row["value"].as_f64() > Some(0.0) && row["standard_error"].is_null());
    assert!(serde_json::from_str::<Value>(&json).is_ok());
    assert!(csv.contains("\n4,relative_error,site=3,block 2,"), "{csv}");
    assert!(svg.contains("relative error of the residual stream"));

    let output = program.on_stories("depth", &["--modify", "rtn:bits=8..4/3"]);
    assert!(printed(&output).contains("starts in block 0"), "{}", printed(&output));
    let failed = program.path("failed.parquet");
    let beyond = program.on_stories("depth", &["--modify", "rtn:bits=4,blocks=7", "--out", &failed]);
    assert_eq!(beyond.status.code(), Some(1));
    let rows = parquet_rows(&failed);
    assert_eq!(rows.len(), 1, "a failed point is a row with its reason");
    assert!(
        rows[0]["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("there is no block 7"))
    );
    assert!(
        text(&beyond.stdout).contains("there is no block 7"),
        "{}",
        text(&beyond.stdout)
    );
    assert!(refused(&program.on_stories("depth", &["--modify", "rtn:bits=99"]), 2).contains("from 2 to 8"));
}

#[test]
fn curves_are_drawn_together_each_with_its_name() {
    let program = Program::new();
    let files = ["rtn.json", "rows.json"].map(|name| program.path(name));
    for (file, sweep) in files.iter().zip(["rtn:bits=8..2/4", "rtn:bits=8..2/4,group=row"]) {
        printed(&program.on_stories("sweep", &["--modify", sweep, "--out", file]));
    }
    let picture = program.path("both.svg");
    let draw = |out: &str| call(&["draw", &files[0], &files[1], "--out", out]);
    assert_eq!(printed(&draw(&picture)), "");
    let svg = std::fs::read_to_string(&picture).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains(", group row</text>"), "{svg}");
    assert!(refused(&draw(&program.path("both.csv")), 2).contains(".svg"));
    let missing = call(&["draw", &program.path("missing.json"), "--out", &picture]);
    assert!(refused(&missing, 1).contains("missing.json"));
    assert!(refused(&call(&["curves", "unheard-of"]), 2).contains("hemoscope-4m"));
}

/// The picture in the README is that of the stored curves.
#[test]
fn the_picture_of_the_sizes_is_drawn_from_their_stored_curves() {
    let program = Program::new();
    let web = |path: &str| format!("{}/web/{path}", env!("CARGO_MANIFEST_DIR"));
    let [small, middle, large] = SIZES.map(|model| web(&bundled::curve_path(model.name, "wanda")));
    let picture = program.path("sizes.svg");
    assert_eq!(
        printed(&call(&["draw", &small, &middle, &large, "--out", &picture])),
        ""
    );
    let [drawn, committed] = [picture, web("curves/sizes.svg")].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(drawn == committed, "run 'make curves'");
}

#[test]
fn an_opened_link_says_whether_it_reproduces() {
    let program = Program::new();
    let own = |name: &str| Asset {
        origin: Origin::Own(name.to_owned()),
        sha256: None,
    };
    let experiment = Experiment {
        model: own("stories260K.bin"),
        ask: Ask::Curve("rtn:bits=8..4/3".parse().unwrap()),
        text: own("text.txt"),
        windows: 2,
        window: 32,
        ..Experiment::default()
    };
    let open = |expect: Option<String>| {
        let link = Settings {
            experiment: experiment.clone(),
            expect,
            ..Settings::default()
        };
        // As a page of HTML holds it.
        let link = format!(
            "<https://example.org/#{}>.",
            share::fragment(&link).replace('&', "&amp;")
        );
        let (model, text) = (
            fixture("models/stories260K.bin").display().to_string(),
            program.path("text.txt"),
        );
        call(&["open", &link, "--model", &model, "--text", &text])
    };
    let first = open(None);
    let (_, expected) = printed(&first).trim_end().rsplit_once(' ').unwrap();
    let again = open(Some(expected.to_owned()));
    assert!(printed(&again).contains("reproduced"), "{}", text(&again.stdout));
    let (kept, _) = expected.rsplit_once('_').unwrap();
    let other = open(Some(format!("{kept}_99999")));
    assert_eq!(other.status.code(), Some(1), "{}", text(&other.stdout));
    assert!(text(&other.stdout).contains("differs"), "{}", text(&other.stdout));

    // A file that is given in place of what the link names is what the result names.
    let link = "v=2&model=hemoscope-1m&m=magnitude:sparsity=0.5&windows=2&window=32&text=evaluation";
    let (model, given) = (
        fixture("models/stories260K.bin").display().to_string(),
        program.path("text.txt"),
    );
    let output = call(&["open", link, "--model", &model, "--text", &given]);
    assert!(
        printed(&output).contains("stories260K.bin on text.txt"),
        "{}",
        text(&output.stdout)
    );

    let bad = call(&["open", "v=1&m=nonsense"]);
    assert!(refused(&bad, 2).contains("m=nonsense"));
    let cut = call(&["open", "v=4&ask=curve&windows=8"]);
    assert!(refused(&cut, 2).contains("windows=8") && refused(&cut, 2).contains("cut off"));
    let nothing = call(&["open", "https://example.org/"]);
    assert!(refused(&nothing, 2).contains("example.org"));
}

#[test]
fn bad_usage_is_told_before_anything_is_measured() {
    let program = Program::new();
    let nowhere = program.path("nowhere/curve.svg");
    let curve = "rtn:bits=8..4/3";
    let calls: [(&str, &[&str], &[&str]); 11] = [
        ("measure", &["--windows", "0"], &["--windows"]),
        ("measure", &["--window", "1"], &["--window"]),
        ("measure", &["--window", "9000"], &["9000", "2..=8192"]),
        ("measure", &["--window", "1024"], &["1024", "from 2 to 512"]),
        ("measure", &["--calibration-windows", "0"], &["--calibration-windows"]),
        ("measure", &["--modify", curve], &["is a range", "hemoscope sweep"]),
        ("measure", &["--modify", "wanda:sparsity=2"], &["from 0 to 1"]),
        ("measure", &["--modify", "wanda:sparsity=0.5"], &["--calibration FILE"]),
        (
            "sweep",
            &["--modify", "rtn:bits=4"],
            &["no range", "0..0.8/9", "hemoscope measure"],
        ),
        (
            "sweep",
            &["--modify", curve, "--out", "curve.png"],
            &["curve.png", ".json, .csv, .parquet or .svg"],
        ),
        (
            "sweep",
            &["--modify", curve, "--out", &nowhere],
            &["there is no folder", "nowhere"],
        ),
    ];
    for (command, options, told) in calls {
        let model = fixture("models/stories260K.bin").display().to_string();
        let text = program.path("text.txt");
        let mut args = vec![command, "--model", &model, "--text", &text];
        args.extend(options);
        let output = call(&args);
        let message = refused(&output, 2);
        for words in told {
            assert!(message.contains(words), "{options:?}: {message}");
        }
    }
    let model = fixture("models/stories260K.bin").display().to_string();
    for options in [["--repeats", "0"], ["--window", "0"], ["--window", "100000"]] {
        let output = call(&["bench", "--model", &model, options[0], options[1]]);
        assert!(refused(&output, 2).contains(options[0]));
    }
    for temperature in ["0", "-1", "11", "NaN", "warm"] {
        let temperature = format!("--temperature={temperature}");
        let output = call(&["write", "--model", &model, &temperature]);
        assert!(refused(&output, 2).contains("--temperature"));
    }
}

#[test]
fn a_run_that_fails_says_what_and_where() {
    let program = Program::new();
    let model = fixture("models/stories260K.bin").display().to_string();
    let missing = program.path("missing.txt");
    let output = call(&["measure", "--model", &model, "--text", &missing]);
    assert!(refused(&output, 1).contains("missing.txt"));
    let text = program.path("text.txt");
    let output = call(&["measure", "--model", &text, "--text", &text]);
    assert!(refused(&output, 1).contains("text.txt"));
    let output = call(&["measure", "--model", &model, "--text", &text, "--windows", "4000"]);
    assert!(refused(&output, 1).contains("Choose fewer or shorter windows"));
    let drawn = program.path("drawn.svg");
    let output = call(&["draw", &text, "--out", &drawn]);
    assert!(refused(&output, 2).contains("text.txt holds no result of hemoscope"));
    let output = call(&["inspect", "--model", &program.path("missing.gguf")]);
    assert!(refused(&output, 1).contains("missing.gguf"));
}

/// `hemoscope inspect … | head` and a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_goes_away_is_no_error_and_a_full_disk_is_one() {
    let model = fixture("models/stories260K.bin");
    let inspect = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hemoscope"));
        command.arg("inspect").arg("--model").arg(&model).stdout(stdout);
        command.output().unwrap()
    };
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = inspect(writer.into());
    assert_eq!(refused(&output, 0), "");
    let full = std::fs::File::create(Path::new("/dev/full")).unwrap();
    let output = inspect(full.into());
    assert!(refused(&output, 1).contains("could not print the result"));
}

#[test]
fn a_model_is_described_for_people_and_for_programs() {
    let model = fixture("models/stories260K.bin").display().to_string();
    let output = call(&["inspect", "--model", &model]);
    for words in ["architecture     llama", "blocks 5,", "bits per weight  32.000"] {
        assert!(printed(&output).contains(words), "{}", text(&output.stdout));
    }
    let output = call(&["inspect", "--model", &model, "--json"]);
    let found: Value = serde_json::from_str(printed(&output)).unwrap();
    assert_eq!(found["config"]["blocks"], 5);
    assert_eq!(found["sha256"].as_str().map(str::len), Some(64));
}
