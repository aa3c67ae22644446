"""What a wheel carries besides src/: the data sets and their datasheets."""

from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class DatasetsHook(BuildHookInterface[BuilderConfig]):
    """Put ``datasets/<name>/`` into the wheel as ``pitfalls/_datasets/<name>/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files; an editable install reads ``datasets/`` where it lies."""
        if version == "editable":
            return
        datasets = Path(self.root, "datasets")
        for path in sorted(datasets.glob("*/*")):  # datasets/build.py lies higher and stays out
            if path.is_file() and path.suffix != ".py" and not path.name.startswith("."):
                target = Path("pitfalls", "_datasets", path.relative_to(datasets))
                build_data["force_include"][str(path)] = target.as_posix()
