//! The page's own module.

fn main() {
    #[cfg(target_family = "wasm")]
    {
        console_error_panic_hook::set_once();
        hemoscope::app::page::start();
    }
}
