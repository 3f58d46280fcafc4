//! The engine's worker, and the messages to and from it.
//!
//! Every message is an object `{json, blobs, bytes}`: a command or a reply as JSON text, the files that a command
//! refers to, and the bytes of findings for other engines. The first message gives the worker the compiled module; it
//! replies `{ready: true, webgpu}` once it runs. If a browser has WebGPU for pages but not for workers, the worker is
//! ended and the engine runs in the page itself, at the other end of a message channel.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Array, ArrayBuffer, JsString, Object, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{Blob, ErrorEvent, MessageChannel, MessageEvent, MessagePort, Worker, WorkerOptions, WorkerType};

use super::browser::{document, now_ms, window};
use super::engine::Engine;
use super::error::BrowserError;
use hemoscope_core::protocol::{Command, ENGINE_PORT, Reply};

/// What comes from the engine.
#[derive(Debug)]
pub enum Incoming {
    /// Its module is loaded.
    Ready {
        /// Whether it runs in the page itself, which then responds more slowly while it works.
        in_page: bool,
    },
    /// An event of a job, and the bytes that it hands over.
    Reply(Box<Reply>, Option<ArrayBuffer>),
    /// The engine can't be used any more.
    Broken(String),
}

/// A running engine; dropping it ends it.
#[derive(Debug)]
pub struct Transport {
    worker: Worker,
    in_page: Rc<RefCell<Option<InPage>>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Transport {
    /// Starts the engine; `receive` gets everything that it sends. `for_webgpu`: whether it may run in the page itself
    /// if only pages have WebGPU.
    ///
    /// # Errors
    /// If the browser refuses workers.
    pub fn start(
        engine: &Engine,
        for_webgpu: bool,
        receive: impl Fn(Incoming) + Clone + 'static,
    ) -> Result<Self, BrowserError> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(&engine.loader, &options)?;
        let (engine, loader) = (engine.clone(), engine.loader.clone());
        let module = engine.module.clone();
        let in_page = Rc::new(RefCell::new(None));
        let (heard, place, ended) = (receive.clone(), Rc::clone(&in_page), worker.clone());
        let on_message = Closure::new(move |event: MessageEvent| {
            let data = event.data();
            if for_webgpu && is(&data, "ready") && !is(&data, "webgpu") && page_has_webgpu() {
                ended.terminate();
                match InPage::start(&engine, heard.clone()) {
                    Ok(engine) => *place.borrow_mut() = Some(engine),
                    Err(error) => heard(Incoming::Broken(error.to_string())),
                }
            } else {
                heard(read(&data, false));
            }
        });
        let on_error = Closure::new(move |event: ErrorEvent| {
            let said = event.message();
            let reason = if said.is_empty() {
                format!(
                    "its script {loader} could not be loaded; check the connection, or reload the page, then press Run again"
                )
            } else {
                said
            };
            receive(Incoming::Broken(reason));
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        worker.post_message(&module)?;
        Ok(Self {
            worker,
            in_page,
            _on_message: on_message,
            _on_error: on_error,
        })
    }

    /// Sends a command, the files that it refers to, and the bytes of another engine's finding.
    ///
    /// # Errors
    /// If the browser can't copy them to the engine.
    pub fn post(&self, command: &Command, blobs: &[Blob], bytes: Option<&ArrayBuffer>) -> Result<(), BrowserError> {
        let json = serde_json::to_string(command).map_err(|error| BrowserError {
            name: "json".to_owned(),
            message: error.to_string(),
        })?;
        let message = Object::new();
        Reflect::set(&message, &"json".into(), &json.into())?;
        Reflect::set(&message, &"blobs".into(), &blobs.iter().collect::<Array>())?;
        if let Some(bytes) = bytes {
            Reflect::set(&message, &"bytes".into(), bytes)?;
        }
        match self.in_page.borrow().as_ref() {
            Some(engine) => engine.port.post_message(&message)?,
            None => self.worker.post_message(&message)?,
        }
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

/// The page's end of a channel to an engine in the page.
#[derive(Debug)]
struct InPage {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl InPage {
    fn start(engine: &Engine, receive: impl Fn(Incoming) + 'static) -> Result<Self, BrowserError> {
        let channel = MessageChannel::new()?;
        let port = channel.port1();
        let on_message = Closure::new(move |event: MessageEvent| receive(read(&event.data(), true)));
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Reflect::set(&channel.port2(), &"module".into(), &engine.module)?;
        Reflect::set(&window()?.into(), &ENGINE_PORT.into(), &channel.port2())?;
        let document = document()?;
        let script = document.create_element("script")?;
        script.set_attribute("type", "module")?;
        // An ended engine leaves its memory behind; a different address gives a fresh instance.
        let address = format!("{}?{}", engine.script, now_ms());
        script.set_text_content(Some(&format!(
            "const port = window.{ENGINE_PORT};
             const broken = (error) => port.postMessage({{ broken: String(error?.message ?? error) }});
             addEventListener('unhandledrejection', (event) => broken(event.reason));
             import({address:?}).then((engine) => engine.default({{ module_or_path: port.module }})).catch(broken);"
        )));
        if let Some(root) = document.document_element() {
            root.append_child(&script)?;
        }
        Ok(Self {
            port,
            _on_message: on_message,
        })
    }
}

impl Drop for InPage {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        let stop = Object::new();
        if Reflect::set(&stop, &"stop".into(), &JsValue::TRUE).is_ok() {
            // If the message can't be sent, the engine ends with the page.
            self.port.post_message(&stop).ok();
        }
    }
}

fn page_has_webgpu() -> bool {
    window().is_ok_and(|window| is(&window.navigator(), "gpu"))
}

/// Whether a property exists and is true.
fn is(of: &JsValue, name: &str) -> bool {
    Reflect::get(of, &name.into()).is_ok_and(|value| value.is_truthy())
}

fn read(data: &JsValue, in_page: bool) -> Incoming {
    let field = |name: &str| Reflect::get(data, &name.into()).unwrap_or(JsValue::UNDEFINED);
    if is(data, "ready") {
        return Incoming::Ready { in_page };
    }
    if let Some(reason) = field("broken").as_string() {
        return Incoming::Broken(reason);
    }
    let Some(json) = field("json")
        .dyn_ref::<JsString>()
        .map(String::from)
        .or_else(|| data.as_string())
    else {
        return Incoming::Broken("it sent something that is not a message".to_owned());
    };
    match serde_json::from_str(&json) {
        Ok(reply) => Incoming::Reply(Box::new(reply), field("bytes").dyn_into().ok()),
        Err(error) => Incoming::Broken(format!(
            "it sent a message that this page doesn't know ({error}); reload the page, so that both are of one version"
        )),
    }
}
