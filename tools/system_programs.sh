#!/bin/sh
# Sees to it that the programs that the tests start are there:  sh tools/system_programs.sh
# Installs what is missing where it may (apt, as root); otherwise stops with the line that does.
set -eu

look() { # sets $packages: Debian's packages of the programs that are not there
    packages=
    command -v chromium >/dev/null || packages="$packages chromium"
    command -v bwrap >/dev/null || packages="$packages bubblewrap"
    command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
        packages="$packages postgresql"
    packages=${packages# }
}

look
if [ -z "$packages" ]; then exit 0; fi

if [ "$(uname -s)" != Linux ]; then
    echo "The tests need programs of Linux that are not here ($packages). Run make test in a Linux container or WSL2; make test-core needs none of them." >&2
    exit 1
elif ! command -v apt-get >/dev/null; then
    echo "The tests need programs that are not here. Install with your system's packages: $packages. Then run this again; make test-core needs none of them." >&2
    exit 1
elif [ "$(id -u)" != 0 ]; then
    echo "The tests need programs that are not here. Install them, then run this again (make test-core needs none of them):" >&2
    echo "sudo apt-get update && sudo apt-get install --yes --no-install-recommends $packages" >&2
    exit 1
fi

echo "Installing $packages."
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet
# shellcheck disable=SC2086 # one word a package
apt-get install --yes --quiet --no-install-recommends $packages </dev/null
look
if [ -n "$packages" ]; then
    echo "apt-get installed the packages, but their programs are not on PATH: $packages." >&2
    exit 1
fi
