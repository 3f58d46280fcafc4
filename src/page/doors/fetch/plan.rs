//! What a download will cost, before anything large is read.

use super::error::FetchError;
use super::head::{Validator, check_first_bytes};
use super::http::{self, Cancel};
use super::offer::{self, Offer, base_name, companions};
use super::source::{Hub, beside, read_listing, scheme_and_host, without_query};
use super::store::Store;
use crate::doors::browser::beside_page;
use hemoscope_core::experiment::{Asset, Origin, bundled};

/// Bytes of each file read before consent: enough to tell a web page from weights.
const FIRST_BYTES: u64 = 512;
/// The most bytes of a listing; one of a thousand files has about 300 kB.
const LISTING_BYTES: usize = 4_000_000;

/// What a download will fetch. Show it, ask, then call [`download`](super::download).
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The model, with its file filled in if the origin left that open.
    pub asset: Asset,
    /// Its files, in name order.
    pub files: Vec<PlannedFile>,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// How many of these bytes are already stored.
    pub stored_bytes: u64,
    /// The host to download from, for the consent question; empty if it is the page's own.
    pub host: String,
    /// Whether the files will be kept for the next visit.
    pub lasting: bool,
}

impl Plan {
    /// Bytes still to be fetched.
    #[must_use]
    pub fn missing_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(self.stored_bytes)
    }

    /// The files that changed on the server since a part of them was stored, and therefore start over.
    pub fn changed(&self) -> impl Iterator<Item = &str> {
        let changed = self.files.iter().filter(|file| file.changed);
        changed.map(|file| file.name.as_str())
    }

    /// Whether the server could not be reached, so that stored copies will be used as they are.
    #[must_use]
    pub fn unchecked(&self) -> bool {
        self.files.iter().any(|file| file.unchecked)
    }
}

/// One file of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedFile {
    /// Its own name, without folders.
    pub name: String,
    /// Where it is.
    pub address: String,
    /// Its size.
    pub bytes: u64,
    /// How much of it is already stored.
    pub stored_bytes: u64,
    /// The SHA-256 in the hub's listing.
    pub sha256: Option<String>,
    /// It changed on the server since a part of it was stored; that part has been removed.
    pub changed: bool,
    /// It is stored whole, but the server could not be asked whether it changed.
    pub unchecked: bool,
    pub(super) validator: Validator,
}

/// A file before its server has been asked about it.
struct Wanted {
    name: String,
    address: String,
    bytes: Option<u64>,
    sha256: Option<String>,
}

/// Finds a model's files, their sizes, and how much of them is stored.
///
/// # Errors
/// Any but those of a broken download: the origin, the server's answers, the repository's contents, and
/// [`FetchError::Quota`] if the browser says in advance that it has no room.
pub async fn plan(asset: &Asset, hub: &Hub, cancel: &Cancel) -> Result<Plan, FetchError> {
    let store = Store::open().await;
    let (origin, wanted) = resolve(&asset.origin, hub, &store, cancel).await?;
    // Insertion sort by name: there are few files, and the standard library's sort would add 4 kB to the page.
    let mut files: Vec<PlannedFile> = Vec::new();
    for file in wanted {
        let probed = probe(file, &store, cancel).await;
        let file = probed.map_err(|error| not_bundled(error, &origin))?;
        let place = files.partition_point(|other| other.name <= file.name);
        files.insert(place, file);
    }
    let sum = |bytes: fn(&PlannedFile) -> u64| files.iter().map(bytes).fold(0, u64::saturating_add);
    let plan = Plan {
        asset: Asset {
            origin,
            sha256: asset
                .sha256
                .clone()
                .or_else(|| Some(bundled::of(asset)?.sha256.to_owned())),
        },
        total_bytes: sum(|file| file.bytes),
        stored_bytes: sum(|file| file.stored_bytes),
        host: foreign_host(&files),
        lasting: store.is_lasting(),
        files,
    };
    if plan.lasting
        && let Some(available) = super::store::available().await
        && available < plan.missing_bytes()
    {
        return Err(FetchError::Quota {
            needed: plan.missing_bytes(),
            available: Some(available),
        });
    }
    Ok(plan)
}

/// The models in a repository's folder, most suitable first.
///
/// # Errors
/// [`FetchError::NoModel`] where there is none; those of the server.
pub async fn repository(
    repository: &str,
    revision: &str,
    folder: &str,
    hub: &Hub,
    cancel: &Cancel,
) -> Result<Vec<Offer>, FetchError> {
    let store = Store::open().await;
    let listing = listing(repository, revision, folder, hub, &store, cancel).await?;
    let offers = offer::offers(&listing);
    if offers.is_empty() {
        return Err(FetchError::NoModel {
            repository: format!("{repository}@{revision}"),
            reason: "it needs a .gguf file, or model.safetensors with config.json and tokenizer.json".to_owned(),
        });
    }
    Ok(offers)
}

async fn listing(
    repository: &str,
    revision: &str,
    folder: &str,
    hub: &Hub,
    store: &Store,
    cancel: &Cancel,
) -> Result<Vec<super::Listed>, FetchError> {
    let address = hub.listing(repository, revision, folder)?;
    let json = match http::text(&address, LISTING_BYTES, cancel).await {
        Ok(json) => {
            // For a later visit without a network. If there is no room to store it, that visit simply finds nothing.
            store.put_note(&address, &json).await.ok();
            json
        }
        Err(error) if error.is_unreachable() => store.note(&address).await.ok_or(error)?,
        Err(error) => return Err(error),
    };
    read_listing(&json, &address)
}

async fn resolve(
    origin: &Origin,
    hub: &Hub,
    store: &Store,
    cancel: &Cancel,
) -> Result<(Origin, Vec<Wanted>), FetchError> {
    match origin {
        Origin::Own(name) => Err(FetchError::Own { name: name.clone() }),
        Origin::Bundled(name) => {
            let files = bundled::files(name).into_iter();
            let files = files.map(|file| Ok(wanted(&page_address(&format!("models/{file}"))?)));
            Ok((origin.clone(), files.collect::<Result<_, FetchError>>()?))
        }
        Origin::Url(address) => {
            scheme_and_host(address)?;
            let names = companions(without_query(address)).iter();
            let others = names.map(|name| wanted(&beside(address, name)));
            Ok((origin.clone(), std::iter::once(wanted(address)).chain(others).collect()))
        }
        Origin::Hub {
            repository,
            revision,
            file,
        } if file.to_ascii_lowercase().ends_with(".gguf") => {
            // One file, whose address is all there is to know.
            Ok((origin.clone(), vec![wanted(&hub.file(repository, revision, file)?)]))
        }
        Origin::Hub {
            repository,
            revision,
            file,
        } => {
            let chosen = if file.is_empty() {
                let offers = self::repository(repository, revision, "", hub, cancel).await?;
                offers.into_iter().next()
            } else {
                let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
                let listing = listing(repository, revision, folder, hub, store, cancel).await?;
                Some(offer::offer(file, &listing)?)
            };
            let chosen = chosen.ok_or_else(|| FetchError::NoModel {
                repository: repository.clone(),
                reason: "it is empty".to_owned(),
            })?;
            let files = chosen.files.into_iter().map(|listed| {
                let address = hub.file(repository, revision, &listed.path)?;
                Ok(Wanted {
                    bytes: Some(listed.bytes),
                    sha256: listed.sha256,
                    ..wanted(&address)
                })
            });
            let files = files.collect::<Result<_, FetchError>>()?;
            let origin = Origin::Hub {
                repository: repository.clone(),
                revision: revision.clone(),
                file: chosen.file,
            };
            Ok((origin, files))
        }
    }
}

fn wanted(address: &str) -> Wanted {
    let name = percent_encoding::percent_decode_str(base_name(without_query(address))).decode_utf8_lossy();
    // Decoding may reintroduce a slash; a name has none.
    let name = base_name(&name).to_owned();
    Wanted {
        name: if name.is_empty() { "model".to_owned() } else { name },
        address: address.to_owned(),
        bytes: None,
        sha256: None,
    }
}

/// Requests a file's first bytes, which tell its size, its version, and whether it is a web page.
async fn probe(file: Wanted, store: &Store, cancel: &Cancel) -> Result<PlannedFile, FetchError> {
    let address = file.address.as_str();
    let stored = store.manifest(address).await;
    let answer = match http::get(address, 0, Some(FIRST_BYTES - 1), cancel).await {
        Ok(answer) => answer,
        Err(error) if error.is_unreachable() => {
            let manifest = stored.ok_or_else(|| error.clone())?;
            if store.count(&manifest).await < manifest.pieces() {
                return Err(error);
            }
            return Ok(PlannedFile {
                bytes: manifest.total,
                stored_bytes: manifest.total,
                validator: manifest.validator,
                unchecked: true,
                changed: false,
                name: file.name,
                address: file.address,
                sha256: file.sha256,
            });
        }
        Err(error) => return Err(error),
    };
    let head = answer.head.clone();
    head.check(address).inspect_err(|_| answer.stop())?;
    let first = answer.beginning(FIRST_BYTES as usize).await?;
    check_first_bytes(&first, &file.name, address)?;
    let mut bytes = head.total();
    if bytes.is_none() && file.bytes.is_none() {
        bytes = http::head(address, cancel).await?.total();
    }
    let bytes = bytes.or(file.bytes).ok_or_else(|| FetchError::SizeUnknown {
        address: address.to_owned(),
    })?;
    if bytes == 0 {
        return Err(FetchError::Empty {
            address: address.to_owned(),
        });
    }
    let mut stored_bytes = 0;
    let mut changed = false;
    if let Some(manifest) = stored {
        if manifest.fits(bytes, &head.validator) {
            stored_bytes = manifest.bytes_of(store.count(&manifest).await);
        } else {
            changed = true;
            store.forget(&manifest).await;
        }
    }
    let unnamed = first.starts_with(b"GGUF") && !file.name.to_ascii_lowercase().ends_with(".gguf");
    Ok(PlannedFile {
        name: if unnamed {
            format!("{}.gguf", file.name)
        } else {
            file.name
        },
        address: file.address,
        bytes,
        stored_bytes,
        sha256: file.sha256,
        changed,
        unchecked: false,
        validator: head.validator,
    })
}

/// For a model that should come with the page: if it is missing, this copy was built without it, and the address is not
/// at fault.
fn not_bundled(error: FetchError, origin: &Origin) -> FetchError {
    match (error, origin) {
        (FetchError::NotFound { .. } | FetchError::WebPage { .. }, Origin::Bundled(name)) => {
            FetchError::NotBundled { name: name.clone() }
        }
        (error, _) => error,
    }
}

/// The address of one of the page's own files, from wherever the page is served.
fn page_address(path: &str) -> Result<String, FetchError> {
    beside_page(path).map_err(|error| FetchError::Address {
        text: path.to_owned(),
        reason: error.to_string(),
    })
}

fn foreign_host(files: &[PlannedFile]) -> String {
    let own = web_sys::window().and_then(|window| window.location().host().ok());
    let mut hosts = files
        .iter()
        .filter_map(|file| Some(scheme_and_host(&file.address).ok()?.1));
    hosts
        .find(|host| Some(*host) != own.as_deref())
        .unwrap_or_default()
        .to_owned()
}
