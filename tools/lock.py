"""Resolve pyproject.toml into the locks, and write environment.yml from them.

python tools/lock.py               keep the pins that still fit
python tools/lock.py --upgrade     take the newest of everything
python tools/lock.py --offline     only rewrite environment.yml; needs no uv and no network
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"

# One version of a package for every Python and system, so that environment.yml can have it too.
RESOLVE = [
    "uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11",
    "--fork-strategy", "fewest", "--generate-hashes", "--only-binary", ":all:", "--quiet",
    "--custom-compile-command", "make lock", "--group", "setup",
]  # fmt: skip

ENVIRONMENT = """\
# Written by `make lock` from {lock}; conda and Binder read it. Do not edit.
name: pitfalls
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
{conda}
  - pip:
{pip}
"""


def pins(lock: str) -> dict[str, str]:
    """Give each package of a lock its version, with the marker where it has one."""
    found = re.findall(r"^([\w.-]+)==([^\\\n]+?) *\\?$", lock, flags=re.MULTILINE)
    return dict(found)


def environment(lock: str, conda: dict[str, str]) -> str:
    """Write the conda environment that has the versions of a lock."""
    versions = pins(lock)
    from_conda = [f"  - {name}={versions.pop(package)}" for package, name in conda.items()]
    from_pip = [f"      - {package}=={version}" for package, version in versions.items()]
    return ENVIRONMENT.format(lock=RUNTIME, conda="\n".join(from_conda), pip="\n".join(from_pip))


def resolve(options: list[str]) -> None:
    """Write both locks, the large one first: the small one takes its pins."""
    if shutil.which("uv") is None:
        sys.exit("The locks are resolved by uv, which is not installed: pip install uv, once.")
    everything = ["--all-extras", "--group", "dev", "--output-file", DEV]
    subprocess.run([*RESOLVE, *everything, *options], cwd=ROOT, check=True)
    part = ["--constraint", DEV, "--no-annotate", "--output-file", RUNTIME]
    subprocess.run([*RESOLVE, *part, *options], cwd=ROOT, check=True)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Resolve pyproject.toml into the locks.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest of everything")
    parser.add_argument("--offline", action="store_true", help="only rewrite environment.yml")
    arguments = parser.parse_args()
    if not arguments.offline:
        resolve(["--upgrade"] if arguments.upgrade else [])
    conda = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pitfalls"]["conda"]
    lock = (ROOT / RUNTIME).read_text()
    (ROOT / "environment.yml").write_text(environment(lock, conda))


if __name__ == "__main__":
    main()
