//! Run measures what is on screen, says what it measures, and loses nothing.

use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, RUN, SOON, stories};
use crate::runs::STORIES;
use crate::site::Site;

async fn reason(page: &Page, part: &str) {
    page.wait_for(part, SOON, async || {
        page.is_off("run").await && page.text("run").await.contains(part)
    })
    .await;
}

async fn ready(page: &Page) {
    page.wait_for("Run", SOON, async || !page.is_off("run").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_is_off_with_the_reason_while_the_form_cannot_be_run() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    ready(&page).await;
    // While typing, before the field loses focus.
    let typed = "const field = document.querySelector('[data-testid=spec]');
        field.value = arguments[0]; field.dispatchEvent(new Event('input', {bubbles: true}))";
    page.browser.script(typed, vec![json!("wanda:sparsity=7")]).await;
    reason(&page, "can't be used as it is written").await;
    page.fill("spec", "wanda:sparsity=0..0.6/4").await;
    ready(&page).await;
    assert!(page.text("run").await.contains("4 points"));
    page.fill("model", "own").await;
    reason(&page, "Choose the model's file").await;
    page.fill("model", "hub").await;
    reason(&page, "model from the hub").await;
    page.fill("model", "hemoscope-1m").await;
    ready(&page).await;
    page.fill("text", ":own").await;
    reason(&page, "text of your own").await;
    page.fill("text", "evaluation").await;
    page.fill("window", "1024").await;
    reason(&page, "hemoscope 1M reads at most 512 tokens").await;
    page.fill("window", "512").await;
    page.fill("windows", "100").await;
    reason(&page, "Everyday prose holds at most 21 windows").await;
    page.fill("windows", "5000").await;
    let value = "return document.querySelector('[data-testid=windows]').value";
    assert_eq!(page.browser.script(value, vec![]).await, "4096");
    page.fill("windows", "21").await;
    ready(&page).await;
    page.assert_console_is_clean().await;
}

/// How many points are drawn of curves other than the shown one.
async fn others(page: &Page) -> u64 {
    let script = "return document.querySelectorAll('[data-testid=kept-point]').length";
    page.browser.script(script, vec![]).await.as_u64().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_is_said_and_the_former_curve_stays_until_the_new_one_is_as_long() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let fragment = STORIES.replace("0..0.8/9", "0..0.8/5");
    page.open("", &format!("{fragment}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    assert_eq!((page.points().await.len(), others(&page).await), (5, 0));
    page.fill("windows", "64").await;
    page.click("run").await;
    page.wait_for("the new curve", RUN, async || {
        (1..5).contains(&page.points().await.len()) && others(&page).await == 5
    })
    .await;
    // The form may be changed during the run.
    page.fill("method", "magnitude").await;
    page.wait_for("what is running", SOON, async || {
        page.text("running").await.contains("next run")
    })
    .await;
    let running = page.text("running").await;
    assert!(
        running.starts_with("Running: Wanda pruning") && running.contains("64 windows"),
        "{running}"
    );
    page.click("cancel").await;
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    assert!(!page.has("running").await);
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_and_its_file_name_their_experiment() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    let title = "return document.querySelector('.chart-title').textContent";
    let title = page.browser.script(title, vec![]).await;
    assert_eq!(title, "Wanda pruning · hemoscope 4M · Everyday prose");
    let script = "const done = arguments[0]; const make = URL.createObjectURL; let text;
        URL.createObjectURL = (blob) => { text = blob.text(); return make.call(URL, blob); };
        HTMLAnchorElement.prototype.click = function () { text.then((text) => done([this.download, text])); };
        document.querySelector('[data-testid=download-svg]').click(); URL.createObjectURL = make;";
    let saved = page
        .browser
        .driver()
        .execute_async(script, vec![])
        .await
        .expect("a file");
    let [name, svg]: [String; 2] = serde_json::from_value(saved.json().clone()).expect("a name and a picture");
    assert_eq!(name, "wanda-sparsity-0-to-0.8-9-hemoscope-4m-evaluation.svg");
    for part in [
        "Wanda pruning · hemoscope 4M",
        "8\u{a0}windows × 256 tokens",
        "hemoscope 0.",
        "#v=",
    ] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
}
