//! Checks of how much the page loads and how much memory it takes, and timings for `make bench`.
//!
//! `tests/pages/bench.html` talks to the engine's worker without the page around it, `tests/pages/opening.html` presses the
//! page's Run.

use std::path::Path;
use std::time::{Duration, Instant};

use hemoscope_core::numeric::quantiles;
use serde_json::{Value, json};

use crate::browser::{Browser, Graphics};
use crate::fixtures::fixture;
use crate::page::{Page, number};
use crate::server::{Content, Reply};
use crate::site::{Site, bundled};

/// Page, engine, the 4M model and the texts, as sent by a host that compresses.
const COLD_LOAD_BYTES: usize = 12_300_000;

/// Memory of the engine's module with SmolLM2 on the CPU: browsers on small machines allow 2 GB, and a damaged copy of
/// the blocks needs room too.
const WASM_BYTES: f64 = 1.5e9;

const MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

/// The limit for a slow phone and network.
const SLOWLY: Duration = Duration::from_secs(60);

/// Records when a frame with the chart was painted, and one with an enabled Run button.
const SEEN: &str = "const seen = () => {
    if (document.querySelector('.chart svg')) window.chartSeenAt ??= performance.now();
    const run = document.querySelector('[data-testid=run]');
    if (run && !run.disabled) window.runSeenAt ??= performance.now();
    if (!window.runSeenAt) requestAnimationFrame(seen);
}; requestAnimationFrame(seen);";

/// Chromium's preset with that name: 90 % of 9 and of 1.5 Mbit/s, and 2.75 times 60 ms of latency.
fn fast_4g() -> Value {
    json!({"offline": false, "latency": 165, "downloadThroughput": 1_012_500, "uploadThroughput": 168_750})
}

fn site() -> Site {
    Site::with(|path| match path {
        "bench.html" | "opening.html" => {
            let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages").join(path);
            Some(Reply::whole(200, "text/html; charset=utf-8", Content::File(page)))
        }
        "stories260K.bin" | "tok512.bin" => {
            let file = Content::File(fixture(&format!("models/{path}")));
            Some(Reply::whole(200, "application/octet-stream", file))
        }
        _ => None,
    })
}

/// A page on a machine with two processors.
async fn opening_page(site: &Site) -> Page {
    let page = Page::new(site, Graphics::None).await;
    page.before_each_page(&crate::engines::processors(2)).await;
    page
}

/// Opens the page and runs what it opens with: nine points of Wanda pruning on 8 windows of 256 tokens with the 4M
/// model, on the CPU. Seconds from pressing Run, loading included.
async fn opening(page: &Page, site: &Site) -> Value {
    let address = format!("{}opening.html", site.address());
    let opening = reported(&page.browser, &address, "opening ", Duration::from_secs(600)).await;
    opening.unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_opening_experiment_loads_little_and_shows_provisional_points() {
    let site = site();
    let opening = opening(&opening_page(&site).await, &site).await;
    assert_eq!(opening["points"], 9, "{opening}");
    // The small models are made for the CPU, so the device is named and no message is needed.
    assert_eq!(opening["messages"], json!([]));
    assert_eq!(opening["device"], "CPU");
    assert!(
        opening["first"].is_number(),
        "no point was shown before it was finished: {opening}"
    );
    let loaded = site.sent_bytes();
    assert!(loaded < COLD_LOAD_BYTES, "{loaded} bytes were loaded");
}

fn bench(site: &Site, query: &str) -> String {
    format!("{}bench.html?{query}", site.address())
}

/// Opens the page at an address and waits for a line that begins with `kind`; returns its JSON, or the error.
async fn reported(browser: &Browser, address: &str, kind: &str, longest: Duration) -> Result<Value, String> {
    browser.driver().goto(address).await.expect("the page opens");
    let start = Instant::now();
    loop {
        let log = browser
            .script("return document.getElementById('log')?.textContent ?? ''", vec![])
            .await;
        let log = log.as_str().unwrap_or_default();
        for line in log.lines() {
            if let Some(json) = line.strip_prefix(kind) {
                return serde_json::from_str(json.trim()).map_err(|error| format!("{line}: {error}"));
            }
            if line.starts_with("FAIL") {
                return Err(line.to_owned());
            }
        }
        if start.elapsed() > longest {
            return Err(format!("no '{kind}' after {longest:?}; so far: {log}"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smollm2_fits_into_a_pages_memory() {
    let site = site();
    let browser = Browser::start(Graphics::None).await;
    let address = bench(&site, &format!("device=flex&model=models/{MODEL}&windows=16&repeats=1"));
    let memory = reported(&browser, &address, "memory ", Duration::from_secs(180)).await;
    let memory = memory.unwrap_or_else(|error| panic!("{error}"));
    let bytes = number(&memory["bytes"]);
    assert!(
        bytes > 134.5e6 * 4.0,
        "its weights in f32 alone take more than {bytes} bytes"
    );
    assert!(
        bytes < WASM_BYTES,
        "with SmolLM2 loaded, the module has {:.2} GB",
        bytes / 1e9
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement for `make bench`, not a check"]
async fn bench_first_visit() {
    let site = site();
    for (place, network) in [
        ("from this machine", None),
        ("by Fast 4G, CPU 4 times slower", Some(fast_4g())),
    ] {
        let page = Page::new(&site, Graphics::None).await;
        page.before_each_page(SEEN).await;
        if let Some(network) = network {
            let tools = &page.browser;
            tools.devtools("Network.enable", json!({})).await;
            tools.devtools("Network.emulateNetworkConditions", network).await;
            tools
                .devtools("Emulation.setCPUThrottlingRate", json!({"rate": 4}))
                .await;
        }
        page.open("", "").await;
        let seen = async || {
            let script = "return [window.chartSeenAt ?? null, window.runSeenAt ?? null]";
            page.browser.script(script, vec![]).await
        };
        page.wait_for("Run", SLOWLY, async || seen().await[1].is_number()).await;
        let seen = seen().await;
        let [chart, run] = [&seen[0], &seen[1]].map(number);
        println!("  {place}: chart seen {chart:.0} ms after the request for the page, Run ready after {run:.0} ms");
    }
    let page = opening_page(&site).await;
    for visit in ["first visit", "second visit, engine in cache"] {
        let opening = opening(&page, &site).await;
        for (what, key) in [
            ("first provisional point", "first"),
            ("first provisional point of a damaged model", "damaged"),
            ("last point", "last"),
        ] {
            println!(
                "  opening experiment, {visit}, {what}: {:.1} s after Run",
                number(&opening[key])
            );
        }
    }
    println!("  loaded: {} bytes", site.sent_bytes());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement for `make bench`, not a check"]
async fn bench_tiny_operations() {
    let site = site();
    for (graphics, device) in [(Graphics::None, "flex"), (Graphics::Software, "gpu")] {
        let browser = Browser::start(graphics).await;
        let address = bench(
            &site,
            &format!("device={device}&model=stories260K.bin,tok512.bin&windows=64&repeats=1"),
        );
        let took = reported(&browser, &address, "tiny_ops ", Duration::from_secs(120)).await;
        let took = took.unwrap_or_else(|error| panic!("{device}: {error}"));
        println!(
            "  1,000 tiny operations, {device}: {:.0} ms",
            number(&took["milliseconds"])
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement for `make bench`, not a check"]
async fn bench_tokens_per_second_in_the_page() {
    bundled();
    let site = site();
    let card = std::env::var_os("HEMOSCOPE_CARD").map(|_| (Graphics::Hardware, "gpu"));
    for (graphics, device) in std::iter::once((Graphics::None, "flex")).chain(card) {
        let browser = Browser::start(graphics).await;
        let address = bench(
            &site,
            &format!("device={device}&model=models/{MODEL}&windows=512&repeats=3"),
        );
        match reported(&browser, &address, "bench ", Duration::from_secs(900)).await {
            Ok(found) => {
                let seconds: Vec<f64> = serde_json::from_value(found["seconds"].clone()).unwrap_or_default();
                let [median, best] = quantiles(seconds, [0.5, 0.0]);
                let tokens = number(&found["tokens"]);
                println!(
                    "| {MODEL} | page, {device} | {tokens} | {median:.3} | {best:.3} | {:.0} |",
                    tokens / median
                );
            }
            Err(reason) => println!("  (no row for the page on {device}: {reason})"),
        }
        browser.devtools("Page.stopLoading", json!({})).await;
    }
}
