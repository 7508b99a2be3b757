"""A department's own list of what it sent: each file with its rows and its SHA-256, as JSON or CSV.

JSON: a list of objects, one object, or `{"files": [...]}`. CSV: a header and a line a file, UTF-8 or GB18030. The names
of an entry's parts may be Chinese or English; rows and SHA-256 may be missing, the file's name may not.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import SourceMalformed, SourceUnavailable
from connectors.transports.headers import plain

NAMES = {
    "file": ("file", "filename", "file_name", "name", "文件", "文件名", "文件名称"),
    "rows": ("rows", "row_count", "count", "records", "行数", "记录数", "数据量", "条数"),
    "sha256": ("sha256", "sha-256", "digest", "校验值", "摘要", "哈希值"),
}
MOST = 4 * 1024**2  # bytes of a manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the department says of one file."""

    rows: int | None
    sha256: str | None


Manifest = Mapping[str, list[Entry]]


def read(folder: Path, pattern: str) -> Manifest:
    """The entries of all manifests of a folder, by the file's name. Raises SourceMalformed."""
    found: dict[str, list[Entry]] = {}
    for path in sorted(folder.glob(pattern)):
        if path.stat().st_size > MOST:
            raise _malformed(path, f"is larger than {MOST} bytes")
        for number, told in enumerate(_objects(path), 1):
            name, entry = _entry(path, number, told)
            found.setdefault(name, []).append(entry)
    return found


def entry(listed: Manifest, name: str, sha256: str) -> Entry:
    """What the manifests say of a file with this digest.

    Raises SourceUnavailable where none names it yet, SourceMalformed where it is not the file they name.
    """
    if name not in listed:
        raise SourceUnavailable(f"{name}: no manifest names the file yet", remedy="Pull again when it has come")
    entries = listed[name]
    same = [one for one in entries if one.sha256 in (None, sha256)]
    if not same:
        raise SourceMalformed(
            f"{name}: the file's SHA-256 is not the one of the manifest",
            remedy="Ask the department to send file and manifest again",
        )
    return same[-1]


def _objects(path: Path) -> list[Mapping[str, object]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="replace")
    if path.suffix.lower() != ".json":
        return [dict(row) for row in csv.DictReader(io.StringIO(text))]
    try:
        told = json.loads(text)
    except ValueError:
        raise _malformed(path, "is not JSON") from None
    if isinstance(told, dict):
        told = told.get("files", [told])
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise _malformed(path, "is not a list of files")
    return told


def _entry(path: Path, number: int, told: Mapping[str, object]) -> tuple[str, Entry]:
    given = {plain(key).lower(): value for key, value in told.items() if key is not None}

    def part(name: str) -> str | None:
        values = [given[word] for word in NAMES[name] if given.get(word) not in (None, "")]
        return str(values[0]).strip() if values else None

    file, rows, sha256 = part("file"), part("rows"), part("sha256")
    if not file:
        raise _malformed(path, f"names no file in entry {number}")
    if rows is not None and not rows.isdecimal():
        raise _malformed(path, f"has no count of rows in entry {number}")
    if sha256 is not None and len(sha256) != 64:
        raise _malformed(path, f"has no SHA-256 of 64 digits in entry {number}")
    return file.rpartition("/")[2], Entry(rows=int(rows) if rows else None, sha256=sha256.lower() if sha256 else None)


def _malformed(path: Path, what: str) -> SourceMalformed:
    return SourceMalformed(f"{path.name}: the manifest {what}", remedy="Ask the department to send the manifest again")
