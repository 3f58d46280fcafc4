//! The page.

#[cfg(target_family = "wasm")]
fn main() {
    hemoscope::app::mount();
}

/// The page runs in a browser only.
#[cfg(not(target_family = "wasm"))]
fn main() {
    eprintln!("this binary is the page; it runs in a browser. `make serve` shows it.");
    std::process::exit(2);
}
