"""The engine: arithmetic, registration, what leaves it, and what "identical" means."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine import DuckDB, digest, schema, statements
from hub.errors import AuditFailed, InputError
from hub.inputs import LandedPart
from hub.tables import Table

NOTE = Table(
    name="note",
    key=("person_id", "day"),
    columns={
        "person_id": "BIGINT",
        "day": "DATE",
        "text": "VARCHAR",
        "count": "INTEGER",
        "flag": "BOOLEAN",
    },
)
ROWS = [
    {"person_id": 2, "day": date(2025, 1, 2), "text": "a\tb\\c\nd\re", "count": -3, "flag": True},
    {"person_id": 10, "day": None, "text": "", "count": None, "flag": False},
    {"person_id": 10, "day": date(2025, 1, 1), "text": None, "count": 0, "flag": None},
]


def notes(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema(NOTE))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-(10**13), 10**13), st.integers(0, 20_000)),
        min_size=1,
        max_size=200,
    )
)
def test_half_up_is_decimal_s_half_up_on_both_sides_of_zero(pairs: list[tuple[int, int]]) -> None:
    given_rows = pa.Table.from_pylist([{"n": n, "amount": a, "bp": b} for n, (a, b) in enumerate(pairs)])
    with DuckDB(threads=1) as engine:
        engine.register("given_pair", given_rows, {"n": "BIGINT", "amount": "BIGINT", "bp": "INTEGER"})
        engine.run("rounded", "SELECT n, half_up(amount, bp) AS r FROM given_pair ORDER BY n NULLS LAST")
        found = [row[1] for row in engine.rows("rounded")]
    exact = [(Decimal(a) * b / 10_000).quantize(Decimal(1), rounding=ROUND_HALF_UP) for a, b in pairs]
    assert found == [int(value) for value in exact]


@pytest.mark.parametrize(
    ("amount", "bp", "rounded"),
    [(1, 5_000, 1), (-1, 5_000, -1), (1, 4_999, 0), (-1, 4_999, 0), (-3, 5_000, -2), (333, 7_500, 250), (0, 9_500, 0)],
)
def test_half_up_at_the_halves(amount: int, bp: int, rounded: int) -> None:
    with DuckDB(threads=1) as engine:
        engine.run("r", f"SELECT half_up({amount}, {bp}) AS r, half_up(NULL, {bp}) AS n, half_up({amount}, NULL) AS m")
        assert engine.rows("r") == [(rounded, None, None)]


def test_a_share_is_rounded_down_and_of_nothing_unknown() -> None:
    with DuckDB(threads=1) as engine:
        engine.run("r", "SELECT share_bp(98999, 100000) AS a, share_bp(99, 100) AS b, share_bp(0, 0) AS c")
        assert engine.rows("r") == [(9899, 9900, None)]


def test_the_digest_is_over_text_that_can_be_written_by_hand() -> None:
    text = (
        "person_id\tday\ttext\tcount\tflag\n"
        "2\t2025-01-02\ta\\tb\\\\c\\nd\\re\t-3\tt\n"
        "10\t2025-01-01\t\\N\t0\t\\N\n"
        "10\t\\N\t\t\\N\tf\n"
    )
    assert digest(NOTE, notes(ROWS)) == hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_does_not_know_the_order_of_rows() -> None:
    assert digest(NOTE, notes(ROWS)) == digest(NOTE, notes(ROWS[::-1]))


def test_the_digest_does_not_know_the_order_of_columns_given() -> None:
    given_rows = notes(ROWS)
    assert digest(NOTE, given_rows) == digest(NOTE, given_rows.select(given_rows.column_names[::-1]))


@pytest.mark.parametrize(("one", "other"), [(None, ""), ("", "0"), (None, "\\N"), ("a\tb", "a\\tb"), ("None", None)])
def test_the_digest_tells_null_from_empty_and_text_from_its_escape(one: str | None, other: str | None) -> None:
    row = {"person_id": 1, "day": None, "text": one, "count": 0, "flag": True}
    assert digest(NOTE, notes([row])) != digest(NOTE, notes([{**row, "text": other}]))


def test_the_digest_tells_zero_from_null_and_false_from_null() -> None:
    row = {"person_id": 1, "day": None, "text": "", "count": 0, "flag": False}
    other = [{**row, "count": None}, {**row, "flag": None}, row]
    assert len({digest(NOTE, notes([each])) for each in other}) == 3


def test_a_renamed_column_is_another_table() -> None:
    columns = {("kind" if name == "text" else name): kind for name, kind in NOTE.columns.items()}
    other = Table(name="note", key=NOTE.key, columns=columns)
    assert digest(NOTE, notes(ROWS)) != digest(other, notes(ROWS).rename_columns(list(columns)))


def test_digests_span_the_chunks_they_are_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = notes([{**ROWS[0], "person_id": n} for n in range(50)])
    whole = digest(NOTE, rows)
    monkeypatch.setattr("hub.engine.DIGEST_ROWS", 7)
    assert digest(NOTE, pa.concat_tables([rows.slice(20), rows.slice(0, 20)])) == whole


def test_a_part_gets_its_own_batch_and_day_and_null_for_what_it_does_not_carry(tmp_path: Path) -> None:
    folder = tmp_path / "it's"
    folder.mkdir()
    pq.write_table(pa.table({"line": [1, 2], "old": ["x", "y"]}), folder / "a.parquet")
    pq.write_table(pa.table({"line": [1], "batch_id": [99], "fresh": ["z"]}), folder / "b.parquet")
    parts = [
        LandedPart(relation="r", batch_id=7, as_of=date(2025, 10, 31), path=str(folder / "a.parquet")),
        LandedPart(relation="r", batch_id=8, as_of=date(2025, 11, 30), path=str(folder / "b.parquet")),
    ]
    columns = {"batch_id": "BIGINT", "as_of": "DATE", "line": "INTEGER", "old": "VARCHAR", "fresh": "VARCHAR"}
    with DuckDB(threads=1) as engine:
        engine.landed("r", columns, parts)
        assert sorted(engine.rows("r"), key=repr) == [
            (7, date(2025, 10, 31), 1, "x", None),
            (7, date(2025, 10, 31), 2, "y", None),
            (8, date(2025, 11, 30), 1, None, "z"),
        ]


def test_a_relation_without_a_batch_is_there_and_empty() -> None:
    with DuckDB(threads=1) as engine:
        engine.landed("r", {"batch_id": "BIGINT", "amount": "BIGINT"}, [])
        assert engine.columns("r") == ("batch_id", "amount")
        assert engine.rows("r") == []


def test_a_relation_that_lacks_a_column_is_refused_by_name() -> None:
    with DuckDB(threads=1) as engine, pytest.raises(InputError, match="relation alias has no person_id"):
        engine.register("alias", pa.table({"mac": ["k"]}), {"mac": "VARCHAR", "person_id": "BIGINT"})


def test_a_lost_file_is_told_without_its_path(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"line": [1]}), path)
    with DuckDB(threads=1) as engine:
        engine.landed("r", {"line": "INTEGER"}, [LandedPart(relation="r", batch_id=1, as_of=date.min, path=str(path))])
        path.unlink()
        with pytest.raises(InputError, match=r"^r: a file of the lake cannot be read"):
            engine.rows("r")


def test_a_table_leaves_typed_and_sorted_by_its_key() -> None:
    with DuckDB(threads=1) as engine:
        engine.register("given_note", notes(ROWS), NOTE.columns)
        engine.run("note", "SELECT flag, CAST(count AS BIGINT) AS count, text, day, person_id FROM given_note")
        found = engine.fetch(NOTE)
    assert found.schema == schema(NOTE)
    assert [(row["person_id"], row["day"]) for row in found.to_pylist()] == [
        (2, date(2025, 1, 2)), (10, date(2025, 1, 1)), (10, None),
    ]  # fmt: skip


def test_a_table_that_is_not_as_declared_does_not_leave() -> None:
    with DuckDB(threads=1) as engine:
        engine.run("note", "SELECT CAST(1 AS BIGINT) AS person_id, 1 AS extra")
        with pytest.raises(AuditFailed, match="differ in count, day, extra, flag, text"):
            engine.fetch(NOTE)


def test_a_key_that_names_two_rows_does_not_leave() -> None:
    with DuckDB(threads=1) as engine:
        engine.register("note", notes([ROWS[1], {**ROWS[1], "text": "other"}]), NOTE.columns)
        with pytest.raises(AuditFailed, match=r"1 keys \(person_id, day\) name more than one row"):
            engine.fetch(NOTE)


def test_an_error_of_the_data_does_not_tell_the_data() -> None:
    with DuckDB(threads=1) as engine, pytest.raises(AuditFailed) as caught:
        engine.run("r", "SELECT CAST(x AS INTEGER) AS n FROM (VALUES ('张三canary')) AS t (x)")
    assert "canary" not in str(caught.value)


def test_an_error_of_the_text_tells_the_file_and_what_is_wrong() -> None:
    with DuckDB(threads=1) as engine, pytest.raises(AuditFailed, match=r"^broken: .*nowhere"):
        engine.run("broken", "SELECT nowhere FROM (VALUES (1)) AS t (x)")


def test_the_engine_loads_no_extension_and_its_settings_are_locked() -> None:
    with DuckDB(threads=1) as engine:
        names = ("autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions")
        engine.run("s", "SELECT " + ", ".join(f"current_setting('{name}') AS {name}" for name in names))
        assert engine.rows("s") == [(False, False, False)]
        with pytest.raises(AuditFailed):
            engine._execute("s", "SET autoload_known_extensions = true")


def test_statements_come_in_order_of_file_name_without_their_number(tmp_path: Path) -> None:
    for name in ("20_second", "10_first", "30_third_one"):
        (tmp_path / f"{name}.sql").write_text(f"SELECT '{name}'")
    assert [name for name, _ in statements(tmp_path)] == ["first", "second", "third_one"]
