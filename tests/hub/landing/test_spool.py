"""A pull that broke goes on where it stopped, from sealed answers; one that was refused begins anew."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import stamina

from connectors.base import Connection
from connectors.errors import SourceMalformed, SourceUnavailable
from connectors.transports.http.paging import PageNumber
from connectors.transports.http_json import HttpJson
from hub import store
from hub.landing.spool import LONGEST, Spool
from tests.hub.test_land import STREAM, Hub, row

sys.path.append(str(Path(__file__).parents[2] / "connectors" / "transports"))
from answering import Asked, Said, answering

TRANSPORT = HttpJson(
    path="/list", rows="rows", count="count", query={"page": "{page}"}, paging=PageNumber(), page_size=2
)
PULLED = replace(STREAM, transport=TRANSPORT)
ROWS = [row(order) for order in range(1, 8)]


class Source:
    """A source that fails at the requests a test says."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = ROWS
        self.count = len(ROWS)
        self.broken = False

    def __call__(self, asked: Asked) -> Said:
        page = int(asked.query["page"])
        if self.broken and page == 3:
            return Said(status=503)
        return Said(told={"rows": self.rows[2 * page - 2 : 2 * page], "count": self.count})


@pytest.fixture
def hub(engine, tmp_path, config_folder, ring) -> Hub:
    return Hub(engine, tmp_path, config_folder, ring)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


def pull(hub: Hub, url: str) -> Any:
    from connectors.base import Source as Declared

    declared = Declared(
        name="office", title="处", title_en="office", department="civil_affairs", legal_basis="x", streams=(PULLED,)
    )
    (report,) = hub.landing.pull(declared, Connection(url=url), lambda *_: None)
    return report


def test_a_pull_that_broke_goes_on_where_it_stopped_and_lands_once(hub: Hub, tmp_path: Path) -> None:
    source = Source()
    with answering(source) as here:
        source.broken = True
        with pytest.raises(SourceUnavailable):
            pull(hub, here.url)
        kept = [path.read_bytes() for path in (hub.lake.root / "spool").rglob("*") if path.is_file()]
        assert len(kept) == 2
        assert not any(str(ROWS[0]["certno"]).encode() in sealed for sealed in kept)
        source.broken, before = False, len(here.asked)
        report = pull(hub, here.url)
        assert (report.read, report.accepted) == (7, 7)
        assert [asked.query["page"] for asked in here.asked[before:]] == ["3", "4"]
        assert list((hub.lake.root / "spool").rglob("*")) == []
        before = len(here.asked)
        assert pull(hub, here.url).batch_id == 2
        assert len(here.asked) == before + 4, "a pull that has landed is not read again"


def test_a_pull_that_was_refused_begins_anew(hub: Hub) -> None:
    source = Source()
    with answering(source) as here:
        source.count = 9
        with pytest.raises(SourceMalformed, match="7 rows came where 9"):
            pull(hub, here.url)
        source.count, before = 7, len(here.asked)
        assert pull(hub, here.url).accepted == 7
        assert len(here.asked) == before + 4


def test_what_a_killed_process_left_after_its_batch_landed_is_not_read_again(hub: Hub, monkeypatch) -> None:
    source = Source()
    with answering(source) as here:
        with monkeypatch.context() as patch:
            patch.setattr(Spool, "clear", lambda _: None)
            pull(hub, here.url)
        before = len(here.asked)
        pull(hub, here.url)
        assert len(here.asked) == before + 4
    with hub.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(store.batch)) == 2


def kept(folder: Path, ring, pull: str = "p", after: int = 0, until: float = 60.0) -> list[bytes]:
    return list(Spool(folder, ring, after=after).open(pull, until=until))


@pytest.fixture
def three(tmp_path: Path, ring) -> Path:
    """A spool with three answers."""
    folder = tmp_path / "spool" / "a.b"
    spool = Spool(folder, ring, after=0)
    assert list(spool.open("p", until=60)) == []
    for answer in (b"one", b"two", b"three"):
        spool.keep(answer)
    return folder


def test_answers_come_back_in_order_and_more_are_kept_behind_them(three: Path, ring) -> None:
    spool = Spool(three, ring, after=0)
    assert list(spool.open("p", until=60)) == [b"one", b"two", b"three"]
    spool.keep(b"four")
    assert kept(three, ring) == [b"one", b"two", b"three", b"four"]


@pytest.mark.parametrize("other", [{"pull": "q"}, {"after": 1}, {"until": -1.0}])
def test_another_pull_begins_anew(three: Path, ring, other: dict[str, Any]) -> None:
    assert kept(three, ring, **other) == []
    assert not three.exists()


def test_an_answer_that_is_damaged_or_stands_elsewhere_is_not_there(three: Path, ring) -> None:
    second = three / "00000002"
    second.write_bytes(second.read_bytes()[:-1])
    assert kept(three, ring) == [b"one"]
    (three / "00000003").replace(second)
    assert kept(three, ring) == [b"one"]


def test_what_nobody_came_back_for_is_swept_away(three: Path, ring) -> None:
    old = time.time() - LONGEST - 1
    os.utime(three, (old, old))
    assert kept(three.parent / "a.c", ring) == []
    assert not three.exists()
