//! The view along the depth: opened by its tab and by its link, walked, measured and saved.

use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, RUN, SOON};
use crate::site::Site;

/// How many sites are shown: the embedding and the eight blocks of the 4M model.
const PLACES: usize = 9;

/// A small run along the depth.
const SMALL: &str = "#v=3&ask=depth&model=hemoscope-1m&m=rtn:bits=8..2/3&windows=2&window=32&device=flex";

async fn press(page: &Page, key: &str) {
    let script =
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))";
    page.browser.script(script, vec![json!(key)]).await;
}

async fn reads(page: &Page, part: &str) {
    page.wait_for(part, SOON, async || page.text("readout").await.contains(part))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_question_is_changed_and_what_is_selected_stays() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    page.click("ask-depth").await;
    page.wait_for("the stored result along the depth", SOON, async || {
        page.text("sentence").await.starts_with("Under Wanda pruning at 80")
    })
    .await;
    assert!(page.is_stored().await);
    assert_eq!(page.points().await.len(), PLACES);
    reads(&page, "after block 7: relative error").await;
    assert!(page.address().await.contains("ask=depth"));

    // Another strength, by its index; then along the blocks with the keys.
    page.fill("strength", "2").await;
    reads(&page, "sparsity 20").await;
    page.browser.script("document.activeElement.blur()", vec![]).await;
    press(&page, "ArrowLeft").await;
    reads(&page, "after block 6").await;
    let address = page.address().await;
    assert!(address.contains("at=0.2") && address.contains("site=7"), "{address}");
    let table = page.text("table").await;
    assert!(
        table.starts_with("relative error") && table.contains("embedding") && table.contains("block 7"),
        "{table}"
    );
    let label = "return document.querySelector('[data-testid=chart]').getAttribute('aria-label')";
    let label = page.browser.script(label, vec![]).await;
    let label = label.as_str().unwrap_or_default();
    assert!(
        label.starts_with("Chart of 9 lines") && label.contains("starts in block 0"),
        "{label}"
    );
    page.browser
        .script(
            "document.querySelectorAll('[data-testid=depth-metric] button')[2].click()",
            vec![],
        )
        .await;
    reads(&page, "CKA").await;

    // The link opens the same view.
    let link = page.address().await;
    page.go(&link).await;
    reads(&page, "sparsity 20").await;
    reads(&page, "after block 6: CKA").await;

    page.click("ask-curve").await;
    reads(&page, "sparsity 20").await;
    assert!(page.text("sentence").await.contains("breaks at"));
    assert!(!page.address().await.contains("ask=depth"));
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_looked_for_and_nothing_else() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", "#v=3&ask=depth&m=layer-drop:count=0..4/5").await;
    page.wait_for("the stored result", SOON, async || page.is_stored().await)
        .await;
    page.fill("model", "SmolLM2-135M-Instruct.Q4_1").await;
    page.wait_for("the empty chart", SOON, async || {
        page.text("sentence")
            .await
            .starts_with("No result is stored for these settings.")
    })
    .await;
    let asked = site.log().into_iter().filter(|asked| asked.path().contains("/curves/"));
    let asked = asked.map(|asked| asked.path().to_owned()).collect::<Vec<_>>();
    let stored = ["depth", "writing"].map(|kind| format!("curves/hemoscope-4m/{kind}/layer-drop.json"));
    assert!(
        asked.len() == 2
            && stored
                .iter()
                .all(|path| asked.iter().any(|asked| asked.ends_with(path))),
        "{asked:?}"
    );
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_along_the_depth_comes_out_again_from_its_link() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", SMALL).await;
    page.wait_for("the stored result", SOON, async || page.is_stored().await)
        .await;
    page.click("run").await;
    page.wait_for("the run", SOON, async || page.has("cancel").await).await;
    assert!(page.is_off("ask-curve").await, "a run answers one question");
    page.wait_for("the run's end", RUN, async || page.has("run").await)
        .await;
    assert!(!page.is_stored().await && !page.is_off("ask-curve").await);
    // The embedding and four blocks, at the strongest damage.
    assert_eq!(page.points().await.len(), 5, "{:?}", page.messages().await);
    let last = page.points().await[4];
    assert!(last.y > 0.1, "two bits hurt: {last:?}");
    let link = page.copied_link().await;

    page.browser
        .script(
            "window.saved = []; const make = URL.createObjectURL.bind(URL);
         URL.createObjectURL = (blob) => { window.saved.push(blob); return make(blob); };
         HTMLAnchorElement.prototype.click = function () { window.named = this.download; };",
            vec![],
        )
        .await;
    for (hook, part) in [
        ("download-svg", "relative error of the residual stream"),
        ("download-csv", "relative_error,site=4,block 3,"),
        ("download-json", "\"observed\""),
    ] {
        let script = "const done = arguments[1]; window.saved = [];
            document.querySelector(`[data-testid=${arguments[0]}]`).click();
            setTimeout(() => window.saved[0] ? window.saved[0].text().then(done) : done('nothing was saved'), 300)";
        let saved = page.browser.driver().execute_async(script, vec![json!(hook)]).await;
        let saved = saved.expect("a download");
        let text = saved.json().as_str().unwrap_or_default();
        assert!(
            text.contains(part),
            "{hook}: {}",
            text.chars().take(300).collect::<String>()
        );
    }
    let name = page.browser.script("return window.named", vec![]).await;
    assert!(
        name.as_str()
            .is_some_and(|name| name.starts_with("depth-rtn-bits-8-to-2-3-")),
        "{name}"
    );

    page.go(&link).await;
    page.run(RUN).await;
    let verdict = page.text("verdict").await;
    assert!(
        verdict.starts_with("Reproduced"),
        "'{verdict}', {:?}",
        page.messages().await
    );

    // A kept line stays beside another method's lines.
    let unfold = "document.querySelector('[data-testid=keep]').closest('details').open = true";
    page.browser.script(unfold, vec![]).await;
    page.click("keep").await;
    page.fill("method", "magnitude").await;
    page.wait_for("the other method", SOON, async || page.is_stored().await)
        .await;
    let names =
        "return [...document.querySelectorAll('[data-testid=chart] .names text')].map(name => name.textContent)";
    let names = page.browser.script(names, vec![]).await;
    let names: Vec<String> = serde_json::from_value(names).expect("names");
    assert!(names.iter().any(|name| name.starts_with("hemoscope 1M, ")), "{names:?}");
    page.assert_console_is_clean().await;
}
