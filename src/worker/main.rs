//! The page's worker: the engine behind a message port.

#[cfg(target_family = "wasm")]
fn main() {
    hemoscope_worker::run();
}

/// The engine's native front end is the `hemoscope` binary.
#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("this binary is the page's worker; it runs in a browser. Use `hemoscope` here.");
    std::process::exit(2);
}
