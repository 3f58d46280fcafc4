//! The built page in a real Chromium. Needs `dist/` (or `HEMOSCOPE_DIST`), Chromium and chromedriver, so it runs only
//! on request: `cargo test --workspace --test browser`.
//!
//! Every test has its own browser with a fresh profile and its own server; none needs the network.

#![expect(
    clippy::expect_used,
    reason = "a test panics if its environment is not as it needs to be"
)]

mod browser;
#[path = "../support/fixtures.rs"]
mod fixtures;
mod hub;
mod page;
mod server;
mod site;

mod bad_input;
mod bench;
mod depth;
mod downloads;
mod engines;
mod first_paint;
mod form;
mod loading;
mod looks;
mod module;
mod runs;
mod sizes;
