"""A failing disk or database becomes one line with a remedy; a statement's values never stand in it."""

from __future__ import annotations

import errno
import sqlite3

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from hub import store
from hub.errors import HubError
from hub.failures import explained

CANARY = "金丝雀"


def told(error: BaseException) -> HubError:
    found = explained(error)
    assert found is not None
    assert CANARY not in str(found)
    return found


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (errno.ENOSPC, 75, "Free space"),
        (errno.EDQUOT, 75, "Free space"),
        (errno.EFBIG, 75, "Free space"),
        (errno.EIO, 75, "run this again"),
        (errno.EROFS, 3, "right"),
        (errno.EACCES, 3, "right"),
        (errno.ENOENT, 3, "Correct the path"),
    ],
)
def test_a_disk_says_what_to_do(number, code, word):
    found = told(OSError(number, "x", "lake/rows"))
    assert found.exit_code == code
    assert word in str(found)
    assert "lake/rows" in str(found)


def test_a_statement_that_fails_is_told_without_its_values(engine):
    with pytest.raises(sa.exc.IntegrityError) as failed, engine.begin() as connection:
        connection.execute(sa.insert(store.alias), [{"mac": CANARY, "person_id": 1}] * 2)
    assert CANARY in str(failed.value)
    assert told(failed.value).exit_code == 1
    assert "defect" in str(told(failed.value))


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (sqlite3.OperationalError("database or disk is full"), 75, "Free space"),
        (sqlite3.OperationalError(f"disk I/O error {CANARY}"), 75, "run this again"),
        (psycopg.errors.DiskFull(CANARY), 75, "Free space"),
        (psycopg.errors.AdminShutdown(CANARY), 75, "57P01"),
        (psycopg.errors.UniqueViolation(CANARY), 1, "23505"),
        (duckdb.IOException(CANARY), 75, "Free space"),
        (duckdb.OutOfMemoryException(CANARY), 75, "memory"),
        (duckdb.ConversionException(CANARY), 1, "defect"),
    ],
)
def test_a_database_or_engine_that_fails_is_told_by_its_kind(error, code, word):
    assert told(error).exit_code == code
    assert word in str(told(error))


def test_other_errors_and_a_closed_pipe_are_not_explained_away():
    assert explained(ValueError(CANARY)) is None
    assert explained(BrokenPipeError()) is None
