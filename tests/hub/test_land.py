"""Landing: every row read is accepted, held or a duplicate; nothing clear leaves; a crash shows nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Child, Connection, Delivery, Field, FieldType, Sealed, Semantics, Source, Stream
from connectors.pages import Page
from hub import store
from hub.errors import InputError, KeysError, Locked
from hub.keys import make
from hub.lake import Lake
from hub.land import Landing
from hub.reading import identity
from hub.reading.identity import check_digit
from hub.sealing import Sealer


def number(order: int) -> str:
    head = f"37030219800101{order:03d}"
    return head + check_digit(head)


CANARY_NAME = "金丝雀"
CANARY = number(777)


class KnownCodes:
    """A code list with two codes, in Shandong only."""

    def known(self, name: str, province: str, code: str) -> bool:
        return self.value(name, province, code) is not None

    def value(self, name: str, province: str, code: str) -> str | None:
        return {"01": "dibao", "02": "tekun"}.get(code) if province == "37" else None


@dataclass(frozen=True)
class Given:
    """A transport that delivers what a test gives it, in pages of three."""

    rows: tuple[dict[str, object], ...] = ()
    declared: int | None = None
    as_of: date = date(2025, 10, 31)

    def deliveries(self, stream, connection, *, since, seen) -> Iterator[Delivery]:
        starts = range(0, len(self.rows), 3)
        pages = (Page.of(self.rows[start : start + 3], range(start + 1, len(self.rows) + 1)[:3]) for start in starts)
        yield Delivery(label="given", as_of=self.as_of, pages=pages, declared_rows=self.declared)


SPELL = (
    Field(name="kind", type=FieldType.CODE, codes="kind", required=True),
    Field(name="begin", type=FieldType.DAY),
)
STREAM = Stream(
    name="people",
    title="人",
    title_en="people",
    key=("mac",),
    semantics=Semantics.REGISTER,
    complete=True,
    cadence_days=31,
    division="division",
    transport=Given(),
    fields=(
        Field(name="certno", sealed=Sealed.ID_NUMBER, required=True),
        Field(name="psn_name", sealed=Sealed.NAME, required=True),
        Field(name="phone", sealed=Sealed.PHONE),
        Field(name="division", type=FieldType.DIVISION, required=True),
        Field(name="kind", type=FieldType.CODE, codes="kind"),
        Field(name="amount", type=FieldType.YUAN),
    ),
    children=(Child(name="spells", fields=SPELL),),
)


def row(order: int = 1, **changes: object) -> dict[str, object]:
    return {
        "certno": number(order),
        "psn_name": "张三",
        "division": "370302001",
        "kind": "01",
        "amount": "12.50",
    } | changes


class Hub:
    """A landing with its store and lake."""

    def __init__(self, engine, tmp_path, config_folder, ring):
        self.engine, self.lake, self.ring = engine, Lake(tmp_path / "lake"), ring
        self.landing = Landing(
            engine=engine,
            lake=self.lake,
            linkage=identity.load(config_folder, "v1", ring),
            codes=KnownCodes(),
            ring=ring,
        )

    def land(self, *rows: dict[str, object], stream: Stream = STREAM, **given):
        stream = replace(stream, transport=Given(rows=rows, **given))
        source = Source(
            name="office", title="处", title_en="office", department="civil_affairs", legal_basis="x", streams=(stream,)
        )
        (report,) = self.landing.pull(source, Connection(), lambda *_: None)
        return report

    def rows(self, part: str = "", batch: int = 1):
        with self.engine.connect() as connection:
            parts = connection.scalar(sa.select(store.batch.c.parts).where(store.batch.c.batch_id == batch))
        return self.lake.read("rows", parts[part])


@pytest.fixture
def hub(engine, tmp_path, config_folder, ring) -> Hub:
    return Hub(engine, tmp_path, config_folder, ring)


def test_rows_land_typed_and_pseudonymous(hub):
    report = hub.land(row(spells=[{"kind": "02", "begin": "2025-01-01"}]))
    assert (report.read, report.accepted, report.quarantined, report.duplicates) == (1, 1, 0, 0)
    (landed,) = hub.rows().to_pylist()
    assert landed["amount"] == 1250
    assert landed["name_masked"] == "张*"
    assert landed["id_birth"] == date(1980, 1, 1)
    assert "certno" not in landed
    assert hub.rows("spells").to_pylist() == [{"line": 1, "ordinal": 0, "kind": "02", "begin": date(2025, 1, 1)}]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"certno": "12"}, "id_length", "certno"),
        ({"psn_name": ""}, "required_missing", "psn_name"),
        ({"kind": "99"}, "unknown_code", "kind"),
        ({"division": "653121001"}, "unknown_code", "kind"),
        ({"amount": "1.234"}, "bad_amount", "amount"),
        ({"spells": [{"kind": "77"}]}, "unknown_code", "kind"),
        ({"spells": "x"}, "bad_text", "spells"),
    ],
)
def test_a_row_that_is_not_understood_is_in_quarantine_whole_and_sealed(hub, ring, changes, reason, field):
    report = hub.land(row(1), row(2, **changes))
    assert report.reasons == {reason: 1}
    with hub.engine.connect() as connection:
        (held,) = connection.execute(sa.select(store.quarantine)).all()
    assert (held.line, held.reason, held.field, held.state) == (2, reason, field, "open")
    assert Sealer(ring, "office/people").open(held.sealed) == row(2, **changes)


def test_identical_rows_count_once_accepted_or_not(hub):
    report = hub.land(row(1), row(1), row(2, kind="99"), row(2, kind="99"), row(1, amount="1"))
    assert (report.read, report.accepted, report.quarantined, report.duplicates) == (5, 2, 1, 2)


def test_a_row_that_differs_only_in_a_sealed_value_is_not_a_duplicate(hub):
    assert hub.land(row(1, phone="13800000000"), row(1, phone="13900000000")).accepted == 2


def test_an_overlap_of_an_incremental_stream_is_a_duplicate_and_a_snapshot_is_not(hub):
    event = replace(STREAM, complete=False)
    hub.land(row(1), row(3, kind="99"), stream=event)
    again = hub.land(row(1), row(2), row(3, kind="99"), stream=event)
    assert (again.accepted, again.quarantined, again.duplicates) == (1, 0, 2)
    assert hub.land(row(1), row(2)).duplicates == 0


def test_what_was_repaired_and_what_is_odd_is_counted_in_the_ledger(hub):
    """On both databases; nothing, where nothing is."""
    odd = "37990119800101001"
    report = hub.land(
        row(1, certno=f" {number(1)}", psn_name="阿卜杜•买买提"),
        row(2, certno=odd + check_digit(odd), psn_name=" 张三"),
        row(3, certno="无", psn_name="张 三"),
    )
    plain = hub.land(row(4))
    assert (report.repairs, plain.repairs) == ({"white_space": 1, "name_dots": 1, "name_white_space": 1}, {})
    assert (report.warnings, plain.warnings) == ({"county_unknown": 1}, {})
    assert report.reasons == {"id_absent": 1}
    b = store.batch.c
    with hub.engine.connect() as connection:
        kept = connection.execute(sa.select(b.repairs, b.warnings).order_by(b.batch_id)).all()
        empty = connection.scalars(sa.select(b.batch_id).where(b.repairs.is_(None), b.warnings.is_(None))).all()
    assert [tuple(row) for row in kept] == [(report.repairs, report.warnings), (None, None)]
    assert empty == [plain.batch_id]


def test_a_delivery_shorter_than_the_source_says_is_not_landed(hub):
    with pytest.raises(InputError, match="the source counts 3 rows"):
        hub.land(row(1), row(2), declared=3)
    with hub.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(store.batch)) == 0
    assert hub.land(row(1), row(1), row(2), declared=2).duplicates == 1  # a page served twice is no shortage


def test_too_few_rows_fail_and_unknown_fields_are_noted(hub):
    with pytest.raises(InputError, match="fewer than the declared minimum"):
        hub.land(row(1), stream=replace(STREAM, expected=(2, 9)))
    assert hub.land(row(1, hobby="x")).notes == ("undeclared field hobby",)


def test_unknown_fields_inside_a_list_are_noted_each_time_and_may_be_ignored(hub):
    many = [row(order, spells=[{"kind": "01"}, {"kind": "02", "rank": 1, "gone": None}]) for order in range(1, 8)]
    assert hub.land(*many).notes == ("undeclared field spells.rank",)
    again = hub.land(*many, as_of=date(2025, 11, 30))
    assert again.notes == ("undeclared field spells.rank",)
    assert hub.land(*many, stream=replace(STREAM, ignored=("spells.rank",)), as_of=date(2025, 12, 2)).notes == ()


def test_no_clear_identifier_reaches_the_store_or_the_lake(hub, tmp_path):
    hub.land(
        row(certno=CANARY, psn_name=CANARY_NAME, phone="13812345678"),
        row(certno=CANARY, psn_name=CANARY_NAME, kind="99"),
    )
    blobs = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    with hub.engine.connect() as connection:
        blobs += [
            repr(line).encode()
            for table in (store.batch, store.quarantine)
            for line in connection.execute(sa.select(table))
        ]
    for secret in (CANARY.encode(), CANARY_NAME.encode(), b"13812345678"):
        assert not any(secret in blob for blob in blobs)
    assert any(hub.lake.root.rglob("sealed/*.parquet"))


def test_a_failing_write_leaves_nothing_visible_and_the_next_pull_lands_the_same(hub, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("hub.lake.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            hub.land(row(1))
    with hub.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(store.batch)) == 0
    assert list(hub.lake.root.rglob(".*.tmp")) == []
    assert hub.land(row(1)).batch_id == 1


def test_two_runs_on_one_lake_refuse_each_other(hub):
    with hub.lake.lock(), pytest.raises(Locked, match="Another run"), Lake(hub.lake.root).lock():
        pass


def test_a_sealed_value_opens_only_at_its_place_and_with_its_key(ring):
    blob = Sealer(ring, "a/b").seal({"psn_name": CANARY_NAME})
    assert Sealer(ring, "a/b").open(blob) == {"psn_name": CANARY_NAME}
    for sealer in (Sealer(ring, "a/c"), Sealer(make(), "a/b")):
        with pytest.raises(KeysError):
            sealer.open(blob)


dirt = st.one_of(
    st.builds(row, st.integers(1, 5)),
    st.builds(row, st.integers(1, 5), certno=st.one_of(st.text(max_size=25), st.floats(), st.none(), st.integers())),
    st.builds(row, st.integers(1, 5), amount=st.one_of(st.text(max_size=8), st.floats(), st.lists(st.integers()))),
    st.builds(
        row,
        st.integers(1, 5),
        spells=st.one_of(
            st.none(), st.text(), st.lists(st.dictionaries(st.sampled_from(["kind", "begin"]), st.text()))
        ),
    ),
    st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(dirt, max_size=12))
def test_whatever_comes_rows_read_are_accepted_quarantined_or_duplicates(hub, rows):
    report = hub.land(*rows)
    assert report.read == len(rows) == report.accepted + report.quarantined + report.duplicates
    assert hub.rows(batch=report.batch_id).num_rows == report.accepted
    assert sum(report.reasons.values()) == report.quarantined
