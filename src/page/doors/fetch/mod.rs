//! From an address to a model's bytes: first what it will cost, then the download, which is kept for the next visit.
//!
//! 1. [`read_origin`] reads what a person typed; a link brings an [`Origin`](hemoscope_core::experiment::Origin) of its own.
//! 2. `plan` asks the server how large the files are, and checks how much of them is already stored. It reads at most a
//!    listing and the first bytes of each file. The page shows the plan and asks for consent.
//! 3. `download` fetches what is missing, hashes everything, and returns the files as blobs for the worker.
//!
//! **Where it is kept.** In the Cache API, in pieces of 4 MiB. A piece is stored whole or not at all, so closing the
//! tab loses at most one, and reading one gives a blob that the browser may leave on disk. The origin-private file
//! system could hold the whole file, but outside a worker it commits nothing before the file is closed, so that an
//! interrupted download would start over; and fewer browsers let a page write there.
//!
//! **Resuming.** The missing rest is requested with `Range`, and the version in the response (`ETag`, or else
//! `Last-Modified`) is compared with the stored one; if it differs, the download starts over. `If-Range` would leave
//! this to the server, but a page may not send that header to another host without a preflight, which download hosts
//! need not answer. Responses to `Range` requests are never compressed, so sizes are the file's.
//!
//! **Hashes.** SHA-256 is computed over exactly the bytes that are handed over, stored ones included.
//!
//! If the browser has no Cache API (on a page served without TLS from another machine), the pieces stay in memory, and
//! the plan says that nothing will be kept.

mod error;
mod head;
mod offer;
mod pieces;
mod rate;
mod size;
mod source;

mod download;
mod http;
mod module;
mod plan;
mod store;

pub use error::FetchError;
pub use head::{Head, Validator, check_first_bytes};
pub use offer::{Offer, companions, offer, offers};
pub use pieces::{Manifest, PIECE_BYTES};
pub use rate::Rate;
pub use size::Size;
pub use source::{Hub, Listed, read_listing, read_origin};

pub use download::{Downloaded, Fetched, Progress, Stage, download};
pub use http::{Cancel, text};
pub use module::{Arrived, Weight, module, module_bytes};
pub use plan::{Plan, PlannedFile, plan, repository};
