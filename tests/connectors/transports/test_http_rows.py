"""Rows of JSON answers made columns: by the shape of those before them, and the general way, to the same values."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from connectors.pages import Lists
from connectors.transports.http import rows as http_rows
from connectors.transports.http.answer import Raw, decode
from connectors.transports.http.rows import Reader

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4),
    st.sampled_from([2**70, -(2**63) - 1, 1, 1.0, "1", True, 10**21, "aidsealed:"]),
)  # fmt: skip
objects = st.dictionaries(st.sampled_from(["a", "b", "级"]), scalars, max_size=3)
values = st.one_of(
    scalars, scalars, st.lists(objects, max_size=3), st.lists(scalars, max_size=2), st.lists(st.just([]), max_size=1),
    objects,
)  # fmt: skip
lines = st.dictionaries(st.sampled_from(["psn_no", "姓名", "insuinfo", "x", "f0"]), values, max_size=5)


def kept(value: object) -> object:
    """A value as a page gives it: null and absent are one in lists of objects."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return [{name: held for name, held in sorted(item.items()) if held is not None} for item in value]
    return value


def said(row: dict[str, object]) -> str:
    return repr(sorted((name, kept(value)) for name, value in row.items() if value is not None))


def rows_of(columns: dict, count: int) -> list[str]:
    filled = [{name: column[at] for name, column in columns.items()} for at in range(count)]
    return [repr(sorted((name, value) for name, value in row.items() if value is not None)) for row in filled]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(lines, min_size=1, max_size=4), min_size=1, max_size=4))
@example([[{"x": None}], [{"x": []}], [{"x": [{"a": 1}]}], [{"x": "y"}], [{"x": []}], [{"x": [{"b": None}]}]])
@example([[{"insuinfo": [{"a": 1}]}], [{"insuinfo": [{"a": 1, "b": 2}]}, {"insuinfo": None}], [{"insuinfo": [1]}]])
def test_every_page_says_what_its_rows_say_whatever_came_before(pages):
    reader = Reader()
    for page in pages:
        for _ in range(2):  # the general way, and by the shape that it taught
            columns = reader.columns([json.dumps(row, ensure_ascii=False).encode() for row in page])
            assert rows_of(columns, len(page)) == [said(row) for row in page]


def test_a_field_told_twice_counts_as_told_last_both_ways():
    reader = Reader()
    for _ in range(2):
        assert reader.columns([b'{"a": 1, "b": 2, "a": 3}']) == {"a": [3], "b": [2]} or reader.columns(
            [b'{"a": 1, "b": 2, "a": 3}']
        ) == {"a": (3,), "b": (2,)}


def test_rows_of_one_shape_are_not_read_the_general_way(monkeypatch):
    reader = Reader()
    row = b'{"a": "1", "list": [{"b": 1}], "none": []}'
    reader.columns([row])
    monkeypatch.setattr(http_rows, "GENERAL", None)
    assert isinstance(reader.columns([row, row])["list"], Lists)


def test_names_that_no_shape_can_have_and_very_many_fields_are_read_all_the_same(monkeypatch):
    monkeypatch.setattr(http_rows, "MOST", 3)
    for row in ({'a"b': 1, "c\\": 2}, {f"n{at}": at for at in range(9)}):
        reader = Reader()
        for _ in range(2):
            assert rows_of(reader.columns([json.dumps(row).encode()]), 1) == [said(row)]


@pytest.mark.parametrize("text", [b'{"a": tru}', b'{"a": "\xff"}', b'{"a": "\\ud800"}', b'{"a": 01}', b"{]"])
def test_a_row_that_is_not_whole_is_refused_before_and_after_a_shape_is_known(text):
    reader = Reader()
    for _ in range(2):
        with pytest.raises(http_rows.FAULTS):
            reader.columns([text])
        reader.columns([b'{"a": "x"}'])
    with pytest.raises(msgspec.ValidationError):
        reader.columns([b"5"])


def test_an_answer_gives_its_rows_as_texts_and_everything_else_as_values():
    body = '{"code": 0, "out": {"n": "7", "rows": [{"a": "级"}, {"a": [{"rows": 1}]}], "more": [1, {"x": 2}]}}'
    for raw in (
        Raw(body=body.encode(), url=""),
        Raw(body=body.encode("gb18030"), url="", kind="text/json;charset=GBK"),
    ):
        answer = decode(raw, where="here")
        assert [bytes(row) for row in answer.rows("out.rows")] == ['{"a": "级"}'.encode(), b'{"a": [{"rows": 1}]}']
        assert (answer.at("code"), answer.number("out.n"), answer.at("out.more.1.x")) == (0, 7, 2)
        assert answer.at("out.more.7") is answer.at("none.of.it") is answer.at("code.x") is None
        assert answer.at("") == json.loads(body)
