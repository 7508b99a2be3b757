"""A snapshot kept as what changed says the same as one kept whole, and holds only what changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from connectors.base import Connection, Delivery, discover
from connectors.pages import Page, Unread
from connectors.transports.http.rows import Reader
from hub import keys, settings, store, tables
from hub.config.codes import Codes
from hub.deployment import Deployment, open_deployment
from hub.engine import DuckDB
from hub.errors import StoreError
from hub.gather import gather
from hub.lake import Lake
from hub.land import BatchReport, Landing
from hub.landing import snapshot
from hub.match import load, match
from hub.reading.identity import check_digit
from tests.hub.stages.world import MERGED

Row = dict[str, object]
CIVIL = next(source for source in discover() if source.name == "civil_affairs")
RECIPIENTS = CIVIL.stream("recipients")
DAYS = [date(2025, month, 28) for month in range(6, 11)]
COUNTS = ("read", "accepted", "quarantined", "duplicates", "reasons", "notes")


def number(order: int) -> str:
    head = f"37030219800101{order:03d}"
    return head + check_digit(head)


def row(order: int, **changes: object) -> Row:
    return {
        "assistance_type": "农村低保", "urban_rural": "农村", "household_number": f"Z{order}", "psn_name": f"张{order}",
        "certno": number(order), "relation": "户主", "covered": "是", "begin_month": "2025-01", "end_month": "3000-12",
        "division": "370302001",
    } | changes  # fmt: skip


@dataclass(frozen=True)
class Given:
    """A transport that delivers what a test gives it, in pages of two; `texts`: as JSON that nobody has read yet."""

    rows: tuple[Row, ...]
    as_of: date
    texts: bool = False

    def deliveries(self, stream, connection, *, since, seen) -> Iterator[Delivery]:
        starts = range(0, len(self.rows), 2)
        pages = (Page.of(self.rows[n : n + 2], range(n + 1, len(self.rows) + 1)[:2]) for n in starts)
        if self.texts:
            read = Reader().columns
            cut = (self.rows[n : n + 2] for n in starts)
            unread = (Unread([orjson.dumps(row) for row in rows], read) for rows in cut)
            pages = (Page(lines=page.lines, columns=columns) for page, columns in zip(pages, unread, strict=True))
        yield Delivery(label="given", as_of=self.as_of, pages=pages)


@dataclass(frozen=True)
class Mute:
    """Code lists that cannot say what they hold: every snapshot is kept whole."""

    codes: Codes

    def known(self, name: str, province: str, code: str, /) -> bool:
        return self.codes.known(name, province, code)

    def value(self, name: str, province: str, code: str, /) -> str | None:
        return self.codes.value(name, province, code)


class Hub:
    """A landing of grants with its store and lake."""

    def __init__(self, deployment: Deployment, folder: Path, codes: Codes | Mute, *, texts: bool = False) -> None:
        self.texts = texts
        self.deployment = replace(deployment, engine=store.connect("sqlite://"), lake=Lake(folder))
        store.metadata.create_all(self.deployment.engine)
        self.codes = codes

    def land(self, rows: Sequence[Row], as_of: date = DAYS[0], **declared: Any) -> BatchReport:
        stream = replace(RECIPIENTS, transport=Given(tuple(rows), as_of, self.texts), **declared)
        d = self.deployment
        landing = Landing(engine=d.engine, lake=d.lake, linkage=d.linkage, codes=self.codes, ring=d.ring)
        (report,) = landing.pull(replace(CIVIL, streams=(stream,)), Connection(), lambda *_: None)
        return report

    def batches(self) -> list[Any]:
        with self.deployment.engine.connect() as connection:
            return list(connection.execute(sa.select(store.batch).order_by(store.batch.c.batch_id)))

    def bytes(self) -> int:
        return sum(path.stat().st_size for path in self.deployment.lake.root.rglob("*.parquet"))

    def matched(self, batches: Sequence[int] | None = None) -> dict[str, list[Row]]:
        ids = [batch.batch_id for batch in self.batches()] if batches is None else list(batches)
        with DuckDB(threads=1) as engine:
            inputs = gather(self.deployment, "2025-10", {"batches": ids, "decisions": 0}, lambda *_: None)
            load(engine, inputs)
            match(engine)
            return {t.name: engine.fetch(t).to_pylist() for t in tables.STATE if t.name not in MERGED}

    def leads_back(self, found: dict[str, list[Row]]) -> None:
        """Every place (batch, line) that a result names holds the row it was made from."""
        digests = {
            (batch.batch_id, held["line"]): held["record_digest"]
            for batch in self.batches()
            for held in self.deployment.lake.read("rows", batch.parts[""]).to_pylist()
        }
        for rows in found.values():
            for made in rows:
                assert "line" not in made or digests[made["batch_id"], made["line"]] == made["record_digest"]


def placeless(found: dict[str, list[Row]]) -> dict[str, list[str]]:
    """Results without the place of the source's row."""
    place = {"batch_id", "line"}
    return {
        name: sorted(repr({key: value for key, value in made.items() if key not in place}) for made in rows)
        for name, rows in found.items()
    }


@pytest.fixture(scope="module")
def deployment(tmp_path_factory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("snapshots")
    keys.save(keys.make(), folder / "keys.json")
    (folder / "aidgraph.toml").write_text(f'keys = "{folder / "keys.json"}"\n')
    with open_deployment(settings.load(data=folder, environment={})) as opened:
        yield opened


@pytest.fixture
def hub(deployment, tmp_path) -> Hub:
    return Hub(deployment, tmp_path / "lake", deployment.config.codes)


def test_a_row_that_stands_is_counted_and_not_written_again(hub):
    first = [row(order) for order in range(100)]
    assert hub.land(first).unchanged == 0
    before = hub.bytes()
    second = hub.land([*first[1:], row(200), row(0, relation="之妻")], DAYS[1])
    assert (second.read, second.accepted, second.duplicates, second.unchanged) == (101, 101, 0, 99)
    whole, delta = hub.batches()
    assert (whole.base, delta.base) == (None, whole.batch_id)
    lake = hub.deployment.lake
    assert lake.read("rows", delta.parts[""]).num_rows == lake.read("sealed", delta.sealed_part).num_rows == 2
    assert lake.read("rows", delta.parts[snapshot.GONE])["line"].to_pylist() == [1]
    assert hub.bytes() - before < before / 2
    found = hub.matched()
    hub.leads_back(found)
    assert {made["batch_id"] for made in found["category_spell"]} == {1, 2}


def test_what_was_repaired_in_a_row_that_stands_is_counted_each_time(hub):
    rows = [row(1), row(2, psn_name="张 二"), row(3, certno=f"'{number(3)}"), row(4), row(5), row(6), row(7)]
    first = hub.land(rows)
    said = {"name_white_space": 1, "spreadsheet_guard": 1}
    later = hub.land([*rows, row(8, psn_name="张 八")], DAYS[1])
    last = hub.land([*rows[:1], *rows[2:]], DAYS[2])
    assert (later.unchanged, last.unchanged) == (7, 6)
    assert [first.repairs, later.repairs, last.repairs] == [
        said,
        {"name_white_space": 2, "spreadsheet_guard": 1},
        {"spreadsheet_guard": 1},
    ]
    assert [batch.repairs for batch in hub.batches()] == [first.repairs, later.repairs, last.repairs]


def test_a_spell_ends_with_the_list_from_which_its_row_is_gone_and_lives_again_with_its_return(hub):
    three = [row(1), row(2), row(3)]
    for day, rows in zip(DAYS, (three * 5, three[1:] * 5, three[:2] * 5), strict=False):
        hub.land(rows, day)
    assert [batch.base for batch in hub.batches()] == [None, 1, None]  # a third of the rows is more than SHARE
    until = {made["person_id"]: made["valid_until"] for made in hub.matched()["category_spell"]}
    assert sorted(until.values()) == [DAYS[2], date(9999, 12, 31), date(9999, 12, 31)]
    until = {made["person_id"]: made["valid_until"] for made in hub.matched([1, 2])["category_spell"]}
    assert sorted(until.values()) == [DAYS[1], date(9999, 12, 31), date(9999, 12, 31)]


def test_a_row_in_quarantine_stands_there_once_and_still_counts(hub):
    bad = row(1, assistance_type="没有的类别")
    rows = [row(order) for order in range(2, 12)]
    hub.land([row(1), *rows])
    reports = [hub.land([bad, *rows, *more], day) for day, more in zip(DAYS[1:], ([], [row(50)], []), strict=False)]
    assert [(r.quarantined, r.reasons) for r in reports] == [(1, {"unknown_code": 1})] * 3
    hub_of_whole = hub.land([bad, *rows], DAYS[4], ignored=(*RECIPIENTS.ignored, "新列"))  # read another way: whole
    assert (hub_of_whole.unchanged, hub_of_whole.quarantined) == (0, 1)
    again = hub.land([bad, bad, *rows], DAYS[4], ignored=(*RECIPIENTS.ignored, "新列"))
    assert (again.unchanged, again.quarantined, again.duplicates, again.reasons) == (10, 1, 1, {"unknown_code": 1})
    with hub.deployment.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).where(store.quarantine.c.batch_id == again.batch_id)) == 0
    ends = {made["valid_until"] for made in hub.matched()["category_spell"] if made["household_key"].endswith(":Z1")}
    assert ends == {date(9999, 12, 31)}  # the person is on the list for as long as the row waits


def test_a_row_is_read_again_where_what_decides_its_reading_changed(hub):
    bad = row(1, assistance_type="新类别")
    rows = [bad, *(row(order) for order in range(2, 12))]
    hub.land(rows)
    codes = hub.codes
    assert isinstance(codes, Codes)
    lists = {
        key: {**held, "新类别": "dibao"} if key[0] == "assistance_type" else held for key, held in codes.lists.items()
    }
    hub.codes = Codes(lists=lists)
    report = hub.land(rows, DAYS[1])
    assert (report.unchanged, report.accepted, report.quarantined) == (0, 11, 0)
    assert hub.batches()[1].base is None


def test_a_snapshot_is_kept_whole_after_a_large_change_or_where_the_sealed_part_is_gone(hub):
    rows = [row(order) for order in range(10)]
    hub.land(rows)
    hub.land([row(order, relation="之子") for order in range(10)], DAYS[1])
    assert hub.land(rows, DAYS[2]).unchanged == 0
    assert [batch.base for batch in hub.batches()] == [None, 1, None]
    with hub.deployment.engine.begin() as connection:
        connection.execute(sa.update(store.batch).where(store.batch.c.batch_id == 3).values(sealed_part=None))
    assert hub.land(rows, DAYS[3]).unchanged == 0


def test_an_undeclared_field_is_noted_each_time_and_an_ignored_one_changes_nothing(hub):
    rows = [row(order, hobby="棋", 序号=str(order)) for order in range(10)]
    assert hub.land(rows).notes == ("undeclared field hobby",)
    again = hub.land([{**told, "序号": "9"} for told in rows], DAYS[1])
    assert (again.notes, again.unchanged) == (("undeclared field hobby",), 10)


def test_values_of_another_type_or_column_are_another_row(hub):
    hub.land([row(1), *(row(order) for order in range(2, 12))])
    changed = [row(1, relation="", address="户主"), *(row(order) for order in range(2, 12))]
    assert hub.land(changed, DAYS[1]).unchanged == 10
    dated = [row(1, certified=date(2025, 1, 10)), *(row(order) for order in range(2, 12))]
    assert (hub.land(dated, DAYS[2]).unchanged, hub.land(dated, DAYS[3]).unchanged) == (10, 10)


def test_a_month_without_the_base_of_one_of_its_snapshots_is_refused(hub):
    rows = [row(order) for order in range(10)]
    hub.land(rows)
    hub.land(rows, DAYS[1])
    with pytest.raises(StoreError, match="holds rows of later ones"):
        hub.matched([2])


sent = st.builds(
    row,
    st.integers(1, 4),
    assistance_type=st.sampled_from(["农村低保", "农村低保", "农村低保 ", "没有的类别"]),
    covered=st.sampled_from(["是", "是", "1", "否"]),
    psn_name=st.sampled_from(["张三", "张三", "李四"]),
    end_month=st.sampled_from(["3000-12", "2025-08"]),
)
BAD = row(1, assistance_type="没有的类别")
SAME = row(1, covered="1")  # the same content in other letters


@examples(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    lists=st.lists(st.lists(sent, max_size=6), min_size=2, max_size=5),
    order=st.permutations(DAYS),
    share=st.sampled_from([0.3, 9.0]),
)
@example(lists=[[row(1), row(2)], [row(2), row(1), SAME], [SAME, row(2)], [row(2)]], order=DAYS, share=9.0)
@example(lists=[[row(1), BAD], [row(2)], [BAD, BAD, row(1)], [BAD], []], order=DAYS, share=9.0)
def test_any_sequence_of_snapshots_says_the_same_kept_whole_or_as_what_changed(
    deployment, tmp_path_factory, monkeypatch, lists, order, share
):
    monkeypatch.setattr(snapshot, "SHARE", share)
    folder = tmp_path_factory.mktemp("lakes")
    codes = deployment.config.codes
    small, whole = Hub(deployment, folder / "small", codes), Hub(deployment, folder / "whole", Mute(codes))
    unread = Hub(deployment, folder / "unread", codes, texts=True)
    for rows, day in zip(lists, order, strict=False):
        kept, landed, told = small.land(rows, day), whole.land(rows, day), unread.land(rows, day)
        assert [getattr(kept, name) for name in COUNTS] == [getattr(landed, name) for name in COUNTS]
        assert told == kept
        assert kept.read == kept.accepted + kept.quarantined + kept.duplicates
        assert landed.unchanged == 0
    found = small.matched()
    assert placeless(found) == placeless(whole.matched())
    assert unread.matched() == found
    small.leads_back(found)
