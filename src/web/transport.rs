//! The worker that computes, and the messages to and from it.
//!
//! Every message is an object `{json, blobs}`: a command or a reply as JSON text, and the files that a command speaks
//! of. The worker first says `{ready: true}`.

use js_sys::{Array, JsString, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::error::BrowserError;
use super::tree;
use crate::engine::job::{Command, Reply};

/// The worker's script, beside the page; Trunk names it after the binary.
const SCRIPT: &str = "engine_loader.js";

/// What comes from the worker.
#[derive(Debug)]
pub enum Incoming {
    /// Its module is loaded.
    Ready,
    /// An event of a job.
    Reply(Box<Reply>),
    /// It can't be used any more.
    Broken(String),
}

/// A running worker; dropping it ends it.
#[derive(Debug)]
pub struct Transport {
    worker: Worker,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Transport {
    /// Starts the worker; `receive` hears everything that it says.
    ///
    /// # Errors
    /// Where the browser refuses workers.
    pub fn start(receive: impl Fn(Incoming) + Clone + 'static) -> Result<Self, BrowserError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&super::browser::beside_page(SCRIPT)?, &options)?;
        let heard = receive.clone();
        let on_message = Closure::new(move |event: MessageEvent| heard(read(&event.data())));
        let on_error = Closure::new(move |event: ErrorEvent| {
            let said = event.message();
            let reason = if said.is_empty() {
                format!("its script {SCRIPT} could not be loaded; check the connection, then press Run again")
            } else {
                said
            };
            receive(Incoming::Broken(reason));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self {
            worker,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Sends a command and the files that it speaks of.
    ///
    /// # Errors
    /// Where the browser can't copy them to the worker.
    pub fn post(&self, command: &Command, blobs: &[Blob]) -> Result<(), BrowserError> {
        let json = serde_json::to_string(command).map_err(|error| BrowserError {
            name: "json".to_owned(),
            message: error.to_string(),
        })?;
        let message = Object::new();
        Reflect::set(&message, &"json".into(), &json.into())?;
        Reflect::set(&message, &"blobs".into(), &blobs.iter().collect::<Array>())?;
        self.worker.post_message(&message)?;
        Ok(())
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
    }
}

fn read(data: &JsValue) -> Incoming {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if field("ready").is_truthy() {
        return Incoming::Ready;
    }
    let Some(json) = field("json")
        .dyn_ref::<JsString>()
        .map(String::from)
        .or_else(|| data.as_string())
    else {
        return Incoming::Broken("it sent something that is no message".to_owned());
    };
    match tree::read(&json) {
        Ok(reply) => Incoming::Reply(Box::new(reply)),
        Err(error) => Incoming::Broken(format!(
            "it sent a message that this page doesn't know ({error}); reload the page, so that both are of one version"
        )),
    }
}
