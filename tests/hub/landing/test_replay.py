"""Replay: rows that can be read now count from their own day; nobody else's spell moves; a closed month stays."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
import sqlalchemy as sa

from hub import store, tables
from hub.errors import InputError
from hub.inputs import silent
from hub.landing.quarantine import Filter
from hub.landing.replay import replay
from tests.hub.landing.lists import STRANGE, line

OPEN = date.fromisoformat(tables.OPEN)
BEGIN = date(2025, 1, 1)


def test_a_replayed_row_counts_from_its_day_and_nobody_else_s_spell_ends(anywhere):
    lists = anywhere
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE)])
    lists.land("202509", [line(2), line(1), line(3, kind=STRANGE)])
    assert lists.spells() == {1: (BEGIN, OPEN), 2: (BEGIN, OPEN)}
    lists.learn()
    (only,) = lists.replay()  # the row stands in both lists and waits once
    assert (only.replayed_batch, only.batch_id, only.read, only.accepted, only.still_open) == (1, 3, 1, 1, 0)
    assert lists.spells() == {1: (BEGIN, OPEN), 2: (BEGIN, OPEN), 3: (BEGIN, OPEN)}
    assert set(lists.states().values()) == {"replayed"}
    lists.conserved()


def test_a_replay_of_an_older_list_brings_the_spell_until_the_list_that_lacks_the_row(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE)])
    lists.land("202509", [line(1), line(2)])
    lists.learn()
    lists.replay(batch=1)
    assert lists.spells() == {1: (BEGIN, OPEN), 2: (BEGIN, OPEN), 3: (BEGIN, date(2025, 9, 30))}


def test_a_published_row_that_was_replayed_leads_to_the_place_it_came_from(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE)])
    lists.learn()
    lists.replay()
    lists.compute("2025-08")
    p = store.published["person"].c
    rows = lists.query(sa.select(p.batch_id, p.line, p.identity_sealed).where(p.pub_until.is_(None)))
    assert sorted((row.batch_id, row.line) for row in rows) == [(1, 2), (1, 3), (1, 4)]
    assert all(row.identity_sealed for row in rows)


def test_what_fails_again_stays_open_in_its_place_with_what_is_wrong_today(lists):
    bad = line(3, kind=STRANGE, certified="2025-02-30")
    lists.land("202508", [line(1), line(2), bad, line(4, kind=STRANGE)])
    lists.learn()
    (report,) = lists.replay()
    assert (report.read, report.accepted, report.still_open, report.reasons) == (2, 1, 1, {"bad_date": 1})
    assert lists.states() == {(1, 4): "open", (1, 5): "replayed"}
    q, c = store.quarantine.c, store.quarantine_change.c
    (row,) = lists.query(sa.select(q.reason, q.field).where(q.line == 4))
    assert tuple(row) == ("bad_date", "certified")
    (told,) = lists.query(sa.select(c.reason).where(c.line == 4))
    assert told.reason == "read again: bad_date certified (before: unknown_code assistance_type)"
    (again,) = lists.replay()
    assert (again.batch_id, again.still_open) == (None, 1)
    assert len(lists.query(sa.select(store.batch.c.batch_id))) == 2
    lists.conserved()


def test_a_row_identical_to_one_that_landed_counts_as_a_duplicate(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(3, kind=f"{STRANGE} ")])
    lists.learn()
    (report,) = lists.replay()
    assert (report.read, report.accepted, report.duplicates, report.still_open) == (2, 1, 1, 0)
    assert set(lists.states().values()) == {"replayed"}
    lists.conserved()


def test_a_row_that_does_not_open_stays_and_stops_nobody_else(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(4, kind=STRANGE)])
    with lists.open() as deployment, deployment.engine.begin() as connection:
        q = store.quarantine
        connection.execute(sa.update(q).where(q.c.line == 4).values(sealed=b"destroyed"))
    lists.learn()
    (report,) = lists.replay()
    assert (report.read, report.accepted, report.still_open, report.note) == (1, 1, 1, "1 rows do not open")
    assert lists.states() == {(1, 4): "open", (1, 5): "replayed"}
    lists.conserved()


def test_a_second_replay_finds_nothing_and_one_filter_leaves_the_rest(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(4, certified="x")])
    lists.learn()
    assert [r.accepted for r in lists.replay(reason="unknown_code")] == [1]
    assert lists.replay(reason="unknown_code") == []
    assert lists.states() == {(1, 4): "replayed", (1, 5): "open"}


def test_a_closed_month_rebuilds_the_same_after_a_replay(lists):
    lists.land("202508", [line(1), line(2), line(3)])
    lists.land("202509", [line(1), line(2), line(3, kind=STRANGE)])
    before = lists.folder / "before"
    shutil.copytree(lists.folder / "config", before)
    closed = lists.compute("2025-09")
    lists.compute("2025-10")
    lists.learn(category="tekun")
    lists.replay()
    lists.close()
    shutil.rmtree(lists.folder / "config")
    shutil.copytree(before, lists.folder / "config")
    rebuilt = lists.compute("2025-09")
    assert (rebuilt.outcome, rebuilt.digest) == ("verified", closed.digest)


def test_the_list_before_a_replayed_row_is_not_prolonged_by_it(lists):
    lists.land("202508", [line(1), line(2), line(3)])
    lists.land("202509", [line(1), line(2), line(3, kind=STRANGE)])
    assert lists.spells()[3] == (BEGIN, OPEN)  # the row waits: what the list before said goes on
    lists.learn(category="tekun")
    lists.replay()
    ends = {(order, row["category"]): row["valid_until"] for order, row in lists.matched()}
    assert ends == {(1, "dibao"): OPEN, (2, "dibao"): OPEN, (3, "dibao"): date(2025, 9, 30), (3, "tekun"): OPEN}


def test_a_replay_killed_before_its_commit_changes_nothing_and_runs_again(lists, monkeypatch):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE)])
    lists.learn()

    def killed(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    for point in (
        "hub.lake.os.fsync",
        "hub.landing.replay.ledger.add",
        "hub.landing.replay.quarantine.record",
        "hub.landing.replay._note",
    ):
        with monkeypatch.context() as patch:
            patch.setattr(point, killed)
            with pytest.raises(OSError, match="No space"):
                lists.replay()
        assert lists.states() == {(1, 4): "open"}
        assert len(lists.query(sa.select(store.batch.c.batch_id))) == 1
        assert list(lists.folder.glob("lake/*/.*.tmp")) == []
    assert [report.accepted for report in lists.replay()] == [1]
    lists.conserved()


def test_a_replay_needs_a_name(lists):
    with lists.open() as deployment, pytest.raises(InputError, match="needs an actor"):
        list(replay(deployment, Filter(), silent, actor=" ", reason="x"))
