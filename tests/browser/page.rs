//! The page as a person uses it, through its `data-testid` hooks.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::browser::{Browser, Graphics};
use crate::fixtures::fixture;
use crate::site::Site;

/// The polling interval.
const LOOK: Duration = Duration::from_millis(100);
/// The limit for what should show at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);
/// The limit for a whole run.
pub const RUN: Duration = Duration::from_secs(400);

/// A script that records when the first point of a chart appears.
const WATCH: &str = "new MutationObserver((_, watch) => {
    if (document.querySelector('[data-testid=chart] [data-testid=point]')) {
        window.firstPointAt = performance.now();
        watch.disconnect();
    }
}).observe(document, {childList: true, subtree: true, attributes: true});";

/// A script that fills a field as if by typing, with the events that the page listens to.
const TYPE: &str = "const field = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);
    const value = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), 'value');
    value.set.call(field, arguments[1]);
    for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true}));";

/// One point of the chart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// A page in a browser of its own.
pub struct Page {
    pub browser: Browser,
    address: String,
}

impl Page {
    /// A fresh profile that has not opened the page yet.
    pub async fn new(site: &Site, graphics: Graphics) -> Self {
        let browser = Browser::start(graphics).await;
        browser.devtools("Page.enable", json!({})).await;
        let page = Self {
            browser,
            address: site.address(),
        };
        page.before_each_page(WATCH).await;
        page
    }

    /// Runs a script before anything else on every page opened from now on.
    pub async fn before_each_page(&self, script: &str) {
        self.browser
            .devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}))
            .await;
    }

    /// A first visit without WebGPU, after the stored chart is drawn.
    pub async fn at_stored_chart(site: &Site) -> Self {
        let page = Self::new(site, Graphics::None).await;
        page.open("", "").await;
        page.wait_for("the stored chart", SOON, async || page.points().await.len() >= 5)
            .await;
        page
    }

    /// Opens the page at a query (with `?`, or empty) and a fragment (with `#`, or empty).
    pub async fn open(&self, query: &str, fragment: &str) {
        self.go(&format!("{}{query}{fragment}", self.address)).await;
    }

    /// Opens a whole address, even if only its fragment differs from the current one.
    pub async fn go(&self, address: &str) {
        self.browser.driver().goto("about:blank").await.expect("an empty page");
        self.browser.driver().goto(address).await.expect("the page opens");
        self.wait_for("the page's controls", SOON, async || self.has("run").await)
            .await;
    }

    fn hook(name: &str) -> String {
        format!("[data-testid=\"{name}\"]")
    }

    /// Whether there is such an element.
    pub async fn has(&self, name: &str) -> bool {
        let found = self.browser.script(
            "return !!document.querySelector(arguments[0])",
            vec![json!(Self::hook(name))],
        );
        found.await.as_bool().unwrap_or_default()
    }

    /// Whether a button is there but disabled.
    pub async fn is_off(&self, name: &str) -> bool {
        let script = "return document.querySelector(arguments[0])?.disabled ?? false";
        let off = self.browser.script(script, vec![json!(Self::hook(name))]).await;
        off.as_bool().unwrap_or_default()
    }

    /// The text of an element, folded text included; empty where there is no such element.
    pub async fn text(&self, name: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
        let text = self.browser.script(script, vec![json!(Self::hook(name))]).await;
        // Unbreakable spaces are only a matter of layout.
        text.as_str()
            .unwrap_or_default()
            .replace('\u{a0}', " ")
            .trim()
            .to_owned()
    }

    /// A click by the mouse, which needs the element to be visible.
    pub async fn click(&self, name: &str) {
        let start = Instant::now();
        loop {
            let Err(error) = self.try_click(name).await else { return };
            // The page may have redrawn the element between finding and clicking it.
            assert!(start.elapsed() < SOON, "{name} can't be clicked: {error}");
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn try_click(&self, name: &str) -> WebDriverResult<()> {
        let element = self.browser.driver().find(By::Css(Self::hook(name))).await?;
        element.scroll_into_view().await?;
        element.click().await
    }

    /// Fills a field, or chooses from a list.
    pub async fn fill(&self, name: &str, value: &str) {
        self.wait_for(name, SOON, async || self.has(name).await).await;
        self.browser.script(TYPE, vec![json!(name), json!(value)]).await;
    }

    /// Chooses files, as through the file dialogue.
    pub async fn choose_files(&self, name: &str, paths: &[std::path::PathBuf]) {
        self.wait_for(name, SOON, async || self.has(name).await).await;
        let input = self
            .browser
            .driver()
            .find(By::Css(Self::hook(name)))
            .await
            .expect("a file field");
        let paths: Vec<&str> = paths.iter().filter_map(|path| path.to_str()).collect();
        input.send_keys(paths.join("\n")).await.expect("files can be chosen");
    }

    /// Waits until a condition holds.
    pub async fn wait_for(&self, what: &str, longest: Duration, is_so: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !is_so().await {
            if start.elapsed() > longest {
                let messages = self.messages().await;
                let progress = self.text("progress").await;
                panic!("waited {longest:?} for {what}; the page says {messages:?}, progress '{progress}'");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The messages on the page.
    pub async fn messages(&self) -> Vec<String> {
        let script = "return [...document.querySelectorAll('[data-testid=message] p')].map(p => p.textContent)";
        serde_json::from_value(self.browser.script(script, vec![]).await).unwrap_or_default()
    }

    /// Waits for a message that contains this text, and returns it.
    pub async fn message(&self, part: &str, longest: Duration) -> String {
        let find = async || self.messages().await.into_iter().find(|message| message.contains(part));
        self.wait_for(&format!("a message with '{part}'"), longest, async || {
            find().await.is_some()
        })
        .await;
        find().await.unwrap_or_default()
    }

    /// The points in the chart by strength, except those being measured.
    pub async fn points(&self) -> Vec<Point> {
        let script = "return [...document.querySelectorAll('[data-testid=chart] [data-testid=point]')]
            .map(point => [point.dataset.x, point.dataset.y])";
        let found = self.browser.script(script, vec![]).await;
        let texts: Vec<(String, String)> = serde_json::from_value(found).unwrap_or_default();
        let number = |text: &str| text.parse::<f64>().ok();
        let points = texts.iter().filter_map(|(x, y)| {
            Some(Point {
                x: number(x)?,
                y: number(y)?,
            })
        });
        let mut points: Vec<Point> = points.collect();
        points.sort_by(|one, other| one.x.total_cmp(&other.x));
        points
    }

    /// Whether a stored result is on screen.
    pub async fn is_stored(&self) -> bool {
        let script = "return document.body.textContent.includes('stored result, not measured here')";
        self.browser.script(script, vec![]).await.as_bool().unwrap_or_default()
    }

    /// Presses Run and waits for the end of the run.
    pub async fn run(&self, longest: Duration) {
        self.click("run").await;
        self.wait_for("the run's beginning", SOON, async || {
            self.has("cancel").await || !self.is_stored().await
        })
        .await;
        self.wait_for("the run's end", longest, async || self.has("run").await)
            .await;
    }

    /// The link that Copy link leaves in the address.
    pub async fn copied_link(&self) -> String {
        self.click("copy-link").await;
        self.wait_for("the copied link's result", SOON, async || {
            self.address().await.contains("expect=")
        })
        .await;
        self.address().await
    }

    /// The current address.
    pub async fn address(&self) -> String {
        let address = self.browser.script("return location.href", vec![]).await;
        address.as_str().unwrap_or_default().to_owned()
    }

    /// Saves a screenshot of the whole page at this width, for people to look at.
    pub async fn picture(&self, name: &str, width: u32) {
        let height = self
            .browser
            .script("return document.documentElement.scrollHeight", vec![])
            .await;
        let height = height
            .as_u64()
            .and_then(|height| u32::try_from(height).ok())
            .unwrap_or(1000);
        self.browser.resize(width, height).await;
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for pictures");
        let taken = self
            .browser
            .driver()
            .screenshot(&folder.join(format!("{name}.png")))
            .await;
        taken.expect("a picture");
    }

    /// Fails if the console has an error. A missing file causes one, so none goes unnoticed.
    pub async fn assert_console_is_clean(&self) {
        let errors = self.browser.console_errors().await;
        assert!(errors.is_empty(), "the console says {errors:?}");
    }
}

/// The settings of a link as text, for comparing; the expected result and the shown tab are not settings.
pub fn settings(address: &str) -> Vec<String> {
    let fragment = address.split_once('#').map_or("", |(_, fragment)| fragment);
    let pairs = fragment.split('&').filter(|pair| !pair.starts_with("expect="));
    pairs.map(str::to_owned).collect()
}

/// The tiny model for tests with its tokenizer.
pub fn stories() -> [std::path::PathBuf; 2] {
    [fixture("models/stories260K.bin"), fixture("models/tok512.bin")]
}

/// A value from the browser, as a number.
pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}
