//! The training recipe of the embedded models from beginning to end, at tiny scale: texts → vocabulary and tokens →
//! training, interrupted and resumed → a model's folder, which the engine then measures.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use hemoscope_train::chart::{self, Logged, read_log};
use hemoscope_train::corpus::{Manifest, manifest};
use tempfile::TempDir;

const VOCABULARY: usize = 512;
const WINDOW: usize = 64;
const STEPS: usize = 120;
/// A step between two lines of the log, which are 30 steps apart.
const INTERRUPTED_AT: usize = 75;

/// A Python that has PyTorch; `make test` installs Debian's.
static PYTHON: LazyLock<&str> = LazyLock::new(|| {
    let has_torch = |python: &&str| {
        let output = Command::new(python).args(["-c", "import torch, numpy"]).output();
        output.is_ok_and(|output| output.status.success())
    };
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(has_torch)
        .unwrap_or_else(|| panic!("no python3 on PATH has torch and numpy; `make setup` installs Debian's"))
});

/// The loss that the model must reach: chance is ln 512 = 6.24 nats, and token frequencies alone give about 5.3.
const LEARNT_NATS: f64 = 5.2;

/// Rounding to `f16` and a different order of summation, on a loss of about 5 nats.
const ROUNDING_NATS: f64 = 0.002;

/// The limit for the first checkpoint of a run.
const LONGEST: Duration = Duration::from_secs(120);

struct Workshop {
    folder: TempDir,
}

impl Workshop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let texts = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("web/texts/{name}.txt"));
            std::fs::read_to_string(path).unwrap()
        };
        // Pieces of two pages stand for books; the held-out one is the twelfth.
        let pieces = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            let pieces: Vec<String> = lines
                .chunks(lines.len().div_ceil(12))
                .map(|lines| lines.join("\n"))
                .collect();
            pieces
        };
        let stories = pieces(&texts("calibration"));
        let write = |name: &str, texts: &[String]| {
            std::fs::write(folder.path().join(name), texts.join("<|endoftext|>")).unwrap();
        };
        write("novels.txt", &pieces(&texts("evaluation")));
        write("stories.txt", &stories[..10]);
        write("stories-held-out.txt", &stories[10..]);
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn train(&self, command: &str, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_train"))
            .current_dir(self.folder.path())
            .arg(command)
            .args(more)
            .output()
            .unwrap()
    }

    #[track_caller]
    fn done(&self, command: &str, more: &[&str]) {
        let output = self.train(command, more);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn prepare(&self) -> Manifest {
        let vocabulary = VOCABULARY.to_string();
        let files = "--novels novels.txt --stories stories.txt --stories-held-out stories-held-out.txt --out data";
        let mut args: Vec<&str> = files.split(' ').collect();
        args.extend(["--vocabulary", &vocabulary]);
        self.done("prepare", &args);
        manifest(&self.path("data")).unwrap()
    }

    /// train.py.
    fn learning(&self, more: &str) -> Command {
        let mut command = Command::new(*PYTHON);
        command
            .current_dir(self.folder.path())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/train.py"))
            .args(more.split(' '));
        command
    }

    fn learn(&self, more: &str) -> Output {
        self.learning(more).output().unwrap()
    }

    /// Kills a run once its checkpoint is written, as when a machine goes down.
    fn kill_after_a_checkpoint(&self, out: &str) {
        let mut run = self.learning(&format!("{} --out {out}", recipe())).spawn().unwrap();
        let start = Instant::now();
        while !self.path(out).join("checkpoint.pt").exists() {
            assert!(
                start.elapsed() < LONGEST && run.try_wait().unwrap().is_none(),
                "no checkpoint"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        run.kill().unwrap();
        run.wait().unwrap();
    }

    #[track_caller]
    fn fit(&self, more: &str) -> Vec<Logged> {
        let output = self.learn(&format!("{} {more}", recipe()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let out = more.split(' ').skip_while(|word| *word != "--out").nth(1).unwrap();
        read_log(&self.path(out).join("log.jsonl")).unwrap()
    }
}

fn recipe() -> String {
    format!(
        "--size hemoscope-test --data data --window {WINDOW} --windows 8 --steps {STEPS} --warmup 10 --rate 0.004 --lines 4"
    )
}

/// A log without the durations.
fn without_time(log: &[Logged]) -> Vec<Logged> {
    let timeless = |line: &Logged| Logged {
        seconds: 0.0,
        ..line.clone()
    };
    log.iter().map(timeless).collect()
}

#[test]
fn a_model_is_made_from_texts_to_the_folder_that_the_engine_reads() {
    let workshop = Workshop::new();
    let manifest = workshop.prepare();
    assert_eq!(manifest.vocabulary, VOCABULARY);
    assert!(manifest.sources.iter().all(|source| source.sha256.len() == 64));
    assert!(
        (0.0..0.1).contains(&manifest.stories_overlap),
        "{}",
        manifest.stories_overlap
    );
    assert_eq!(manifest.held_out.iter().map(|book| book.book).collect::<Vec<_>>(), [11]);

    let whole = workshop.fit("--out whole");
    workshop.kill_after_a_checkpoint("parts");
    let stopped = workshop.fit(&format!("--out parts --stop-at {INTERRUPTED_AT}"));
    assert!(stopped.last().unwrap().step < INTERRUPTED_AT);
    let parts = workshop.fit("--out parts");
    assert_eq!(
        without_time(&whole),
        without_time(&parts),
        "an interrupted run ends elsewhere"
    );
    let last = whole.last().unwrap();
    assert_eq!((last.step, last.tokens), (STEPS, STEPS * 8 * WINDOW));
    assert!(last.novels < LEARNT_NATS && last.stories < LEARNT_NATS, "{last:?}");

    workshop.done("chart", &["whole/log.jsonl", "parts/log.jsonl", "--out", "loss.svg"]);

    // The engine, which shares no code with what was trained, finds the loss that training logged: on the
    // same windows of the held-out text, each of a window's tokens and the one after them.
    let novels = std::fs::read_to_string(workshop.path("novels.txt")).unwrap();
    let held_out = novels.split("<|endoftext|>").nth(11).unwrap().trim();
    std::fs::write(workshop.path("held-out.txt"), held_out).unwrap();
    let windows = (manifest.novels.tokens / (WINDOW + 1)).to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_hemoscope"))
        .current_dir(workshop.folder.path())
        .args("measure --model whole/model --text held-out.txt --json --modify magnitude:sparsity=0".split(' '))
        .args(["--windows", &windows, "--window", &(WINDOW + 1).to_string()])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = result["base"]["nll"].as_f64().unwrap();
    assert!(
        (found - last.novels).abs() < ROUNDING_NATS,
        "{found} against {}",
        last.novels
    );
}

/// The chart beside the embedded models is drawn from their training logs.
#[test]
fn the_models_chart_is_that_of_their_logs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let runs = ["hemoscope-1m", "hemoscope-4m", "hemoscope-16m"].map(|name| {
        let log = root.join(format!("tests/reference/runs/{name}/log.jsonl"));
        (name.to_owned(), read_log(&log).unwrap())
    });
    let committed = std::fs::read_to_string(root.join("web/models/loss.svg")).unwrap();
    assert!(
        chart::draw(&runs).unwrap() == committed,
        "draw it anew with `train chart`"
    );
}

#[test]
fn what_can_not_work_is_said_with_what_to_do() {
    let workshop = Workshop::new();
    let missing = workshop.train("sample", &["--data", "nowhere", "--out", "sample.json"]);
    let message = String::from_utf8(missing.stderr).unwrap();
    assert!(
        missing.status.code() == Some(1) && message.contains("nowhere/corpus.json"),
        "{message}"
    );
    workshop.prepare();
    workshop.fit("--out run --stop-at 1");
    let refused = |args: &str| {
        let output = workshop.learn(args);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let other = recipe().replace("--rate 0.004", "--rate 0.001");
    let message = refused(&format!("{other} --out run"));
    assert!(message.contains("another recipe or text"), "{message}");
    std::fs::write(workshop.path("data/training.tokens"), [0; 9000]).unwrap();
    let message = refused(&format!("{} --out fresh", recipe()));
    assert!(
        message.contains("training.tokens") && message.contains("train prepare"),
        "{message}"
    );
}

#[test]
fn a_book_that_is_trained_on_and_held_out_is_found() {
    let workshop = Workshop::new();
    let novels = std::fs::read_to_string(workshop.path("novels.txt")).unwrap();
    let held_out = novels.split("<|endoftext|>").nth(11).unwrap().to_uppercase();
    std::fs::write(workshop.path("novels.txt"), format!("{novels}<|endoftext|>{held_out}")).unwrap();
    let args = "--novels novels.txt --stories stories.txt --stories-held-out stories-held-out.txt --out data";
    let output = workshop.train("prepare", &args.split(' ').collect::<Vec<_>>());
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        message.contains("held-out book 11") && message.contains("two editions"),
        "{message}"
    );
}
