//! Bad files, texts and links: the page says so, nothing breaks, and it stays usable.

use std::path::PathBuf;

use crate::browser::Graphics;
use crate::page::{Page, RUN, SOON, stories};
use crate::site::{Site, bundled};

const OWN: &str = "#v=1&model=own:m.gguf&m=wanda:sparsity=0..0.8/2&text=evaluation&windows=1&window=64\
                   &calibration=calibration&calibration-windows=1&seed=0&threshold=1.1&device=flex";

/// The message for a model file with these bytes.
async fn refusal(page: &Page, name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path: PathBuf = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    page.open("", OWN).await;
    page.choose_files("model-file", &[path]).await;
    page.click("run").await;
    let message = page.message("Error", RUN).await;
    page.wait_for("the end", SOON, async || page.has("run").await).await;
    assert!(
        page.text("sentence").await.contains("Press Run"),
        "it can be tried again"
    );
    assert!(message.contains(name), "which file: {message}");
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_models_are_refused_by_name() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let message = refusal(&page, "page.gguf", b"<!DOCTYPE html><title>404</title><p>Not found").await;
    assert!(message.contains("web page"), "{message}");
    refusal(&page, "empty.gguf", b"").await;
    // Counts and sizes that overflow 32 bits.
    let mut hostile = b"GGUF\x03\x00\x00\x00".to_vec();
    hostile.extend([0xff; 16]);
    refusal(&page, "hostile.gguf", &hostile).await;
    let mut hostile = u64::MAX.to_le_bytes().to_vec();
    hostile.extend(b"{}");
    page.open("", &OWN.replace("m.gguf", "model.safetensors")).await;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, &hostile).expect("a file");
    page.choose_files("model-file", &[path]).await;
    page.message("needs config.json", SOON).await;
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_model_is_refused_with_what_is_missing() {
    let bytes = std::fs::read(bundled()).expect("SmolLM2");
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let message = refusal(&page, "half.gguf", &bytes[..bytes.len() / 2]).await;
    assert!(
        !message.contains("unreachable") && !message.contains("panicked"),
        "{message}"
    );
    refusal(&page, "head.gguf", &bytes[..1000]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_shorter_than_a_window_is_said_before_anything_is_measured() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open(
        "",
        &OWN.replace("own:m.gguf", "own:stories260K.bin")
            .replace("window=64", "window=512"),
    )
    .await;
    page.choose_files("model-file", &stories()).await;
    page.fill("text", ":own").await;
    page.wait_for("Run that waits for a text", SOON, async || page.is_off("run").await)
        .await;
    assert!(page.text("run").await.contains("text of your own"));
    // Too few bytes for any tokenizer: the field says so, and nothing is run.
    page.fill("own-text", "Too short.").await;
    page.wait_for("the reason", SOON, async || {
        page.text("run").await.contains("one window needs 512")
    })
    .await;
    assert!(page.is_off("run").await);
    // Enough bytes, but too few tokens: the engine says so.
    page.fill("own-text", &"Much too short. ".repeat(36)).await;
    page.wait_for("Run", SOON, async || !page.is_off("run").await).await;
    page.click("run").await;
    let message = page.message("Error", RUN).await;
    assert!(
        message.contains("token") && message.contains("512"),
        "how much there is and how much is needed: {message}"
    );
    assert!(
        page.text("sentence").await.contains("Press Run"),
        "it can be tried again"
    );
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_refused_by_its_size() {
    const DROP: &str = "const files = new DataTransfer();
        files.items.add(new File([new Uint8Array(25_000_000)], 'long.txt'));
        document.querySelector('[data-drop=text]').dispatchEvent(
            new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: files}));";
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", OWN).await;
    page.browser.script(DROP, vec![]).await;
    let message = page.message("long.txt has 25.0 MB", SOON).await;
    assert!(message.contains("at most 20.0 MB"), "{message}");
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_with_unknown_and_impossible_parts_opens_and_says_so() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open(
        "",
        "#v=1&m=wanda:sparsity=7&windows=-3&window=9999999999999&colour=green&text=%00%ff&threshold=nan",
    )
    .await;
    for part in ["m=", "windows=", "window=", "threshold="] {
        page.message(&format!("“{part}"), SOON).await;
    }
    page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
        .await;
    // A link of a version that does not exist yet, and text that is not a link at all.
    for fragment in ["#v=99&windows=4", "#nonsense", "#%E0%A4%A", "#m=unheard-of:of=1&v=1"] {
        page.open("", fragment).await;
        page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
            .await;
        assert!(page.has("run").await, "{fragment}");
    }
    page.message("unheard-of", SOON).await;
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_as_mail_and_html_deliver_it_and_a_cut_one_says_so() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    for (query, fragment) in [
        ("", "#v%3D2%26model%3Dhemoscope-1m%26m%3Dwanda%3Asparsity%3D0..0.8%2F9"),
        ("", "#v=2&amp;model=hemoscope-1m&amp;m=wanda:sparsity=0..0.8/9"),
        ("", "#v=2&m=wanda:sparsity=0..0.8/9&model=hemoscope-1m)."),
        ("?utm_source=mail&v=2&model=hemoscope-1m", ""),
    ] {
        page.open(query, fragment).await;
        page.wait_for("the model of the link", SOON, async || {
            page.text("protocol").await.starts_with("hemoscope 1M")
        })
        .await;
        assert!(page.messages().await.is_empty(), "{query}{fragment}");
    }
    page.open("", "#v=4&ask=curve&model=hemoscope-1m&m=wanda:spar").await;
    page.message("“m=wanda:spar” can't be used (the link is cut off here)", SOON)
        .await;
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_without_its_model_says_so_and_still_shows_its_curve() {
    let site = Site::with(|path| {
        let missing = || crate::server::Reply::new(404, "text/html", "<!doctype html>not here");
        path.ends_with(".gguf").then(missing)
    });
    let page = Page::new(&site, Graphics::None).await;
    page.open("", "#v=1&device=flex").await;
    page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
        .await;
    page.click("run").await;
    let message = page.message("does not include", RUN).await;
    assert!(message.contains("SmolLM2-135M-Instruct"), "{message}");
}
