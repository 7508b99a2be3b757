"""Marks give back the very text; what is written unescaped can hold nothing that would need it."""

from __future__ import annotations

import sqlalchemy as sa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub import audit, store, tables
from schema.catalogue import catalogue
from schema.compile.marks import CHARACTERS, Marks
from schema.compile.tree import HOLE
from schema.read.model import Column, Plain

KEYS = st.integers(0, 60).map(lambda n: f',"key{n}":')  # more than there are marks
HOLES = st.integers(0, 2000).map(lambda n: f"{HOLE}s{n}:[{n}]{HOLE}")
VALUES = st.just(sa.column("value"))
OPEN_HOLES = st.just([f',"cursor":{HOLE}s0:[', sa.column("value"), f"]{HOLE}"])
ROWS = st.lists(st.lists(st.one_of(KEYS, HOLES, VALUES), max_size=60) | OPEN_HOLES, max_size=4)


@settings(max_examples=30)
@example([[f',"key{n}":' if odd else sa.column("value") for n in range(60) for odd in (0, 1)]] * 2)
@given(ROWS)
def test_what_marks_stand_for_comes_back(rows: list[list[str | sa.ColumnElement[str]]]) -> None:
    marks = Marks()
    for row in rows:
        marked = marks.row(row)
        assert sum(not isinstance(part, str) for part in marked) == sum(not isinstance(part, str) for part in row)
        told, wanted = (
            "".join(p if isinstance(p, str) else "VALUE" for p in parts).encode() for parts in (marked, row)
        )
        assert told.split(HOLE.encode())[1::2] == wanted.split(HOLE.encode())[1::2]
        for mark, text in marks.texts:
            told = told.replace(mark, text)
        assert told == wanted
    assert len(marks.texts) <= len(CHARACTERS)


EVERY = sa.table(
    "every", *{column.name: sa.column(column.name) for t in store.metadata.tables.values() for column in t.c}.values()
)
COLUMNS = {name: kind for table in tables.PUBLISHED.values() for name, kind in table.columns.items()}


def test_a_column_that_is_written_unescaped_is_audited() -> None:
    seen = set()
    for names in catalogue().values():
        for named in names.values():
            for form in named.spec.forms.values() if isinstance(named.spec, Column) else ():
                sql = form.sql(EVERY, EVERY)
                if isinstance(sql, sa.TypeCoerce | sa.Function) and isinstance(sql.type, Plain):
                    seen |= {item.name for item in sa.sql.visitors.iterate(sql) if isinstance(item, sa.ColumnClause)}
    texts = {name for name, kind in COLUMNS.items() if kind == "VARCHAR"}  # of the others, years and bands are made
    assert {"residence", "region", "county", "category"} <= seen & texts <= {*audit.CODES}
