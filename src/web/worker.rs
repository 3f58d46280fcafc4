//! The engine inside a dedicated worker.
//!
//! A message to the worker is `{json, blobs}`: `json` a [`Command`] as text, `blobs` the files that a
//! [`Job::LoadModel`] names by index. A message from it is `{json}` with a [`Reply`], or `{ready: true}` once.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Function, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::{Closure, JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, DedicatedWorkerGlobalScope, FileReaderSync, MessageEvent};

use super::error::BrowserError;
use crate::engine::job::{Command, Event, FileHandle, Job, Reply, Request};
use crate::engine::{EngineError, Host, Session};
use crate::weights::ReadAt;
use crate::weights::formats::NamedFile;

#[expect(unsafe_code, reason = "the linker's constructor function has no safe binding")]
mod constructors {
    unsafe extern "C" {
        fn __wasm_call_ctors();
    }

    /// Runs the module's constructors once. Without an explicit call the linker wraps every export in one, and each
    /// call into the module then runs all constructors again: a hundred times slower on tiny operations.
    pub(super) fn call_once() {
        // SAFETY: called once, before anything else runs in the module, with no arguments and no result.
        unsafe { __wasm_call_ctors() }
    }
}

type Incoming = (Request, Vec<Blob>);

/// The worker's end of the port and what arrived through it.
#[derive(Clone)]
struct Port {
    scope: DedicatedWorkerGlobalScope,
    queue: Rc<RefCell<VecDeque<Incoming>>>,
    /// Resolves the promise that waits for the next message.
    wake: Rc<RefCell<Option<Function>>>,
    running: Rc<Cell<Option<u64>>>,
    cancelled: Rc<Cell<Option<u64>>>,
}

impl Port {
    fn post(&self, key: &str, value: &JsValue) {
        let message = Object::new();
        if Reflect::set(&message, &key.into(), value).is_ok() {
            // A port that is closed has nobody left to tell.
            self.scope.post_message(&message).ok();
        }
    }

    fn reply(&self, id: u64, event: Event) {
        if let Ok(json) = serde_json::to_string(&Reply { id, event }) {
            self.post("json", &json.into());
        }
    }

    fn receive(&self, data: &JsValue) {
        let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
        let json = field("json").as_string().unwrap_or_default();
        match serde_json::from_str(&json) {
            Ok(Command::Cancel { id }) => self.cancelled.set(Some(id)),
            Ok(Command::Do(request)) => {
                let blobs = field("blobs").dyn_into::<Array>().unwrap_or_default();
                let blobs = blobs.iter().filter_map(|blob| blob.dyn_into().ok()).collect();
                self.queue.borrow_mut().push_back((request, blobs));
                if let Some(wake) = self.wake.borrow_mut().take() {
                    wake.call0(&JsValue::NULL).ok();
                }
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

    async fn next(&self) -> Incoming {
        loop {
            if let Some(incoming) = self.queue.borrow_mut().pop_front() {
                return incoming;
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

    fn is_cancelled(&self) -> bool {
        self.cancelled.get().is_some() && self.cancelled.get() == self.running.get()
    }

    fn seconds(&self) -> f64 {
        self.scope
            .performance()
            .map_or(0.0, |performance| performance.now() / 1000.0)
    }

    /// A whole task, not a microtask: messages arrive between tasks only.
    async fn pause(&self) {
        let promise = Promise::new(&mut |resolve, _| {
            self.scope.set_timeout_with_callback(&resolve).ok();
        });
        JsFuture::from(promise).await.ok();
    }
}

/// Starts the worker: never returns control to a caller, since jobs arrive as messages.
pub fn run() {
    constructors::call_once();
    console_error_panic_hook::set_once();
    let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() else {
        return;
    };
    let port = Port {
        scope: scope.clone(),
        queue: Rc::default(),
        wake: Rc::default(),
        running: Rc::default(),
        cancelled: Rc::default(),
    };
    let listener = port.clone();
    let receive = Closure::<dyn Fn(MessageEvent)>::new(move |message: MessageEvent| listener.receive(&message.data()));
    scope.set_onmessage(Some(receive.as_ref().unchecked_ref()));
    receive.forget();
    port.post("ready", &JsValue::TRUE);
    super::spawn::spawn(async move {
        let mut session = Session::new(port.clone());
        loop {
            let (request, blobs) = port.next().await;
            port.running.set(Some(request.id));
            if let Err(error) = perform(&mut session, request.job, blobs).await {
                let device_lost = error.is_device_failure();
                port.emit(Event::Failed {
                    message: error.to_string(),
                    device_lost,
                });
            }
            port.running.set(None);
        }
    });
}

async fn perform(session: &mut Session<Port>, job: Job, blobs: Vec<Blob>) -> Result<(), EngineError> {
    match job {
        Job::Start { device } => session.start(device).await.map(drop),
        Job::LoadModel { model, files } => {
            let name = model.name();
            session.load(&model, name, sources(&files, &blobs)).await.map(drop)
        }
        Job::Run {
            experiment,
            text,
            calibration_text,
        } => session.run(&experiment, &text, &calibration_text).await.map(drop),
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

fn sources(files: &[FileHandle], blobs: &[Blob]) -> Vec<NamedFile> {
    BLOBS.with_borrow_mut(|kept| {
        kept.clear();
        kept.extend_from_slice(blobs);
    });
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

thread_local! {
    /// Blobs of the loaded model. They stay here because a JavaScript handle may not cross threads, and readers must.
    static BLOBS: RefCell<Vec<Blob>> = const { RefCell::new(Vec::new()) };
}

/// A file of the page, read piece by piece; the browser keeps it on disk.
struct BlobSource {
    index: usize,
    size: u64,
}

impl ReadAt for BlobSource {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let failed = |value: JsValue| io::Error::other(BrowserError::from(value));
        let end = offset.checked_add(buffer.len() as u64).filter(|&end| end <= self.size);
        let end = end.ok_or(io::ErrorKind::UnexpectedEof)?;
        let blob = BLOBS
            .with_borrow(|blobs| blobs.get(self.index).cloned())
            .ok_or(io::ErrorKind::NotFound)?;
        #[expect(clippy::cast_precision_loss, reason = "files are far below 2⁵² bytes")]
        let part = blob.slice_with_f64_and_f64(offset as f64, end as f64).map_err(failed)?;
        let array = FileReaderSync::new()
            .and_then(|reader| reader.read_as_array_buffer(&part))
            .map_err(failed)?;
        let bytes = Uint8Array::new(&array);
        if bytes.length() as usize != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(buffer);
        Ok(())
    }
}
