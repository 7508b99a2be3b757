"""What a disk or a database says when it fails, told as an error with a remedy.

The drivers' own messages hold statements with their values; of them only the kind of failure is repeated.
"""

from __future__ import annotations

import errno
import sqlite3

import duckdb
import psycopg
import sqlalchemy as sa

from hub.errors import HubError, LakeError, LakeFailed, StoreError, StoreFailed

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
MISSING = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}
AGAIN = "run this again; nothing unfinished is visible, and what was landed stays landed"


def explained(error: BaseException) -> HubError | None:
    """The failure as an error of the hub's own; None where it is neither a disk's nor a database's."""
    if isinstance(error, BrokenPipeError):
        return None
    if isinstance(error, OSError):
        return _disk(error)
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        return _store(error.orig)
    if isinstance(error, sqlite3.Error | psycopg.Error):
        return _store(error)
    if isinstance(error, duckdb.Error):
        return _engine(error)
    return None


def _disk(error: OSError) -> HubError:
    where = f" at {error.filename}" if error.filename else ""
    if error.errno in FULL:
        return LakeFailed(
            f"The disk is full, or a limit on files is reached{where}", remedy=f"Free space, then {AGAIN}"
        )
    if error.errno in FORBIDDEN:
        return LakeError(
            f"The hub may not write or read{where} ({error.strerror})",
            remedy="Give its user the right, or another folder",
        )
    if error.errno in MISSING:
        return LakeError(f"There is no such file or folder{where}", remedy="Correct the path, or make the folder")
    kind = error.strerror if error.errno else type(error).__name__
    return LakeFailed(f"The disk or the network failed{where} ({kind})", remedy=f"Check it, then {AGAIN}")


def _store(error: BaseException) -> HubError:
    kind = getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or type(error).__name__
    if kind in {"SQLITE_FULL", "53100"} or "disk is full" in str(error):
        return StoreFailed("The disk of the store is full", remedy=f"Free space, then {AGAIN}")
    if kind in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
        return StoreError(
            f"The store is damaged, or is no SQLite database ({kind})",
            remedy="Put the last backup of store and lake back, and run this again",
        )
    if isinstance(error, sqlite3.OperationalError | psycopg.OperationalError | psycopg.InterfaceError):
        return StoreFailed(
            f"The store failed or was not reached in time ({kind})",
            remedy=f"Check the database and its disk, then {AGAIN}",
        )
    return HubError(
        f"The store refused a statement ({kind})", remedy="Nothing was committed; report this as a defect of the hub"
    )


def _engine(error: duckdb.Error) -> HubError:
    kind = type(error).__name__
    if isinstance(error, duckdb.InvalidInputException | duckdb.SerializationException) and ".parquet" in str(error):
        return LakeError(
            f"A file of the lake is damaged ({kind})",
            remedy="Put the last backup of store and lake back, and run this again",
        )
    if isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        return LakeFailed(
            f"The batch engine ran out of disk or memory ({kind})",
            remedy=f"Free space in the data folder, or memory, then {AGAIN}",
        )
    return HubError(
        f"The batch engine refused a statement ({kind})",
        remedy="Nothing was published; report this as a defect of the hub",
    )
