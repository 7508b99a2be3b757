"""Rows that stand as texts are not read again, and nothing that they say is lost by it."""

from __future__ import annotations

import orjson
import pytest

from connectors.base import Lists, Page, Unread, discover
from connectors.transports.http.rows import Reader
from hub.reading.raw_digests import RawDigests
from tests.hub.landing.test_snapshot import DAYS, Hub, deployment, row  # noqa: F401 - a fixture

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
