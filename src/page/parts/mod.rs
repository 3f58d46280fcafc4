//! Reusable components: they know nothing of the page's state, take signals, and report what the user does through
//! typed callbacks.

pub(crate) mod chart;
mod field;
mod fold;
mod number;
mod progress;
mod select;
mod slider;
mod table;
mod term;
mod tokens;

pub(crate) use chart::Chart;
pub(crate) use field::{DropField, Field, Problem};
pub(crate) use fold::{Fold, Menu, More, Panel};
pub(crate) use number::NumberField;
pub(crate) use progress::ProgressBar;
pub(crate) use select::{Choice, Group, Segments, Select};
pub(crate) use slider::Slider;
pub(crate) use table::{Row, Table};
pub(crate) use term::{Explained, HEMORRHAGE, Notes, PERPLEXITY};
pub(crate) use tokens::TokenStream;
