"""Group commit: one statement for all who wait, in one order, whole or not at all, and there after any crash."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from hub import log
from hub.errors import StoreFailed
from hub.log.writer import APPEND_LOCK
from hub.store import access_log
from tests.hub.log.entries import entry


@pytest.fixture
def writer(engine: sa.Engine) -> Iterator[log.Writer]:
    made = log.Writer(engine)
    yield made
    made.close()


def seqs(engine: sa.Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(access_log.c.seq).order_by(access_log.c.seq)))


class Gate:
    """Holds the first batch of a writer back until it is opened, and tells how many rows each batch had."""

    def __init__(self, writer: log.Writer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.opened, self.sizes = threading.Event(), threading.Event(), list[int]()
        write = writer._connection.write

        def held(rows: Sequence[Any]) -> Sequence[int]:
            self.sizes.append(len(rows))
            self.entered.set()
            assert self.opened.wait(20)
            return write(rows)

        monkeypatch.setattr(writer._connection, "write", held)

    def with_waiting(self, writer: log.Writer, pool: ThreadPoolExecutor, count: int) -> list[Future[int]]:
        """One caller at the gate and `count` who came meanwhile."""
        first = pool.submit(writer.append, entry(client="0"))
        assert self.entered.wait(20)
        later = [pool.submit(writer.append, entry(client=str(n))) for n in range(1, count + 1)]
        while len(writer._line) < count:
            pass
        return [first, *later]


def test_who_comes_during_a_commit_is_in_the_next_one_and_each_gets_its_own_seq(
    engine: sa.Engine, writer: log.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(writer, monkeypatch)
    with ThreadPoolExecutor(9) as pool:
        callers = gate.with_waiting(writer, pool, 8)
        gate.opened.set()
        made = [caller.result(20) for caller in callers]
    assert gate.sizes == [1, 8]
    assert sorted(made) == seqs(engine)
    with engine.connect() as connection:
        for n, seq in enumerate(made):
            leaf = connection.scalar(sa.select(access_log.c.leaf).where(access_log.c.seq == seq))
            assert json.loads(leaf)["client"] == str(n)
    assert log.verify(engine) == []


def test_a_long_line_is_written_in_several_statements(
    engine: sa.Engine, writer: log.Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.log.writer.MOST", 3)
    gate = Gate(writer, monkeypatch)
    with ThreadPoolExecutor(9) as pool:
        callers = gate.with_waiting(writer, pool, 8)
        gate.opened.set()
        assert len({caller.result(20) for caller in callers}) == 9
    assert gate.sizes == [1, 3, 3, 2]


def fail_insert(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN "
            "IF NEW.client = '3' THEN RAISE EXCEPTION 'closed'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER refusing BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    else:
        connection.exec_driver_sql(
            "CREATE TRIGGER refusing BEFORE INSERT ON access_log WHEN NEW.client = '3' "
            "BEGIN SELECT RAISE(ABORT, 'closed'); END"
        )


def fail_commit(connection: sa.Connection) -> None:
    """A constraint that is looked at when the transaction commits."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'closed'; END $$ LANGUAGE plpgsql"
        )
        connection.exec_driver_sql(
            "CREATE CONSTRAINT TRIGGER refusing AFTER INSERT ON access_log DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW WHEN (NEW.client = '3') EXECUTE FUNCTION refuse()"
        )
    else:
        connection.exec_driver_sql("CREATE TABLE parent (x INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (x INTEGER REFERENCES parent (x) DEFERRABLE INITIALLY DEFERRED)")
        connection.exec_driver_sql(
            "CREATE TRIGGER refusing AFTER INSERT ON access_log WHEN NEW.client = '3' "
            "BEGIN INSERT INTO child VALUES (1); END"
        )


@pytest.mark.parametrize("fault", [fail_insert, fail_commit])
def test_one_row_that_fails_fails_all_that_wait_with_it_and_leaves_none_of_them(
    engine: sa.Engine, writer: log.Writer, monkeypatch: pytest.MonkeyPatch, fault: Callable[[sa.Connection], None]
) -> None:
    with engine.begin() as connection:
        fault(connection)
    gate = Gate(writer, monkeypatch)
    with ThreadPoolExecutor(6) as pool:
        first, *later = gate.with_waiting(writer, pool, 5)
        gate.opened.set()
        errors = [caller.exception(20) for caller in later]
        assert seqs(engine) == [first.result(20)]
    assert [type(error) for error in errors] == [StoreFailed] * 5
    assert gate.sizes == [1, 5]
    assert writer.append(entry()) in seqs(engine)
    assert log.verify(engine) == []


def test_a_database_that_ends_the_connection_gives_an_error_and_then_works_again(
    engine: sa.Engine, writer: log.Writer
) -> None:
    writer.append(entry())
    driver = writer._connection._open.driver_connection
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(driver.info.backend_pid)))
    else:
        driver.close()
    with pytest.raises(StoreFailed):
        writer.append(entry())
    assert len(seqs(engine)) == 1
    writer.append(entry())
    assert len(seqs(engine)) == 2


def test_a_database_that_is_locked_gives_an_error_in_the_end_and_nothing_is_left(
    engine: sa.Engine, writer: log.Writer
) -> None:
    writer.append(entry())
    driver = writer._connection._open.driver_connection
    postgresql = engine.dialect.name == "postgresql"
    driver.execute("SET lock_timeout = '50ms'" if postgresql else "PRAGMA busy_timeout = 50")
    with engine.connect() as other:
        if postgresql:
            other.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
        else:
            other.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed):
            writer.append(entry())
        other.rollback()
    assert len(seqs(engine)) == 1


def test_a_writer_that_waits_for_its_turn_has_drawn_no_seq(engine: sa.Engine) -> None:
    """Else a lower seq could become visible after a higher one, and a signed tree would not be a prefix."""
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    log.append(engine, entry())
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    drawn = "SELECT last_value FROM access_log_seq_seq"
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(APPEND_LOCK)))
        later = pool.submit(log.append, engine, entry())
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
            while not looking.scalar(sa.text(waiting)):
                pass
            assert looking.scalar(sa.text(drawn)) == 1
        other.rollback()
        assert later.result(20) == 2


def test_what_anyone_sees_while_many_write_is_always_a_prefix(engine: sa.Engine) -> None:
    seen: list[list[int]] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(seqs(engine))

    def write(_: int) -> None:
        writer = log.Writer(engine)
        for n in range(15):
            writer.append(entry(rows=n))
        writer.close()

    looker = threading.Thread(target=look)
    looker.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    done.set()
    looker.join()
    whole = seqs(engine)
    assert len(whole) == 60
    assert all(part == whole[: len(part)] for part in seen)
    assert log.verify(engine) == []


KILLED = """
import os, signal, sys
from hub import store
from hub.log import Keeper
from tests.hub.log.entries import entry
keeper = Keeper(store.connect(sys.argv[1]))
keeper.append(entry(client="answered"))
os.write(1, b"answer")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_process_killed_right_after_an_answer_has_left_its_entry(engine: sa.Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    ended = subprocess.run([sys.executable, "-c", KILLED, url], capture_output=True, check=False)
    assert (ended.stdout, ended.returncode) == (b"answer", -9)
    with engine.connect() as connection:
        assert connection.scalars(sa.select(access_log.c.client)).all() == ["answered"]


def test_an_entry_is_durable_whatever_the_databases_default(engine: sa.Engine, writer: log.Writer) -> None:
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER DATABASE {engine.url.database} SET synchronous_commit = off")
    writer.append(entry())
    driver = writer._connection._open.driver_connection
    if engine.dialect.name == "postgresql":
        assert driver.execute("SHOW synchronous_commit").fetchone() == ("on",)
    else:
        assert driver.execute("PRAGMA synchronous").fetchone() == (2,)
        assert driver.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_times_are_kept_as_the_stores_own_statements_keep_them(engine: sa.Engine, writer: log.Writer) -> None:
    writer.append(entry())
    with engine.connect() as connection:
        same = sa.select(sa.func.count()).where(access_log.c.at == entry().at)
        assert connection.scalar(same) == 1
