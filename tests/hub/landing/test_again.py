"""A file that is the very one of another day: delivered again, and nothing of it is kept twice."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from connectors.base import discover
from hub import store
from hub.landing.freshness import freshness
from tests.hub.landing.lists import STRANGE, Lists, line

LIST = [line(1), line(2), line(3, kind=STRANGE)]
DEATHS = "姓名,身份证号,死亡日期,区划代码"


def last(lists: Lists, stream: str, today: date) -> dict:
    with lists.open() as deployment:
        rows = freshness(deployment.engine, discover(), today)
    return next(row for row in rows if row["stream"] == f"civil_affairs.{stream}")


def test_a_list_that_did_not_change_is_delivered_and_kept_once(anywhere: Lists):
    anywhere.land("202509", LIST)
    report = anywhere.land("202510", LIST)
    assert (report.read, report.accepted, report.unchanged, report.quarantined) == (3, 2, 2, 1)
    assert report.notes == ("delivered again, unchanged: the very file of batch 1, recipients_202509.csv",)
    anywhere.conserved()
    parts = anywhere.query(sa.select(store.batch.c.parts).order_by(store.batch.c.batch_id))
    assert [len(anywhere.lines(row.parts[""])) for row in parts] == [2, 0]
    stands = last(anywhere, "recipients", date(2025, 11, 5))
    assert (stands["state"], stands["age_days"], stands["last_batch"]["unchanged"]) == ("ok", 5, 2)
    assert "unchanged" in stands["last_batch"]["again"]
    assert anywhere.pull() == []
    for path in anywhere.drops.glob("*_202510.csv"):  # another name for the same day is no other delivery
        path.rename(path.with_name("recipients_copy_202510.csv"))
    assert anywhere.pull() == []


def test_a_list_that_returns_to_an_older_one_is_in_force_again(lists: Lists):
    lists.land("202507", [line(1), line(2), line(3)])
    lists.land("202508", [line(1), line(2), line(3), line(4)])
    lists.land("202509", [line(1), line(2), line(3)])
    assert lists.spells()[4][1] == date(2025, 9, 30)
    lists.conserved()


def test_an_incremental_file_delivered_again_brings_nothing_twice_however_late(lists: Lists):
    row, wrong = f"张1,{line(1).split(',')[4]},2025-09-10,370302001", f"张2,{line(2).split(',')[4]},九月,370302001"
    lists.drop("202509", [row, wrong], "deaths", DEATHS)
    (first,) = lists.pull()
    assert (first.accepted, first.quarantined) == (1, 1)
    later = date(2025, 9, 30) + timedelta(days=200)
    lists.drop(f"{later:%Y%m%d}", [row, wrong], "deaths", DEATHS)
    (again,) = lists.pull()
    assert (again.read, again.accepted, again.quarantined, again.duplicates) == (2, 0, 0, 2)
    assert "the very file of batch 1" in again.notes[0]
    assert last(lists, "deaths", later)["state"] == "ok"
    lists.conserved()
