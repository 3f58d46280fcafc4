//! The page before anything runs, and how it looks.

use serde_json::{Value, json};

use crate::browser::Graphics;
use crate::page::{Page, SOON, number};
use crate::site::{Site, dist};

/// The most bytes loaded for the stored chart from a host that compresses; the page's module may have 500,000 of them.
const FIRST_CHART_BYTES: usize = 600_000;

/// The hash of the model that the stored curve must be from: `.ci/lib/model.sh` fetches it by this hash.
const BUNDLED_SHA256: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";

#[tokio::test(flavor = "multi_thread")]
async fn opens_to_the_stored_chart_and_loads_little_for_it() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    let loaded = site.sent_bytes();
    assert!(loaded < FIRST_CHART_BYTES, "{loaded} bytes were loaded");
    assert!(page.is_stored().await, "a stored result says that it is one");
    let sentence = page.text("sentence").await;
    assert!(sentence.ends_with('.') && sentence.contains('%'), "'{sentence}'");
    let early = site
        .log()
        .iter()
        .filter(|asked| asked.method == "GET" && asked.path().contains("engine"))
        .count();
    assert_eq!(early, 0, "the engine is not loaded before it is asked for");
    page.assert_console_is_clean().await;
}

#[test]
fn the_stored_curve_was_measured_on_the_bundled_model() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("web/curves/SmolLM2-135M-Instruct.Q4_1/wanda.json");
    let text = std::fs::read_to_string(&path).expect("a stored curve");
    let curve: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(curve["protocol"]["model_sha256"], BUNDLED_SHA256);
    assert!(!curve["device"].as_str().unwrap_or_default().is_empty());
}

/// The page never requests anything outside its folder: every request goes to its own server, and every file is found.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_of_other_hosts_or_other_folders() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    page.open("", "").await;
    page.wait_for("the look for the model", SOON, async || {
        let asked = site.log().into_iter().any(|request| request.path().ends_with(".gguf"));
        asked || !dist().join("models/SmolLM2-135M-Instruct.Q4_1.gguf").is_file()
    })
    .await;
    let script = "return performance.getEntriesByType('resource').map(entry => entry.name)";
    let asked: Vec<String> = serde_json::from_value(page.browser.script(script, vec![]).await).expect("names");
    assert!(!asked.is_empty());
    for name in asked {
        let own = name.starts_with(&site.address()) || name.starts_with("data:") || name.starts_with("blob:");
        assert!(own, "{name} is not in the page's folder");
    }
    for request in site.log() {
        let path = request.path().to_owned();
        assert!(
            path.starts_with("/any/path/") || path == "/favicon.ico",
            "{path} is outside the page's folder"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_control_has_a_name_and_the_chart_a_text() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    // Folded controls count too.
    page.browser
        .script(
            "document.querySelectorAll('details').forEach(fold => fold.open = true)",
            vec![],
        )
        .await;
    page.browser.devtools("Accessibility.enable", json!({})).await;
    let tree = page.browser.devtools("Accessibility.getFullAXTree", json!({})).await;
    let controls = [
        "button",
        "checkbox",
        "combobox",
        "link",
        "listbox",
        "radio",
        "searchbox",
        "slider",
        "spinbutton",
        "switch",
        "textbox",
        "progressbar",
        "image",
        "img",
        "region",
        "alertdialog",
    ];
    let nodes = tree["nodes"]
        .as_array()
        .expect("a tree")
        .iter()
        .filter(|node| node["ignored"] != true);
    let mut seen = 0;
    for node in nodes {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if controls.contains(&role) {
            seen += 1;
            let name = node["name"]["value"].as_str().unwrap_or_default().trim();
            assert!(!name.is_empty(), "a {role} without a name: {node}");
        }
    }
    assert!(seen > 20, "only {seen} controls were found");
    let label = page.browser.script(
        "const chart = document.querySelector('[data-testid=chart]'); return chart.getAttribute('aria-label') || \
         document.getElementById(chart.getAttribute('aria-labelledby'))?.textContent || \
         chart.querySelector('title')?.textContent || ''",
        vec![],
    );
    assert!(
        label.await.as_str().is_some_and(|label| !label.trim().is_empty()),
        "the chart has no text alternative"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fits_a_phone_and_a_projector_in_both_themes() {
    let site = Site::start();
    let page = Page::new(&site, Graphics::None).await;
    for scheme in ["light", "dark"] {
        page.browser.prefer(scheme).await;
        for (width, height, query) in [
            (360, 740, ""),
            (768, 1024, ""),
            (1280, 800, ""),
            (1440, 900, ""),
            (1920, 1080, ""),
            (1920, 1080, "?present"),
            (360, 740, "#view=sizes"),
            (1920, 1080, "#view=sizes"),
            (360, 740, "#v=3&ask=depth"),
            (1440, 900, "#v=3&ask=depth"),
            (1920, 1080, "#v=3&ask=depth"),
        ] {
            page.browser.resize(width, height).await;
            page.open(query, "").await;
            page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
                .await;
            let script = "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]";
            let widths = page.browser.script(script, vec![]).await;
            let (whole, seen) = (number(&widths[0]), number(&widths[1]));
            assert!(whole <= seen, "at {width} px the page is {whole} px wide");
            let kind = match query {
                "" => "",
                "?present" => "present-",
                "#v=3&ask=depth" => "depth-",
                _ => "sizes-",
            };
            let name = format!("{kind}{width}-{scheme}");
            page.picture(&name, width).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_walk_the_points_and_fields_keep_their_letters() {
    let site = Site::start();
    let page = Page::at_stored_chart(&site).await;
    let press = async |key: &str| {
        let script =
            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))";
        page.browser.script(script, vec![json!(key)]).await;
    };
    let before = page.text("readout").await;
    press("ArrowLeft").await;
    page.wait_for("another point", SOON, async || page.text("readout").await != before)
        .await;
    // R in a field is just a letter.
    page.browser
        .script("document.querySelector('[data-testid=prompt]').focus()", vec![])
        .await;
    press("r").await;
    // Keys are handled in order: once the next one has taken effect, this one has too.
    page.browser.script("document.activeElement.blur()", vec![]).await;
    let before = page.text("readout").await;
    press("ArrowRight").await;
    page.wait_for("another point", SOON, async || page.text("readout").await != before)
        .await;
    assert!(page.has("run").await, "a letter in a field started a run");
    // Outside a field it starts a run.
    press("r").await;
    page.wait_for("the run", SOON, async || page.has("cancel").await).await;
    press("Escape").await;
    page.wait_for("the end", SOON, async || page.has("run").await).await;
}
