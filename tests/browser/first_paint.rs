//! What is there before the module, and how the page takes over.

use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, SOON, number};
use crate::server::Reply;
use crate::site::Site;

/// Layout shift at load, as browsers count it: what people call stable is under 0.1.
const STEADY: f64 = 0.05;

/// Sums up layout shifts from the first frame on.
const SHIFTS: &str = "window.shift = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
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
        // What can wait for the first paint is done by then.
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
    // Its curve came with it.
    assert!(
        site.log()
            .iter()
            .all(|asked| !asked.path().ends_with("hemoscope-4m/wanda.json"))
    );
    page.assert_console_is_clean().await;
}
