//! The engine behind a message channel: in a dedicated worker, or in the page itself (`Scope`).
//!
//! A message to it is `{json, blobs, bytes}`: `json` a [`Command`] as text, `blobs` the files that a [`Job::LoadModel`]
//! names by index, `bytes` the data of a [`Job::Adopt`]; or `{stop: true}`, the only way to end an engine inside a
//! page. A message from it is `{json, bytes}` with a [`Reply`] and the bytes of an [`Event::Found`], or
//! `{ready: true, webgpu}` once.

mod scope;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, ArrayBuffer, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, FileReaderSync, MessageEvent};

use hemoscope_core::protocol::{Command, Event, FileHandle, Finding, Job, Reply, Request};
use hemoscope_core::weights::ReadAt;
use hemoscope_core::weights::formats::NamedFile;
use hemoscope_engine::{EngineError, Host, Session};
use scope::Scope;

#[expect(unsafe_code, reason = "the linker's constructor function has no safe binding")]
mod constructors {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }

    /// Runs the module's constructors once. Without an explicit call, the linker wraps every export in such a call, and
    /// each call into the module then runs all constructors again: a hundred times slower on tiny operations.
    pub(super) fn call_once() {
        // SAFETY: called once, before anything else runs in the module, with no arguments and no result.
        unsafe { __wasm_call_ctors() }
    }
}

/// A request, the files that it refers to, and the bytes of another engine's finding.
type Incoming = (Request, Vec<Blob>, Option<ArrayBuffer>);

/// The engine's end of the channel, and what has arrived through it.
#[derive(Clone)]
struct Port {
    scope: Scope,
    queue: Rc<RefCell<VecDeque<Incoming>>>,
    /// Resolves the promise that waits for the next message.
    wake: Rc<RefCell<Option<Function>>>,
    running: Rc<Cell<Option<u64>>>,
    cancelled: Rc<Cell<Option<u64>>>,
    stopped: Rc<Cell<bool>>,
}

impl Port {
    fn post<const N: usize>(&self, entries: [(&str, JsValue); N]) {
        let message = Object::new();
        for (key, value) in entries {
            // Setting a property of a plain object cannot fail.
            Reflect::set(&message, &key.into(), &value).ok();
        }
        // If the port is closed, nobody is left to tell.
        self.scope.post(&message).ok();
    }

    fn reply(&self, id: u64, event: Event) {
        if let Ok(json) = serde_json::to_string(&Reply { id, event }) {
            self.post([("json", json.into())]);
        }
    }

    fn receive(&self, data: &JsValue) {
        let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
        if field("stop").is_truthy() {
            self.stopped.set(true);
            self.wake_up();
            return;
        }
        let json = field("json").as_string().unwrap_or_default();
        match serde_json::from_str(&json) {
            Ok(Command::Cancel { id }) => self.cancelled.set(Some(id)),
            Ok(Command::Do(request)) => {
                let blobs = field("blobs").dyn_into::<Array>().unwrap_or_default();
                let blobs = blobs.iter().filter_map(|blob| blob.dyn_into().ok()).collect();
                let bytes = field("bytes").dyn_into().ok();
                self.queue.borrow_mut().push_back((request, blobs, bytes));
                self.wake_up();
            }
            Err(error) => {
                let message = format!("the engine could not read a message: {error}; reload the page");
                self.reply(
                    0,
                    Event::Failed {
                        message,
                        device_lost: false,
                    },
                );
            }
        }
    }

    fn wake_up(&self) {
        if let Some(wake) = self.wake.borrow_mut().take() {
            wake.call0(&JsValue::NULL).ok();
        }
    }

    /// The next request; `None` once the engine was stopped.
    async fn next(&self) -> Option<Incoming> {
        loop {
            if self.stopped.get() {
                return None;
            }
            if let Some(incoming) = self.queue.borrow_mut().pop_front() {
                return Some(incoming);
            }
            let promise = Promise::new(&mut |resolve, _| *self.wake.borrow_mut() = Some(resolve));
            JsFuture::from(promise).await.ok();
        }
    }
}

impl Host for Port {
    fn emit(&self, event: Event) {
        if let Some(id) = self.running.get() {
            self.reply(id, event);
        }
    }

    fn hand_over(&self, finding: Finding, bytes: Vec<u8>) {
        let (Some(id), Ok(length)) = (self.running.get(), u32::try_from(bytes.len())) else {
            return;
        };
        let event = Event::Found(finding);
        if let Ok(json) = serde_json::to_string(&Reply { id, event }) {
            let array = Uint8Array::new_with_length(length);
            array.copy_from(&bytes);
            self.post([("json", json.into()), ("bytes", array.buffer().into())]);
        }
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_cancelled(&self) -> bool {
        let cancelled = self.cancelled.get();
        self.stopped.get() || cancelled.is_some() && cancelled == self.running.get()
    }

    fn seconds(&self) -> f64 {
        self.scope.now_ms() / 1000.0
    }

    /// A whole task, not a microtask: messages arrive between tasks only.
    async fn pause(&self) {
        let promise = Promise::new(&mut |resolve, _| self.scope.later(&resolve));
        JsFuture::from(promise).await.ok();
    }
}

/// Starts the engine: jobs arrive as messages.
pub fn run() {
    constructors::call_once();
    console_error_panic_hook::set_once();
    let Some(scope) = Scope::find() else {
        return;
    };
    let port = Port {
        scope,
        queue: Rc::default(),
        wake: Rc::default(),
        running: Rc::default(),
        cancelled: Rc::default(),
        stopped: Rc::default(),
    };
    let listener = port.clone();
    let receive = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| listener.receive(&message.data()));
    port.scope.listen(receive.as_ref().unchecked_ref());
    receive.forget();
    let webgpu = port.scope.has_webgpu();
    port.post([("ready", JsValue::TRUE), ("webgpu", webgpu.into())]);
    spawn(async move {
        let mut session = Session::new(port.clone());
        while let Some((request, blobs, bytes)) = port.next().await {
            port.running.set(Some(request.id));
            if let Err(error) = perform(&mut session, request.job, blobs, bytes).await {
                port.emit(error.event());
            }
            port.running.set(None);
        }
    });
}

#[cfg_attr(
    target_family = "wasm",
    expect(
        clippy::disallowed_methods,
        reason = "the engine's one task, which ends with the worker"
    )
)]
fn spawn(engine: impl Future<Output = ()> + 'static) {
    wasm_bindgen_futures::spawn_local(engine);
}

/// The browser's message for what it threw.
fn said_by(thrown: &JsValue) -> String {
    match thrown.dyn_ref::<js_sys::Error>() {
        Some(error) => format!("{}: {}", String::from(error.name()), String::from(error.message())),
        None => format!("{thrown:?}"),
    }
}

async fn perform(
    session: &mut Session<Port>,
    job: Job,
    blobs: Vec<Blob>,
    bytes: Option<ArrayBuffer>,
) -> Result<(), EngineError> {
    match job {
        Job::Start { device } => session.start(device).await.map(drop),
        Job::LoadModel { model, files, sha256 } => {
            let name = model.name();
            let may_wait = session.host().scope.may_wait();
            let files = sources(&files, &blobs, may_wait).await;
            session.load_hashed(&model, name, files, sha256).await.map(drop)
        }
        Job::Run(s) => session.run(&s.experiment, &s.text, &s.calibration_text).await.map(drop),
        Job::Prepare(s) => session.prepare(&s.experiment, &s.text, &s.calibration_text).await,
        Job::Join(s) => session.join(&s.experiment, &s.text, &s.calibration_text),
        Job::Adopt { finding } => {
            let bytes = bytes.map(|bytes| Uint8Array::new(&bytes).to_vec());
            session.adopt(&finding, &bytes.unwrap_or_default())
        }
        Job::Point { index } => session.point(index).await,
        Job::Generate {
            experiment,
            spec,
            calibration_text,
            prompt,
            sampling,
            tokens,
        } => session
            .generate(&experiment, &spec, &calibration_text, &prompt, sampling, tokens)
            .await
            .map(drop),
        Job::Bench { window, repeats } => {
            let seconds = session.time_passes(&session.model()?.llama, window, repeats).await?;
            session.host().emit(Event::Bench {
                seconds,
                tokens: window,
            });
            Ok(())
        }
        Job::TinyOps => session.tiny_operations().await.map(drop),
    }
}

async fn sources(files: &[FileHandle], blobs: &[Blob], may_wait: bool) -> Vec<NamedFile> {
    let mut held = Vec::with_capacity(blobs.len());
    for blob in blobs {
        held.push(if may_wait {
            Held::OnDisk(blob.clone())
        } else {
            match JsFuture::from(blob.array_buffer()).await {
                Ok(buffer) => Held::InMemory(Uint8Array::new(&buffer)),
                Err(thrown) => Held::Unreadable(said_by(&thrown)),
            }
        });
    }
    HELD.set(held);
    files
        .iter()
        .filter_map(|file| {
            let blob = blobs.get(file.blob)?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a size is a whole number"
            )]
            let source = BlobSource {
                index: file.blob,
                size: blob.size() as u64,
            };
            Some((file.name.clone(), Arc::new(source) as Arc<dyn ReadAt>))
        })
        .collect()
}

/// A file of the loaded model.
enum Held {
    /// A file that is read piece by piece.
    OnDisk(Blob),
    /// The whole file, in the browser's memory rather than the module's: a page may not wait for pieces.
    InMemory(Uint8Array),
    /// The browser could not read it.
    Unreadable(String),
}

thread_local! {
    /// Files of the loaded model. They stay here because a JavaScript handle may not cross threads, and readers must.
    static HELD: RefCell<Vec<Held>> = const { RefCell::new(Vec::new()) };
}

/// A file of the page.
struct BlobSource {
    index: usize,
    size: u64,
}

impl ReadAt for BlobSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.size);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let bytes = HELD.with_borrow(|held| match held.get(self.index) {
            Some(Held::OnDisk(blob)) => piece(blob, offset, end),
            Some(Held::InMemory(bytes)) => match (u32::try_from(offset), u32::try_from(end)) {
                (Ok(offset), Ok(end)) => Ok(bytes.subarray(offset, end)),
                _ => Err(io::Error::other("files over 4 GB can't be held in a page")),
            },
            Some(Held::Unreadable(reason)) => Err(io::Error::other(reason.clone())),
            None => Err(io::ErrorKind::NotFound.into()),
        })?;
        if bytes.length() as usize != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(buffer);
        Ok(())
    }
}

fn piece(blob: &Blob, offset: u64, end: u64) -> io::Result<Uint8Array> {
    let failed = |value: JsValue| io::Error::other(said_by(&value));
    #[expect(clippy::cast_precision_loss, reason = "files are far below 2⁵² bytes")]
    let part = blob.slice_with_f64_and_f64(offset as f64, end as f64).map_err(failed)?;
    let array = FileReaderSync::new()
        .and_then(|reader| reader.read_as_array_buffer(&part))
        .map_err(failed)?;
    Ok(Uint8Array::new(&array))
}
