#!/bin/sh
# Installs PyTorch into .venv: tests hold the two-tower's gradients against it; nothing else needs it.
# It is in no lock. For Linux the package index has the build for graphics cards, of several GB with all
# that it brings, while the processor's is enough: pip takes that one where its configuration
# (find-links, or an index of such builds) has it, and the lock's hashes would forbid it.
set -eu
cd "$(dirname "$0")/.."
if .venv/bin/python -c 'import torch' 2>/dev/null; then exit 0; fi
echo "Installing PyTorch into .venv, for the tests."
.venv/bin/python -m pip install --quiet --disable-pip-version-check --group torch || {
    echo "PyTorch could not be installed: the reason is above. Run this again to go on from here." >&2
    exit 1
}
