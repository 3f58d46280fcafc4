//! The built page in a real Chromium. Needs `dist/` (or `HEMOSCOPE_DIST`), Chromium and chromedriver, so that it runs only
//! when it is asked for: `cargo test --test browser`.
//!
//! Every test has its own browser with a fresh profile and its own server; none needs the network.

mod browser;
mod hub;
mod page;
mod server;
mod site;

mod bad_input;
mod bench;
mod downloads;
mod looks;
mod runs;
