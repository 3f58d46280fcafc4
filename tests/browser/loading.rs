//! The engine's download: its progress, its cancellation, its caching, and one load for all workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hemoscope_core::experiment::bundled;
use serde_json::json;

use crate::browser::Graphics;
use crate::engines::processors;
use crate::page::{Page, RUN, SOON, stories};
use crate::runs::{STORIES, is_engine};
use crate::server::{Content, Reply};
use crate::site::{Site, dist, engine, packed};

/// Records everything that the progress line says, and whether it showed a share.
const LISTEN: &str = "window.said = []; new MutationObserver(() => {
    const line = document.querySelector('[data-testid=progress]');
    const said = line && [line.textContent, line.dataset.is];
    if (said && said[0] !== window.said.at(-1)?.[0]) window.said.push(said);
}).observe(document, {childList: true, subtree: true, characterData: true});";

/// A host that compresses, and pauses for this many milliseconds after each 64 KiB of the engine's module.
fn compressing(pause_ms: &Arc<AtomicU64>) -> (Site, usize) {
    let bytes: Arc<[u8]> = packed(&std::fs::read(engine("_bg.wasm")).expect("the module")).into();
    let (size, pause_ms) = (bytes.len(), Arc::clone(pause_ms));
    let site = Site::with(move |path| {
        let module = is_engine(path).then(|| Content::Bytes(Arc::clone(&bytes)))?;
        let reply = Reply::whole(200, "application/wasm", module)
            .header("Content-Encoding", "gzip")
            .header("ETag", "\"packed\"");
        let pause = Duration::from_millis(pause_ms.load(Ordering::Relaxed));
        Some(Reply { pause, ..reply })
    });
    (site, size)
}

async fn stories_page(site: &Site) -> Page {
    let page = Page::new(site, Graphics::None).await;
    page.before_each_page(&format!("{}{LISTEN}", processors(2))).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page
}

fn megabytes(bytes: usize) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// What the page said about the engine's download.
async fn said(page: &Page) -> Vec<(String, String)> {
    let said = page.browser.script("return window.said", vec![]).await;
    let said: Vec<(String, String)> = serde_json::from_value(said).expect("texts");
    assert!(!said.is_empty(), "nothing was said");
    let of_engine = said
        .into_iter()
        .filter(|(text, _)| text.contains("downloading the engine"));
    of_engine.collect()
}

/// How often a browser without a cached copy requested the engine's module.
fn loads(site: &Site) -> usize {
    let log = site.log();
    let asked = log.iter().filter(|asked| asked.method == "GET");
    let asked = asked.filter(|asked| asked.path().rsplit('/').next().is_some_and(is_engine));
    asked.filter(|asked| asked.header("if-none-match").is_none()).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_is_counted_as_it_is_sent_and_loaded_once_for_all_workers() {
    let (site, size) = compressing(&Arc::new(AtomicU64::new(40)));
    let page = stories_page(&site).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 9, "{:?}", page.messages().await);
    let told = said(&page).await;
    assert!(told.len() > 2, "{told:?}");
    let of = format!("of {}", megabytes(size));
    let known = |(text, share): &(String, String)| text.contains(&of) && share == "known";
    assert!(told.iter().all(known), "{of}: {told:?}");
    assert!(told.iter().any(|(text, _)| text.contains("a second")), "{told:?}");
    let workers = page.browser.script("return window.workers", vec![]).await;
    assert_eq!((workers, loads(&site)), (json!(2), 1));
    page.assert_console_is_clean().await;

    // The next visit finds it in the browser's cache and shows no download.
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 9, "{:?}", page.messages().await);
    assert_eq!((said(&page).await, loads(&site)), (vec![], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_stops_the_engines_download_and_the_next_run_loads_it() {
    let pause = Arc::new(AtomicU64::new(500));
    let (site, _) = compressing(&pause);
    let page = stories_page(&site).await;
    page.click("run").await;
    page.wait_for("bytes of the engine", SOON, async || {
        page.text("progress").await.starts_with("downloading the engine: ")
    })
    .await;
    page.click("cancel").await;
    // The whole module would take longer than this.
    page.wait_for("the end", Duration::from_secs(5), async || page.has("run").await)
        .await;
    page.message("Cancelled", SOON).await;
    assert_ne!(page.text("device").await, "starting …");
    pause.store(0, Ordering::Relaxed);
    page.fill("points", "2").await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_says_what_this_host_sends() {
    let models = bundled::files("hemoscope-4m").into_iter();
    let bytes = |path: std::path::PathBuf| std::fs::read(path).expect("a file").len();
    let models: usize = models.map(|file| bytes(dist().join("models").join(file))).sum();
    let (compressing, size) = compressing(&Arc::default());
    for (site, engine) in [(compressing, size), (Site::start(), bytes(engine("_bg.wasm")))] {
        let page = Page::at_stored_chart(&site).await;
        let cost = format!("downloads up to {} first", megabytes(models + engine));
        page.wait_for(&cost, SOON, async || page.text("run").await.contains(&cost))
            .await;
    }
}

/// A page that was opened before the last build requests files that are gone.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_renewed_says_to_reload_it() {
    let site = Site::with(|path| is_engine(path).then(|| Reply::new(404, "text/html", "<!doctype html>gone")));
    let page = stories_page(&site).await;
    page.click("run").await;
    let message = page.message("Error", RUN).await;
    assert!(message.contains("Reload"), "{message}");
    page.wait_for("the end", SOON, async || page.has("run").await).await;
    assert_ne!(page.text("device").await, "starting …");
}
