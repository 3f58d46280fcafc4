//! Files and links as people have them: `fixtures/cases/cases.json` says what each is and which number is right.

#![expect(
    clippy::unwrap_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod support;

use std::process::Output;

use serde_json::Value;
use support::fixtures::fixture;
use support::program::{call, measure, perplexity, result, text};

/// The reference was computed in f64, ours in f32, on random models whose logits are nearly equal.
const RELATIVE: f64 = 2e-5;

fn cases() -> Vec<Value> {
    let text = std::fs::read_to_string(fixture("cases/cases.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn case(id: &str) -> Value {
    cases().into_iter().find(|case| case["id"] == id).unwrap()
}

fn path(name: &str) -> String {
    fixture("cases").join(name).display().to_string()
}

/// What `measure` gives for a case.
fn measured(id: &str) -> Output {
    measure(&path(case(id)["model"].as_str().unwrap()), &path("eval.txt"))
}

/// Checks that a case has the right perplexity, and returns its warnings, which standard error has too.
fn warnings(id: &str) -> Vec<String> {
    let output = measured(id);
    let (result, said) = (result(&output), text(&output.stderr));
    let (found, expected) = (perplexity(&result), case(id)["perplexity"].as_f64().unwrap());
    assert!(
        (found / expected - 1.0).abs() < RELATIVE,
        "{id}: perplexity {found}, which should be {expected}"
    );
    let warnings = result["warnings"].as_array().unwrap().iter();
    let warnings: Vec<String> = warnings.map(|warning| warning.as_str().unwrap().to_owned()).collect();
    for warning in &warnings {
        assert!(said.contains(&format!("warning: {warning}")), "{id}: {said}");
    }
    warnings
}

/// The message with which a case is refused.
fn refusal(id: &str) -> String {
    let output = measured(id);
    assert_eq!(output.status.code(), Some(1), "{id}");
    assert!(output.stdout.is_empty(), "{id}");
    text(&output.stderr).to_owned()
}

fn assert_warns(id: &str, parts: &[&str]) {
    let warnings = warnings(id);
    let [warning] = warnings.as_slice() else {
        panic!("{id} warns of {warnings:?}");
    };
    for part in parts {
        assert!(warning.contains(part), "{id}: {warning}");
    }
}

#[test]
fn rotary_scaling_under_its_old_key_is_applied() {
    assert!(warnings("11a").is_empty());
}

#[test]
fn a_head_that_is_not_tied_is_used() {
    assert_warns("05a", &["lm_head.weight differs from model.embed_tokens.weight"]);
}

#[test]
fn the_whole_file_comes_before_a_stale_index() {
    assert_warns(
        "17f",
        &[
            "model.safetensors.index.json is not read",
            "model.safetensors holds the whole model",
        ],
    );
}

#[test]
fn files_that_the_index_does_not_list_are_not_read() {
    assert_warns("06b", &["consolidated.safetensors is not read", "does not list it"]);
}

#[test]
fn a_weight_that_is_not_finite_is_named_before_anything_is_measured() {
    let message = refusal("06l");
    assert!(message.contains("holds inf at row "), "{message}");
    assert!(!message.contains("weaker modification"), "{message}");
}

#[test]
fn nothing_is_left_of_a_sweep_that_could_not_begin() {
    let folder = tempfile::tempdir().unwrap();
    let (model, eval) = (path("06l-inf-weight"), path("eval.txt"));
    let mut args: Vec<String> = [
        "sweep",
        "--model",
        &model,
        "--text",
        &eval,
        "--windows",
        "2",
        "--window",
        "64",
    ]
    .map(str::to_owned)
    .to_vec();
    args.extend(["--modify", "magnitude:sparsity=0..0.4/2"].map(str::to_owned));
    for ending in ["json", "csv", "svg", "parquet"] {
        let file = folder.path().join(format!("curve.{ending}")).display().to_string();
        args.extend(["--out".to_owned(), file]);
    }
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = call(&args);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert_eq!(said.matches("holds inf at row").count(), 1, "{said}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn types_that_can_not_be_read_are_named() {
    assert!(refusal("12-IQ4_NL").contains("the type IQ4_NL of tensor"));
}

#[test]
fn one_scored_token_gives_no_error_and_no_threshold() {
    let case = case("01t");
    let command = case["command"].as_str().unwrap();
    let args: Vec<String> = command
        .split(' ')
        .map(|part| match part {
            "01-head-dim" | "eval.txt" => path(part),
            part => part.to_owned(),
        })
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = call(&args);
    let printed = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(printed.contains("no threshold is given"), "{printed}");
    // Only the table's head has a ±.
    assert!(
        !printed.contains("reaks at") && printed.matches('±').count() == 1,
        "{printed}"
    );
}

#[test]
fn a_qwen2_tokenizer_without_its_cut_is_cut_as_qwen2_is_and_says_so() {
    assert_warns("11g", &["tokenizer.ggml.pre"]);
}

#[test]
fn a_byte_level_vocabulary_without_merges_is_refused() {
    let message = refusal("17a");
    assert!(message.contains("merges"), "{message}");
}

#[test]
fn twenty_thousand_added_tokens_are_read() {
    // Square in their number, this took 250 s: far longer than a test may.
    assert!(warnings("13a").is_empty());
}

#[test]
fn a_legacy_tokenizer_without_a_type_is_bpe() {
    assert!(warnings("07b").is_empty());
}

#[test]
fn added_tokens_beyond_the_models_rows_are_left_out_if_the_text_has_none() {
    assert_warns("07c", &["a text that spells one of the added tokens beyond them"]);
}

#[test]
fn an_id_of_minus_one_names_no_token() {
    assert!(warnings("04d").is_empty());
}

#[test]
fn special_tokens_outside_the_vocabulary_are_left_out() {
    let warnings = warnings("04f");
    assert!(!warnings.is_empty());
    assert!(
        warnings.iter().all(|warning| warning.contains("the model has only")),
        "{warnings:?}"
    );
}

#[test]
fn of_a_long_text_only_what_is_needed_is_tokenised() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("long.txt");
    let once = std::fs::read_to_string(path("eval.txt")).unwrap();
    let times = 16_000_000 / once.len() + 1;
    std::fs::write(&long, once.repeat(times)).unwrap();
    let of = |text: &str| perplexity(&result(&measure(&path("08-llama3-json"), text)));
    assert_eq!(of(&long.display().to_string()), of(&path("eval.txt")));
}

#[test]
fn links_open_as_mail_and_chat_deliver_them() {
    for id in ["15a", "15b"] {
        let case = case(id);
        let output = call(&["open", case["link"].as_str().unwrap()]);
        let printed = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{id}: {}", text(&output.stderr));
        assert!(printed.contains("2 windows × 64 tokens"), "{id}: {printed}");
        assert!(printed.contains("hemoscope-1m"), "{id}: {printed}");
    }
}
