# shellcheck shell=bash
# shellcheck disable=SC2034 # the variables are for the scripts that source this
# Paths, messages and small helpers shared by all scripts here. Sourced, never run.

set -euo pipefail

repo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# Everything that is installed or compiled lives here, outside the checkout, so that a fresh clone
# starts warm and a removed clone leaves nothing else behind.
export HEMOSCOPE_HOME=${HEMOSCOPE_HOME:-$HOME/.cache/hemoscope}
tools_dir=$HEMOSCOPE_HOME/tools
toolchain_dir=$HEMOSCOPE_HOME/toolchain
npm_dir=$HEMOSCOPE_HOME/npm
env_file=$HEMOSCOPE_HOME/env
logs_dir=$HEMOSCOPE_HOME/logs

say() { printf '  %s\n' "$*"; }
heading() { printf '\n== %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# A duration for people who wait.
duration() {
    if [ "$1" -lt 90 ]; then
        printf '%s s' "$1"
    else
        printf '%s min' $((($1 + 30) / 60))
    fi
}

# Long steps: the seconds that each takes on two cores are planned first, so that each can show the total time left.
planned=0
plan() { planned=$((planned + $1)); }
step() {
    local seconds=$1
    shift
    say "$* (about $(duration "$seconds"); $(duration "$planned") left in all)"
    planned=$((planned - seconds))
}

# Run a noisy step with its output in a log; show the end of the log only if the step fails.
quietly() {
    local name=$1 log started=$SECONDS
    shift
    log=$logs_dir/$name.log
    mkdir -p "$logs_dir"
    if ! "$@" >"$log" 2>&1; then
        tail -n 25 "$log" >&2
        warn "$name failed; the whole output is in $log"
        return 1
    fi
    say "$name: done in $((SECONDS - started)) s"
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        warn "this step needs root (or sudo without a password): $*"
        return 1
    fi
}

# Debian's packages. The list is refreshed once per run: on a fresh machine it is empty.
apt_refreshed=no
apt_install() {
    have apt-get || {
        warn "no apt-get on this machine; install by hand what provides: $*"
        return 1
    }
    if [ "$apt_refreshed" = no ]; then
        quietly apt-update as_root apt-get update || true
        apt_refreshed=yes
    fi
    quietly "apt-$1" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@"
}

# The first build of the page compiles everything that it is made of.
build_seconds=1440
has_built() { [ -d "${CARGO_TARGET_DIR:-$HEMOSCOPE_HOME/target}/wasm32-unknown-unknown" ]; }

# One set-up at a time on one machine: two would install over each other.
take_lock() {
    mkdir -p "$HEMOSCOPE_HOME"
    exec 9>"$HEMOSCOPE_HOME/lock"
    if have flock && ! flock -n 9; then
        say "another set-up is running on this machine; waiting for it"
        flock 9
    fi
}

# The environment that set-up chose. Everything that compiles starts with this, so that all
# commands use one toolchain: two on one target folder would rebuild everything at each switch.
load_env() {
    [ -f "$env_file" ] || die "nothing is set up yet: run 'make setup' first"
    # shellcheck source=/dev/null
    . "$env_file"
}
