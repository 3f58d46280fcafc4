# shellcheck shell=bash
# One Rust toolchain that can build for this machine and for wasm32-unknown-unknown. Sourced.
#
# Tried in this order: the toolchain on PATH, Debian's own if it is already installed, the one on
# PATH after `rustup target add`, and Debian's packages with a standard library built from their
# sources. The choice is written to $env_file; later starts only check that it still stands.

wasm_target=wasm32-unknown-unknown
debian_rust_packages=(rustc-web cargo-web rust-web-src rust-web-llvm rust-web-clippy rustfmt-web lld-22)

required_rust() {
    sed -n 's/^rust-version *= *"\([0-9.]*\)".*/\1/p' "$repo_root/Cargo.toml" 2>/dev/null | head -n 1
}

# Does `$1/rustc` reach the version that Cargo.toml asks for?
new_enough() {
    local needed found
    needed=$(required_rust)
    found=$("$1/rustc" --version | cut -d ' ' -f 2)
    [ "$(printf '%s\n' "${needed:-0}" "$found" | sort -V | head -n 1)" = "${needed:-0}" ]
}

# Does it have a wasm standard library that it accepts? Only compiling something can tell: after an
# update of the compiler, an old library is still there but refused.
builds_wasm() {
    local scratch status=0
    [ -x "$1/rustc" ] && [ -x "$1/cargo" ] || return 1
    scratch=$(mktemp -d)
    # rustup's proxies choose the toolchain by the folder that they run in.
    cp "$repo_root/rust-toolchain.toml" "$scratch"
    (cd "$scratch" && echo 'pub fn probe() -> String { String::from("x") }' |
        "$1/rustc" --target "$wasm_target" --crate-type cdylib --crate-name probe -o probe.wasm -) \
        >/dev/null 2>&1 || status=1
    rm -rf "$scratch"
    return "$status"
}

# The folder of the cargo that the person has on PATH, past our own links.
path_toolchain() {
    local folder
    while IFS= read -r folder; do
        if [ "$folder" != "$toolchain_dir" ] && [ -x "$folder/cargo" ] && [ -x "$folder/rustc" ]; then
            printf '%s\n' "$folder"
            return 0
        fi
    done < <(printf '%s\n' "$PATH" | tr ':' '\n')
    return 1
}

add_wasm_by_rustup() {
    have rustup || return 1
    quietly rustup-target timeout 180 rustup target add "$wasm_target"
}

build_wasm_std_from_debian() {
    local crate=$HEMOSCOPE_HOME/wasm-std destination
    destination=$(/usr/bin/rustc --print sysroot)/lib/rustlib/$wasm_target/lib
    rm -rf "$crate"
    mkdir -p "$crate/src"
    printf '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n' >"$crate/Cargo.toml"
    : >"$crate/src/lib.rs"
    # Without the bitcode a release build with link-time optimisation refuses this library.
    # /usr/bin first, so that cargo takes Debian's rustc and not a proxy of rustup's.
    (cd "$crate" && quietly wasm-std env PATH="/usr/bin:$PATH" RUSTC_BOOTSTRAP=1 \
        RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$crate/target" \
        /usr/bin/cargo build --release -Zbuild-std=std,panic_abort --target "$wasm_target") || return 1
    rm -f "$crate/target/$wasm_target/release/deps/"libempty-*.rlib
    as_root mkdir -p "$destination"
    # What an older compiler left there would be found twice.
    as_root find "$destination" -name '*.rlib' -delete
    as_root cp "$crate/target/$wasm_target/release/deps/"*.rlib "$destination/" || return 1
    rm -rf "$crate"
}

add_wasm_by_debian() {
    say "building the wasm standard library from Debian's packages (about three minutes)"
    apt_install "${debian_rust_packages[@]}" && build_wasm_std_from_debian
}

# clippy and rustfmt come with every full toolchain; a minimal rustup profile lacks them.
add_lint_tools() {
    local folder=$1
    if "$folder/cargo" clippy --version >/dev/null 2>&1 && "$folder/cargo" fmt --version >/dev/null 2>&1; then
        return 0
    fi
    if [ "$folder" = /usr/bin ]; then
        apt_install rust-web-clippy rustfmt-web
    else
        quietly rustup-components timeout 180 rustup component add clippy rustfmt
    fi
}

find_toolchain() {
    local folder candidate
    folder=$(path_toolchain) || folder=
    for candidate in "$folder" /usr/bin; do
        if [ -n "$candidate" ] && builds_wasm "$candidate" && new_enough "$candidate"; then
            chosen_toolchain=$candidate
            return 0
        fi
    done
    if [ -n "$folder" ] && new_enough "$folder" && add_wasm_by_rustup && builds_wasm "$folder"; then
        chosen_toolchain=$folder
        return 0
    fi
    if add_wasm_by_debian && builds_wasm /usr/bin && new_enough /usr/bin; then
        chosen_toolchain=/usr/bin
        return 0
    fi
    die "no Rust toolchain with $wasm_target could be set up. 'rustup target add $wasm_target'" \
        "with Rust $(required_rust) or newer is all that is missing; the attempts are logged in $logs_dir"
}

# Links to the chosen toolchain alone, so that it can stand first on PATH without whatever else
# shares its folder (with Debian's that folder is /usr/bin).
link_toolchain() {
    local tool
    rm -rf "$toolchain_dir"
    mkdir -p "$toolchain_dir"
    for tool in cargo rustc rustdoc rustfmt cargo-fmt cargo-clippy clippy-driver; do
        if [ -x "$chosen_toolchain/$tool" ]; then
            ln -s "$chosen_toolchain/$tool" "$toolchain_dir/$tool"
        fi
    done
}

write_env() {
    cat >"$env_file.new" <<END
# Written by .ci/setup; remove this file to make it choose again.
export HEMOSCOPE_TOOLCHAIN='$chosen_toolchain'
export HEMOSCOPE_RUSTC='$("$chosen_toolchain/rustc" --version)'
# cargo prefers its own bin folder to PATH unless that folder is on PATH: keep it there, last.
export PATH="$toolchain_dir:$tools_dir/bin:\$PATH:\${CARGO_HOME:-\$HOME/.cargo}/bin"
export CARGO_TARGET_DIR="\${CARGO_TARGET_DIR:-$HEMOSCOPE_HOME/target}"
# It would replace the flags of .cargo/config.toml, without which the wasm build fails.
unset RUSTFLAGS
END
    mv "$env_file.new" "$env_file"
}

# Does the choice of an earlier start still stand? Cheap: one `rustc --version` and a few files.
toolchain_stands() {
    [ -f "$env_file" ] && [ -x "$toolchain_dir/cargo" ] || return 1
    (
        # shellcheck source=/dev/null
        . "$env_file"
        sysroot_lib=$("$toolchain_dir/rustc" --print sysroot)/lib/rustlib/$wasm_target/lib
        [ "$("$toolchain_dir/rustc" --version)" = "$HEMOSCOPE_RUSTC" ] &&
            new_enough "$toolchain_dir" &&
            compgen -G "$sysroot_lib/libstd-*.rlib" >/dev/null
    )
}

setup_toolchain() {
    # A C compiler links native binaries and builds the C parts of some packages.
    have cc || apt_install gcc libc6-dev
    if ! toolchain_stands; then
        find_toolchain
        add_lint_tools "$chosen_toolchain"
        link_toolchain
        write_env
    fi
    load_env
    say "toolchain: $HEMOSCOPE_RUSTC, from $HEMOSCOPE_TOOLCHAIN"
}
