# shellcheck shell=bash
# Chromium and its driver for the browser tests. Sourced.

first_command() {
    local name
    for name in "$@"; do
        if [ -n "$name" ] && have "$name"; then
            command -v "$name"
            return 0
        fi
    done
    return 1
}

find_chromium() { first_command "${CHROMIUM:-}" chromium chromium-browser google-chrome; }
find_chromedriver() { first_command "${CHROMEDRIVER:-}" chromedriver; }

browser_seconds=20

has_browser() { find_chromium >/dev/null && find_chromedriver >/dev/null; }

setup_browser() {
    if ! has_browser; then
        step "$browser_seconds" "installing Chromium and its driver"
        apt_install chromium chromium-driver ||
            die "the browser tests need Chromium and chromedriver; set CHROMIUM and CHROMEDRIVER where they are elsewhere"
    fi
    say "browser: $(find_chromium), $(find_chromedriver)"
}
