# shellcheck shell=bash
# The three tools of the wasm build, at fixed versions (Trunk.toml names them too). Sourced.

# 0.22 needs a newer compiler than Debian has.
trunk_version=0.21.14
# Must equal the wasm-bindgen in Cargo.toml.
bindgen_version=0.2.130
binaryen_version=132

version_of() { "$1" --version 2>/dev/null | sed -n '1s/^[^ ]* *\([0-9.]*\).*/\1/p'; }

tools_seconds=480

has_bindgen() { [ "$(version_of "$tools_dir/bin/wasm-bindgen")" = "$bindgen_version" ]; }
has_trunk() { [ "$(version_of "$tools_dir/bin/trunk")" = "$trunk_version" ]; }

# Compiled for a quick install rather than for the tool's own speed, and without TLS, since nothing here lets a tool
# download. No registry has these two as binaries.
cargo_install() {
    local crate=$1 version=$2 optimisation=$3
    shift 3
    quietly "install-$crate" env \
        CARGO_TARGET_DIR="$HEMOSCOPE_HOME/target-tools/$crate" \
        CARGO_PROFILE_RELEASE_OPT_LEVEL="$optimisation" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=0 \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_STRIP=debuginfo CARGO_PROFILE_RELEASE_PANIC=abort \
        cargo install --root "$tools_dir" --force "$crate" --version "$version" --no-default-features "$@"
}

# In parallel: they share hardly any packages, and one compiles while the other links.
setup_rust_tools() {
    local installs=() install
    if has_bindgen && has_trunk; then return 0; fi
    step "$tools_seconds" "compiling trunk $trunk_version and wasm-bindgen $bindgen_version"
    if ! has_trunk; then
        cargo_install trunk "$trunk_version" 0 --locked &
        installs+=($!)
    fi
    if ! has_bindgen; then
        # Not --locked: its lock file names a version that not every mirror has. Each build of the page lets it read tens of
        # megabytes, so it is optimised a little.
        cargo_install wasm-bindgen-cli "$bindgen_version" 1 --bin wasm-bindgen &
        installs+=($!)
    fi
    for install in "${installs[@]}"; do
        wait "$install" || die "a tool of the wasm build could not be installed"
    done
    # What they were compiled from serves nobody afterwards.
    rm -rf "$HEMOSCOPE_HOME/target-tools"
}

# Debian's binaryen is too old for current wasm features; the npm package runs on node.
setup_wasm_opt() {
    local package=$npm_dir/node_modules/binaryen wrapper=$tools_dir/bin/wasm-opt
    if ! grep -q "\"version\": \"$binaryen_version\\." "$package/package.json" 2>/dev/null; then
        have npm || apt_install npm || die "npm is needed for wasm-opt"
        mkdir -p "$npm_dir"
        (cd "$HEMOSCOPE_HOME" && quietly install-wasm-opt npm install --prefix "$npm_dir" \
            --no-audit --no-fund --ignore-scripts "binaryen@$binaryen_version") ||
            die "wasm-opt could not be installed"
    fi
    if [ ! -x "$wrapper" ]; then
        mkdir -p "$tools_dir/bin"
        # shellcheck disable=SC2016 # "$@" belongs to the wrapper
        printf '#!/bin/sh\nexec node "%s/bin/wasm-opt" "$@"\n' "$package" >"$wrapper"
        chmod +x "$wrapper"
    fi
}

setup_tools() {
    setup_wasm_opt
    setup_rust_tools
    say "tools: trunk $trunk_version, wasm-bindgen $bindgen_version, wasm-opt $binaryen_version"
}

# The packages of Cargo.lock, so that builds need no network afterwards.
fetch_crates() {
    local stamp=$HEMOSCOPE_HOME/crates-fetched sum
    sum=$(sha256sum <"$repo_root/Cargo.lock")
    [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ] && return 0
    (cd "$repo_root" && quietly cargo-fetch cargo fetch --locked) ||
        die "the packages of Cargo.lock could not be fetched"
    printf '%s\n' "$sum" >"$stamp"
}
