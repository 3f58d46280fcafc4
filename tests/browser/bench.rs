//! Time: a guard against overhead a call, and tokens per second in the page.
//!
//! Both talk to the engine's worker through `tests/pages/bench.html`, without the page around it.

use std::path::Path;
use std::time::{Duration, Instant};

use hemoscope::numeric::quantiles;
use serde_json::{Value, json};

use crate::browser::{Browser, Graphics};
use crate::page::Page;
use crate::server::{Content, Reply};
use crate::site::{Site, bundled, shared};

/// 1,000 operations on tiny tensors. Ten times what they take; where the linker wraps every call of the module in its
/// constructors, they take a hundred times as long.
const TINY_OPS_MS: f64 = 700.0;

/// Memory of the engine's module with SmolLM2 on the CPU: browsers on small machines give 2 GB, and a damaged copy of the
/// blocks needs room beside it.
const WASM_BYTES: f64 = 1.5e9;

const MODEL: &str = "SmolLM2-135M-Instruct.Q4_1.gguf";

fn site() -> Site {
    Site::with(|path| {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pages/bench.html");
        match path {
            "bench.html" => Some(Reply::whole(200, "text/html; charset=utf-8", Content::File(page))),
            "stories260K.bin" | "tok512.bin" => {
                let file = Content::File(shared(&format!("models/{path}")));
                Some(Reply::whole(200, "application/octet-stream", file))
            }
            _ => None,
        }
    })
}

/// Times a whole run in the page, from the press of Run on a page that is open: nine points of Wanda pruning, 8 windows of 256
/// tokens, calibrated on as many, on the CPU. `HEMOSCOPE_SWEEP_MODEL` names the folder of a model's files, `HEMOSCOPE_SWEEP_PROCESSORS` how many
/// processors the page is told of.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "reports seconds; run by hand with HEMOSCOPE_SWEEP_MODEL"]
async fn bench_a_sweep_in_the_page() {
    let folder = std::env::var("HEMOSCOPE_SWEEP_MODEL").expect("HEMOSCOPE_SWEEP_MODEL names a folder");
    let files = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|file| file.expect("a file").path());
    let files: Vec<_> = files
        .filter(|file| {
            file.extension()
                .is_some_and(|ending| ["json", "safetensors", "gguf"].iter().any(|e| ending == *e))
        })
        .collect();
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let watch = "window.times = {}; const look = () => {
        const all = (name) => document.querySelectorAll(`[data-testid=${name}]`);
        const note = (what) => { window.times[what] ??= performance.now(); };
        if ([...all('pending-point')].some((mark) => mark.dataset.y !== 'NaN')) note('first provisional point');
        if (all('cancel').length) {
            note('cancel');
            if (all('point').length === 1) note('first point');
        } else if (window.times.cancel) note('end');
    }; new MutationObserver(look).observe(document, {childList: true, subtree: true});
    addEventListener('click', (event) => {
        if (event.target.closest('[data-testid=run]')) window.times.pressed = performance.now();
    }, true);";
    page.before_each_page(watch).await;
    let processors = std::env::var("HEMOSCOPE_SWEEP_PROCESSORS").ok();
    if let Some(count) = processors.and_then(|count| count.parse().ok()) {
        page.before_each_page(&crate::engines::processors(count)).await;
    }
    let fragment = "#v=1&model=own:model&m=wanda:sparsity=0..0.8/9&text=evaluation&windows=8&window=256\
                    &calibration=calibration&calibration-windows=8&calibration-stats=dense&seed=0&device=flex";
    page.open("", fragment).await;
    page.choose_files("model-file", &files).await;
    page.run(Duration::from_secs(600)).await;
    assert_eq!(page.points().await.len(), 9, "{:?}", page.messages().await);
    let times = page.browser.script("return window.times", vec![]).await;
    for what in ["first provisional point", "first point", "end"] {
        let seconds = (times[what].as_f64().unwrap_or(f64::NAN) - times["pressed"].as_f64().unwrap_or(f64::NAN)) / 1e3;
        println!("{what}: {seconds:.2} s after Run");
    }
}

/// Opens the page and waits for a line that begins with `kind`; gives its JSON, or what failed.
async fn reported(browser: &Browser, site: &Site, query: &str, kind: &str, longest: Duration) -> Result<Value, String> {
    let address = format!("{}bench.html?{query}", site.address());
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
async fn a_thousand_tiny_operations_take_no_time() {
    let site = site();
    for (graphics, device) in [(Graphics::None, "flex"), (Graphics::Software, "gpu")] {
        let browser = Browser::start(graphics).await;
        let query = format!("device={device}&model=stories260K.bin,tok512.bin&windows=64&repeats=1");
        let took = reported(&browser, &site, &query, "tiny_ops ", Duration::from_secs(120)).await;
        let took = took.unwrap_or_else(|error| panic!("{device}: {error}"));
        let milliseconds = took["milliseconds"].as_f64().unwrap_or(f64::NAN);
        assert!(
            milliseconds < TINY_OPS_MS,
            "{device}: 1,000 tiny operations took {milliseconds} ms"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn smollm2_fits_into_a_pages_memory() {
    let site = site();
    let browser = Browser::start(Graphics::None).await;
    let query = format!("device=flex&model=models/{MODEL}&windows=16&repeats=1");
    let memory = reported(&browser, &site, &query, "memory ", Duration::from_secs(180)).await;
    let memory = memory.unwrap_or_else(|error| panic!("{error}"));
    let bytes = memory["bytes"].as_f64().unwrap_or(f64::NAN);
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
async fn bench_tokens_per_second_in_the_page() {
    bundled();
    let site = site();
    let card = std::env::var_os("HEMOSCOPE_CARD").map(|_| (Graphics::Hardware, "gpu"));
    for (graphics, device) in std::iter::once((Graphics::None, "flex")).chain(card) {
        let browser = Browser::start(graphics).await;
        let query = format!("device={device}&model=models/{MODEL}&windows=512&repeats=3");
        match reported(&browser, &site, &query, "bench ", Duration::from_secs(900)).await {
            Ok(found) => {
                let seconds: Vec<f64> = serde_json::from_value(found["seconds"].clone()).unwrap_or_default();
                let [median, best] = quantiles(seconds, [0.5, 0.0]);
                let tokens = found["tokens"].as_f64().unwrap_or(f64::NAN);
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
