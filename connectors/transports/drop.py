"""Files that a department drops into a folder: which are new, and which day they describe.

A file's name ends in `_YYYYMM` (it describes the last day of that month) or `_YYYYMMDD` (that day). Its
SHA-256 tells whether it has landed before, whatever it is called now.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.base import Connection, Stream
from connectors.errors import SourceMalformed, SourceSettingsError

STAMP = re.compile(r"_(\d{4})(\d{2})(\d{2})?$")
PAGE = 5_000  # rows of a file handed over at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file that has not landed yet."""

    path: Path
    as_of: date
    fingerprint: str


def new_files(stream: Stream, connection: Connection, pattern: str, seen: frozenset[str]) -> Iterator[Dropped]:
    """The files of the source's folder that match and have not been seen, oldest day first.

    Raises SourceSettingsError without a folder, SourceMalformed where a file's name holds no day.
    """
    folder = _folder(stream, connection)
    for as_of, path in sorted((day_of(path), path) for path in folder.glob(pattern) if path.is_file()):
        with path.open("rb") as file:
            fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
        if fingerprint not in seen:
            yield Dropped(path=path, as_of=as_of, fingerprint=fingerprint)


def day_of(path: Path) -> date:
    """The day a file describes, from its name. Raises SourceMalformed."""
    stamp = STAMP.search(path.stem)
    if stamp:
        year, month = int(stamp[1]), int(stamp[2])
        try:
            return date(year, month, int(stamp[3]) if stamp[3] else monthrange(year, month)[1])
        except ValueError:
            pass  # a month 13: told below, with the remedy
    raise SourceMalformed(
        f"{path.name}: the name does not say which month or day the file describes",
        remedy="Rename it to end in _YYYYMM or _YYYYMMDD before its extension",
    )


def _folder(stream: Stream, connection: Connection) -> Path:
    if not connection.folder:
        raise SourceSettingsError(
            f"Stream {stream.name} arrives as files, and its source has no folder",
            remedy="Set the source's `folder` in the deployment's settings",
        )
    folder = Path(connection.folder)
    if not folder.is_dir():
        raise SourceSettingsError(
            f"Stream {stream.name}: {folder} is not a folder",
            remedy="Make the folder, or correct the source's `folder` in the deployment's settings",
        )
    return folder
