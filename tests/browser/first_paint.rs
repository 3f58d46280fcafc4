//! What shows before the module has loaded, and how the page takes over.

use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, RUN, SOON, number};
use crate::server::Reply;
use crate::site::Site;

/// The limit for layout shift at load, as browsers measure it: under 0.1 counts as stable.
const STEADY: f64 = 0.05;

/// The same during a run, where nothing moves but the chart's own content.
const STEADY_IN_A_RUN: f64 = 0.02;

/// Adds up layout shifts from the first frame on.
const SHIFTS: &str = "window.shift = 0; window.moved = []; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) {
        window.shift += entry.value;
        for (const { node, previousRect, currentRect } of entry.sources) window.moved.push(
            `${node?.nodeName} ${node?.className} ${previousRect.y},${previousRect.height} to ${currentRect.y},${currentRect.height}`);
    }
}).observe({type: 'layout-shift', buffered: true});";

#[tokio::test(flavor = "multi_thread")]
async fn without_its_module_the_page_is_whole() {
    let site = Site::with(|path| {
        let module = path.starts_with("app") && path.ends_with(".wasm");
        module.then(|| Reply::new(503, "text/plain", "not now"))
    });
    let page = Page::new(&site, Graphics::None).await;
    for (width, chart) in [(360, ".is-narrow"), (1280, ".is-wide")] {
        page.browser.resize(width, 800).await;
        page.browser
            .driver()
            .goto(site.address())
            .await
            .expect("the page opens");
        let script = "const seen = (found) => found.getBoundingClientRect().height > 0;
            const paint = document.getElementById('first-paint');
            const charts = [...paint.querySelectorAll('.chart svg')].filter(seen);
            return [paint.querySelector('.sentence').textContent, charts.map((chart) => chart.className.baseVal),
                charts.map((chart) => chart.querySelectorAll('circle').length), paint.querySelectorAll('select').length,
                [...paint.querySelectorAll('button')].filter((button) => !button.disabled).length,
                paint.querySelector('.brand p').getBoundingClientRect().height,
                document.documentElement.scrollWidth]";
        let found = page.browser.script(script, vec![]).await;
        let sentence = found[0].as_str().unwrap_or_default();
        assert!(
            sentence.starts_with("Under Wanda pruning, hemoscope 4M breaks at"),
            "{sentence}"
        );
        assert_eq!(found[1], json!([chart.trim_start_matches('.')]), "{found}");
        assert!(number(&found[2][0]) >= 9.0, "{found}");
        assert_eq!(
            (&found[3], &found[4]),
            (&json!(0), &json!(0)),
            "nothing to press: {found}"
        );
        assert!(number(&found[5]) > 0.0, "the tagline is seen");
        assert!(number(&found[6]) <= f64::from(width), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_takes_over_without_a_jump() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.before_each_page(SHIFTS).await;
    for (width, height) in [(360, 740), (1280, 800), (1920, 1080)] {
        page.browser.resize(width, height).await;
        page.open("", "").await;
        page.wait_for("the chart", SOON, async || page.points().await.len() >= 9)
            .await;
        // By then, the work after the first paint is done.
        page.wait_for("the device", SOON, async || page.text("device").await != "not started")
            .await;
        let script = "return [window.shift, document.getElementById('first-paint') === null,
            document.querySelector('[data-testid=chart]').getBoundingClientRect().top]";
        let found = page.browser.script(script, vec![]).await;
        assert!(number(&found[0]) < STEADY, "at {width} px: {found}");
        assert_eq!(found[1], true, "one page, not two");
        assert!(
            number(&found[2]) < f64::from(height),
            "the chart begins in the first screen: {found}"
        );
    }
    // Its curve came with the page.
    assert!(
        site.log()
            .iter()
            .all(|asked| !asked.path().ends_with("hemoscope-4m/wanda.json"))
    );
    page.assert_console_is_clean().await;
}

/// Stored texts show before anything runs, and follow the selected strength.
#[tokio::test(flavor = "multi_thread")]
async fn the_stored_texts_follow_the_curve() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    let texts = async || (page.text("base-text").await, page.text("modified-text").await);
    let (base, broken) = texts().await;
    assert!(
        !base.is_empty() && !broken.is_empty() && broken != base,
        "{base} {broken}"
    );
    page.browser.script("location.hash = '#v=3&at=0'", vec![]).await;
    page.wait_for("the text at 0 %", SOON, async || {
        texts().await == (base.clone(), base.clone())
    })
    .await;
    assert_eq!(page.text("first-difference").await, "No difference.");
    // Those for another method or model are fetched.
    page.fill("method", "rtn").await;
    page.wait_for("the texts of another method", SOON, async || {
        let (untouched, modified) = texts().await;
        untouched == base && modified != base && !modified.is_empty()
    })
    .await;
    page.fill("model", "hemoscope-1m").await;
    page.wait_for("the texts of another model", SOON, async || {
        let (untouched, modified) = texts().await;
        untouched != base && !untouched.is_empty() && !modified.is_empty()
    })
    .await;
    page.assert_console_is_clean().await;
}

/// When progress, messages and points arrive, nothing that the user reads or presses moves.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_jumps_while_a_run_goes_on() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.before_each_page(SHIFTS).await;
    for (width, height) in [(360, 740), (1440, 900)] {
        page.browser.resize(width, height).await;
        let link = "#v=3&model=hemoscope-1m&m=rtn:bits=8..2/7&windows=4&window=64&device=flex";
        page.open("", link).await;
        page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
            .await;
        page.browser.script("window.shift = 0; window.moved = []", vec![]).await;
        page.run(RUN).await;
        let found = page.browser.script("return [window.shift, window.moved]", vec![]).await;
        assert!(number(&found[0]) < STEADY_IN_A_RUN, "at {width} px: {found}");
    }
}
