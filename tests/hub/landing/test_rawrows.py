"""Raw rows told again: equal exactly when they came alike, whatever else came in their page."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.base import discover
from connectors.pages import Page
from hub.lake import Lake
from hub.landing import rawrows
from hub.landing.rawrows import RawWriter
from hub.reading import raw_digests
from hub.reading.raw_digests import RawDigests

SOURCE = next(source for source in discover() if source.name == "medical_insurance")
PERSONS = SOURCE.stream("persons")
values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4), st.dates(), st.datetimes(),
    st.decimals(allow_nan=False), st.sampled_from(["\ud800", "a\nb", ",\n,", "\x1f", "\x1e1", "", "1", "nan", "null"]),
    st.sampled_from([2**70, 1, 1.0, True]),
    st.lists(st.dictionaries(st.sampled_from(["insutype", "x"]), st.text(max_size=2)), max_size=2),
)  # fmt: skip
rows = st.lists(st.dictionaries(st.sampled_from(["psn_no", "certno", "insuinfo", "hobby"]), values), max_size=6)


@pytest.fixture
def digests(ring) -> RawDigests:
    return RawDigests(PERSONS, SOURCE.name, ring)


def typed(row: dict[str, object]) -> str:
    return repr(sorted((name, type(value).__name__, repr(value)) for name, value in row.items() if value is not None))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows)
def test_two_rows_have_one_digest_exactly_when_their_values_and_types_are_the_same(whole):
    columns = ["psn_no", *sorted({name for row in whole for name in row} - {"psn_no"})]
    of_page = raw_digests._encoded([[row.get(name) for row in whole] for name in columns])
    alone = [raw_digests._encoded([[row.get(name)] for name in columns])[0] for row in whole]
    assert of_page == alone
    for one, said in zip(whole, alone, strict=True):
        for other, told in zip(whole, alone, strict=True):
            assert (said == told) == (typed(one) == typed(other))


def test_a_row_is_the_same_in_every_page_and_an_ignored_or_empty_column_does_not_count(digests):
    row = {"psn_no": "1", "certno": "x"}
    (alone,) = digests.of(Page.of([row], [1]))
    among = digests.of(Page.of([{"psn_no": "2", "hobby": "棋"}, {**row, "hobby": None}], [1, 2]))
    assert among[1] == alone != among[0]
    (noted,) = digests.of(Page.of([{**row, "hobby": "棋"}], [1]))
    assert noted != alone


def test_undeclared_fields_are_told_also_inside_lists(digests):
    page = Page.of([{"psn_no": "1", "hobby": "棋", "insuinfo": [{"insutype": "390", "x": 1, "y": None}, "z"]}], [1])
    assert digests.undeclared(page) == {"hobby", "insuinfo.x"}


def test_a_digest_is_keyed_by_the_ring_and_the_stream(digests, ring):
    page = Page.of([{"psn_no": "1"}], [1])
    other = RawDigests(SOURCE.stream("settlements"), SOURCE.name, ring)
    assert digests.of(page) == RawDigests(PERSONS, SOURCE.name, ring).of(page) != other.of(page)


def test_rows_are_found_at_the_lines_that_were_kept(digests, tmp_path):
    lake = Lake(tmp_path)
    page = Page.of([{"psn_no": str(order // 2)} for order in range(1_000)], range(1, 1_001))
    made = digests.of(page)
    writer = RawWriter(lake, "so")
    writer.append(made, page.lines)
    raw = writer.finish()
    assert rawrows.read_as(lake, raw) == "so"
    kept = lake.write("rows", pa.table({"line": pa.array(range(1, 500), pa.int32())}))
    index = rawrows.load(lake, raw, kept, rawrows.Held([(600, rawrows.Waiting("unknown_code", nobody=False))]))
    assert len(index) == 500
    lines = [index.lines[at].as_py() if at >= 0 else None for at in index.find(made)]
    assert lines[:498:2] == list(range(1, 499, 2))  # of two equal rows the first
    assert lines[599] == 600
    assert [index.waiting(at).reason for at in index.find(made[599:600])] == ["unknown_code"]
    assert index.waiting(index.find(made[:1])[0]) is None
    assert set(index.find(made[600:])) == {-1}
    empty = RawWriter(lake, "so").finish()
    assert rawrows.load(lake, empty, None, rawrows.Held()).find(made[:2]) == [-1, -1]
