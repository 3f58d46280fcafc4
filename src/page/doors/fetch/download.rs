//! The download: piece by piece, hashed as it arrives, resumed where it broke off.

use gloo_timers::future::TimeoutFuture;
use sha2::{Digest as _, Sha256};
use wasm_bindgen_futures::JsFuture;
use web_sys::Blob;

use super::error::FetchError;
use super::head::check_first_bytes;
use super::http::{self, Answer, Cancel};
use super::pieces::Manifest;
use super::plan::{Plan, PlannedFile};
use super::rate::Rate;
use super::store::Store;
use hemoscope_core::weights::formats::is_part_of_safetensors;

/// Attempts in a row without a single byte before the user is asked to try again.
const ATTEMPTS: u32 = 3;
/// Pause before another attempt.
const PAUSE_MS: u32 = 1000;
/// How long to work before the page may paint and answer keys again.
const BREATH_MS: f64 = 20.0;
/// Time between two reports.
const REPORT_MS: f64 = 100.0;
/// Bytes that are hashed in one go: 1 to 2 ms.
const HASH_BYTES: usize = 256 << 10;

/// How far a download has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// The current file.
    pub file: String,
    /// What is being done with it.
    pub stage: Stage,
    /// Bytes of all files that have arrived and are hashed.
    pub done_bytes: u64,
    /// Bytes of all files.
    pub total_bytes: u64,
    /// Recent bytes per second, once there is a rate.
    pub bytes_per_second: Option<f64>,
}

/// What is being done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its stored part is being read and hashed.
    Reading,
    /// It is arriving.
    Downloading,
    /// It changed on the server since its first part was read, and starts over.
    Restarting,
}

/// A file that was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its own name, without folders.
    pub name: String,
    /// Its bytes.
    pub blob: Blob,
    /// Their SHA-256, hexadecimal.
    pub sha256: String,
}

/// A model that was downloaded.
#[derive(Debug, Clone)]
pub struct Downloaded {
    /// Its files, in name order.
    pub files: Vec<Fetched>,
    /// The model's SHA-256, hexadecimal: of the concatenated bytes of all files that count for its identity.
    pub sha256: String,
}

/// Fetches what a plan lacks and hashes everything. If it is stopped or fails, what has arrived is kept for the next
/// plan.
///
/// # Errors
/// Those of the server and of the connection, [`FetchError::Quota`], [`FetchError::Damaged`],
/// [`FetchError::WrongHash`], [`FetchError::Cancelled`].
pub async fn download(
    plan: &Plan,
    mut on_progress: impl FnMut(Progress),
    cancel: &Cancel,
) -> Result<Downloaded, FetchError> {
    let store = Store::open().await;
    let mut meter = Meter::new(plan.total_bytes, &mut on_progress);
    let mut all = Sha256::new();
    let mut files = Vec::new();
    let in_safetensors = plan.files.iter().any(|file| file.name.ends_with(".safetensors"));
    for file in &plan.files {
        let mut work = Work::new(file, &store, cancel, all.clone());
        work.counts = !in_safetensors || is_part_of_safetensors(&file.name);
        work.run(&mut meter).await?;
        meter.before += work.manifest.total;
        let (fetched, sum) = work.finish().await?;
        all = sum;
        files.push(fetched);
    }
    let sha256 = hex::encode(all.finalize());
    if let Some(expected) = &plan.asset.sha256
        && !expected.eq_ignore_ascii_case(&sha256)
    {
        return Err(FetchError::WrongHash {
            name: plan.asset.origin.to_string(),
            expected: expected.clone(),
            found: sha256,
        });
    }
    Ok(Downloaded { files, sha256 })
}

/// A file being downloaded.
struct Work<'a> {
    file: &'a PlannedFile,
    store: &'a Store,
    cancel: &'a Cancel,
    manifest: Manifest,
    /// Pieces in the store, all hashed.
    pieces: u64,
    /// Bytes after them that are hashed too but do not fill a piece yet.
    rest: Vec<u8>,
    sum: Sha256,
    /// Whether it counts for the model's identity.
    counts: bool,
    /// The hash over all such files so far, and what it was before this file.
    all: Sha256,
    all_before: Sha256,
    breath: Breath,
}

impl<'a> Work<'a> {
    fn new(file: &'a PlannedFile, store: &'a Store, cancel: &'a Cancel, all: Sha256) -> Self {
        Self {
            manifest: Manifest::new(&file.address, file.bytes, file.validator.clone()),
            file,
            store,
            cancel,
            pieces: 0,
            rest: Vec::new(),
            sum: Sha256::new(),
            counts: true,
            all_before: all.clone(),
            all,
            breath: Breath::default(),
        }
    }

    fn done(&self) -> u64 {
        self.manifest.bytes_of(self.pieces) + self.rest.len() as u64
    }

    fn restart(&mut self) {
        self.pieces = 0;
        self.rest.clear();
        self.sum = Sha256::new();
        self.all = self.all_before.clone();
    }

    async fn run(&mut self, meter: &mut Meter<'_>) -> Result<(), FetchError> {
        self.read_stored(meter).await?;
        let mut attempts = 0;
        // A server that starts over again and again sends bytes but makes no progress.
        let mut furthest = self.done();
        while self.pieces < self.manifest.pieces() {
            let outcome = self.attempt(meter).await;
            attempts += 1;
            if self.done() > furthest {
                furthest = self.done();
                attempts = 1;
            }
            match outcome {
                Ok(()) if attempts < ATTEMPTS => {}
                Ok(()) => return Err(self.cut_off()),
                Err(error) if attempts < ATTEMPTS && error.is_passing() => TimeoutFuture::new(PAUSE_MS).await,
                // A connection that broke after some bytes is reported as such, whatever the last attempt met.
                Err(FetchError::Unreachable { .. }) if self.done() > 0 => return Err(self.cut_off()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn cut_off(&self) -> FetchError {
        FetchError::CutOff {
            address: self.file.address.clone(),
            done: self.done(),
            total: self.manifest.total,
        }
    }

    async fn read_stored(&mut self, meter: &mut Meter<'_>) -> Result<(), FetchError> {
        match self.store.manifest(&self.file.address).await {
            Some(stored) if stored.fits(self.manifest.total, &self.manifest.validator) => {}
            Some(stored) => {
                self.store.forget(&stored).await;
                return self.store.put_manifest(&self.manifest).await;
            }
            None => return self.store.put_manifest(&self.manifest).await,
        }
        while self.pieces < self.manifest.pieces()
            && let Some(blob) = self.store.piece(&self.manifest, self.pieces).await?
        {
            self.cancel.check()?;
            let expected = self.manifest.bytes_of(self.pieces + 1) - self.manifest.bytes_of(self.pieces);
            // An unreadable piece ends the usable part; the rest is fetched again.
            let Ok(bytes) = bytes_of(&blob).await else { break };
            if bytes.len() as u64 != expected {
                break;
            }
            self.hash(&bytes).await;
            self.pieces += 1;
            meter.report(&self.file.name, Stage::Reading, self.done());
        }
        Ok(())
    }

    /// Reads as much as one response brings.
    async fn attempt(&mut self, meter: &mut Meter<'_>) -> Result<(), FetchError> {
        let asked = self.done();
        let mut answer = http::get(&self.file.address, asked, None, self.cancel).await?;
        let read = self.read_answer(&mut answer, asked, meter).await;
        answer.stop();
        read
    }

    async fn read_answer(&mut self, answer: &mut Answer, asked: u64, meter: &mut Meter<'_>) -> Result<(), FetchError> {
        let head = &answer.head;
        let address = || self.file.address.clone();
        // A file that is now shorter than its stored part has no bytes at this offset.
        let gone = head.status == 416 && asked > 0;
        if !gone {
            head.check(&self.file.address)?;
        }
        let total = head.total().unwrap_or(self.manifest.total);
        if gone || total != self.manifest.total || head.validator.differs(&self.manifest.validator) {
            if total > self.file.bytes {
                return Err(FetchError::Grew {
                    address: address(),
                    planned: self.file.bytes,
                    found: total,
                });
            }
            self.store.forget(&self.manifest).await;
            self.restart();
            self.manifest = Manifest::new(&self.file.address, total, head.validator.clone());
            self.store.put_manifest(&self.manifest).await?;
            meter.send(&self.file.name, Stage::Restarting, 0);
            if asked > 0 || gone {
                return Ok(());
            }
        }
        let start = answer.head.start(asked);
        if start != self.done() {
            // A server without ranges starts from the beginning, and so must the hash.
            if start != 0 {
                return Err(FetchError::Server {
                    address: self.file.address.clone(),
                    status: answer.head.status,
                });
            }
            self.restart();
        }
        while let Some(chunk) = answer.next().await? {
            self.cancel.check()?;
            self.take(&chunk.to_vec()).await?;
            meter.report(&self.file.name, Stage::Downloading, self.done());
        }
        if self.done() < self.manifest.total {
            return Err(self.cut_off());
        }
        Ok(())
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), FetchError> {
        if self.done() == 0 {
            check_first_bytes(bytes, &self.file.name, &self.file.address)?;
        }
        let room = self.manifest.total - self.done();
        if bytes.len() as u64 > room {
            return Err(FetchError::Grew {
                address: self.file.address.clone(),
                planned: self.manifest.total,
                found: self.done() + bytes.len() as u64,
            });
        }
        self.hash(bytes).await;
        self.rest.extend_from_slice(bytes);
        loop {
            let piece = self.manifest.bytes_of(self.pieces + 1) - self.manifest.bytes_of(self.pieces);
            if piece == 0 || (self.rest.len() as u64) < piece {
                return Ok(());
            }
            let piece = piece as usize;
            self.store
                .put_piece(&self.manifest, self.pieces, &self.rest[..piece])
                .await?;
            self.rest.drain(..piece);
            self.pieces += 1;
        }
    }

    async fn hash(&mut self, bytes: &[u8]) {
        for slice in bytes.chunks(HASH_BYTES) {
            self.sum.update(slice);
            if self.counts {
                self.all.update(slice);
            }
            self.breath.take().await;
        }
    }

    /// Joins the pieces and compares the hash with the listing's.
    async fn finish(self) -> Result<(Fetched, Sha256), FetchError> {
        let found = hex::encode(self.sum.finalize());
        let name = self.file.name.clone();
        if let Some(expected) = &self.file.sha256
            && !expected.eq_ignore_ascii_case(&found)
        {
            self.store.forget(&self.manifest).await;
            return Err(FetchError::Damaged {
                name,
                expected: expected.clone(),
                found,
            });
        }
        let lost = |reason: String| FetchError::Browser {
            doing: "read the stored part of".to_owned(),
            address: self.file.address.clone(),
            reason,
        };
        let parts = js_sys::Array::new();
        for index in 0..self.manifest.pieces() {
            let piece = self.store.piece(&self.manifest, index).await?;
            let piece = piece.ok_or_else(|| lost(format!("piece {index} is gone")))?;
            parts.push(&piece);
        }
        let blob = Blob::new_with_blob_sequence(&parts)
            .map_err(|error| lost(crate::doors::error::BrowserError::from(error).to_string()))?;
        let fetched = Fetched {
            name,
            blob,
            sha256: found,
        };
        Ok((fetched, self.all))
    }
}

/// Reports progress, no more often than anyone can read.
struct Meter<'a> {
    on_progress: &'a mut dyn FnMut(Progress),
    /// Bytes of the files before the current one.
    before: u64,
    total: u64,
    rate: Rate,
    sent_ms: f64,
}

impl<'a> Meter<'a> {
    fn new(total: u64, on_progress: &'a mut dyn FnMut(Progress)) -> Self {
        Self {
            on_progress,
            before: 0,
            total,
            rate: Rate::default(),
            sent_ms: 0.0,
        }
    }

    fn report(&mut self, file: &str, stage: Stage, done: u64) {
        let whole = self.before + done >= self.total;
        if whole || now_ms() - self.sent_ms >= REPORT_MS {
            self.send(file, stage, done);
        }
    }

    fn send(&mut self, file: &str, stage: Stage, done: u64) {
        self.sent_ms = now_ms();
        let done_bytes = self.before + done;
        if stage != Stage::Downloading {
            // Reading from the store, or starting over, says nothing about the connection's speed.
            self.rate = Rate::default();
        }
        let progress = Progress {
            file: file.to_owned(),
            stage,
            done_bytes,
            total_bytes: self.total,
            bytes_per_second: self
                .rate
                .at(self.sent_ms, done_bytes)
                .filter(|_| stage == Stage::Downloading),
        };
        (self.on_progress)(progress);
    }
}

/// Lets the page paint between pieces of work. Promises alone would not: they come before the next frame.
#[derive(Default)]
struct Breath {
    since_ms: f64,
}

impl Breath {
    async fn take(&mut self) {
        if now_ms() - self.since_ms >= BREATH_MS {
            TimeoutFuture::new(0).await;
            self.since_ms = now_ms();
        }
    }
}

async fn bytes_of(blob: &Blob) -> Result<Vec<u8>, crate::doors::error::BrowserError> {
    let buffer = JsFuture::from(blob.array_buffer()).await?;
    Ok(js_sys::Uint8Array::new(&buffer).to_vec())
}

fn now_ms() -> f64 {
    js_sys::Date::now()
}
