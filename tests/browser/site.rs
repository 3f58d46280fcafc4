//! `dist/`, served as an ordinary static host would: below a path prefix, without server logic or special headers.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::server::{Content, Reply, Request, Server, kind_of};

/// The page must work from any path of any host.
const PREFIX: &str = "/any/path/";

/// The built page.
pub fn dist() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("dist");
    let dist = std::env::var_os("HEMOSCOPE_DIST").map_or_else(beside, PathBuf::from);
    assert!(
        dist.join("index.html").is_file(),
        "{} holds no index.html: run 'make build' first, or name a built page in HEMOSCOPE_DIST",
        dist.display()
    );
    dist
}

/// SmolLM2 in `dist/`.
pub fn bundled() -> PathBuf {
    let model = dist().join("models/SmolLM2-135M-Instruct.Q4_1.gguf");
    let shown = model.display();
    assert!(model.is_file(), "{shown} is missing: 'make model', then 'make build'");
    model
}

/// The engine's file with this ending; the rest of its name is derived from its content.
pub fn engine(ending: &str) -> PathBuf {
    let files = std::fs::read_dir(dist()).expect("dist/").flatten();
    let mut names = files.filter_map(|file| file.file_name().into_string().ok());
    let name = names.find(|name| name.starts_with("engine-") && name.ends_with(ending));
    dist().join(name.unwrap_or_else(|| panic!("no engine-…{ending} in dist/: run 'make build' first")))
}

/// The page on its host.
pub struct Site {
    server: Server,
}

impl Site {
    pub fn start() -> Self {
        Self::with(|_| None)
    }

    /// The page on a host that answers some requests through `own`, which gets paths without the prefix.
    pub fn with(own: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Self {
        let dist = dist();
        let server = Server::start(move |request| {
            let path = request.path().strip_prefix(PREFIX);
            match path {
                None => Reply::new(404, "text/plain", "outside the page's own path"),
                Some(path) => own(path)
                    .unwrap_or_else(|| file(&dist, path))
                    .unless_known(request)
                    .ranged(request),
            }
        });
        Self { server }
    }

    /// Address of the page, ending in `/`.
    pub fn address(&self) -> String {
        format!("{}{PREFIX}", self.server.address())
    }

    pub fn log(&self) -> Vec<Request> {
        self.server.log()
    }

    /// Bytes sent, without headers, counted as if the host compressed everything but weights.
    pub fn sent_bytes(&self) -> usize {
        let dist = dist();
        let sent = |request: &Request| {
            if request.method == "HEAD" {
                return None;
            }
            let path = request.path().strip_prefix(PREFIX)?;
            let reply = file(&dist, path).unless_known(request).ranged(request);
            let Content::File(found) = &reply.content else {
                return None;
            };
            let size = usize::try_from(reply.part.end - reply.part.start).ok()?;
            let is_weights = found
                .extension()
                .is_some_and(|ending| ending == "safetensors" || ending == "gguf");
            if is_weights || request.range().is_some() {
                return Some(size);
            }
            Some(packed(&std::fs::read(found).ok()?).len())
        };
        self.log().iter().filter_map(sent).sum()
    }
}

/// Bytes as sent by a host that compresses.
pub fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).expect("memory takes all");
    packed.finish().expect("memory takes all")
}

fn file(dist: &Path, path: &str) -> Reply {
    let path = if path.is_empty() { "index.html" } else { path };
    let found = dist.join(path);
    if path.split('/').any(|part| part == "..") || !found.is_file() {
        return Reply::new(
            404,
            "text/html; charset=utf-8",
            "<!doctype html><title>404</title>not found",
        );
    }
    let size = found.metadata().map_or(0, |file| file.len());
    Reply::whole(200, kind_of(path), Content::File(found)).header("ETag", format!("\"{size}\""))
}
