//! Models from a hub that behaves, and from one that doesn't.

use std::time::Duration;

use hemoscope_core::experiment::{Asset, bundled};
use serde_json::json;

use crate::browser::Graphics;
use crate::hub::{Hub, Manner, sha256};
use crate::page::{Page, RUN, SOON, stories};
use crate::site::{Site, dist};

/// Bytes of a stored piece; a broken download continues from its last byte; after a reload, from the last whole piece.
const PIECE: u64 = 4 << 20;
/// A pause that lets the page read what was sent: what it hasn't read when a connection breaks, the browser drops.
const UNHURRIED: Duration = Duration::from_millis(20);
/// A file of two and a half pieces.
const SIZE: usize = (PIECE * 5 / 2) as usize;

/// Bytes that begin like a GGUF file and continue as noise: good enough for everything but the engine.
fn weights(seed: u8) -> Vec<u8> {
    let noise = (0..SIZE).map(|place| (place as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3] ^ seed);
    let mut bytes: Vec<u8> = noise.collect();
    bytes[..4].copy_from_slice(b"GGUF");
    bytes
}

fn link(file: &str, hash: Option<&str>) -> String {
    let hash = hash.map_or_else(String::new, |hash| format!("&model-sha256={hash}"));
    format!(
        "#v=1&model=hub:lab/tiny@main/{file}{hash}&m=wanda:sparsity=0..0.8/2&text=evaluation&windows=1&window=64\
         &calibration=calibration&calibration-windows=1&seed=0&threshold=1.1&device=flex"
    )
}

async fn open(site: &Site, hub: &Hub, fragment: &str) -> Page {
    let page = Page::new(site, Graphics::None).await;
    page.open(&query(hub), fragment).await;
    page
}

fn query(hub: &Hub) -> String {
    format!("?hub={}", hub.address())
}

/// Presses Run and accepts the consent question, which shows this size.
async fn run_and_agree(page: &Page, size: &str) {
    page.click("run").await;
    page.wait_for("the question", RUN, async || page.has("consent").await)
        .await;
    let question = page.text("consent").await;
    assert!(question.contains(size), "the question says '{question}', not {size}");
    page.click("consent").await;
}

/// The bytes arrived with the right hash, which is checked before the engine sees them. The engine then says that they
/// are not weights.
async fn arrived(page: &Page) {
    page.wait_for("the end", RUN, async || page.has("run").await).await;
    let messages = page.messages().await.join("\n");
    assert!(
        !messages.contains("SHA-256") && !messages.contains("connection"),
        "{messages}"
    );
    assert!(messages.contains("m.gguf"), "the engine names the file: {messages}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_chosen_from_a_repository_loaded_kept_and_run() {
    let site = Site::start();
    let hub = Hub::start();
    for path in stories() {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        hub.put(
            &format!("lab/stories/{name}"),
            std::fs::read(&path).expect("its bytes"),
            Manner::default(),
        );
    }
    let fragment = link("m.gguf", None).replace("hub:lab/tiny@main/m.gguf", "own:nothing.gguf");
    let page = open(&site, &hub, &fragment).await;
    page.fill("model", "hub").await;
    page.fill("hub", "lab/stories").await;
    let offer = "return document.querySelector('.offer')?.textContent ?? ''";
    page.wait_for("the repository's models", SOON, async || {
        page.browser
            .script(offer, vec![])
            .await
            .as_str()
            .is_some_and(|text| text.contains("stories260K.bin"))
    })
    .await;
    page.browser
        .script("document.querySelector('.offer').click()", vec![])
        .await;
    page.wait_for("the question", RUN, async || page.has("consent").await)
        .await;
    assert!(hub.starts(".bin").is_empty(), "nothing is fetched before consent");
    assert!(page.text("consent").await.contains("1.1 MB"));
    page.click("consent").await;
    page.wait_for("the model", RUN, async || page.has("run").await).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
    let address = page.address().await;
    assert!(
        address.contains("model=hub:lab/stories@main/stories260K.bin"),
        "{address}"
    );
    assert!(address.contains("model-sha256="), "{address}");

    // The next visit takes it from the browser's store, without a question.
    let fetched = hub.starts(".bin").len();
    page.go(&address).await;
    page.run(RUN).await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
    assert_eq!(hub.starts(".bin").len(), fetched, "nothing was fetched a second time");
    assert!(
        hub.log().iter().all(|asked| asked.method != "OPTIONS"),
        "simple requests need no preflight"
    );
}

/// Files that only some copies of a model have are fetched with it, but don't change its hash.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_has_the_same_hash_with_settings_beside_it() {
    let site = Site::start();
    let hub = Hub::start();
    let name = "hemoscope-1m";
    for file in bundled::files(name) {
        let bytes = std::fs::read(dist().join("models").join(&file)).expect("its bytes");
        hub.put(&file.replace(name, "lab/tiny"), bytes, Manner::default());
    }
    hub.put("lab/tiny/tokenizer_config.json", "{}", Manner::default());
    let page = open(&site, &hub, &link("model.safetensors", None)).await;
    page.click("run").await;
    page.wait_for("the question", RUN, async || page.has("consent").await)
        .await;
    page.click("consent").await;
    page.wait_for("the run's end", RUN, async || page.has("run").await)
        .await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
    assert!(!hub.starts("tokenizer_config.json").is_empty());
    let hash = bundled::of(&Asset::bundled(name)).expect("a model of the page").sha256;
    let link = page.copied_link().await;
    assert!(link.contains(&format!("model-sha256={hash}")), "{link}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_goes_on_where_it_broke() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(1);
    let cut = PIECE + 1_000_000;
    let manner = Manner {
        cuts: vec![cut],
        pause: UNHURRIED,
        ..Manner::default()
    };
    hub.put("lab/tiny/m.gguf", bytes.clone(), manner);
    let page = open(&site, &hub, &link("m.gguf", Some(&sha256(&bytes)))).await;
    run_and_agree(&page, "10.5 MB").await;
    arrived(&page).await;
    let starts = hub.starts("m.gguf");
    assert_eq!(starts.len(), 2, "{starts:?}");
    // Not from the last stored piece, but from the last byte that was read.
    assert!(starts[0] == 0 && starts[1] > PIECE && starts[1] <= cut, "{starts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_keeps_breaking_is_told_and_the_next_try_resumes() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(2);
    let manner = Manner {
        cuts: vec![PIECE + 1_000_000, 0, 0, 0],
        pause: UNHURRIED,
        ..Manner::default()
    };
    hub.put("lab/tiny/m.gguf", bytes.clone(), manner);
    let fragment = link("m.gguf", Some(&sha256(&bytes)));
    let page = open(&site, &hub, &fragment).await;
    run_and_agree(&page, "10.5 MB").await;
    let message = page.message("broke after", RUN).await;
    assert!(
        message.contains("of 10.5 MB") && message.contains("Try again"),
        "{message}"
    );
    // After a reload, the whole pieces are still there, and the question is only about the rest.
    hub.put("lab/tiny/m.gguf", bytes, Manner::default());
    let before = hub.starts("m.gguf").len();
    page.open(&query(&hub), &fragment).await;
    run_and_agree(&page, "6.3 MB").await;
    arrived(&page).await;
    assert_eq!(hub.starts("m.gguf")[before..], [PIECE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changed_since_starts_again_and_says_so() {
    let site = Site::start();
    let hub = Hub::start();
    let manner = Manner {
        cuts: vec![PIECE + 1_000_000, 0, 0, 0],
        pause: UNHURRIED,
        ..Manner::default()
    };
    hub.put("lab/tiny/m.gguf", weights(3), manner);
    let page = open(&site, &hub, &link("m.gguf", None)).await;
    run_and_agree(&page, "10.5 MB").await;
    page.message("broke after", RUN).await;
    let other = weights(4);
    hub.put("lab/tiny/m.gguf", other.clone(), Manner::default());
    let before = hub.starts("m.gguf").len();
    page.open(&query(&hub), &link("m.gguf", Some(&sha256(&other)))).await;
    page.click("run").await;
    page.message("changed", RUN).await;
    page.wait_for("the question", RUN, async || page.has("consent").await)
        .await;
    assert!(page.text("consent").await.contains("10.5 MB"), "all of it again");
    page.click("consent").await;
    arrived(&page).await;
    assert_eq!(hub.starts("m.gguf")[before..], [0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_ranges_still_serves() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(5);
    let manner = Manner {
        without_ranges: true,
        cuts: vec![PIECE + 1_000_000],
        ..Manner::default()
    };
    hub.put("lab/tiny/m.gguf", bytes.clone(), manner);
    let page = open(&site, &hub, &link("m.gguf", Some(&sha256(&bytes)))).await;
    run_and_agree(&page, "10.5 MB").await;
    arrived(&page).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_than_the_links_is_refused_with_both_hashes() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(6);
    hub.put("lab/tiny/m.gguf", bytes.clone(), Manner::default());
    let expected = "0".repeat(64);
    let page = open(&site, &hub, &link("m.gguf", Some(&expected))).await;
    run_and_agree(&page, "10.5 MB").await;
    let message = page.message("not the model that this link was made with", RUN).await;
    assert!(
        message.contains(&expected) && message.contains(&sha256(&bytes)),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_is_refused_before_the_question() {
    let site = Site::start();
    let hub = Hub::start();
    let manner = |html, status| Manner {
        html,
        status,
        ..Manner::default()
    };
    hub.put("lab/tiny/page.gguf", "unused", manner(true, None));
    hub.put("lab/tiny/gated.gguf", "unused", manner(false, Some(401)));
    hub.put("lab/tiny/broken.gguf", "unused", manner(false, Some(503)));
    hub.put("lab/tiny/other.gguf", "no weights at all", manner(false, None));
    hub.put("lab/tiny/empty.gguf", "", manner(false, None));
    let page = open(&site, &hub, &link("missing.gguf", None)).await;
    for (file, part) in [
        ("missing.gguf", "404"),
        ("page.gguf", "is a web page"),
        ("gated.gguf", "not public"),
        ("broken.gguf", "503"),
        ("other.gguf", "is not a GGUF file"),
        ("empty.gguf", "is empty"),
    ] {
        page.open(&query(&hub), &link(file, None)).await;
        page.click("run").await;
        let message = page.message(part, RUN).await;
        assert!(message.contains(file), "which file: {message}");
        assert!(!page.has("consent").await, "{file}");
        page.wait_for("the end", SOON, async || page.has("run").await).await;
        let sentence = page.text("sentence").await;
        assert!(sentence.contains("Press Run"), "it can be tried again: {sentence}");
    }
    let page = open(&site, &hub, &link("m.gguf", None)).await;
    page.fill("model", "hub").await;
    page.fill("hub", "lab/nothing").await;
    page.message("not public", SOON).await;
    page.fill("hub", "no repository").await;
    page.message("owner/name", SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_stops_the_download_and_keeps_what_arrived() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(7);
    let manner = Manner {
        pause: Duration::from_millis(100),
        ..Manner::default()
    };
    hub.put("lab/tiny/m.gguf", bytes.clone(), manner);
    let page = open(&site, &hub, &link("m.gguf", Some(&sha256(&bytes)))).await;
    run_and_agree(&page, "10.5 MB").await;
    // Bytes and their rate are shown while it runs.
    page.wait_for("progress in bytes", RUN, async || {
        page.text("progress").await.contains("a second")
    })
    .await;
    let done = async || {
        let text = page.text("progress").await;
        let number = text
            .split(": ")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        number.unwrap_or_default()
    };
    page.wait_for("a whole piece", RUN, async || done().await > 5.0).await;
    page.click("cancel").await;
    page.wait_for("the end", SOON, async || page.has("run").await).await;
    hub.put("lab/tiny/m.gguf", bytes, Manner::default());
    let before = hub.starts("m.gguf").len();
    run_and_agree(&page, "6.3 MB").await;
    arrived(&page).await;
    assert_eq!(hub.starts("m.gguf")[before..], [PIECE]);
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_is_said_and_a_stored_model_still_opens() {
    let site = Site::start();
    let hub = Hub::start();
    let bytes = weights(8);
    hub.put("lab/tiny/m.gguf", bytes.clone(), Manner::default());
    hub.put("lab/tiny/new.gguf", weights(9), Manner::default());
    let page = open(&site, &hub, &link("m.gguf", Some(&sha256(&bytes)))).await;
    run_and_agree(&page, "10.5 MB").await;
    arrived(&page).await;
    let offline = json!({"offline": true, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    page.browser.devtools("Network.enable", json!({})).await;
    page.browser.devtools("Network.emulateNetworkConditions", offline).await;
    let fetched = hub.starts("m.gguf").len();
    page.fill("model", "hub").await;
    // Loading it again only requests the file's first bytes, without success, and then uses the stored copy.
    page.fill("hub", "lab/tiny@main/m.gguf").await;
    page.wait_for("the load's beginning", SOON, async || page.has("cancel").await)
        .await;
    arrived(&page).await;
    assert_eq!(hub.starts("m.gguf").len(), fetched);
    page.fill("hub", "lab/tiny@main/new.gguf").await;
    let message = page.message("Offline", RUN).await;
    assert!(message.contains("try again"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_browser_says_how_much_is_missing() {
    let site = Site::start();
    let hub = Hub::start();
    hub.put("lab/tiny/m.gguf", weights(10), Manner::default());
    let page = open(&site, &hub, &link("m.gguf", None)).await;
    let origin = site.address().split("/any/").next().unwrap_or_default().to_owned();
    page.browser
        .devtools(
            "Storage.overrideQuotaForOrigin",
            json!({"origin": origin, "quotaSize": 1_000_000}),
        )
        .await;
    run_and_agree(&page, "10.5 MB").await;
    let message = page.message("no room", RUN).await;
    assert!(message.contains("10.5 MB"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_of_another_host_is_asked_for_before_it_is_fetched() {
    let site = Site::start();
    let hub = Hub::start();
    hub.put(
        "lab/texts/notes.txt",
        "Once upon a time there was a little girl. ".repeat(100),
        Manner::default(),
    );
    let fragment = "#v=1&model=own:stories260K.bin&m=rtn:bits=8..4/2&text=hub:lab/texts@main/notes.txt&windows=1\
                    &window=64&seed=0&threshold=1.1&device=flex";
    let page = open(&site, &hub, fragment).await;
    page.choose_files("model-file", &stories()).await;
    page.click("run").await;
    page.wait_for("the question", RUN, async || page.has("consent").await)
        .await;
    assert!(hub.starts("notes.txt").is_empty(), "nothing is fetched before consent");
    assert!(page.text("consent").await.contains("4.2 kB"), "its size");
    page.click("cancel").await;
    page.wait_for("the end", SOON, async || page.has("run").await).await;
    assert!(hub.starts("notes.txt").is_empty(), "nothing is fetched after a no");
    run_and_agree(&page, "4.2 kB").await;
    page.wait_for("the run's end", RUN, async || page.has("run").await)
        .await;
    assert_eq!(page.points().await.len(), 2, "{:?}", page.messages().await);
}
