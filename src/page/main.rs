//! The page's own module.

#[cfg(target_family = "wasm")]
fn main() {
    console_error_panic_hook::set_once();
    hemoscope_page::start();
}

/// The page runs in a browser only.
#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("this binary is the page; it runs in a browser. `make serve` shows it.");
    std::process::exit(2);
}
