"""ZIP archives: the members that match a pattern, read where they lie and never unpacked to a disk.

An archive is refused before a byte of it is unpacked where a member is locked with a password, says that it unpacks to
more than MOST bytes, or to more than RATIO times its packed size; a member ends where it said it would. Names that are
not marked as UTF-8 are GB18030, as Windows writes them in China.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, cast

from connectors.errors import SourceMalformed

MOST = 8 * 1024**3  # bytes that the matching members of an archive may unpack to
RATIO = 200  # times the packed size; tables of Chinese text pack to a fifth or a twentieth
SMALL = 1024**2  # bytes below which the ratio says nothing
MEMBERS = 10_000
BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, UnicodeDecodeError)
LOCKED = 1  # the flag of a member under a password


def members(path: Path, pattern: str) -> Iterator[tuple[str, Callable[[], BinaryIO]]]:
    """(name, how to open it) of each member that matches, in order of name. Raises SourceMalformed."""
    try:
        with zipfile.ZipFile(path, metadata_encoding="gb18030") as file:
            found = [info for info in file.infolist() if not info.is_dir()]
    except BROKEN:
        raise SourceMalformed(
            f"{path.name}: the file is not a readable ZIP archive", remedy="Ask the department to send it again"
        ) from None
    matching = sorted(
        (info for info in found if fnmatchcase(PurePosixPath(info.filename).name, pattern)), key=lambda i: i.filename
    )
    _check(path, matching, len(found))
    for info in matching:
        yield PurePosixPath(info.filename).name, lambda info=info: _open(path, info)  # type: ignore[misc]


def check_size(name: str, packed: int, unpacked: int, most: int = MOST) -> None:
    """Refuse what unpacks to too much. Raises SourceMalformed."""
    if unpacked > most or (unpacked > SMALL and unpacked > RATIO * max(packed, 1)):
        raise SourceMalformed(
            f"{name}: it would unpack to {unpacked:,} bytes out of {packed:,}",
            remedy="Ask the department what it sent; a file larger than that must come in parts",
        )


def _check(path: Path, matching: list[zipfile.ZipInfo], count: int) -> None:
    if count > MEMBERS:
        raise SourceMalformed(
            f"{path.name}: {count} members, more than {MEMBERS}", remedy="Ask the department what it sent"
        )
    for number, info in enumerate(matching, 1):
        if info.flag_bits & LOCKED:
            raise SourceMalformed(
                f"{path.name}: matching member {number} is locked with a password",
                remedy="Ask the department for an archive without a password, over a channel that is sealed",
            )
        check_size(path.name, info.compress_size, info.file_size)
    check_size(path.name, path.stat().st_size, sum(info.file_size for info in matching))


def _open(path: Path, info: zipfile.ZipInfo) -> BinaryIO:
    archive = zipfile.ZipFile(path, metadata_encoding="gb18030")
    try:
        return cast(BinaryIO, _Member(archive, archive.open(info)))
    except BROKEN:
        archive.close()
        raise _damaged(path.name) from None


class _Member:
    """A member being read; it closes its archive, and tells a damaged one."""

    def __init__(self, archive: zipfile.ZipFile, member: IO[bytes]) -> None:
        self._archive = archive
        self._member = member

    def __enter__(self) -> _Member:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._member.close()
        self._archive.close()

    def read(self, size: int = -1) -> bytes:
        try:
            return self._member.read(size)
        except (*BROKEN, zipfile.zlib.error):  # type: ignore[attr-defined]
            raise _damaged(str(self._archive.filename).rpartition("/")[2]) from None


def _damaged(name: str) -> SourceMalformed:
    return SourceMalformed(f"{name}: a member of the archive is damaged", remedy="Ask the department to send it again")
