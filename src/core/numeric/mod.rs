//! Small mathematical helpers shared by several modules: selection, statistics, softmax, seeded random numbers.

pub mod nonfinite;
mod parse;
mod random;
mod select;
mod softmax;
mod statistics;

pub use parse::parse_finite;
pub use random::{Purpose, stream};
pub use select::{share_of, smallest};
pub use softmax::{argmax, exp, log_sum_exp, softmax};
pub use statistics::{Moments, quantile, quantiles, student_95};
