//! A small HTTP server: one thread and one request per connection, and a log of the requests.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Bytes written in one go; a slow reply pauses after each.
const CHUNK_BYTES: usize = 64 << 10;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// First and, if given, last byte of `Range: bytes=a-b`.
    pub fn range(&self) -> Option<(u64, Option<u64>)> {
        let (start, end) = self.header("range")?.strip_prefix("bytes=")?.split_once('-')?;
        Some((start.parse().ok()?, end.parse().ok()))
    }
}

/// The source of a reply's bytes.
#[derive(Debug, Clone)]
pub enum Content {
    Bytes(Arc<[u8]>),
    File(PathBuf),
}

impl Content {
    pub fn size(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(path) => path.metadata().map_or(0, |file| file.len()),
        }
    }
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub content: Content,
    /// The part of the content that is sent.
    pub part: std::ops::Range<u64>,
    /// The connection breaks off after this many bytes of the part.
    pub cut_after: Option<u64>,
    /// Pause after each 64 KiB.
    pub pause: Duration,
}

impl Reply {
    pub fn new(status: u16, kind: &str, content: impl Into<Vec<u8>>) -> Self {
        let bytes: Vec<u8> = content.into();
        Self::whole(status, kind, Content::Bytes(bytes.into()))
    }

    pub fn whole(status: u16, kind: &str, content: Content) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".to_owned(), kind.to_owned())],
            part: 0..content.size(),
            content,
            cut_after: None,
            pause: Duration::ZERO,
        }
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// If the browser already has exactly this content, replies without content, as RFC 9110 says.
    pub fn unless_known(self, request: &Request) -> Self {
        let tag = self.headers.iter().find(|(name, _)| name == "ETag");
        if self.status == 200 && tag.is_some_and(|(_, tag)| request.header("if-none-match") == Some(tag)) {
            Self {
                status: 304,
                part: 0..0,
                content: Content::Bytes(Arc::default()),
                ..self
            }
        } else {
            self
        }
    }

    /// Answers a range request as RFC 9110 says; a request without a range gets everything.
    pub fn ranged(self, request: &Request) -> Self {
        if self.status != 200 {
            return self;
        }
        let size = self.content.size();
        let reply = self.header("Accept-Ranges", "bytes");
        let Some((start, end)) = request.range() else {
            return reply;
        };
        if start >= size {
            return Self {
                status: 416,
                part: 0..0,
                ..reply.header("Content-Range", format!("bytes */{size}"))
            };
        }
        let end = end.map_or(size, |last| size.min(last + 1));
        Self {
            status: 206,
            part: start..end,
            ..reply.header("Content-Range", format!("bytes {start}-{}/{size}", end - 1))
        }
    }
}

/// A server that answers until it is dropped.
pub struct Server {
    port: u16,
    log: Arc<Mutex<Vec<Request>>>,
    stopped: Arc<AtomicBool>,
}

impl Server {
    /// Starts on a free port.
    pub fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let log = Arc::<Mutex<Vec<Request>>>::default();
        let stopped = Arc::<AtomicBool>::default();
        let (kept, ended, answer) = (log.clone(), stopped.clone(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let (kept, answer) = (kept.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &kept, &*answer));
            }
        });
        Self { port, log, stopped }
    }

    pub fn address(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// The requests so far, in order.
    pub fn log(&self) -> Vec<Request> {
        self.log.lock().expect("no thread panicked").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for the next connection, so that it sees the flag.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

/// A browser may hang up at any time, and may open connections that it never uses; neither is an error.
fn serve(mut stream: TcpStream, log: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Reply) {
    let Some(request) = read(&stream) else { return };
    log.lock().expect("no thread panicked").push(request.clone());
    let reply = answer(&request);
    write(&mut stream, &request, &reply).ok();
    stream.shutdown(Shutdown::Both).ok();
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request {
        method,
        target,
        headers,
        body: Vec::new(),
    };
    let length = request
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    reader.take(length).read_to_end(&mut request.body).ok()?;
    Some(request)
}

fn write(stream: &mut TcpStream, request: &Request, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reason(reply.status));
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    let length = reply.part.end - reply.part.start;
    head += &format!("Content-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes())?;
    if request.method == "HEAD" {
        return Ok(());
    }
    let end = reply.part.start + reply.cut_after.map_or(length, |cut| cut.min(length));
    let mut file = match &reply.content {
        Content::Bytes(_) => None,
        Content::File(path) => Some(File::open(path)?),
    };
    if let Some(file) = &mut file {
        file.seek(SeekFrom::Start(reply.part.start))?;
    }
    let mut at = reply.part.start;
    let mut buffer = vec![0; CHUNK_BYTES];
    while at < end {
        let count = usize::try_from(end - at).map_or(CHUNK_BYTES, |rest| rest.min(CHUNK_BYTES));
        let chunk = &mut buffer[..count];
        match (&reply.content, &mut file) {
            (Content::Bytes(bytes), _) => {
                let start = usize::try_from(at).expect("a test's bytes fit into memory");
                chunk.copy_from_slice(&bytes[start..start + count]);
            }
            (Content::File(_), Some(file)) => file.read_exact(chunk)?,
            (Content::File(_), None) => break,
        }
        stream.write_all(chunk)?;
        at += count as u64;
        if !reply.pause.is_zero() {
            std::thread::sleep(reply.pause);
        }
    }
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        206 => "Partial Content",
        302 => "Found",
        304 => "Not Modified",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        416 => "Range Not Satisfiable",
        _ => "Other",
    }
}

/// The content type that a static host gives a file.
pub fn kind_of(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
