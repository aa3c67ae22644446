"""Write the repository's address, as pyproject.toml has it, into the README.

The README's last lines define its links: the repository, its issues, Binder, and Binder for each
notebook. They are rewritten here, and so is the address wherever else the README has it.
"""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START = "<!-- The links, written by `make links` from pyproject.toml. -->"
BINDER = "https://mybinder.org/v2/gh/{owner_and_name}/main?urlpath=lab/tree/work/{path}"


def repository() -> str:
    """Read the address; Binder's links need it to be one on GitHub."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address: str = project["urls"]["Repository"]
    if re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address) is None:
        sys.exit(
            "Repository in [project.urls] of pyproject.toml must be https://github.com/OWNER/NAME. "
            f"Got {address} instead."
        )
    return address


def definitions(address: str) -> str:
    """List the README's link definitions."""

    def binder(path: str) -> str:
        owner_and_name = address.removeprefix("https://github.com/")
        return BINDER.format(owner_and_name=owner_and_name, path=path)

    links = {
        "repository": address,
        "issues": f"{address}/issues",
        "binder badge": "https://mybinder.org/badge_logo.svg",
        "binder": binder("00_start_here.ipynb"),
    }
    notebooks = ROOT / "notebooks"
    for path in sorted(notebooks.glob("*/*.ipynb")):
        links[f"binder {path.stem}"] = binder(path.relative_to(notebooks).as_posix())
    return "\n".join([START, *(f"[{name}]: {link}" for name, link in links.items()), ""])


def relink(readme: str, address: str) -> str:
    """Give the README the address, at its end and wherever its present one stands."""
    text, _, old_links = readme.partition(START)
    old = re.search(r"^\[repository\]: (.*)$", old_links, flags=re.MULTILINE)
    if old is not None:
        text = re.sub(re.escape(old[1]) + r"(?![\w.-]*\w)", address, text)
    return f"{text.rstrip()}\n\n{definitions(address)}".lstrip()


def main() -> None:
    """Rewrite the README."""
    readme = ROOT / "README.md"
    readme.write_text(relink(readme.read_text(), repository()))


if __name__ == "__main__":
    main()
