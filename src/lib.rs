//! hemoscope damages a small language model on purpose and measures how it bleeds.
//!
//! The rooms of the house, top to bottom; a room may use the ones below it and no other
//! (`tests/layering.rs` holds the arrows to that):
//!
//! | room | holds |
//! |---|---|
//! | `app` | Leptos components and state: events folded into what is shown |
//! | [`web`] | the only place with web-sys: worker transport, fetching and caching, address bar |
//! | [`engine`] | jobs and events; one experiment from weights to curve |
//! | `train` | native only: makes the embedded models |
//! | `model` | the Llama architecture on burn |
//! | [`share`], [`plot`], [`curve`] | links; SVG; sweeps, points and thresholds |
//! | [`modify`], [`decode`], [`metric`] | one file a method, a sampler, a metric |
//! | [`weights`], `tokenizer` | pristine tensors by role; text to tokens |
//! | [`numeric`] | selection, statistics, seeded random numbers |

pub mod curve;
pub mod decode;
pub mod engine;
pub mod metric;
pub mod modify;
pub mod numeric;
pub mod plot;
pub mod share;
pub mod weights;

#[cfg(feature = "engine")]
pub mod model;
#[cfg(feature = "engine")]
pub mod tokenizer;

#[cfg(feature = "train")]
pub mod train;

pub mod web;

pub mod app;
