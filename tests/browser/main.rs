//! The built page in a real Chromium. Needs `dist/` (or `HEMOSCOPE_DIST`), Chromium and chromedriver, so that it runs only
//! when it is asked for: `cargo test --workspace --test browser`.
//!
//! Every test has its own browser with a fresh profile and its own server; none needs the network.

#![expect(
    clippy::expect_used,
    reason = "a test ends where its surroundings are not as they must be"
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
