//! Small mathematics that several rooms share: selection, statistics, softmax, seeded random numbers.

mod decimal;
mod hex;
pub mod nonfinite;
mod order;
mod random;
mod select;
mod softmax;
mod statistics;

pub use decimal::parse_f64;
pub use hex::hex;
pub use order::order;
pub use random::{Purpose, stream};
pub use select::{share_of, smallest};
pub use softmax::{argmax, exp, log_sum_exp, softmax};
pub use statistics::{Moments, NORMAL_95, quantile, quantiles};
