//! Everything in hemoscope that needs no burn, no browser and no `async`.
//!
//! | room | holds |
//! |---|---|
//! | [`numeric`] | selection, statistics, seeded random numbers |
//! | [`weights`], [`tokenizer`] | model files to pristine tensors by role; text to tokens |
//! | [`modify`], [`decode`], [`metric`] | one file per method, strategy, measure |
//! | [`observation`] | what a measurement gives: arrays with named axes |
//! | [`experiment`], [`share`] | what is asked of which model, and how it is looked at; its link |
//! | [`curve`] | points and thresholds |
//! | [`plot`], [`wording`] | numbers to SVG, numbers to sentences |
//! | [`protocol`] | jobs and events between a front end and its engines |

pub mod curve;
pub mod decode;
pub mod experiment;
pub mod metric;
pub mod modify;
pub mod numeric;
pub mod observation;
pub mod plot;
pub mod protocol;
pub mod share;
pub mod tokenizer;
pub mod weights;
pub mod wording;
