//! The command line, called as a program.

use std::process::{Command, Output};

use serde_json::Value;

/// Runs it with these arguments.
pub fn call(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hemoscope"))
        .args(args)
        .output()
        .unwrap()
}

/// What it printed or said.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// `measure` of an unmodified model on the protocol of `fixtures/cases` and `reference/architectures.py`: 6 windows of
/// 64 tokens, as JSON.
pub fn measure(model: &str, text: &str) -> Output {
    call(&[
        "measure",
        "--model",
        model,
        "--text",
        text,
        "--windows",
        "6",
        "--window",
        "64",
        "--modify",
        "magnitude:sparsity=0",
        "--json",
    ])
}

/// The result that [`measure`] printed, which must have succeeded.
#[track_caller]
pub fn result(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The untouched model's perplexity in such a result.
pub fn perplexity(result: &Value) -> f64 {
    result["base"]["ppl"].as_f64().unwrap()
}
