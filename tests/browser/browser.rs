//! A real Chromium, driven through chromedriver.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::command::FormatRequestData;
use thirtyfour::extensions::cdp::ChromeDevTools;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, RequestData, SessionId};

/// What the browser computes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Graphics {
    /// No WebGPU: the CPU backend.
    None,
    /// WebGPU on the CPU (SwiftShader): correct, and about 0.2 GFLOP/s.
    Software,
    /// WebGPU on the machine's own card, through Vulkan and without a display.
    Hardware,
}

/// One browser with a fresh profile. Dropping it ends the browser and removes its driver and profile.
pub struct Browser {
    /// Ended before the driver process, which it needs.
    driver: Option<WebDriver>,
    /// This browser's own driver, if none was started for all tests.
    process: Option<Child>,
    _profile: TempDir,
}

impl Browser {
    pub async fn start(graphics: Graphics) -> Self {
        let profile = tempfile::Builder::new()
            .prefix("hemoscope-profile")
            .tempdir()
            .expect("a folder for the profile");
        let (process, address) = match std::env::var("HEMOSCOPE_WEBDRIVER") {
            Ok(address) => (None, address),
            Err(_) => {
                let (process, port) = start_driver();
                (Some(process), format!("http://localhost:{port}"))
            }
        };
        let mut browser = Self {
            driver: None,
            process,
            _profile: profile,
        };
        let capabilities = capabilities(graphics, &browser).expect("plain capabilities");
        let driver = WebDriver::new(address, capabilities).await;
        browser.driver = Some(driver.expect("Chromium starts"));
        browser
    }

    pub fn driver(&self) -> &WebDriver {
        self.driver.as_ref().expect("it is there until it is dropped")
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let tools = ChromeDevTools::new(Arc::clone(&self.driver().handle));
        let done = tools.execute_cdp_with_params(command, parameters).await;
        done.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// The value that a script returns.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Value {
        let done = self.driver().execute(script, arguments).await;
        done.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Errors on the console since the last call.
    pub async fn console_errors(&self) -> Vec<String> {
        let log = self.driver().cmd(ReadLog).await.expect("the console's log");
        let entries: Vec<Value> = log.value().expect("a list of entries");
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Sets the size of the viewport, which may be smaller than any window, and hides the scroll bar, as on a phone.
    pub async fn resize(&self, width: u32, height: u32) {
        self.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true}))
            .await;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Sets the system's preference for light or dark.
    pub async fn prefer(&self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", features).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.driver.take());
        if let Some(process) = &mut self.process {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

fn start_driver() -> (Child, u16) {
    let path = std::env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
    let mut said = String::new();
    // It takes a free IPv4 port, then asks for the same IPv6 port, and gives up if that is taken.
    for _ in 0..5 {
        let started = Command::new(&path)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut process = started.unwrap_or_else(|error| {
            panic!("{path} does not start ({error}): install chromium-driver, or set CHROMEDRIVER")
        });
        let output = process.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        for line in lines.by_ref() {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                // Keep reading, so that it never blocks on a full pipe.
                std::thread::spawn(move || lines.for_each(drop));
                let port = port.trim_end_matches('.').parse().expect("a port is a number");
                return (process, port);
            }
            said += &line;
        }
        process.wait().ok();
    }
    panic!("{path} does not start: {said}");
}

fn capabilities(graphics: Graphics, browser: &Browser) -> WebDriverResult<ChromeCapabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    if let Ok(binary) = std::env::var("HEMOSCOPE_CHROMIUM").or_else(|_| std::env::var("CHROMIUM")) {
        capabilities.set_binary(&binary)?;
    }
    let profile = format!("--user-data-dir={}", browser._profile.path().display());
    let common = [
        "--headless",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--window-size=1280,900",
        &profile,
    ];
    let webgpu: &[&str] = match graphics {
        Graphics::None => &["--disable-gpu", "--disable-features=WebGPUService,WebGPU"],
        Graphics::Software => &["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
        Graphics::Hardware => &[
            "--enable-unsafe-webgpu",
            "--use-angle=vulkan",
            "--enable-features=Vulkan",
            "--disable-vulkan-surface",
            "--ignore-gpu-blocklist",
        ],
    };
    for argument in common.iter().chain(webgpu) {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_base_capability("goog:loggingPrefs", json!({"browser": "ALL"}))?;
    Ok(capabilities)
}

/// Chromedriver's own command that reads the console's log.
#[derive(Debug)]
struct ReadLog;

impl FormatRequestData for ReadLog {
    fn format_request(&self, session: &SessionId) -> RequestData {
        let method = "POST".parse().expect("a method");
        RequestData::new(method, format!("session/{session}/se/log")).add_body(json!({"type": "browser"}))
    }
}
