//! Models of three sizes: chosen one by one, and compared.

use hemoscope_core::curve::Curve;
use hemoscope_core::curve::sentence::{DEFAULT_RATIO, compare};
use hemoscope_core::experiment::bundled::{SIZES, all, curve_path};
use serde_json::json;

use crate::browser::Graphics;
use crate::page::{Page, RUN, SOON};
use crate::site::{Site, bundled, dist};

/// A curve that comes with the page.
fn stored(model: &str, method: &str) -> Curve {
    let path = dist().join(curve_path(model, method));
    let text = std::fs::read_to_string(&path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}; 'make curves', then 'make build'", path.display()));
    serde_json::from_str(&text).expect("a curve")
}

/// The sentence that the page should show for the sizes.
fn comparison(method: &str) -> String {
    let curves = SIZES.map(|model| stored(model.name, method));
    let named = SIZES
        .iter()
        .zip(&curves)
        .map(|(model, curve)| (model.short, Some(curve)));
    compare(&named.collect::<Vec<_>>(), DEFAULT_RATIO)
}

/// The texts of all elements with a `data-testid` hook.
async fn texts(page: &Page, hook: &str) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll(`[data-testid=${arguments[0]}]`)].map(found => found.textContent)";
    serde_json::from_value(page.browser.script(script, vec![json!(hook)]).await).unwrap_or_default()
}

/// The sentence, with plain spaces for unbreakable ones.
async fn sentence(page: &Page) -> String {
    page.text("sentence").await.replace('\u{a0}', " ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_model_is_offered_and_shows_its_stored_curve() {
    bundled();
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    let script = "return [...document.querySelector('[data-testid=model]').options].map(option => option.textContent)";
    let offered: Vec<String> = serde_json::from_value(page.browser.script(script, vec![]).await).expect("names");
    for model in all() {
        assert!(
            offered.contains(&format!("{} · {}", model.title, model.size)),
            "{offered:?}"
        );
    }
    assert!(page.text("protocol").await.starts_with("hemoscope 4M · "));
    for (model, method) in [
        ("hemoscope-1m", "wanda"),
        ("hemoscope-1m", "rtn"),
        ("hemoscope-16m", "rtn"),
    ] {
        page.fill("model", model).await;
        page.fill("method", method).await;
        let curve = stored(model, method);
        let title = SIZES
            .iter()
            .find(|size| size.name == model)
            .map_or("", |size| size.title);
        page.wait_for("the stored curve", SOON, async || {
            page.text("protocol").await.starts_with(title)
                && page.points().await.first().map(|point| point.x)
                    == curve.points.iter().map(|point| point.value()).reduce(f64::min)
        })
        .await;
        assert!(page.is_stored().await, "{model} {method}");
        assert_eq!(page.points().await.len(), curve.points.len(), "{model} {method}");
    }
    page.assert_console_is_clean().await;
    // Only one method is stored for this model, so for another one the chart is empty and says so.
    page.fill("model", "SmolLM2-135M-Instruct.Q4_1").await;
    page.wait_for("the empty chart", SOON, async || page.points().await.is_empty())
        .await;
    assert!(
        sentence(&page)
            .await
            .starts_with("No result is stored for these settings.")
    );
    page.fill("method", "wanda").await;
    page.wait_for("the large model's curve", SOON, async || {
        page.text("protocol").await.starts_with("SmolLM2-135M-Instruct · ")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_sizes_open_from_their_link_with_thresholds_and_a_sentence() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", "#v=2&view=sizes").await;
    for method in ["wanda", "magnitude"] {
        page.fill("method", method).await;
        let expected = comparison(method);
        page.wait_for("the comparison", SOON, async || sentence(&page).await == expected)
            .await;
        let points = SIZES.map(|model| stored(model.name, method).points.len());
        let (own, others) = (
            texts(&page, "point").await.len(),
            texts(&page, "kept-point").await.len(),
        );
        assert_eq!((own, others), (points[1], points[0] + points[2]), "{method}");
        let names = page
            .browser
            .script("return document.querySelector('.names').textContent", vec![])
            .await;
        let thresholds = texts(&page, "threshold").await;
        for model in SIZES {
            assert!(
                names.as_str().is_some_and(|names| names.contains(model.short)),
                "{names}"
            );
            // A threshold in the sentence is drawn in the chart.
            let said = expected.contains(&format!("{} at ", model.short));
            let drawn = thresholds
                .iter()
                .any(|name| name.starts_with(&format!("{} breaks ", model.short)));
            assert!(drawn || !said, "{method}: {thresholds:?}, '{expected}'");
        }
    }
    assert!(page.address().await.contains("view=sizes"));
    // There and back.
    let press = async |place: usize| {
        let script = "document.querySelectorAll('[data-testid=view] button')[arguments[0]].click()";
        page.browser.script(script, vec![json!(place)]).await;
    };
    press(0).await;
    page.wait_for("one model", SOON, async || texts(&page, "kept-point").await.is_empty())
        .await;
    assert!(page.is_stored().await && !page.address().await.contains("view="));
    press(1).await;
    page.wait_for("three sizes", SOON, async || {
        !texts(&page, "kept-point").await.is_empty()
    })
    .await;
    page.assert_console_is_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn run_measures_the_sizes_one_after_the_other() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    let fragment = "#v=2&view=sizes&m=magnitude:sparsity=0..0.8/3&windows=1&window=64&device=flex";
    page.open("", fragment).await;
    page.wait_for("the stored curves", SOON, async || {
        texts(&page, "kept-point").await.len() > 2 && page.has("point").await
    })
    .await;
    page.click("run").await;
    let names = async || {
        let names = page
            .browser
            .script("return document.querySelector('.names').textContent", vec![])
            .await;
        names.as_str().unwrap_or_default().to_owned()
    };
    page.wait_for("three measured curves", RUN, async || {
        page.has("run").await && names().await.matches("measured here").count() == 3
    })
    .await;
    assert_eq!(
        texts(&page, "point").await.len() + texts(&page, "kept-point").await.len(),
        9
    );
    // The model that was chosen before is chosen again.
    assert!(
        page.address().await.contains("model=hemoscope-4m"),
        "{}",
        page.address().await
    );
    assert!(!page.address().await.contains("expect="));
    page.assert_console_is_clean().await;
}
