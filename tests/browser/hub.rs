//! A server that behaves like the Hugging Face hub, and misbehaves if a test asks for it.
//!
//! `/api/models/{owner}/{name}/tree/{revision}` lists files; `/{owner}/{name}/resolve/{revision}/{file}` redirects to
//! another address, as the hub does to its storage, which serves ranges and identifies versions by `ETag`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::server::{Content, Reply, Request, Server};

/// The storage's headers that a page from another host may read.
const EXPOSED: &str = "ETag, Content-Range, Accept-Ranges";

/// How requests for a file are answered.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// The next responses break off after this many bytes, one entry each.
    pub cuts: Vec<u64>,
    /// A web page is sent instead, with a file's content type.
    pub html: bool,
    /// Ranges are ignored, and only whole files are sent.
    pub without_ranges: bool,
    /// Pause after each 64 KiB.
    pub pause: Duration,
    /// This status is sent instead of the file.
    pub status: Option<u16>,
    /// SHA-256 that the listing claims.
    pub listed_sha256: Option<String>,
}

#[derive(Debug, Clone)]
struct Stored {
    bytes: Arc<[u8]>,
    manner: Manner,
}

type Files = Arc<Mutex<BTreeMap<String, Stored>>>;

/// Repositories with their files, by `owner/name/file`.
pub struct Hub {
    server: Server,
    files: Files,
}

impl Hub {
    pub fn start() -> Self {
        let files = Files::default();
        let known = files.clone();
        Self {
            server: Server::start(move |request| answer(request, &known)),
            files,
        }
    }

    /// Puts or replaces a file: `owner/name/file`.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>, manner: Manner) {
        let bytes: Vec<u8> = bytes.into();
        let stored = Stored {
            bytes: bytes.into(),
            manner,
        };
        self.files
            .lock()
            .expect("no thread panicked")
            .insert(path.to_owned(), stored);
    }

    pub fn address(&self) -> String {
        self.server.address()
    }

    pub fn log(&self) -> Vec<Request> {
        self.server.log()
    }

    /// Where the responses for this file began, except probes for its first bytes.
    pub fn starts(&self, file: &str) -> Vec<u64> {
        let log = self.log();
        let asked = log
            .iter()
            .filter(|request| request.path().starts_with("/storage/") && request.path().ends_with(file));
        let ranges = asked.filter_map(Request::range);
        ranges
            .filter(|(_, end)| end.is_none())
            .map(|(start, _)| start)
            .collect()
    }
}

/// SHA-256, hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hemoscope_core::weights::formats::sha256_hex(bytes)
}

fn answer(request: &Request, files: &Mutex<BTreeMap<String, Stored>>) -> Reply {
    let mut files = files.lock().expect("no thread panicked");
    let open = |reply: Reply| {
        reply
            .header("Access-Control-Allow-Origin", "*")
            .header("Access-Control-Expose-Headers", EXPOSED)
    };
    if request.method == "OPTIONS" {
        // Storage hosts need not allow more than simple requests.
        return Reply::new(405, "text/plain", "no preflight here");
    }
    let path = request.path().trim_start_matches('/');
    if let Some(rest) = path.strip_prefix("api/models/") {
        return open(listing(rest, &files));
    }
    if let Some(path) = path.strip_prefix("storage/") {
        return open(files.get_mut(path).map_or_else(missing, |stored| send(request, stored)));
    }
    let parts: Vec<&str> = path.splitn(5, '/').collect();
    let [owner, name, "resolve", _revision, file] = parts[..] else {
        return open(missing());
    };
    let key = format!("{owner}/{name}/{file}");
    match files.get(&key) {
        None => open(missing()),
        Some(stored) => match stored.manner.status {
            Some(status) => open(Reply::new(status, "text/plain", "refused")),
            None => open(Reply::new(302, "text/plain", "").header("Location", format!("/storage/{key}?signed=yes"))),
        },
    }
}

fn missing() -> Reply {
    Reply::new(404, "text/plain", "Entry not found")
}

fn listing(rest: &str, files: &BTreeMap<String, Stored>) -> Reply {
    let parts: Vec<&str> = rest.splitn(5, '/').collect();
    let [owner, name, "tree", _revision, ..] = parts[..] else {
        return missing();
    };
    let entries: Vec<serde_json::Value> = files
        .iter()
        .filter_map(|(key, stored)| {
            let path = key.strip_prefix(&format!("{owner}/{name}/"))?;
            let size = stored.bytes.len();
            let sum = stored.manner.listed_sha256.clone().unwrap_or_else(|| sha256(&stored.bytes));
            Some(serde_json::json!({
                "type": "file", "oid": "0", "size": size, "path": path, "lfs": {"oid": sum, "size": size, "pointerSize": 135},
            }))
        })
        .collect();
    if entries.is_empty() {
        // The hub doesn't tell a private repository from one that isn't there.
        return Reply::new(401, "application/json", r#"{"error":"Repository not found"}"#);
    }
    Reply::new(200, "application/json", serde_json::Value::from(entries).to_string())
}

fn send(request: &Request, stored: &mut Stored) -> Reply {
    let kind = "application/octet-stream";
    if stored.manner.html {
        return Reply::new(200, kind, "<!DOCTYPE html><title>Sign in</title><p>Please sign in").ranged(request);
    }
    let etag = format!("\"{}\"", &sha256(&stored.bytes)[..16]);
    let mut reply = Reply::whole(200, kind, Content::Bytes(stored.bytes.clone())).header("ETag", etag);
    if !stored.manner.without_ranges {
        reply = reply.ranged(request);
    }
    let probe = request.range().is_some_and(|(_, end)| end.is_some());
    if !probe {
        reply.pause = stored.manner.pause;
        if !stored.manner.cuts.is_empty() {
            reply.cut_after = Some(stored.manner.cuts.remove(0));
        }
    }
    reply
}
