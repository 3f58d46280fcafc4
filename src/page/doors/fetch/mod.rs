//! From an address to a model's bytes: what it will cost first, then the download, kept for the next visit.
//!
//! 1. [`read_origin`] reads what a person typed; a link brings an [`Origin`](hemoscope_core::experiment::Origin) of its own.
//! 2. `plan` asks the server how large the files are and what is stored of them already. It reads at most a listing
//!    and the first bytes of each file. The page shows the plan and asks for consent.
//! 3. `download` fetches what is missing, hashes everything, and gives the files as blobs for the worker.
//!
//! **Where it is kept.** In the Cache API, in pieces of 4 MiB. A piece is stored whole or not at all, so a closed tab
//! loses at most one, and reading one gives a blob that the browser may leave on disk. The origin-private file system
//! would keep one file, but outside a worker it commits nothing before the file is closed, so that an interrupted
//! download would start again; and fewer browsers let a page write there.
//!
//! **Resuming.** The missing rest is asked for with `Range`, and the version that the answer names (`ETag`, else
//! `Last-Modified`) is compared with the stored one; another version starts again from nothing. `If-Range` would ask
//! the same of the server, but it is no header that a page may send to another host without a preflight, which
//! download hosts needn't answer. A request with `Range` is also never answered compressed, so sizes are the file's.
//!
//! **Hashes.** SHA-256 is taken over the very bytes that are handed over, stored ones included.
//!
//! Where the browser has no Cache API (a page served in the clear from another machine), the pieces stay in memory and
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
