"""The SQL transport against real databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http.answer import BEIJING
from connectors.transports.sql_view import SqlView

SECRET = "s3cret-canary"


def stream(transport: SqlView) -> Stream:
    return Stream(
        name="people",
        title="人",
        title_en="people",
        key=("number",),
        fields=(
            Field(name="number", headers=("低保证号", "CARD_NO"), required=True),
            Field(name="amount", headers=("金额",)),
            Field(name="paid", headers=("发放日期",)),
            Field(name="updated"),
        ),
        transport=transport,
        semantics=Semantics.EVENT,
        complete=False,
        cadence_days=31,
        ignored=("序号",),
    )


@pytest.fixture
def database(store_url: str) -> Iterator[str]:
    """A department's database with three rows."""
    engine = sa.create_engine(store_url)
    now = datetime.now(BEIJING).replace(tzinfo=None, microsecond=0)
    with engine.begin() as connection:
        table = sa.Table(
            "grants",
            sa.MetaData(),
            sa.Column("序号", sa.Integer),
            sa.Column("CARD_NO", sa.String(20)),
            sa.Column("金额", sa.Numeric(16, 2)),
            sa.Column("发放日期", sa.Date),
            sa.Column("secret_note", sa.String(20)),
            sa.Column("updated", sa.DateTime),
        )
        table.create(connection)
        for order, back in enumerate((timedelta(days=90), timedelta(days=2), timedelta(0)), 1):
            said: dict[str, Any] = {"序号": order, "CARD_NO": f"C{order}", "金额": Decimal("12.50")}
            said |= {"发放日期": date(2025, 11, order), "secret_note": SECRET, "updated": now - back}
            connection.execute(table.insert().values(said))
        connection.execute(sa.text('CREATE VIEW shown AS SELECT "CARD_NO", "金额" FROM grants'))
    yield store_url
    with engine.begin() as connection:
        connection.execute(sa.text("DROP VIEW shown"))
        connection.execute(sa.text("DROP TABLE grants"))
    engine.dispose()


def deliver(transport: SqlView, database: str | None, since: date | None = None) -> Delivery:
    connection = Connection(database=database)
    (delivery,) = transport.deliveries(stream(transport), connection, since=since, seen=frozenset())
    return delivery


def rows(delivery: Delivery) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, dict(row.values)) for page in delivery.pages for row in page.rows()]


def test_a_table_is_read_by_the_headers_of_its_fields_and_page_by_page(database: str) -> None:
    delivery = deliver(SqlView(view="grants", page_size=2), database)
    assert abs((delivery.as_of - datetime.now(UTC).astimezone(BEIJING).date()).days) <= 1
    pages = list(delivery.pages)
    assert [list(page.lines) for page in pages] == [[1, 2], [3]]
    first = next(pages[0].rows()).values
    assert (first["number"], Decimal(str(first["amount"])), str(first["paid"])) == (
        "C1",
        Decimal("12.50"),
        "2025-11-01",
    )


def test_a_column_that_is_not_declared_is_named_and_its_values_stay_where_they_are(database: str) -> None:
    found = rows(deliver(SqlView(view="grants"), database))
    assert all(values["secret_note"] == "" for _, values in found)
    assert SECRET not in repr(found)
    assert "序号" not in found[0][1]


def test_a_view_and_a_query_are_read_alike(database: str) -> None:
    query = 'SELECT "CARD_NO" AS "低保证号", "金额" FROM grants WHERE "CARD_NO" <> \'C2\';'
    assert [values["number"] for _, values in rows(deliver(SqlView(view="shown"), database))] == ["C1", "C2", "C3"]
    assert [values["number"] for _, values in rows(deliver(SqlView(query=query), database))] == ["C1", "C3"]


def test_a_window_is_closed_by_the_databases_clock_and_overlaps_the_last(database: str) -> None:
    told = SqlView(view="grants", window_column="updated", overlap=timedelta(days=10), lag=timedelta(hours=1))
    assert [values["number"] for _, values in rows(deliver(told, database))] == ["C1", "C2"]
    today = datetime.now(BEIJING).date()
    assert [values["number"] for _, values in rows(deliver(told, database, since=today))] == ["C2"]
    text = 'SELECT "CARD_NO", CAST(updated AS VARCHAR(19)) AS "updated" FROM grants'
    as_text = SqlView(query=text, window_column="updated", window_format="%Y-%m-%d %H:%M:%S")
    assert len(rows(deliver(as_text, database))) == 2


@pytest.mark.parametrize(
    ("transport", "told"),
    [
        (SqlView(view="nowhere"), "refuses the query"),
        (SqlView(query="SELECT 1 AS"), "refuses the query"),
        (SqlView(view="grants", window_column="nothing"), "refuses the query"),
    ],
)
def test_what_the_database_refuses_is_told_without_its_text(database: str, transport: SqlView, told: str) -> None:
    with pytest.raises(SourceRefused, match=told) as caught:
        rows(deliver(transport, database))
    assert "nowhere" not in str(caught.value)


def test_a_database_that_is_not_told_not_there_or_not_answering_says_so(tmp_path: Any) -> None:
    told = SqlView(view="grants")
    for database in (None, "not a url", "nosuch://x", f"sqlite:///{tmp_path / 'none.sqlite'}"):
        with pytest.raises(SourceSettingsError):
            deliver(told, database)
    with pytest.raises(SourceUnavailable) as caught:
        deliver(told, f"postgresql+psycopg://u:{SECRET}@127.0.0.1:9/x")
    assert SECRET not in str(caught.value)


def test_two_columns_that_are_one_field_are_refused(database: str) -> None:
    query = 'SELECT "CARD_NO", "CARD_NO" AS "card_no " FROM grants'
    told = SqlView(query=query.replace('"card_no "', '" CARD_NO"'))
    with pytest.raises(SourceMalformed, match="two columns are headed CARD_NO"):
        rows(deliver(told, database))


def test_one_of_view_and_query_is_told() -> None:
    for given in ({}, {"view": "a", "query": "b"}):
        with pytest.raises(ValueError, match="not both"):
            SqlView(**given)
