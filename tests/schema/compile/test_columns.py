"""Columns of a page, read as texts: whatever values a database sends, a row shows its own as JSON, or none does."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema.compile.cells import BARE, MARKED, TEXT, Cell, Names
from schema.compile.columns import KEY, Column, Columns, End, More, Page, Slot, Template
from schema.compile.tree import NEXT, NONE, NotCompiled

SEX = Names({"1": '"MALE"', "2": '"FEMALE"'})
ANY = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)  # PostgreSQL has no U+0000
NEARLY = st.text(st.sampled_from([NEXT, NONE, "a", '"', "\\", "\n"]), max_size=3)


def sent(values: Sequence[str | None]) -> list[bytes]:
    """What a database sends of a column, as the statement asks it to: rows, the column, how many are not NULL."""
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE rows (place INTEGER PRIMARY KEY, value TEXT)")
        connection.executemany("INSERT INTO rows (value) VALUES (?)", [(value,) for value in values])
        query = """SELECT CAST(count(*) AS TEXT), coalesce(group_concat(coalesce(value, ?), ?), ''),
            CAST(count(value) AS TEXT) FROM (SELECT value FROM rows ORDER BY place)"""
        return [text.encode() for text in connection.execute(query, (NONE, NEXT)).fetchone()]


def page(cell: Cell, values: Sequence[str | None], take: int = 100, *, backward: bool = False) -> Page:
    column = Column(text=1, cell=cell, present=2 if cell.counted else None)
    columns = Columns(place=0, texts=3, columns=[column], key=[0], subject=None, backward=backward)
    return columns.read(sent(values), take, [lambda raw: [b"<%b>" % value for value in raw]])


@example([None, NONE])
@example([NONE, NONE])
@example([None, None])
@given(st.lists(st.none() | ANY | NEARLY, max_size=8))
def test_any_text_is_shown_as_it_is_or_not_by_columns(values: list[str | None]) -> None:
    try:
        shown = orjson.loads(b"[%b]" % Template([Slot(column=0)]).written(page(TEXT, values)))
    except NotCompiled:
        assert any(NEXT in value or value == NONE for value in values if value is not None)
    else:
        assert shown == values


@given(st.lists(st.none() | st.sampled_from("12"), max_size=8))
def test_codes_are_shown_by_their_names(codes: list[str | None]) -> None:
    names = {None: None, "1": "MALE", "2": "FEMALE"}
    shown = orjson.loads(b"[%b]" % Template([Slot(column=0)]).written(page(SEX, codes)))
    assert shown == [names[code] for code in codes]


@pytest.mark.parametrize("codes", [["1", "3"], ["3"], ["1", ""]])
def test_a_code_without_a_name_is_for_the_plain_executor(codes: list[str]) -> None:
    with pytest.raises(NotCompiled):
        Template([Slot(column=0)]).written(page(SEX, codes))


@given(
    st.lists(st.none() | st.integers(0, 99).map(str), max_size=8),
    st.sampled_from([(BARE, int), (MARKED, str)]),
    st.integers(0, 9),
    st.booleans(),
)
def test_a_page_shows_no_more_rows_than_it_takes(
    values: list[str | None], kind: tuple[Cell, type[int] | type[str]], take: int, backward: bool
) -> None:
    cell, typed = kind
    of = page(cell, values, take, backward=backward)
    rows = Template(['{"a":', Slot(column=0), ',"b":1,"c":', Slot(column=0), "}"]).written(of)
    read = [None if value is None else typed(value) for value in values[:take]]
    wanted = [{"a": value, "b": 1, "c": value} for value in (read[::-1] if backward else read)]
    assert orjson.loads(b"[%b]" % rows) == wanted
    assert of.shown == len(wanted)
    assert More().written(of) == (b"true" if len(values) > take else b"false")


def test_what_finishes_values_is_given_no_null() -> None:
    of = page(BARE, ["1", None, "2", "1"])
    assert Template([Slot(column=0, hole=0)]).written(of) == b"<1>,null,<2>,<1>"
    assert Template([Slot(column=0, hole=0)]).written(page(BARE, [None, None])) == b"null,null"
    assert Template(["x", Slot(column=0, hole=0)]).written(page(BARE, ["7", "7"])) == b"x<7>,x<7>"


def test_cursors_are_those_of_the_rows_that_are_shown() -> None:
    of = page(BARE, ["5", "6", "7"], 2)
    assert Template([Slot(column=KEY, hole=0)]).written(of) == b"<[5]>,<[6]>"
    assert (End(hole=0, last=False).written(of), End(hole=0, last=True).written(of)) == (b"<[5]>", b"<[6]>")
    back = page(BARE, ["7", "6", "5"], 2, backward=True)
    assert Template([Slot(column=KEY, hole=0)]).written(back) == b"<[6]>,<[7]>"
    assert (End(hole=0, last=False).written(back), End(hole=0, last=True).written(back)) == (b"<[7]>", b"<[6]>")
    for none in (page(BARE, []), page(BARE, ["5"], 0)):
        assert (End(hole=0, last=True).written(none), Template(["{}"]).written(none)) == (b"null", b"")
