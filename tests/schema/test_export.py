"""A connection as a file: what an answer would show and nothing else, each page logged before it leaves."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_leaf_type, is_required_argument
from python_calamine import CalamineWorkbook

from hub import log, store
from hub.keys import KeyRing
from schema.agreement import REGISTERED, Agreement, Limits
from schema.answer import Request
from schema.contract import Contract
from schema.export import pages
from schema.export.columns import Column
from schema.export.http import FORMS, form_of
from schema.export.pages import Page, Pages
from schema.export.run import Running, start
from schema.export.writers import WRITERS, safe
from schema.registered import Document, Registered
from schema.tokens import Claims
from tests.schema import world
from tests.schema.client import Client, broken_log, posted, serve

CIVIL, RURAL = "civil-affairs", "rural-revitalization"
MEDIA = {suffix: media for media, suffix in FORMS.items()}
QUERY = """query Export { findings { nodes { month kind expected actual deadline
  county { code name } person { token name birth residence { code } } settlement { total } } } }"""
MONTH = '"2025-11"'
NAMES = [
    "month", "kind", "expected", "actual", "deadline", "county.code", "county.name", "person.token", "person.name",
    "person.birth", "person.residence.code", "settlement.total",
]  # fmt: skip


@pytest.fixture
def served(filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def serve_with(**changes: Any) -> Client:
        told = {"export": True, "limits": Limits(page=7, cost=60_000), **changes}
        made.append(serve(filled, ring, tuple(replace(item, **told) for item in agreements)))
        return made[-1]

    yield serve_with
    for client in made:
        client.app.state.hub.workers.close()


def export(client: Client, form: str, query: str = QUERY, agreement: str = CIVIL, variables: Any = None) -> Any:
    """The response of an export, with its bytes."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app=client.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as asking:
            headers = {"Authorization": f"Bearer {client.token(agreement)}", "Accept": MEDIA.get(form, form)}
            return await asking.post("/graphql", json={"query": query, "variables": variables or {}}, headers=headers)

    return asyncio.run(send())


def answered(client: Client, query: str = QUERY) -> list[list[Any]]:
    """The same rows as an answer shows them."""
    (root,) = client.ask(CIVIL, query.replace("findings {", "findings(first: 100) {")).data.values()

    def value(node: Any, path: str) -> Any:
        for key in path.split("."):
            node = None if node is None else node[key]
        return node

    return [[value(node, name) for name in NAMES] for node in root["nodes"]]


def told(form: str, content: bytes) -> list[list[Any]]:
    """The rows of a file, as the graph writes its values; empty cells are null."""
    if form == "csv":
        head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        assert head == [f"{name} (yuan)" if name in ("expected", "actual") else name for name in NAMES]
        return [[cell or None for cell in row] for row in rows]
    if form == "ndjson":
        *lines, last = [json.loads(line) for line in content.splitlines()]
        assert last == {"complete": True, "rows": len(lines)}
        return [[line[name] for name in NAMES] for line in lines]
    if form == "xlsx":
        _, *rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        return [[f"{cell:.2f}" if isinstance(cell, float) else cell or None for cell in row] for row in rows]
    table = pq.read_table(io.BytesIO(content))
    assert table.schema.field("expected").type == pa.decimal128(20, 2)
    assert table.schema.field("expected").metadata[b"unit"] == b"yuan"
    assert table.schema.field("deadline").type == pa.date32()
    rows = [[row[name] for name in NAMES] for row in table.to_pylist()]
    return [[cell if cell is None or isinstance(cell, str) else str(cell) for cell in row] for row in rows]


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_every_form_holds_what_the_answer_shows(served: Callable[..., Client], form: str) -> None:
    client = served(limits=Limits(page=100, cost=60_000))
    response = export(served(limits=Limits(page=2, cost=60_000)), form)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == MEDIA[form]
    assert response.headers["content-disposition"] == f'attachment; filename="aidgraph-civil-affairs.{form}"'
    assert response.headers["cache-control"] == "no-store"
    expected = answered(client)
    assert expected
    assert told(form, response.content) == expected


def flat(contract: Contract, name: str) -> str:
    """A document with every single value that a row of a connection can hold."""

    def values(kind: Any, depth: int) -> str:
        told = ["__typename"]
        for key, field in kind.fields.items():
            inner = get_nullable_type(field.type)
            if is_leaf_type(inner):
                told.append(key)
            elif depth and isinstance(inner, GraphQLObjectType) and not inner.name.endswith("Connection"):
                alone = not any(is_required_argument(item) for item in field.args.values())
                told += [f"{key} {{ {values(inner, depth - 1)} }}"] if alone else []
        return " ".join(told)

    field = contract.schema.query_type.fields[name]  # type: ignore[union-attr]
    row = get_named_type(get_named_type(field.type).fields["nodes"].type)  # type: ignore[attr-defined]
    needed = [key for key, item in field.args.items() if is_required_argument(item)]
    given = f"({', '.join(f'{key}: {MONTH}' for key in needed)})" if needed else ""
    return f"query Whole {{ {name}{given} {{ nodes {{ {values(row, 2)} }} }} }}"


def connections(contract: Contract) -> list[str]:
    fields = contract.schema.query_type.fields if contract.schema.query_type else {}
    return [
        name
        for name, field in fields.items()
        if str(get_nullable_type(field.type)).endswith("Connection")
        and name != "accessLog"  # it grows with each export
    ]


def entries(client: Client, since: int) -> list[dict[str, Any]]:
    """What the log says of each page, but for when it was and how long it took."""
    found = [
        json.loads(entry.leaf) | {"whose": log.unpack(bytes(entry.subjects))} for entry in client.entries()[since:]
    ]
    return [{key: leaf[key] for key in leaf if key not in ("at", "duration_us", "subjects")} for leaf in found]


def test_a_compiled_page_and_one_of_the_executor_are_the_same_bytes(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every connection of two contracts, all their single values, two rows a page."""
    client, tried, taken = served(limits=Limits(page=2, cost=60_000)), 0, [0]
    plain = Pages._plain

    def noted(pages: Pages, *arguments: Any) -> Page:
        taken[0] += 1
        return plain(pages, *arguments)

    monkeypatch.setattr(Pages, "_plain", noted)
    for agreement in (CIVIL, "auditor"):
        contract = client.app.state.hub.contracts[agreement]
        for name in connections(contract):
            query, before = flat(contract, name), len(client.entries())
            compiled = export(client, "ndjson", query, agreement)
            assert (compiled.status_code, taken[0]) == (200, 0), compiled.text
            between = len(client.entries())
            with monkeypatch.context() as other:
                other.setattr(Pages, "_compiled", lambda *_: None)
                executed = export(client, "ndjson", query, agreement)
            assert taken[0] > 0
            assert compiled.content == executed.content
            assert entries(client, before)[: between - before] == entries(client, between)
            tried, taken[0] = tried + (len(compiled.content.splitlines()) > 3), 0
    assert tried > 1


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_an_export_goes_on_where_a_page_does_not_compile(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    client, calls = served(), [0]
    whole = export(client, form, PERSONS).content
    compiled = Pages._compiled

    def sometimes(pages: Pages, *arguments: Any) -> Page | None:
        calls[0] += 1
        return compiled(pages, *arguments) if calls[0] % 2 else None

    monkeypatch.setattr(Pages, "_compiled", sometimes)
    assert export(client, form, PERSONS).content == whole
    assert calls[0] > 4


def test_a_statement_that_fails_leaves_the_snapshot_whole(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, calls = served(), [0]
    whole = export(client, "csv", PERSONS).content

    def broken(view: Any, _sql: str, values: Any) -> bytes:
        calls[0] += 1
        return text(view, "SELECT nothing FROM nowhere", [])

    text = pages._texts
    monkeypatch.setattr(pages, "_texts", broken)
    assert export(client, "csv", PERSONS).content == whole
    assert calls[0] > 4


def test_no_page_is_found_by_reading_another_table_from_its_beginning(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A merge join would: the deeper a page lies, the more it would cost. The settings end with the export."""
    client, seen = served(), set[tuple[str, ...]]()
    if client.engine.dialect.name != "postgresql":
        pytest.skip("it is PostgreSQL that chooses")
    text, names = pages._texts, ("enable_mergejoin", "jit", "plan_cache_mode")

    def noted(view: Any, sql: str, values: Any) -> bytes:
        seen.add(tuple(view.connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names))
        return text(view, sql, values)

    monkeypatch.setattr(pages, "_texts", noted)
    assert export(client, "csv", PERSONS).status_code == 200
    assert seen == {("off", "off", "force_custom_plan")}
    with client.engine.connect() as connection:
        assert [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names[::2]] == ["on", "auto"]


def test_a_long_list_comes_whole_in_the_order_of_its_key(served: Callable[..., Client]) -> None:
    response = export(served(), "ndjson", "{ persons { nodes { token } } }")
    client = served(limits=Limits(page=100))
    tokens = [
        row["token"]
        for row in client.ask(CIVIL, "{ persons(first: 100) { nodes { token } } }").data["persons"]["nodes"]
    ]
    lines = [json.loads(line) for line in response.content.splitlines()]
    assert [line.get("token") for line in lines[:-1]] == tokens
    assert len(tokens) > 30


def test_each_page_is_in_the_log_with_its_rows_and_subjects(served: Callable[..., Client]) -> None:
    client = served()
    before = len(client.entries())
    export(client, "csv", "query Take { persons { nodes { token sex } } }")
    entries = client.entries()[before:]
    leaves = [json.loads(entry.leaf) for entry in entries]
    assert [leaf["rows"] for leaf in leaves[:-1]] == [7] * (len(leaves) - 1)
    assert {tuple(leaf["fields"]) for leaf in leaves} == {("Export.csv", "Person.sex", "Person.token", "Query.persons")}
    assert {(leaf["operation"], leaf["outcome"]) for leaf in leaves} == {("Take", "answered")}
    subjects = [person for entry in entries for person in log.unpack(bytes(entry.subjects))]
    assert len(subjects) == len(set(subjects)) == sum(leaf["rows"] for leaf in leaves)


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_without_the_log_no_page_leaves_and_a_broken_file_can_be_told(served: Callable[..., Client], form: str) -> None:
    client = served()
    with broken_log():
        refused = export(client, form, "{ persons { nodes { token } } }")
    assert (refused.status_code, b"token" in refused.content) == (503, False)
    assert refused.json()["errors"][0]["extensions"]["code"] == "LOG_UNAVAILABLE"
    with broken_log(after=2):
        body, complete = _streamed(client, form, "{ persons { nodes { token } } }")
    assert not complete  # the last chunk of the transfer never came
    assert b"CANARY" not in body
    tokens = re.findall(rb'[\n"]p_', body)  # where one begins: p_ may stand within one too
    assert len(tokens) == (14 if form in ("csv", "ndjson") else 0) or form == "parquet"
    if form == "ndjson":
        assert b"complete" not in body
    if form == "parquet":
        with pytest.raises(pa.ArrowInvalid):
            pq.read_table(io.BytesIO(body))
    if form == "xlsx":
        assert body == b""


def _streamed(client: Client, form: str, query: str) -> tuple[bytes, bool]:
    """What the server sent, and whether it said that this is all."""
    body, ended = b"", False
    scope, request = posted(client.token(CIVIL), MEDIA[form], query)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal body, ended
        body += message.get("body", b"")
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)

    with pytest.raises(Exception, match=r"^$"):  # Broken, which tells nothing
        asyncio.run(client.app(scope, receive, send))
    return body, ended


def begin(client: Client, form: str, query: str) -> Any:
    """An export that runs when its parts are asked for."""
    hub = client.app.state.hub
    claims = Claims(client="t", role="client", agreements=(CIVIL,), expires=2**40)
    asked = Request(query=query, variables={})
    told = asyncio.run(hub.workers.run(partial(start, hub.operations, hub.contracts[CIVIL], claims, asked, form)))
    assert isinstance(told, Running)
    return told


def test_it_is_one_publication_whatever_is_published_meanwhile(
    served: Callable[..., Client], request: pytest.FixtureRequest
) -> None:
    client = served()
    whole = export(client, "ndjson", "{ persons { nodes { token } } }").content
    hub = client.app.state.hub
    run, begun = hub.workers.run, begin(client, "ndjson", PERSONS)
    got = asyncio.run(run(begun.next)).data
    person = store.published["person"]
    newest = person.c.person_id >= world.PERSON_IDS + 120
    with client.engine.begin() as connection:
        connection.execute(sa.update(person).where(newest).values(pub_until=2))
    try:
        while (part := asyncio.run(run(begun.next))) is not None:
            got += part.data
    finally:
        begun.close()
        with client.engine.begin() as connection:
            connection.execute(sa.update(person).where(newest).values(pub_until=None))
    assert got == whole


def test_where_an_agreement_has_no_export_the_forms_are_like_any_other_that_is_none(
    served: Callable[..., Client],
) -> None:
    client = served(export=False)
    never = export(client, "text/never")
    for form in WRITERS:
        refused = export(client, form)
        assert (refused.status_code, refused.content) == (never.status_code, never.content)
        assert refused.status_code == 406
    both = export(client, "text/csv, application/json")
    assert (both.status_code, both.headers["content-type"]) == (200, "application/json; charset=utf-8")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("{ agreement { id } }", "connection at its root"),
        ("{ findings { nodes { month } } warnings { nodes { month } } }", "one field at its root"),
        ("{ findings(first: 5) { nodes { month } } }", "pages by itself"),
        ("{ findings { nodes { month } pageInfo { endCursor } } }", "only nodes"),
        ("{ findings { edges { node { month } } } }", "only nodes"),
        ("{ findings { nodes { person { categories { category } } } } }", "person.categories is a list"),
        ("{ persons { nodes { settlements { nodes { number } } } } }", "settlements is a list"),
        ("{ persons { nodes { nothing } } }", "Cannot query field"),
        ('mutation { confirmWaiver(case: "c", key: "k") { __typename } }', "is a query"),
    ],
)
def test_what_is_no_table_is_refused_and_logged(served: Callable[..., Client], query: str, why: str) -> None:
    client = served()
    response = export(client, "csv", query)
    error = response.json()["errors"][0]
    assert error["extensions"]["code"] == "DOCUMENT_REFUSED"
    assert why in error["message"]
    entry = client.entries()[-1]
    assert (entry.outcome, entry.agreement) == ("refused", CIVIL)


def test_no_more_rows_than_the_agreement_lets_out(served: Callable[..., Client]) -> None:
    client = served(limits=Limits(page=7, rows=20))
    refused = export(client, "csv", "{ persons { nodes { token } } }")
    assert refused.json()["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "rows"}
    few = export(client, "csv", "{ persons(filter: {category: TEKUN}) { nodes { token } } }")
    assert few.status_code == 200
    variables = {"c": {"category": "TEKUN"}}
    same = export(
        client, "csv", "query Q($c: PersonFilter) { persons(filter: $c) { nodes { token } } }", variables=variables
    )
    assert same.content == few.content


def test_few_exports_run_at_once(served: Callable[..., Client]) -> None:
    client = served()
    exports = client.app.state.hub.exports
    exports._running = 2
    assert export(client, "csv").status_code == 503
    exports._running = 0
    assert export(client, "csv").status_code == 200
    assert exports._running == 0


def test_text_that_a_spreadsheet_could_take_for_a_formula_is_made_safe() -> None:
    columns = (Column(name="a", path=("a",), scalar="String"), Column(name="b", path=("b",), scalar="Yuan"))
    rows = [{"a": text, "b": "-5.00"} for text in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "plain", "")]
    for form in ("csv", "xlsx"):
        writer = WRITERS[form](columns, len(rows))
        content = writer.head() + writer.page(rows) + b"".join(writer.end(len(rows)))
        writer.close()
        if form == "csv":
            _, *found = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
            assert [row[1] for row in found] == ["-5.00"] * len(rows)
        else:
            _, *found = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
            assert [row[1] for row in found] == [-5.0] * len(rows)
        assert [row[0][:1] for row in found] == ["'"] * 6 + ["p", ""]
    assert safe(-5) == -5


def test_amounts_stay_exact_and_masked_ones_are_text() -> None:
    columns = (Column(name="a", path=("a",), scalar="Yuan"), Column(name="m", path=("m",), scalar="Text"))
    rows = [{"a": "90071992547409.93", "m": "500.00..2000.00"}, {"a": None, "m": None}]
    writer = WRITERS["parquet"](columns, 2)
    content = writer.head() + writer.page(rows) + b"".join(writer.end(2))
    table = pq.read_table(io.BytesIO(content)).to_pylist()
    assert table == [{"a": Decimal("90071992547409.93"), "m": "500.00..2000.00"}, {"a": None, "m": None}]
    writer = WRITERS["xlsx"](columns, 2)
    writer.page(rows)
    content = b"".join(writer.end(2))
    writer.close()
    cells = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert cells[1][0] == "90071992547409.93"  # sixteen digits: a cell's number would lose one


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_memory_does_not_grow_with_the_rows(form: str) -> None:
    columns = (Column(name="a", path=("a",), scalar="String"), Column(name="b", path=("b",), scalar="Yuan"))

    def peak(pages: int) -> int:
        rows = [{"a": f"text {n}", "b": f"{n}.00"} for n in range(200)]
        writer = WRITERS[form](columns, 200 * pages)
        tracemalloc.start()
        writer.head()
        for _ in range(pages):
            writer.page(rows)
        for _ in writer.end(200 * pages):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        writer.close()
        return found

    peak(2)
    assert peak(40) < 2 * peak(4) + 300_000


@pytest.mark.parametrize("compiled", [True, False])
def test_memory_does_not_grow_with_the_pages_of_a_whole_export(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch, compiled: bool
) -> None:
    """Statements, log and writer together; its second page comes again and again, as if the list were long."""
    client, read, pages_left, second = served(), Pages.read, [0], [""]
    whole = (
        "{ persons { nodes { token name sex birth residence { code name fullName } county { code name fullName } } } }"
    )
    if not compiled:
        monkeypatch.setattr(Pages, "_compiled", lambda *_: None)

    def again(pages: Pages, after: str | None) -> Page:
        page = read(pages, after and second[0])
        if after is None:
            second[0] = page.after or ""
        pages_left[0] -= 1
        return replace(page, after=second[0] if pages_left[0] else None)

    monkeypatch.setattr(Pages, "read", again)

    def peak(count: int) -> int:
        pages_left[0] = count
        begun = begin(client, "csv", whole)
        tracemalloc.start()
        rows = 0
        while (part := asyncio.run(client.app.state.hub.workers.run(begun.next))) is not None:
            rows = part.rows
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        begun.close()
        assert rows == 7 * count
        return found

    peak(3)
    few, many = peak(10), peak(80)
    assert many < few + 250_000  # 490 rows more hold more than that


def test_the_forms_are_asked_for_by_name() -> None:
    assert [form_of(media) for media in FORMS] == list(FORMS.values())
    assert form_of("application/json, TEXT/CSV;q=0.5") == "csv"
    assert [form_of(accept) for accept in (None, "", "*/*", "text/*", "text/csv;q=0", "application/json")] == [None] * 6


def test_a_time_is_written_as_the_graph_has_it() -> None:
    columns = (Column(name="at", path=("at",), scalar="DateTime"), Column(name="r", path=("r",), scalar="Ratio"))
    writer = WRITERS["parquet"](columns, 1)
    content = writer.page([{"at": "2025-12-05T01:02:03.999Z", "r": "0.9850"}]) + b"".join(writer.end(1))
    (row,) = pq.read_table(io.BytesIO(content)).to_pylist()
    assert row == {"at": datetime(2025, 12, 5, 1, 2, 3, 999_000, tzinfo=UTC), "r": Decimal("0.9850")}


PERSONS = "{ persons { nodes { token } } }"


def test_an_export_counts_against_its_clients_rate(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    told = tuple(replace(item, export=True, limits=Limits(rate=2)) for item in agreements)
    client = serve(filled, ring, told, rated=True)
    try:
        assert [export(client, "csv", PERSONS).status_code for _ in range(3)] == [200, 200, 429]
        assert client.ask(CIVIL, PERSONS).code == "RATE_LIMITED"
    finally:
        client.app.state.hub.workers.close()


def test_each_part_of_an_export_waits_for_its_clients_turn(
    served: Callable[..., Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = served()
    turns, took = client.app.state.hub.turns, []
    plain = turns.of

    def noted(name: str) -> Any:
        took.append(name)
        return plain(name)

    monkeypatch.setattr(turns, "of", noted)
    before = len(client.entries())
    assert export(client, "csv", PERSONS).status_code == 200
    pages = len(client.entries()) - before
    assert pages > 2
    assert len(took) > pages
    assert set(took) == {"tester"}
    assert not turns._lines  # all were given back


def test_where_documents_are_registered_an_export_is_of_one_of_them(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    (civil,) = (replace(item, export=True, documents=REGISTERED) for item in agreements if item.id == CIVIL)
    held = {CIVIL: Registered([Document(file="persons.graphql", text=PERSONS)])}
    client = serve(filled, ring, (civil,), registered=held)
    try:
        assert export(client, "csv", PERSONS).status_code == 200
        refused = export(client, "csv", "{ persons { nodes { sex } } }")
        assert refused.json()["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_REGISTERED"
        entry = client.entries()[-1]
        assert (entry.outcome, json.loads(entry.leaf)["refusal"]) == ("refused", "DOCUMENT_NOT_REGISTERED")
    finally:
        client.app.state.hub.workers.close()
