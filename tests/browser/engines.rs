//! Several engines on one run, and points that sharpen while they are measured.

use crate::browser::Graphics;
use crate::page::{Page, RUN, stories};
use crate::runs::{NOTHING_LOST, STORIES};
use crate::site::Site;

/// Says how many processors there are, before the page asks, and counts the workers that it starts.
pub fn processors(count: u32) -> String {
    format!(
        "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{get: () => {count}}});
         window.workers = 0; const Plain = Worker;
         window.Worker = class extends Plain {{ constructor(...given) {{ super(...given); window.workers += 1; }} }};"
    )
}

/// Every digit that the page shows and exports of a run, without what tells the time.
async fn exported(page: &Page) -> String {
    let script = "const done = arguments[0]; const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => { blob.text().then(done); return make.call(URL, blob); };
        HTMLAnchorElement.prototype.click = function () {};
        document.querySelector('[data-testid=download-json]').click(); URL.createObjectURL = make;";
    let saved = page
        .browser
        .driver()
        .execute_async(script, vec![])
        .await
        .expect("a curve");
    let text = saved.json().as_str().unwrap_or_default().to_owned();
    let lines = text.lines().filter(|line| !line.contains("duration_secs"));
    lines.collect::<Vec<_>>().join("\n")
}

/// A run of stories260K on so many processors: what came out, and how many workers measured it.
async fn on_processors(site: &Site, count: u32) -> (String, u64) {
    let page = Page::new(site, Graphics::None).await;
    page.before_each_page(&processors(count)).await;
    let fragment = STORIES.replace("calibration-stats=sequential", "calibration-stats=dense");
    page.open("", &format!("{fragment}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 9, "{:?}", page.messages().await);
    page.assert_console_is_clean().await;
    let workers = page.browser.script("return window.workers", vec![]).await;
    (exported(&page).await, workers.as_u64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_measure_what_one_measures_to_the_last_digit() {
    let site = Site::start();
    let (alone, workers) = on_processors(&site, 1).await;
    assert_eq!(workers, 1);
    assert!(alone.contains("ln_ratio_se"), "{alone}");
    let (shared, workers) = on_processors(&site, 2).await;
    assert_eq!(workers, 2);
    assert_eq!(alone, shared);
}

/// A worker that can't start, and one that is lost: the run goes on with fewer.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_without_the_engines_that_are_lost() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // The second one never loads, the third one dies of its first point.
    let lost = "let started = 0; const Counting = Worker;
        window.Worker = class extends Counting {
            constructor(address, options) {
                started += 1;
                super(started === 2 ? address + '.missing' : address, options);
                this.number = started;
            }
            postMessage(...message) {
                if (this.number === 3 && message[0].json.includes('{\"point\":')) {
                    setTimeout(() => this.dispatchEvent(new ErrorEvent('error', {message: 'out of memory'})));
                } else {
                    super.postMessage(...message);
                }
            }
        };";
    page.before_each_page(&format!("{}{lost}", processors(3))).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    let points = page.points().await;
    assert_eq!(points.len(), 9, "{:?}", page.messages().await);
    assert!(points[0].y.abs() < NOTHING_LOST && points[8].y > 0.3, "{points:?}");
    let workers = page.browser.script("return window.workers", vec![]).await;
    assert_eq!(workers, 3);
}

/// What an engine says of its part in a run that has failed is not taken for its loss.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_leaves_the_engines_to_the_next() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // How many points each worker was asked for.
    let count = "window.asked = []; const Asking = Worker;
        window.Worker = class extends Asking {
            constructor(...given) { super(...given); this.place = window.asked.push(0) - 1; }
            postMessage(...message) {
                if (message[0].json.includes('{\"point\":')) window.asked[this.place] += 1;
                super.postMessage(...message);
            }
        };";
    page.before_each_page(&format!("{}{count}", processors(2))).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    page.fill("windows", "4000").await;
    page.click("run").await;
    page.message("windows", RUN).await;
    page.fill("windows", "2").await;
    page.browser.script("window.asked.fill(0)", vec![]).await;
    page.run(RUN).await;
    let asked = page.browser.script("return window.asked", vec![]).await;
    let asked: Vec<u64> = serde_json::from_value(asked).expect("numbers");
    assert_eq!((asked.len(), asked.iter().sum::<u64>()), (2, 9), "{asked:?}");
    assert!(asked.iter().all(|&points| points > 0), "{asked:?}");
}

/// While a point is measured its mark stands at what its windows give so far, with whiskers; the finished ones are what the
/// sentence, the table and the downloads speak of.
#[tokio::test(flavor = "multi_thread")]
async fn points_are_provisional_until_they_are_finished() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // Every pending mark that was ever drawn: its value, its whiskers, what it is called, and rows of the table beside it.
    let watch = "window.pending = []; new MutationObserver(() => {
        for (const mark of document.querySelectorAll('[data-testid=pending-point]')) {
            window.pending.push([mark.dataset.x, mark.dataset.y, mark.querySelector('.whisker')?.getAttribute('d') ?? '',
                mark.getAttribute('aria-label')]);
        }
    }).observe(document, {childList: true, subtree: true});";
    page.before_each_page(watch).await;
    let fragment = STORIES
        .replace("windows=2", "windows=32")
        .replace("0..0.8/9", "0.4..0.6/2");
    page.open("", &format!("{fragment}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    let points = page.points().await;
    let seen = page.browser.script("return window.pending", vec![]).await;
    let seen: Vec<[String; 4]> = serde_json::from_value(seen).expect("marks");
    let mut sharpened = 0;
    for [x, y, whisker, label] in &seen {
        let y: f64 = y.parse().expect("a number or none");
        assert!(label.contains("being measured"), "{label}");
        if y.is_nan() {
            continue;
        }
        assert!(
            label.contains("of 32 windows") && whisker.starts_with('M'),
            "{label} {whisker}"
        );
        let finished = points
            .iter()
            .find(|point| point.x.to_string() == *x)
            .expect("its point");
        assert!((y - finished.y).abs() < 0.5, "{y} became {finished:?}");
        sharpened += 1;
    }
    assert!(sharpened >= 2, "{seen:?}");
    let pending = "return document.querySelectorAll('[data-testid=pending-point]').length";
    assert_eq!(page.browser.script(pending, vec![]).await, 0);
}
