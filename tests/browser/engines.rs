//! Several engines on one run, and provisional points.

use hemoscope_core::experiment::{Asset, bundled};

use crate::browser::Graphics;
use crate::page::{Page, RUN, stories};
use crate::runs::{NOTHING_LOST, STORIES};
use crate::site::Site;

/// A script that sets the number of processors that the page sees, and counts the workers it starts.
pub fn processors(count: u32) -> String {
    format!(
        "Object.defineProperty(Navigator.prototype, 'hardwareConcurrency', {{get: () => {count}}});
         window.workers = 0; const Plain = Worker;
         window.Worker = class extends Plain {{ constructor(...given) {{ super(...given); window.workers += 1; }} }};"
    )
}

/// Every number that the page shows and exports for a run, except the durations.
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

/// Runs stories260K on this many processors: the exported result, and how many workers measured it.
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

/// If a worker can't start or is lost, the run continues with fewer.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_without_the_engines_that_are_lost() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // The second one never loads; the third one dies at its first point.
    let lost = "let started = 0; const Counting = Worker;
        window.Worker = class extends Counting {
            constructor(address, options) {
                started += 1;
                super(started === 2 ? address + '.missing' : address, options);
                this.number = started;
            }
            postMessage(...message) {
                if (this.number === 3 && message[0].json?.includes('{\"point\":')) {
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

/// A run that fails is not mistaken for the loss of its engines.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_leaves_the_engines_to_the_next() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // Counts how many points each worker is asked for.
    let count = "window.asked = []; const Asking = Worker;
        window.Worker = class extends Asking {
            constructor(...given) { super(...given); this.place = window.asked.push(0) - 1; }
            postMessage(...message) {
                if (message[0].json?.includes('{\"point\":')) window.asked[this.place] += 1;
                super.postMessage(...message);
            }
        };";
    page.before_each_page(&format!("{}{count}", processors(2))).await;
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    // The text has enough bytes for this many windows, but not enough tokens.
    page.fill("windows", "300").await;
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

/// While a point is being measured, its mark shows the provisional result, with whiskers that shrink; the table holds
/// only finished points.
#[tokio::test(flavor = "multi_thread")]
async fn points_are_provisional_until_they_are_finished() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    // Every pending mark that was ever drawn: its values, its whisker and its name; and every row of the table.
    let watch = "window.pending = []; window.seen = new Set(); window.rows = () => {
        return [...document.querySelectorAll('[data-testid=table] tbody tr')].map((row) => row.textContent);
    }; new MutationObserver(() => {
        for (const mark of document.querySelectorAll('[data-testid=pending-point]')) {
            window.pending.push([mark.dataset.x, mark.dataset.y, mark.querySelector('.whisker')?.getAttribute('d') ?? '',
                mark.getAttribute('aria-label')]);
            if (mark.dataset.y !== 'NaN') window.rows().forEach((row) => window.seen.add(row));
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
    assert!(
        seen.iter().all(|[.., label]| label.contains("being measured")),
        "{seen:?}"
    );
    let rows = "return [window.rows(), [...window.seen].filter((row) => !window.rows().includes(row))]";
    let rows: [Vec<String>; 2] =
        serde_json::from_value(page.browser.script(rows, vec![]).await).expect("rows of the table");
    let [at_the_end, provisional] = rows;
    assert_eq!((at_the_end.len(), provisional.as_slice()), (1 + 2, &[][..]));
    for point in points {
        let of_it = seen.iter().filter(|[x, y, ..]| *x == point.x.to_string() && y != "NaN");
        // Windows so far, loss so far, length of the whisker in pixels.
        let states: Vec<(f64, f64, f64)> = of_it
            .map(|[_, y, whisker, label]| {
                let before = label.split(" of 32 windows").next().expect("a part");
                let windows = before.rsplit('(').next().expect("a number").parse();
                let (low, high) = whisker
                    .split_once(' ')
                    .and_then(|(_, heights)| heights.split_once('V'))
                    .unwrap_or_else(|| panic!("{whisker}"));
                let height = |text: &str| text.parse::<f64>().expect("pixels");
                let loss = y.parse().expect("a loss");
                (windows.expect("windows"), loss, (height(low) - height(high)).abs())
            })
            .collect();
        // One window tells no error.
        let with_error = states.iter().filter(|(windows, ..)| *windows > 1.0);
        let (first, last) = (
            with_error.clone().next().expect("a mark"),
            with_error.last().expect("one"),
        );
        assert!(last.0 > 3.0 * first.0, "{states:?}");
        assert!(last.2 < first.2, "{states:?}");
        assert!(
            states.iter().all(|(_, loss, _)| (loss - point.y).abs() < 0.5),
            "{states:?}"
        );
    }
    let pending = "return document.querySelectorAll('[data-testid=pending-point]').length";
    assert_eq!(page.browser.script(pending, vec![]).await, 0);
}

/// The hash that each model was sent to an engine with: the user's own files are hashed by the first engine for all of
/// them; downloads were hashed as they arrived.
#[tokio::test(flavor = "multi_thread")]
async fn a_models_bytes_are_hashed_once() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let hashes = "window.hashes = []; const Loading = Worker;
        window.Worker = class extends Loading {
            postMessage(...message) {
                const job = JSON.parse(message[0].json ?? '{}').do?.job;
                if (job?.load_model) window.hashes.push(job.load_model.sha256);
                super.postMessage(...message);
            }
        };";
    page.before_each_page(&format!("{}{hashes}", processors(2))).await;
    let taken = async || {
        let hashes = page.browser.script("return window.hashes", vec![]).await;
        serde_json::from_value::<Vec<Option<String>>>(hashes).expect("hashes")
    };
    page.open("", &format!("{STORIES}&device=flex")).await;
    page.choose_files("model-file", &stories()).await;
    page.run(RUN).await;
    let link = page.copied_link().await;
    let hash = link.split("model-sha256=").nth(1).and_then(|rest| rest.get(..64));
    assert_eq!(taken().await, [None, hash.map(str::to_owned)], "{link}");

    page.open("", "#v=2&m=magnitude:sparsity=0..0.4/2&windows=1&window=64&device=flex")
        .await;
    page.run(RUN).await;
    let bundled = Asset::bundled("hemoscope-4m");
    let hash = bundled::of(&bundled).expect("a model of the page").sha256.to_owned();
    assert_eq!(taken().await.first(), Some(&Some(hash)));
    page.assert_console_is_clean().await;
}
