"""Rows that stand as texts are not read again, and nothing that they say is lost by it."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import discover
from connectors.pages import Lists, Page, Unread
from connectors.transports.http.rows import Reader
from hub.reading.raw_digests import RawDigests
from tests.hub.landing.test_snapshot import DAYS, Hub, deployment, row  # noqa: F401 - a fixture

ITEMS = st.fixed_dictionaries({}, optional={"a": st.sampled_from([1, "x", None]), "b": st.integers(0, 3)})
ROWS = st.fixed_dictionaries(
    {},
    optional={"list": st.one_of(st.lists(ITEMS, max_size=3), st.none(), st.just(["x"])), "text": st.text(max_size=2)},
)
PERSONS = next(source for source in discover() if source.name == "medical_insurance").stream("persons")


@pytest.fixture
def hub(deployment, tmp_path) -> Hub:  # noqa: F811
    return Hub(deployment, tmp_path / "lake", deployment.config.codes, texts=True)


def test_only_the_rows_whose_text_is_new_are_read(hub, monkeypatch):
    rows = [row(order) for order in range(1, 101)]
    hub.land(rows)
    read: list[bytes] = []
    columns = Reader.columns
    monkeypatch.setattr(Reader, "columns", lambda self, texts: read.extend(texts) or columns(self, texts))
    report = hub.land([*rows[1:], row(1, relation="之妻"), row(200)], DAYS[1])
    assert (report.read, report.accepted, report.unchanged, report.duplicates) == (101, 101, 99, 0)
    new, opening = read[:2], read[2:]  # the opening is looked at whole, once (doubt.py)
    assert [orjson.loads(text)["household_number"] for text in new] == ["Z1", "Z200"]
    assert len(opening) == 100  # its last page was all new


def test_a_field_that_nobody_declared_is_noted_for_as_long_as_a_row_has_it(hub):
    rows = [row(order) for order in range(12)]
    odd = row(1, hobby="棋")
    assert hub.land([odd, *rows[2:]]).notes == ("undeclared field hobby",)
    again = hub.land([odd, *rows[2:]], DAYS[1])
    assert (again.notes, again.unchanged) == (("undeclared field hobby",), 11)
    assert hub.land(rows[1:], DAYS[2]).notes == ()


def test_a_row_twice_in_one_page_stands_once(hub):
    rows = [row(order) for order in range(10)]
    hub.land(rows)
    report = hub.land([rows[0], *rows], DAYS[1])
    assert (report.unchanged, report.duplicates, report.accepted) == (10, 1, 10)


def test_a_text_tells_a_row_only_where_every_field_of_it_is_declared(ring):
    digests = RawDigests(PERSONS, "medical_insurance", ring)
    texts = [b'{"psn_no": "1"}', b'{"psn_no": "1", "hobby": "x"}', b'{"psn_no":"1","hobby":null}']
    page = Page(lines=[1, 2, 3], columns=Unread(texts, Reader().columns))
    by_text = digests.of_texts(b"", texts)
    assert [told == said for told, said in zip(digests.of(page), by_text, strict=True)] == [True, False, True]
    (values,) = digests.of(Page.of([{"psn_no": "1", "hobby": "x"}], [2]))
    assert digests.of(page)[1] == values


def test_lists_by_column_are_the_lists_themselves():
    lists = Lists([1, 0, 2, 0], {"a": ["x", None, "y"], "b": [1, 2, 3]}, frozenset({3}))
    assert list(lists) == [[{"a": "x", "b": 1}], [], [{"b": 2}, {"a": "y", "b": 3}], None]
    assert lists[:1] == [[{"a": "x", "b": 1}]]
    assert lists.nth(0, "a") == ["x", None, None, None]
    assert lists.nth(1, "b") == [None, None, 3, None]
    assert lists.nth(0, "c") == [None] * 4


@settings(max_examples=60)
@given(st.lists(st.lists(ROWS, min_size=1, max_size=4), min_size=1, max_size=4))
def test_pages_joined_hold_the_rows_of_each(pages):
    """Read as an answer's rows are, by column; a page may lack a field, or have something else than lists in it."""
    made = [
        Page(lines=range(len(rows)), columns=Reader().columns([orjson.dumps(row) for row in rows])) for rows in pages
    ]
    joined = Page.join(made)
    assert [row.values for row in joined.rows()] == [row.values for page in made for row in page.rows()]
    assert list(joined.lines) == [line for page in made for line in page.lines]
    lists = joined.columns.get("list")
    if isinstance(lists, Lists):
        each = [page.columns["list"] for page in made]
        assert lists.nth(1, "a") == [value for column in each for value in column.nth(1, "a")]
