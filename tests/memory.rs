//! How much memory the program takes for a real model.

#![cfg(target_os = "linux")]
mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::smollm2::smollm2_path;

/// The requirement for loading and measuring SmolLM2 in f32, whose weights alone take 0.54 GB per model.
const LIMIT_BYTES: u64 = 2_000_000_000;
/// Below this, the process was not observed while it held both models.
const LEAST_BYTES: u64 = 700_000_000;

/// The most memory that a process has had so far, in bytes; `None` once it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kibibytes)
}

#[test]
fn loading_and_measuring_smollm2_takes_less_than_two_gigabytes() {
    let text = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/texts/evaluation.txt");
    let mut program = Command::new(env!("CARGO_BIN_EXE_hemoscope"))
        .arg("measure")
        .arg("--model")
        .arg(smollm2_path())
        .arg("--text")
        .arg(text)
        .args(["--windows", "1", "--window", "512", "--modify", "rtn:bits=4"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // The kernel keeps the highest value, so that occasional polling misses only the last moment.
    let mut highest = 0;
    let status = loop {
        highest = peak(program.id()).unwrap_or(0).max(highest);
        if let Some(status) = program.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success());
    println!("peak memory: {:.2} GB", highest as f64 / 1e9);
    assert!((LEAST_BYTES..LIMIT_BYTES).contains(&highest), "{highest} bytes at most");
}
