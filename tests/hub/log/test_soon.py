"""The log written from an event loop: those who come together share a statement, what is out of date is left out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from hub import log, store
from hub.log.soon import SoonWriter
from hub.log.writer import APPEND_LOCK
from tests.hub.log.entries import entry

ERASED = {"batch_id": 1, "step": "destroyed", "sealed_part": "-", "actor": "a", "reason": "r"}


@pytest.fixture
def writer(engine: sa.Engine) -> Iterator[SoonWriter]:
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite the log is written by threads alone")
    store.metadata.create_all(engine, tables=[store.publication, store.erasure])
    made = SoonWriter(engine)
    yield made
    made.close()


def clients(engine: sa.Engine) -> list[str]:
    query = sa.select(store.access_log.c.leaf).order_by(store.access_log.c.seq)
    with engine.connect() as connection:
        return [json.loads(leaf)["client"] for leaf in connection.scalars(query)]


@contextmanager
def counted(writer: SoonWriter) -> Iterator[list[int]]:
    """How many rows each statement has."""
    sizes, plain = [], writer._write

    async def write(batch: Any) -> Any:
        sizes.append(len(batch))
        return await plain(batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(writer, "_write", write)
        yield sizes


def together(writer: SoonWriter, *entries: tuple[str, tuple[int, int] | None]) -> tuple[list[Any], list[int]]:
    """What each caller is told, and how many rows each statement had."""

    async def run() -> list[Any]:
        asked = (writer.append(entry(client=client), edition) for client, edition in entries)
        return await asyncio.gather(*asked, return_exceptions=True)

    with counted(writer) as sizes:
        told = asyncio.run(run())
    writer.close()
    return told, sizes


def test_an_entry_of_another_edition_is_not_written_and_those_beside_it_are(
    engine: sa.Engine, writer: SoonWriter
) -> None:
    mixed = [("plain", None), ("present", (0, 0)), ("later", (1, 0)), ("erased", (0, 1)), ("again", (0, 0))]
    told, sizes = together(writer, *mixed)
    assert told == [True, True, False, False, True]
    assert sizes == [5]
    assert sorted(clients(engine)) == ["again", "plain", "present"]
    with engine.begin() as connection:
        connection.execute(store.erasure.insert().values({**ERASED, "at": datetime.now(UTC)}))
        number = connection.scalar(sa.select(sa.func.max(store.erasure.c.seq))) or 0
    assert together(writer, ("former", (0, 0)))[0] == [False]
    assert together(writer, ("now", (0, number)))[0] == [True]
    assert sorted(clients(engine)) == ["again", "now", "plain", "present"]
    assert log.verify(engine) == []


def test_a_statement_that_fails_fails_all_of_its_callers(
    engine: sa.Engine, writer: SoonWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert together(writer, ("a", None), ("b", None))[0] == [True, True]
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE access_log RENAME TO gone"))
    told, _ = together(writer, ("c", None), ("d", (0, 0)))
    assert [type(error).__name__ for error in told] == ["StoreFailed", "StoreFailed"]
    with engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO access_log"))
    assert together(writer, ("e", None))[0] == [True]
    assert sorted(clients(engine)) == ["a", "b", "e"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_statement_of_an_edition_that_waits_for_its_turn_has_drawn_no_seq(
    engine: sa.Engine, writer: SoonWriter, count: int
) -> None:
    assert together(writer, ("first", (0, 0)))[0] == [True]
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
        later = pool.submit(together, writer, *[(f"{n}", (0, 0)) for n in range(count)])
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
            while not looking.scalar(sa.text(waiting)):
                pass
            assert looking.scalar(sa.text("SELECT last_value FROM access_log_seq_seq")) == 1
        other.rollback()
        assert later.result(20)[0] == [True] * count
    assert log.verify(engine) == []


def test_an_entry_waits_for_one_that_is_coming_and_for_no_other(
    engine: sa.Engine, writer: SoonWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(client: str, asked: asyncio.Event) -> bool:
        writer.coming()
        try:
            await asked.wait()
        finally:
            writer.came()
        return await writer.append(entry(client=client))

    async def one_waits_for_the_other() -> list[bool]:
        asked = asyncio.Event()
        other = asyncio.create_task(read("other", asked))
        await asyncio.sleep(0)
        first = asyncio.create_task(writer.append(entry(client="first")))
        await asyncio.sleep(0.05)
        assert sizes == []
        asked.set()
        return await asyncio.gather(first, other)

    async def a_reader_that_does_not_end() -> bool:
        slow = asyncio.create_task(read("slow", asyncio.Event()))
        await asyncio.sleep(0)
        async with asyncio.timeout(20):
            written = await writer.append(entry(client="quick"))
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        return written

    with counted(writer) as sizes:
        monkeypatch.setattr("hub.log.soon.LINGER", 60)
        assert asyncio.run(one_waits_for_the_other()) == [True, True]
        assert sizes == [2]
        writer.close()
        monkeypatch.setattr("hub.log.soon.LINGER", 0.001)
        assert asyncio.run(a_reader_that_does_not_end())
    assert sizes == [2, 1]
    assert writer._coming == 0
    writer.close()
    assert clients(engine) == ["first", "other", "quick"]
