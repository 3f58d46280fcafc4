# shellcheck shell=bash
# PyTorch, for the test that runs the training recipe of the embedded models at tiny scale. Sourced.

python_with_torch() {
    local python
    for python in python3 /usr/bin/python3; do
        if "$python" -c 'import torch, numpy' 2>/dev/null; then
            command -v "$python"
            return 0
        fi
    done
    return 1
}

torch_seconds=60

setup_torch() {
    if ! python_with_torch >/dev/null; then
        step "$torch_seconds" "installing PyTorch, 151 MB"
        apt_install python3-torch || die "the training recipe's test needs a python3 with torch and numpy"
    fi
    say "PyTorch: $(python_with_torch)"
}
