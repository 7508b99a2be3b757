"""Faults at every write point of a run: files written, flushed and renamed, statements, commits.

with Points() as calm: job()                      # counts and names the points
with Points(fail=7, kind="full"): job()           # the 7th and all later ones fail: the disk is full
with Points(fail=7, kind="once"): job()           # only the 7th fails
with Points(at=lambda number: copy(folder)): ...  # what kill -9 would leave at each point: the disk as it is then

Points are counted where Python hands over to the operating system or the database: `os.fsync`, `os.rename`,
`os.replace`, `os.pwrite` (rows for quarantine that wait on disk), each use of a Parquet writer, each statement that
writes, and each commit, before and after it (an error after a commit is a connection lost before the answer came).
"""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
from collections.abc import Callable
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest
from sqlalchemy.engine.default import DefaultDialect

Kind = Literal["once", "full"]
READS = ("SELECT", "PRAGMA", "WITH")


class Points:
    """The write points of whatever runs inside `with`."""

    def __init__(self, *, fail: int = 0, kind: Kind = "once", at: Callable[[int], None] | None = None) -> None:
        self.names: list[str] = []
        self._fail, self._kind, self._at = fail, kind, at
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Points:
        self._wrap(os, "fsync", self._file)
        self._wrap(os, "rename", self._file)
        self._wrap(os, "replace", self._file)
        self._wrap(os, "pwrite", self._file)
        for name in ("__init__", "write_table", "close"):
            self._wrap(pq.ParquetWriter, name, self._file)
        for name in ("do_execute", "do_executemany"):
            self._wrap(DefaultDialect, name, self._statement)
        self._wrap(DefaultDialect, "do_commit", self._statement, after=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()

    def _wrap(self, owner: Any, name: str, point: Callable[..., None], *, after: bool = False) -> None:
        real = getattr(owner, name)

        def wrapped(*arguments: Any, **named: Any) -> Any:
            point(name, arguments)
            done = real(*arguments, **named)
            if after:
                point(f"after {name}", arguments)
            return done

        self._patch.setattr(owner, name, wrapped)

    def _file(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name == "close" and (not getattr(arguments[0], "is_open", True) or _collected()):
            return  # closing what is closed, or what a failed run left to be collected, writes nothing of this run
        if self._reached(name):
            number = errno.ENOSPC if self._kind == "full" else errno.EIO
            raise OSError(number, os.strerror(number))

    def _statement(self, name: str, arguments: tuple[Any, ...]) -> None:
        text = arguments[2] if name in {"do_execute", "do_executemany"} else ""
        if text.lstrip().upper().startswith(READS):
            return
        if self._reached(text.split()[0].upper() if text else name):
            raise sqlite3.OperationalError("database or disk is full" if self._kind == "full" else "disk I/O error")

    def _reached(self, name: str) -> bool:
        self.names.append(name)
        number = len(self.names)
        if self._at is not None:
            self._at(number)
        return number == self._fail or (self._kind == "full" and 0 < self._fail < number)


def _collected() -> bool:
    return sys._getframe(3).f_code.co_name == "__del__"
