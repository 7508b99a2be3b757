"""What a server's log does behind its answers."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from hub import log
from hub.log import keeper as keepers
from hub.log.subjects import JOINED
from hub.store import access_bucket, access_log, access_log_node, access_subject
from tests.hub.log.entries import entry


def until(true: Callable[[], bool]) -> None:
    """Wait for a thread, not for ever."""
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def count(engine: sa.Engine, table: sa.Table) -> int:
    with engine.connect() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_the_index_and_the_tree_follow_the_log_and_counted_refusals_are_written(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keepers, "EVERY", 0.01)
    monkeypatch.setattr(keepers, "PAUSE", 0.0)
    monkeypatch.setattr("hub.log.tree.BLOCK", 2)
    keeper = log.Keeper(engine)
    keeper.follow()
    for n in range(2):
        keeper.append(entry(subjects=frozenset({n, 9})))
    until(lambda: (count(engine, access_subject), count(engine, access_log_node)) == (4, 1))
    keeper.count(entry(outcome="refused", refusal="BUSY"))
    keeper.close()
    assert [item["operation"] for item in log.accesses(engine, 9)] == ["Needy", "Needy"]
    with engine.connect() as connection:
        outcomes = connection.scalars(sa.select(sa.column("outcome")).select_from(sa.table("access_log"))).all()
    assert sorted(outcomes) == ["answered", "answered", "refused"]


def test_a_failure_behind_the_log_is_told_and_tried_again(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "EVERY", 0.01)
    failures = iter([RuntimeError("CANARY")])

    def extend(built: sa.Engine) -> None:
        for failure in failures:
            raise failure
        done.append(built)

    done: list[sa.Engine] = []
    monkeypatch.setattr(keepers, "extend", extend)
    keeper = log.Keeper(engine)
    keeper.follow()
    until(lambda: bool(done))
    keeper.close()


def test_a_keeper_ends_soon_however_much_is_left_to_build(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keepers, "EVERY", 0.0)
    monkeypatch.setattr(keepers, "A_LITTLE", 1)
    monkeypatch.setattr(keepers, "PAUSE", 100.0)
    for n in range(3):
        log.append(engine, entry(subjects=frozenset({n})))
    keeper = log.Keeper(engine)
    keeper.follow()
    until(lambda: count(engine, access_subject) == 1)
    keeper.close()
    assert count(engine, access_subject) == 1
    assert len(list(log.accesses(engine, 2))) == 1  # who asks builds the rest


def test_a_persons_accesses_are_found_by_index_in_each_bucket(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.log.subjects.BUCKET", 2)
    for n in range(7):
        log.append(engine, entry(rows=n, subjects=frozenset({n % 2})))
    assert [item["rows"] for item in log.accesses(engine, 0)] == [6, 4, 2, 0]
    assert count(engine, access_bucket) == 4
    if engine.dialect.name == "sqlite":
        query = sa.select(access_log.c.seq).select_from(JOINED).where(access_subject.c.person_id == 0)
        text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
        with engine.connect() as connection:
            steps = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        assert any("access_subject USING PRIMARY KEY (bucket=? AND person_id=?)" in step for step in steps), steps
