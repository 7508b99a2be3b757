"""Files that a department drops into a folder: which are new, and which day they describe.

1. A file's name ends in `_YYYYMM` (it describes the last day of that month) or `_YYYYMMDD` (that day). Its SHA-256
   and that day tell whether it has landed before, whatever else it is called now: a list that did not change from one
   month to the next is delivered again.
2. A file still being written is left for the next pull: its name begins with . or ~ or ends in .part, .tmp or the like,
   it changed while it was looked at, or it is younger than the `settle` that the stream declares.
3. With `archive`, the files stand inside ZIP files of that name (archive.py). With `manifest`, the department says
   which files it sent, with rows and SHA-256: a file that differs is refused, one not named yet waits (manifest.py).
   A manifest that lies beside its file (`FILE.manifest.json`) is looked at undeclared.
"""

from __future__ import annotations

import glob
import hashlib
import re
import time
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePath
from typing import BinaryIO

from connectors.base import Connection, Stream, landed_as
from connectors.errors import SourceMalformed, SourceSettingsError
from connectors.transports import archive, manifest

BESIDE = ".manifest.json"
STAMP = re.compile(r"_(\d{4})(\d{2})(\d{2})?$")
UNFINISHED = re.compile(r"[.~].*|.*(\.(part|partial|filepart|tmp|temp|crdownload|download|swp|lock)|~)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """What every kind of file drop declares; patterns are those of a shell (`recipients_*.csv`)."""

    pattern: str
    archive: str | None = None
    manifest: str | None = None
    settle: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        for pattern in (self.pattern, self.archive, self.manifest):
            path = PurePath(pattern or "*")
            if pattern == "" or path.is_absolute() or ".." in path.parts:
                raise ValueError("a pattern stays inside the source's folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file that has not landed yet. `open` gives its bytes, `check` is told how many rows they held."""

    name: str
    as_of: date
    fingerprint: str
    open: Callable[[], BinaryIO]
    check: Callable[[int], None]


def new_files(stream: Stream, connection: Connection, told: Drop, seen: frozenset[str]) -> Iterator[Dropped]:
    """The files of the source's folder that match and have not been seen, oldest day first.

    Raises SourceSettingsError without a folder; SourceMalformed where a file's name holds no day, an archive is not
    safe to open, or a file is not what the manifest says; SourceUnavailable while a manifest is awaited.
    """
    folder = _folder(stream, connection)
    listed = manifest.read(folder, told.manifest) if told.manifest else None
    found = sorted((day_of(path), path) for path in folder.glob(told.archive or told.pattern) if _settled(path, told))
    for as_of, path in found:
        if not told.archive:
            yield from _new(path.name, as_of, path, lambda path=path: path.open("rb"), listed, seen)  # type: ignore[misc]
            continue
        for name, opened in archive.members(path, told.pattern):
            day = day_of(PurePath(name)) if STAMP.search(PurePath(name).stem) else as_of
            yield from _new(f"{path.name}/{name}", day, path, opened, listed, seen)


def why_none(connection: Connection, told: Drop) -> tuple[str, str]:
    """Why a folder holds nothing to read, in Chinese and English: nothing matches, or what does must wait."""
    pattern = told.archive or told.pattern
    folder = Path(connection.folder or "")
    matching = [path for path in folder.glob(pattern) if path.is_file()]
    if not matching:
        others = sum(path.is_file() for path in folder.iterdir()) if folder.is_dir() else 0
        told_en = f"no file is named {pattern} ({others} other files are there)"
        return f"没有名为 {pattern} 的文件（另有 {others} 个文件）", told_en
    young = [path for path in matching if not UNFINISHED.fullmatch(path.name) and not _settled(path, told)]
    if young:
        waits = max(path.stat().st_mtime for path in young) + told.settle.total_seconds() - time.time()
        return (
            f"{len(young)} 个文件太新，{told.settle} 内不读（settle），约 {max(waits, 1):.0f} 秒后可读",
            f"{len(young)} files are younger than settle = {told.settle} and wait, {max(waits, 1):.0f} s more",
        )
    if told.archive and not all(UNFINISHED.fullmatch(path.name) for path in matching):
        return f"压缩包中没有名为 {told.pattern} 的文件", f"no file in {pattern} is named {told.pattern}"
    return f"{len(matching)} 个文件尚未传完", f"{len(matching)} files are still being written, by their names"


def day_of(path: PurePath) -> date:
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


def _new(
    name: str,
    as_of: date,
    path: Path,
    opened: Callable[[], BinaryIO],
    listed: manifest.Manifest | None,
    seen: frozenset[str],
) -> Iterator[Dropped]:
    before = _state(path)
    with opened() as file:
        fingerprint = _sha256(file)
    if not seen.isdisjoint({fingerprint, landed_as(fingerprint, as_of)}) or _state(path) != before:
        return
    if listed is None and name == path.name:
        listed = manifest.read(path.parent, f"{glob.escape(name)}{BESIDE}") or None
    entry = manifest.entry(listed, PurePath(name).name, fingerprint) if listed is not None else None

    def check(rows: int) -> None:
        if _state(path) != before:
            raise SourceMalformed(f"{name}: the file changed while it was read", remedy="Pull again when it is whole")
        if entry and entry.rows is not None and entry.rows != rows:
            raise SourceMalformed(
                f"{name}: {rows} rows, and the manifest says {entry.rows}", remedy="Ask the department to send it again"
            )

    yield Dropped(name=name, as_of=as_of, fingerprint=fingerprint, open=opened, check=check)


def _sha256(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(1024**2):
        digest.update(block)
    return digest.hexdigest()


def _settled(path: Path, told: Drop) -> bool:
    if UNFINISHED.fullmatch(path.name) or not path.is_file():
        return False
    return not told.settle or time.time() - path.stat().st_mtime >= told.settle.total_seconds()


def _state(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


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
