#!/bin/sh
# Makes .venv from a lock, or brings it up to date:  sh tools/setup.sh [requirements-dev.lock]
# With uv where it is installed, else with venv and pip; both check the lock's hashes.
# Does nothing when the last run saw the same lock and pyproject.toml.
# PYTHON=/path/to/python3.12 names the Python to use.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
lock=${1:-requirements.lock}

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

inputs() { # where and from what .venv is made
    echo "$here"
    cksum "$1" pyproject.toml hatch_build.py
}

stamp=.venv/.made-from-$lock
if [ -d .venv ] && ! is_recent .venv/bin/python; then
    echo "The Python of .venv is older than 3.11 or does not run: making .venv anew."
    rm -rf .venv
elif [ -f "$stamp" ] && [ "$(head -n 1 "$stamp")" != "$here" ]; then
    echo "This folder has moved since .venv was made: making .venv anew."
    rm -rf .venv
elif [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(inputs "$lock")" ]; then
    exit 0
fi

if [ ! -d .venv ]; then
    python=
    if [ -n "${PYTHON:-}" ]; then
        is_recent "$PYTHON" ||
            stop "PYTHON=$PYTHON is older than 3.11 or does not run. Name another, or leave PYTHON out."
        python=$PYTHON
    else
        for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
            if [ -z "$python" ] && is_recent "$candidate"; then python=$candidate; fi
        done
    fi
    if command -v uv >/dev/null; then
        uv venv --quiet --python "${python:-3.11}" .venv ||
            stop "uv could not make .venv: its reason is above."
    elif [ -z "$python" ]; then
        found=$(python3 --version 2>/dev/null) || found=none
        stop "Pitfalls needs Python 3.11 or newer (found: $found). Install it (Debian, Ubuntu: apt-get install python3 python3-venv), or install uv, which brings its own; then run this again. One that is not on PATH: make setup PYTHON=/path/to/python3"
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        stop "$python cannot make virtual environments: its module ensurepip is missing. Install it (Debian, Ubuntu: apt-get install python3-venv), or install uv; then run this again."
    else
        "$python" -m venv .venv
    fi
fi

if command -v uv >/dev/null; then
    echo "Installing $lock into .venv with uv."
    # bytecode as pip would make it: the grading sandbox cannot write its own, and starts twice as slowly
    install() { uv pip install --python .venv/bin/python --compile-bytecode "$@"; }
else
    echo "Installing $lock into .venv with pip. This takes a minute or more; with uv, seconds."
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    install() { .venv/bin/python -m pip install --disable-pip-version-check "$@"; }
fi
install --require-hashes --only-binary :all: -r "$lock" ||
    stop "The packages of $lock could not be installed: the reason is above. Run this again to go on from here."
install --no-deps --no-build-isolation -e . ||
    stop "The packages are installed, Pitfalls itself is not: the reason is above."

for made in requirements.lock "$lock"; do # requirements-dev.lock holds all of requirements.lock
    inputs "$made" >".venv/.made-from-$made"
done
