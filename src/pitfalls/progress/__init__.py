"""What a learner has done, kept in a SQLite file in the work folder."""

from ._fingerprint import source_hash
from ._store import ProgressError, Record, Store, work_folder

__all__ = ["ProgressError", "Record", "Store", "source_hash", "work_folder"]
