//! Runs in the page: measured, cancelled, shared, reproduced.

use std::time::Duration;

use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, Point, RUN, SOON, settings, stories};
use crate::server::{Content, Reply};
use crate::site::{Site, bundled, dist, engine};

/// Tolerance in ln PPL between software WebGPU and the CPU, which compute in f32 but in a different order.
const DEVICES_AGREE: f64 = 1e-3;
/// Tolerance for an untouched model against itself.
pub const NOTHING_LOST: f64 = 1e-5;

/// Nine points; small enough for software WebGPU, which makes 0.2 GFLOP/s.
pub const STORIES: &str = "#v=1&model=own:stories260K.bin&m=wanda:sparsity=0..0.8/9&text=evaluation&windows=2&window=128\
                       &calibration=calibration&calibration-windows=2&calibration-stats=sequential&seed=0&threshold=1.1";
/// Two points, one window of 64 tokens: as much of SmolLM2 as flex computes in a minute.
const SMOLLM2: &str = "#v=1&model=SmolLM2-135M-Instruct.Q4_1&m=wanda:sparsity=0..0.7/2&text=evaluation&windows=1&window=64\
                       &calibration=calibration&calibration-windows=1&calibration-stats=dense&seed=0&threshold=1.1&device=flex";

/// A run on software WebGPU with as little to compute as the question allows.
fn on_software(range: &str) -> String {
    let small = STORIES
        .replace("windows=2&window=128", "windows=1&window=64")
        .replace("calibration-windows=2", "calibration-windows=1")
        .replace("0..0.8/9", range);
    format!("{small}&device=gpu")
}

/// Whether this path is the engine's module.
pub fn is_engine(path: &str) -> bool {
    path.starts_with("engine") && path.ends_with("_bg.wasm")
}

async fn stories_page(site: &Site, graphics: Graphics, fragment: &str) -> Page {
    let page = Page::new(site, graphics).await;
    page.open("", fragment).await;
    page.choose_files("model-file", &stories()).await;
    page
}

async fn stories_sweep(site: &Site, graphics: Graphics, device: &str) -> Vec<Point> {
    let page = stories_page(site, graphics, &format!("{STORIES}&device={device}")).await;
    page.run(RUN).await;
    let points = page.points().await;
    assert_eq!(points.len(), 9, "{:?}", page.messages().await);
    page.assert_console_is_clean().await;
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_the_same_on_the_cpu_and_on_webgpu() {
    let site = Site::start();
    let cpu = stories_sweep(&site, Graphics::None, "flex").await;
    assert!(cpu[0].y.abs() < NOTHING_LOST, "{cpu:?}");
    assert!(cpu[8].y > 0.3, "at 80 % it is in ruins: {cpu:?}");
    let gpu = stories_sweep(&site, Graphics::Software, "gpu").await;
    for (one, other) in cpu.iter().zip(&gpu) {
        assert_eq!(one.x, other.x);
        assert!(
            (one.y - other.y).abs() < DEVICES_AGREE,
            "at {}: CPU {} WebGPU {}",
            one.x,
            one.y,
            other.y
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webgpu_is_verified_before_it_is_used() {
    let site = Site::start();
    let page = stories_page(&site, Graphics::Software, &format!("{STORIES}&device=gpu")).await;
    page.click("run").await;
    page.wait_for("the badge", RUN, async || {
        page.text("device").await.contains("WebGPU, verified")
    })
    .await;
    let detail = page.text("self-test").await;
    assert!(
        detail.contains("Self-test passed") && detail.contains("allowed"),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_device_is_told_and_what_was_measured_stays() {
    let site = Site::start();
    let page = stories_page(&site, Graphics::Software, &on_software("0..0.8/33")).await;
    page.click("run").await;
    page.wait_for("two points", RUN, async || {
        let points = page.points().await;
        page.has("cancel").await && !page.is_stored().await && points.len() >= 2
    })
    .await;
    page.browser.devtools("Browser.crashGpuProcess", json!({})).await;
    page.message("What was measured stays", RUN).await;
    page.wait_for("the end", SOON, async || page.has("run").await).await;
    let points = page.points().await;
    assert!((2..33).contains(&points.len()), "{points:?}");
    // The next run starts the engine again.
    page.fill("device-choice", "flex").await;
    page.fill("points", "3").await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 3, "{:?}", page.messages().await);
}

/// Some browsers offer WebGPU to pages but not to workers: the engine then runs in the page, and still stops when asked
/// to.
#[tokio::test(flavor = "multi_thread")]
async fn without_webgpu_in_workers_the_engine_runs_in_the_page() {
    let site = Site::with(|path| {
        let loader = path
            .ends_with("_loader.js")
            .then(|| std::fs::read_to_string(dist().join(path)))?;
        let loader = format!("delete WorkerNavigator.prototype.gpu; {}", loader.expect("the loader"));
        Some(Reply::new(200, "text/javascript", loader))
    });
    let page = stories_page(&site, Graphics::Software, &on_software("0..0.6/3")).await;
    page.run(RUN).await;
    page.message("runs in the page itself", SOON).await;
    let messages = page.messages().await;
    assert!(page.text("device").await.contains("WebGPU, verified"), "{messages:?}");
    let points = page.points().await;
    assert_eq!(points.len(), 3, "{messages:?}");
    assert!(points[0].y.abs() < NOTHING_LOST && points[2].y > 0.1, "{points:?}");
    // It can be cancelled between windows, like a worker.
    page.fill("points", "17").await;
    page.click("run").await;
    page.wait_for("the first new point", RUN, async || {
        let points = page.points().await;
        page.has("cancel").await && !points.is_empty() && points.iter().all(|point| point.x < 0.59)
    })
    .await;
    page.click("cancel").await;
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    assert!(page.points().await.len() < 17);
    // The CPU works as well in a worker.
    page.fill("device-choice", "flex").await;
    page.fill("points", "3").await;
    page.run(RUN).await;
    assert_eq!(page.text("device").await, "CPU");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_link_comes_out_again_in_a_fresh_profile() {
    shared_and_opened(Graphics::None, &format!("{STORIES}&device=flex")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_link_comes_out_again_on_webgpu() {
    shared_and_opened(Graphics::Software, &on_software("0..0.8/3")).await;
}

async fn shared_and_opened(graphics: Graphics, fragment: &str) {
    let site = Site::start();
    let page = stories_page(&site, graphics, fragment).await;
    page.run(RUN).await;
    // Software WebGPU has time for one window only, which gives no threshold.
    if graphics == Graphics::Software {
        assert!(!page.has("threshold").await);
    } else {
        assert!(
            page.text("threshold").await.contains("breaks at"),
            "{:?}",
            page.points().await
        );
    }
    assert!(!page.is_stored().await);
    let link = page.copied_link().await;
    let first = page.points().await;
    drop(page);

    let other = Page::new(&site, graphics).await;
    other.go(&link).await;
    // The page writes the copied link from the settings that it read.
    assert_eq!(
        settings(&other.copied_link().await),
        settings(&link),
        "the link restores every setting"
    );
    other.choose_files("model-file", &stories()).await;
    other.run(RUN).await;
    let verdict = other.text("verdict").await;
    assert!(
        verdict.to_lowercase().starts_with("reproduced"),
        "'{verdict}', messages {:?}",
        other.messages().await
    );
    assert_eq!(
        other.points().await,
        first,
        "the same backend computes the same numbers"
    );
    // The verdict on a wrong result is the same on every device, and would take software WebGPU another half minute.
    if graphics == Graphics::Software {
        return;
    }
    let wrong = link.replace("wanda:", "magnitude:");
    other.go(&wrong).await;
    other.choose_files("model-file", &stories()).await;
    other.run(RUN).await;
    let verdict = other.text("verdict").await;
    assert!(!verdict.to_lowercase().starts_with("reproduced"), "'{verdict}'");
}

#[tokio::test(flavor = "multi_thread")]
async fn smollm2_is_measured_cancelled_and_reproduced_on_the_cpu() {
    bundled();
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", SMOLLM2).await;
    page.run(RUN).await;
    let points = page.points().await;
    assert_eq!(points.len(), 2, "{:?}", page.messages().await);
    assert!(points[0].y.abs() < NOTHING_LOST && points[1].y > 0.1, "{points:?}");
    assert!(!page.has("threshold").await, "two points say nothing about a threshold");
    let protocol = page.text("protocol").await;
    assert!(
        protocol.contains("1 windows × 64 tokens") || protocol.contains("1 window × 64 tokens"),
        "{protocol}"
    );
    let link = page.copied_link().await;
    assert!(link.contains("model-sha256=b179c9523d0e6a0f"), "{link}");

    // After cancelling in the middle, the finished points stay.
    page.fill("points", "9").await;
    page.click("run").await;
    page.wait_for("the first new point", RUN, async || {
        // The previous curve ended at 0.7; until the new one begins, the chart shows it.
        let points = page.points().await;
        page.has("cancel").await && !points.is_empty() && points.iter().all(|point| point.x < 0.69)
    })
    .await;
    let before = page.points().await.len();
    page.click("cancel").await;
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    let after = page.points().await.len();
    assert!(after >= before && after < 9, "{before} points before, {after} after");
    page.message("cancelled", SOON).await;
    page.assert_console_is_clean().await;
    drop(page);

    let other = Page::new(&site, Graphics::None).await;
    other.go(&link).await;
    assert_eq!(settings(&other.copied_link().await), settings(&link));
    other.run(RUN).await;
    let verdict = other.text("verdict").await;
    assert!(
        verdict.to_lowercase().starts_with("reproduced"),
        "'{verdict}', messages {:?}",
        other.messages().await
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_keeps_the_finished_points_and_the_page_answers_while_it_works() {
    let site = Site::start();
    let fragment = STORIES
        .replace("windows=2", "windows=16")
        .replace("0..0.8/9", "0..0.8/33");
    let page = stories_page(&site, Graphics::None, &format!("{fragment}&device=flex")).await;
    page.click("run").await;
    page.wait_for("three points", RUN, async || {
        page.points().await.len() >= 3 && !page.is_stored().await
    })
    .await;
    // Controls respond while the engine works: the chart has its new axis in the next frame, and the run continues.
    let press =
        "const done = arguments[0]; const chart = () => document.querySelector('[data-testid=chart]').innerHTML;
        const before = chart();
        document.querySelector('[data-testid=axis]').click();
        requestAnimationFrame(() => done([chart() !== before, !!document.querySelector('[data-testid=cancel]')]))";
    let answered = page
        .browser
        .driver()
        .execute_async(press, vec![])
        .await
        .expect("an answer");
    assert_eq!(*answered.json(), json!([true, true]), "[chart drawn anew, run goes on]");
    page.click("cancel").await;
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    let points = page.points().await;
    assert!(points.len() >= 3 && points.len() < 33, "{} points", points.len());
    // The result stays usable, and the next run can start.
    assert!(page.text("sentence").await.ends_with('.'));
    page.fill("points", "2").await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 2);
    page.assert_console_is_clean().await;
}

/// A run that is stopped and restarted while the engine's module is loading waits for the same module.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_stopped_before_the_engine_is_there_leaves_it_to_the_next() {
    let site = Site::with(|path| {
        let module = Content::File(engine("_bg.wasm"));
        let reply = is_engine(path).then(|| Reply::whole(200, "application/wasm", module))?;
        let pause = Duration::from_millis(15);
        Some(Reply { pause, ..reply })
    });
    let page = Page::new(&site, Graphics::None).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    assert!(page.is_off("run").await, "the link's own model is not here");
    assert!(page.text("run").await.contains("Choose the model's file"));
    page.choose_files("model-file", &stories()).await;
    page.click("run").await;
    page.click("cancel").await;
    page.fill("points", "2").await;
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
    page.assert_console_is_clean().await;
    let loaded = site.log();
    let engines = loaded.iter().filter(|request| request.path().ends_with("_loader.js"));
    assert!(engines.count() <= 2, "one engine and its helper");
}

/// Following a link in an open page changes the device, as the list does.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_with_another_device_is_followed() {
    let site = Site::start();
    let page = stories_page(&site, Graphics::Software, &on_software("0..0.6/2")).await;
    page.run(RUN).await;
    assert_eq!(page.text("device").await, "WebGPU, verified");
    let flex = on_software("0..0.6/2").replace("device=gpu", "device=flex");
    page.browser
        .script("location.hash = arguments[0]", vec![json!(flex)])
        .await;
    page.wait_for("the choice", SOON, async || {
        page.text("device").await != "WebGPU, verified"
    })
    .await;
    page.run(RUN).await;
    assert_eq!(page.text("device").await, "CPU", "{:?}", page.messages().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_models_write_and_the_untouched_one_tells_of_lily() {
    let site = Site::start();
    let fragment = format!("{STORIES}&device=flex").replace("0..0.8/9", "0..0.8/2");
    let page = stories_page(&site, Graphics::None, &format!("{fragment}&prompt=Once upon a time")).await;
    page.run(RUN).await;
    page.click("write").await;
    page.wait_for("both texts", RUN, async || {
        !page.text("first-difference").await.is_empty()
    })
    .await;
    let (base, modified) = (page.text("base-text").await, page.text("modified-text").await);
    assert!(base.contains("Lily"), "untouched: '{base}'");
    assert!(!modified.is_empty() && modified != base, "damaged: '{modified}'");
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_hold_the_curve() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    // Downloads are intercepted where the page hands them to the browser.
    page.browser
        .script(
            "window.saved = []; const make = URL.createObjectURL;
             URL.createObjectURL = (blob) => { window.saved.push(blob); return make.call(URL, blob); };
             HTMLAnchorElement.prototype.click = function () {};",
            vec![],
        )
        .await;
    for (name, start) in [
        ("download-svg", "<svg"),
        ("download-csv", "value"),
        ("download-json", "{"),
    ] {
        let script = "const done = arguments[1]; window.saved = [];
            document.querySelector(`[data-testid=${arguments[0]}]`).click();
            setTimeout(() => window.saved[0] ? window.saved[0].text().then(done) : done('nothing was saved'), 300)";
        let saved = page
            .browser
            .driver()
            .execute_async(script, vec![json!(name)])
            .await
            .expect("a download");
        let text = saved.json().as_str().unwrap_or_default().trim_start().to_lowercase();
        assert!(
            text.contains(start) && text.len() > 100,
            "{name}: {}",
            text.chars().take(200).collect::<String>()
        );
    }
    let script = "window.saved = []; document.querySelector('[data-testid=download-png]').click()";
    page.browser.script(script, vec![]).await;
    let picture = "return window.saved.some(blob => blob.type === 'image/png' && blob.size > 5000)";
    page.wait_for("a PNG of the chart", SOON, async || {
        page.browser.script(picture, vec![]).await == true
    })
    .await;
}
