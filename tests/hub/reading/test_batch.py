"""A batch in the making: pages read by column give what rows read one by one would."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import Child, Field, FieldType, Sealed, Semantics, Stream
from connectors.pages import Page
from connectors.transports.csv_drop import CsvDrop
from hub.lake import Lake
from hub.reading import identity
from hub.reading.batch import Batch
from hub.reading.identity import check_digit
from hub.reading.page_reader import PageReader
from hub.reading.rows import RowReader
from hub.sealing import Sealer
from tests.hub.reading.naive import Naive

TODAY = date(2025, 11, 30)


LISTS = {
    ("kind", ""): {"01": "dibao", "02": "tekun"},
    ("kind", "65"): {"9": "dibao"},
    ("gend", ""): {"1": "1", "2": "2", "9": "0"},
    ("psn_cert_type", ""): {"01": "resident_id", "04": "hmt_permit", "07": "passport"},
}


class Codes:
    """Lists of a nation and of one province."""

    def value(self, name: str, province: str, code: str) -> str | None:
        return (LISTS.get((name, province)) or LISTS.get((name, ""), {})).get(code)

    def known(self, name: str, province: str, code: str) -> bool:
        return self.value(name, province, code) is not None


STREAM = Stream(
    name="people",
    title="人",
    title_en="people",
    key=("mac",),
    semantics=Semantics.REGISTER,
    complete=True,
    cadence_days=31,
    division="spells.0.division",
    transport=CsvDrop(pattern="*"),
    ignored=("nothing",),
    fields=(
        Field(name="note"),
        Field(name="key", required=True),
        Field(name="certno", sealed=Sealed.ID_NUMBER, required=True),
        Field(name="psn_name", sealed=Sealed.NAME, required=True),
        Field(name="phone", sealed=Sealed.PHONE),
        Field(name="address", sealed=Sealed.ADDRESS),
        Field(name="psn_cert_type", type=FieldType.CODE, codes="psn_cert_type"),
        Field(name="gend", type=FieldType.CODE, codes="gend"),
        Field(name="brdy", type=FieldType.DAY),
        Field(name="kind", type=FieldType.CODE, codes="kind", required=True),
        Field(name="amount", type=FieldType.YUAN),
        Field(name="paid", type=FieldType.TIME),
        Field(name="since", type=FieldType.MONTH),
        Field(name="years", type=FieldType.INTEGER),
        Field(name="covered", type=FieldType.FLAG),
    ),
    children=(
        Child(
            name="spells",
            fields=(
                Field(name="kind", type=FieldType.CODE, codes="kind", required=True),
                Field(name="division", type=FieldType.DIVISION),
                Field(name="amount", type=FieldType.YUAN),
                Field(name="begin", type=FieldType.TIME),
            ),
        ),
        Child(name="notes", fields=(Field(name="text", required=True),)),
    ),
)


def number(order: int, county: str = "370302", birth: str = "19800101") -> str:
    head = f"{county}{birth}{order:03d}"
    return head + check_digit(head)


NUMBERS = [
    *(number(order) for order in range(3)),
    number(1).lower(),
    f"'{number(2)}",
    number(0)[:6] + number(0)[8:17],
    int(number(1)[:6] + number(1)[8:17]),
    number(1) + "43",
    number(7, county="810000"),
    number(7, county="990000"),
    number(7, county="123456"),
    number(7, birth="20260101"),
    number(7, birth="19800230"),
    number(1)[:17] + "0",
    number(1)[:17] + "A",
    number(1).translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"}),
    "3.70302E+17",
    "\u0661" * 18,
]
anything = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(["\ud800", " 甲 ", "NULL", "--", "\u3000", "无", "９", "01", "370302", "653121001", "2025-01-01"]),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["kind", "x"]), st.none(), max_size=1),
)
amounts = st.one_of(
    st.sampled_from(
        ["12.50", "1.005", "¥1,234.5", "-0.01", "--", "", "007.1", "1e3", "０.５", "999999999999.99", " 3 "]
    ),
    st.integers(-(10**17), 10**17),
    st.sampled_from([1.005, 0.1 + 0.2, -0.0, 1e-7, 1e15, 1e300, float("inf"), 45.67]),
    st.decimals(-(10**6), 10**6, places=2).map(float),
    st.decimals(-(10**6), 10**6, places=2).map(str),
)
DAYS = (
    "2025-01-31", "20250131", "2025-02-30", "1980-01-01", "", "9999-12-31 00:00:00", "2025-01-31 10:22:33",
    "2025-01-31T10:22:33+08:00", "0000-00-00 00:00:00", "3000-12", "2025-06", "2025-01-31 x\ny", 45717, TODAY,
    datetime(2025, 3, 1, 8),  # noqa: DTZ001
)  # fmt: skip
days = st.sampled_from(DAYS)
codes = st.sampled_from(["01", "02", "9", "1", "2", "０１", "", "77", 1, 1.0, True])
GOOD = {
    "certno": st.sampled_from(NUMBERS[:3]),
    "psn_name": st.sampled_from(["张三", "阿卜杜·买买提", "李四"]),
    "key": st.sampled_from(["A1", "A2"]),
    "kind": st.sampled_from(["01", "02"]),
}
LIKELY = {
    "certno": st.sampled_from(NUMBERS),
    "psn_name": st.sampled_from(["张三", "阿卜杜•买买提", " 张　三", "ａｂ", "", "\u200b", None]),
    "key": st.sampled_from(["A1", "", " A1"]),
    "kind": codes,
    "note": st.text(max_size=3),
    "phone": st.sampled_from(["13800000000", "", None, 13800000000, "\ud83d"]),
    "address": st.sampled_from(["路1号", "", None, float("nan")]),
    "psn_cert_type": st.sampled_from(["01", "04", "07", "", None, ["01"]]),
    "gend": codes,
    "brdy": days,
    "amount": amounts,
    "paid": days,
    "since": days,
    "years": st.one_of(st.integers(-5, 3000), st.sampled_from(["2019", "1.5", 2019.0])),
    "covered": st.sampled_from(["是", "否", 0, True, "maybe", ""]),
    "nothing": st.text(max_size=2),
    "hobby": st.sampled_from(["x", None]),
}
SPELL = {
    "kind": codes,
    "division": st.sampled_from(["370302", "653121001", "37", "", "x", 370302, None]),
    "amount": amounts,
    "begin": days,
}


def rows(required: dict, optional: dict) -> st.SearchStrategy[dict]:
    """Objects that have at least these fields; where a field is in both, either."""
    both = {name: st.one_of(kind, optional.get(name, kind)) for name, kind in required.items()}
    return st.fixed_dictionaries(both, optional={n: kind for n, kind in optional.items() if n not in required})


spells = st.lists(
    st.one_of(
        rows({"kind": GOOD["kind"]}, SPELL),
        rows({}, {name: st.one_of(kind, anything) for name, kind in SPELL.items()}),
    ),
    max_size=2,
)
notes = st.lists(st.fixed_dictionaries({"text": st.sampled_from(["a", "", " b "])}), max_size=2)
lists = {"spells": st.one_of(spells, anything, st.just([1])), "notes": st.one_of(notes, anything)}
a_row = st.one_of(
    st.fixed_dictionaries(GOOD),
    rows(GOOD, {"spells": spells, "notes": notes, "amount": amounts, "note": LIKELY["note"]}),
    rows(GOOD, LIKELY | lists),
    rows({}, {name: st.one_of(kind, anything) for name, kind in (LIKELY | lists).items()}),
)
ONE_PROVINCE = replace(STREAM, division="spells.0.kind")


def landed(stream: Stream, pages: list[Page], linkage, ring, folder: Path):
    """A batch of these pages, what it wrote, and its sealed part opened."""
    lake, sealer = Lake(folder), Sealer(ring, "office/people")
    batch = Batch(reader=PageReader(RowReader(stream, Codes(), linkage, TODAY), sealer), lake=lake, known=())
    for page in pages:
        batch.take(batch.reader.read(page))
    parts, sealed = batch.finish()
    tables = {name: pq.read_table(lake.path("rows", digest)).to_pylist() for name, digest in parts.items()}
    blobs = pq.read_table(lake.path("sealed", sealed)).to_pylist()
    return batch, tables, [(blob["line"], sealer.open(blob["sealed"])) for blob in blobs]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.lists(a_row, max_size=6), max_size=3), st.sampled_from([STREAM, ONE_PROVINCE]))
def test_whatever_comes_columns_give_what_rows_one_by_one_would(config_folder, ring, given_pages, stream):
    linkage = identity.load(config_folder, "v1", ring)
    ends = [sum(map(len, given_pages[: at + 1])) for at in range(len(given_pages))]
    pages = [Page.of(page, range(end - len(page) + 1, end + 1)) for page, end in zip(given_pages, ends, strict=True)]
    expected = Naive(stream, Codes(), linkage, TODAY).land(pages)
    with TemporaryDirectory() as folder:
        batch, tables, sealed = landed(stream, pages, linkage, ring, Path(folder))
    assert tables[""] == expected.rows
    assert {name: rows for name, rows in tables.items() if name} == expected.items
    opened = Sealer(ring, "office/people").open
    held = [(h.line, h.reason, h.field, h.digest, h.mac, repr(sorted(opened(h.sealed)))) for h in batch.held]
    assert held == [(*said, repr(sorted(content))) for *said, content in expected.held]
    assert [(line, sorted(content)) for line, content in sealed] == [
        (row["line"], sorted(content)) for row, content in zip(expected.rows, expected.sealed, strict=True)
    ]
    assert (batch.read, batch.accepted, batch.duplicates) == (expected.read, len(expected.rows), expected.duplicates)
    assert (batch.repairs, batch.warnings) == (expected.repairs, expected.warnings)
    assert batch.undeclared == expected.undeclared
    assert batch.distinct == len(expected.rows) + len(expected.held)
    assert batch.read == batch.accepted + len(batch.held) + batch.duplicates


def test_the_grade_stands_and_what_looks_odd_is_warned_of_and_counted(config_folder, ring, tmp_path):
    linkage = identity.load(config_folder, "v1", ring)
    good = {"psn_name": "张三", "kind": "01"}
    odd = number(1, county="123456", birth="20260101")
    rows = [
        good | {"key": "1", "certno": number(1), "gend": "2", "brdy": "1980-01-01"},
        good | {"key": "2", "certno": f" {odd}", "gend": "1", "brdy": "1999-01-01"},
        good | {"key": "3", "certno": number(1).lower(), "gend": "1"},
    ]
    batch, tables, _ = landed(STREAM, [Page.of(rows, range(1, 4))], linkage, ring, tmp_path)
    warned = [row["id_warnings"] for row in tables[""]]
    assert warned == ["sex_differs", "county_unknown,birth_in_future,birth_differs", None]
    assert {row["id_grade"] for row in tables[""]} == {"verified_form"}
    assert batch.warnings == {"sex_differs": 1, "county_unknown": 1, "birth_in_future": 1, "birth_differs": 1}
    assert batch.repairs == {"white_space": 1} | ({"lower_case": 1} if number(1).endswith("X") else {})


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_of_identical_rows_the_first_is_kept_within_a_page_and_across_pages(config_folder, ring, tmp_path, order):
    linkage = identity.load(config_folder, "v1", ring)
    rows = [{"certno": number(at), "psn_name": "张三", "key": "1", "kind": "01"} for at in (*order, *order)]
    pages = [Page.of(rows, range(1, 5)), Page.of(rows, range(5, 9))]
    batch, tables, _ = landed(STREAM, pages, linkage, ring, tmp_path)
    assert [row["line"] for row in tables[""]] == [1, 2]
    assert (batch.read, batch.accepted, batch.duplicates, batch.distinct) == (8, 2, 6, 2)
