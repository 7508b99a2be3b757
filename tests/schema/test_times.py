"""What was true on a day, and what the hub knew at a publication: months read back as they were answered then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import event

from hub import held, publish, store, tables
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.catalogue import catalogue
from schema.contract import Contract
from schema.graph.fields import KNOWN_AT, Way
from schema.read.model import Kind, Shape
from schema.read.statement import build
from tests.hub.test_publish import ARROW
from tests.schema import world
from tests.schema.client import Client, serve

CIVIL, AUDITOR = "civil-affairs", "auditor"
PERSON = """token sex birth county { code } categories { category validFrom validUntil }
  entitlements { benefit category annualAmount outranked { place category reason } }
  findings(first: 5) { nodes { kind state } } households { covered household { token members { covered } } }"""
DOCUMENTS = (  # with %s where the times stand
    "query Q($t: String!) { person(token: $t %s) { " + PERSON + " } }",
    "query Q { persons(first: 50 %s) { nodes { " + PERSON + " } pageInfo { hasNextPage } } }",
    "query Q { persons(first: 50, filter: {category: DIBAO} %s) { nodes { token } } }",
    "query Q { findings(first: 50 %s) { nodes { month kind state person { token categories { category } } } } }",
    "query Q { warnings(first: 50 %s) { nodes { month state burden household { token } } } }",
    "query Q { households(first: 50 %s) { nodes { token members { person { token } } } } }",
)
OF = {CIVIL: DOCUMENTS, AUDITOR: (DOCUMENTS[0].replace("sex birth ", ""), *DOCUMENTS[3:5])}
AT = datetime(2026, 2, 5, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def served(engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[tuple[Client, Client]]:
    """The small world's first publication, compiled and plain, with history for all."""
    world.fill(engine, ring, many=3)
    with engine.begin() as connection:  # in scope in 2025's benefit year, out of it in 2026's
        world.World(connection, ring).person(9, "370911", "370911", name="周*")
        world.World(connection, ring).spell(9, "dibao", region="370911", until=date(2025, 7, 1))
        held.renew(connection, held.bits(held.current(connection), date(2025, 1, 1)))
    made = tuple(replace(item, history=True) for item in agreements)
    clients = (serve(engine, ring, made), serve(engine, ring, made, compiled=False))
    yield clients
    for client in clients:
        client.app.state.hub.workers.close()


def computed(connection: sa.Connection, table: tables.Table) -> list[dict[str, Any]]:
    """The current rows of a table, as a month computes them."""
    t = store.published[table.name]
    query = sa.select(*(t.c[name] for name in table.columns)).where(t.c.pub_until.is_(None))
    return [dict(row._mapping) for row in connection.execute(query)]


def second_month(engine: sa.Engine) -> None:
    """Publication 2, of the next year: person 1 moves away, spells end, findings clear, a household loses a member."""
    changes = []
    with engine.begin() as connection:
        for table in tables.PUBLISHED.values():
            rows = computed(connection, table)
            for row in rows:
                if row.get("person_id") == world.PERSON_IDS + 1 and "residence" in row:
                    row |= {"residence": "653121", "county": "653121", "sex": "2"}
                if table is tables.CATEGORY_SPELL and row["category"] == "tekun":
                    row["valid_until"] = date(2024, 2, 1)
                if table is tables.ENTITLEMENT:
                    row["annual_amount"] = 1
                if table is tables.FINDING:
                    row["state"] = "cleared"
            if table in (tables.HOUSEHOLD_MEMBER, tables.WARNING):
                rows = rows[1:]
            schema = pa.schema([(name, ARROW[kind]) for name, kind in table.columns.items()])
            changes.append(publish.difference(connection, table, pa.Table.from_pylist(rows, schema=schema), "2025-11"))
        publish.apply_all(connection, changes, 2, {}, lambda *_: None)
        connection.execute(store.publication.insert().values(publication=2, month="2026-01", at=AT, digest="f" * 64))
        held.renew(connection, held.bits(held.current(connection), date(2026, 1, 1)))


def asked(client: Client, agreement: str, document: str, times: str) -> str:
    token = client.person(agreement, 1)
    reply = client.ask(agreement, document % (times and f", {times}"), {"t": token} if "$t" in document else None)
    assert reply.data is not None
    return reply.text


def test_a_month_is_read_back_as_it_was_answered_then(served: tuple[Client, Client]) -> None:
    whom = [(client, name) for client in served for name in (CIVIL, AUDITOR)]
    first = [asked(client, name, document, "") for client, name in whom for document in OF[name]]
    assert first[: len(first) // 2] == first[len(first) // 2 :]
    second_month(served[0].engine)
    for known in ("1", '"2025-12-05"', '"2025-12-05T09:02:03+08:00"', '"2026-02-04"'):
        again = [asked(client, name, doc, f"knownAt: {known}") for client, name in whom for doc in OF[name]]
        assert again == first
    now = [asked(client, name, document, "") for client, name in whom for document in OF[name]]
    latest = [asked(client, name, doc, 'knownAt: "2999-01-01"') for client, name in whom for doc in OF[name]]
    assert latest == now
    assert all(one != other for one, other in zip(now, first, strict=True))


def test_scope_is_judged_at_the_same_publication(served: tuple[Client, Client]) -> None:
    """Who moved away is found where they were, and not where they are; nor the other way round."""
    second_month(served[0].engine)
    for client in served:
        query = "query Q($t: String!) { now: person(token: $t) { sex } then: person(token: $t, knownAt: 1) { sex } }"
        assert client.ask(CIVIL, query, {"t": client.person(CIVIL, 1)}).data == {"now": None, "then": {"sex": "MALE"}}
        assert client.ask(CIVIL, query, {"t": client.person(CIVIL, 9)}).data == {"now": None, "then": {"sex": "MALE"}}


def test_before_the_first_publication_nothing_was_known(served: tuple[Client, Client]) -> None:
    for client in served:
        for times in ('knownAt: "2025-12-04"', 'knownAt: "2025-12-05T01:02:02Z"'):
            told = client.ask(CIVIL, f"{{ persons(first: 5, {times}) {{ nodes {{ token }} }} }}").data
            assert told == {"persons": {"nodes": []}}


def test_a_publication_that_is_none_is_refused(served: tuple[Client, Client]) -> None:
    for client in served:
        reply = client.ask(CIVIL, "{ persons(knownAt: 9) { nodes { token } } agreement { id } }")
        assert reply.json["data"] == {"persons": None, "agreement": {"id": "civil-affairs"}}
        assert reply.code == "BAD_REQUEST"


@pytest.mark.parametrize("wrong", ["0", "true", '"2025"', '"2025-13-01"', '"2025-12-05T01:02:03"', "1.5", "-1"])
def test_what_is_no_time_is_refused_without_repeating_it(served: tuple[Client, Client], wrong: str) -> None:
    reply = served[0].ask(CIVIL, f"{{ persons(knownAt: {wrong}) {{ nodes {{ token }} }} }}")
    assert (reply.status, reply.code) == (200, "DOCUMENT_REFUSED")
    assert wrong.strip('"') not in reply.errors[0]["message"].partition("(")[0].replace("knownAt", "")


def test_a_cursor_is_bound_to_what_was_known_and_to_the_day(served: tuple[Client, Client]) -> None:
    second_month(served[0].engine)
    query = "query Q($a: String) { persons(first: 1, after: $a %s) { nodes { token } pageInfo { endCursor } } }"
    kinds = ("", ", knownAt: 1", ", knownAt: 2", ', asOf: "2025-01-01"', ', asOf: "2025-01-02"')
    for client in served:
        for kind in kinds:
            cursor = client.ask(CIVIL, query % kind).data["persons"]["pageInfo"]["endCursor"]
            for other in kinds:
                reply = client.ask(CIVIL, query % other, {"a": cursor})
                refused = [error["extensions"]["code"] for error in reply.json.get("errors", [])]
                assert refused == ([] if other == kind else ["CURSOR_REFUSED"])
        told = client.ask(CIVIL, query % ', knownAt: "2025-12-31"', {"a": None}).data  # the same publication
        after = client.ask(CIVIL, query % ", knownAt: 1", {"a": told["persons"]["pageInfo"]["endCursor"]}).data
        assert len(after["persons"]["nodes"]) == 1


def test_a_page_below_a_person_is_bound_to_it_too(served: tuple[Client, Client]) -> None:
    second_month(served[0].engine)
    query = """query Q($t: String!, $a: String) { person(token: $t %s) {
      findings(first: 1, after: $a) { nodes { state } pageInfo { endCursor } } } }"""
    for client in served:
        token = client.person(AUDITOR, 1)
        then = client.ask(AUDITOR, query % ", knownAt: 1", {"t": token}).data["person"]["findings"]
        assert then["nodes"] == [{"state": "NEW"}]
        cursor = {"t": token, "a": then["pageInfo"]["endCursor"]}
        assert client.ask(AUDITOR, query % ", knownAt: 1", cursor).data["person"]["findings"]["nodes"]
        assert client.ask(AUDITOR, query % "", cursor).code == "CURSOR_REFUSED"


def test_a_day_reaches_all_that_hangs_below_until_a_list_names_its_own(served: tuple[Client, Client]) -> None:
    query = """query Q($t: String!) { person(token: $t, asOf: "2023-12-31") {
      token categories { category }
      later: categories(asOf: "2024-01-01") { category household { categories { category } } }
      households { covered } findings(first: 9) { nodes { kind } } } }"""
    for client in served:
        told = client.ask(CIVIL, query, {"t": client.person(CIVIL, 1)}).data["person"]
        assert (told["categories"], told["households"], told["findings"]["nodes"]) == ([], [], [])
        assert told["later"] == [{"category": "DIBAO", "household": {"categories": [{"category": "DIBAO"}]}}]
        months = "{ a: findings(asOf: %s) { nodes { month } } b: warnings(asOf: %s) { nodes { month } } }"
        none = client.ask(AUDITOR, months % (('"2025-12-01"',) * 2)).data
        assert none == {"a": {"nodes": []}, "b": {"nodes": []}}
        some = client.ask(AUDITOR, months % (('"2025-11-30"',) * 2)).data
        assert len(some["a"]["nodes"]) == 5
        assert len(some["b"]["nodes"]) == 3


def test_the_filter_by_category_means_the_day(served: tuple[Client, Client]) -> None:
    query = 'query Q { persons(filter: {category: DIBAO}, asOf: "%s") { nodes { token } } }'
    for client in served:
        token = client.person(CIVIL, 9)
        for day, there in (("2025-06-30", True), ("2025-07-01", False)):
            told = client.ask(CIVIL, query % day).data["persons"]["nodes"]
            assert ({"token": token} in told) is there


def granted(agreement: Agreement) -> Iterator[object]:
    """What an agreement's fields are made of."""
    return (catalogue()[kind][name].spec for kind, names in agreement.fields.items() for name in names)


def test_what_the_hub_knew_is_asked_only_where_the_agreement_says_so(agreements: tuple[Agreement, ...]) -> None:
    for agreement in agreements:
        for history in (False, True):
            contract = Contract(replace(agreement, history=history))
            takes = any(isinstance(spec, Way) and KNOWN_AT in spec.times for spec in granted(agreement))
            assert ("KnownAt" in contract.schema.type_map) is (history and takes)
            assert ("knownAt" in contract.sdl) is (history and takes)


def test_a_day_is_asked_only_where_all_that_it_reads_is_shown(agreements: tuple[Agreement, ...]) -> None:
    """Else its answers would tell the dates that are not listed."""
    civil = next(item for item in agreements if item.id == CIVIL)
    for kind, hidden in (("HouseholdMember", "validUntil"), ("Enrolment", "validFrom"), ("Finding", "month")):
        fields = {**civil.fields, kind: {name: how for name, how in civil.fields[kind].items() if name != hidden}}
        schema = Contract(replace(civil, fields=fields)).schema
        assert schema.query_type
        assert "asOf" not in schema.query_type.fields["person"].args
    whole = Contract(civil).schema.query_type
    assert whole
    assert "asOf" in whole.fields["person"].args


def test_the_log_tells_which_publication_was_read(served: tuple[Client, Client]) -> None:
    second_month(served[0].engine)
    for client in served:
        for times, number in (("", 2), ("(knownAt: 1)", 1), ('(knownAt: "2025-12-04")', 0)):
            client.ask(CIVIL, f"{{ persons{times} {{ nodes {{ token }} }} }}")
            assert json.loads(client.entries()[-1].leaf)["publication"] == number


def test_what_was_erased_does_not_come_back(served: tuple[Client, Client]) -> None:
    """No answer of any publication holds a sealed identity: they are not of the graph, and erasure empties all rows."""
    second_month(served[0].engine)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        for client in served:
            for document in DOCUMENTS:
                assert "CANARYSEALED" not in asked(client, CIVIL, document, "knownAt: 1")
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
    assert statements
    assert not any("identity_sealed" in statement for statement in statements)


def test_no_statement_about_then_reads_what_is_now(agreements: tuple[Agreement, ...]) -> None:
    """Wherever a condition stands (scope, filter, link), each published table in it is read as of the publication."""
    from schema.catalogue import catalogue
    from schema.graph.fields import WHERE, Way

    tried = 0
    for agreement in agreements:
        for names in catalogue().values():
            for item in names.values():
                if not isinstance(item.spec, Way) or item.spec.link.parent is not None:
                    continue
                chosen = item.spec.filter.__strawberry_definition__.fields if item.spec.filter else ()  # type: ignore[attr-defined]
                shape = Shape(
                    link=item.spec.link,
                    columns=(),
                    filters=tuple((field.python_name, field.metadata[WHERE]) for field in chosen),
                    known=True,
                    dated=True,
                )
                text = str(build(shape, agreement.scope))
                assert (
                    text.count("pub_until IS NULL")
                    == text.count("pub_from <= :known")
                    == text.count("pub_until > :known")
                )
                tried += "pub_from" in text
                if item.spec.link.kind is Kind.PAGE:
                    assert text.count("FROM publication") == 0
    assert tried > 10


FOLLOWED = """query Q($t: String! %s) { person(token: $t%s) { sex categories { validFrom } } }"""


def test_what_a_remembered_plan_was_first_asked_about_is_not_asked_about_again(served: tuple[Client, Client]) -> None:
    """Neither a day nor a publication stays with a plan, be it a literal or a variable."""
    compiled, plain = served
    day, known = FOLLOWED % (", $d: Date", ", asOf: $d"), FOLLOWED % (", $k: KnownAt", ", knownAt: $k")
    fixed = FOLLOWED % ("", ', knownAt: "2999-01-01"')

    def told(client: Client, document: str, **variables: str) -> Any:
        whom = {"t": client.person(CIVIL, 1), **variables}
        return [client.ask(CIVIL, document, whom).data for _ in range(3)]

    for when in ("2025-03-01", "1999-01-01", "2025-03-01"):
        assert told(compiled, day, d=when) == told(plain, day, d=when)
    assert told(compiled, day, d="1999-01-01")[0]["person"]["categories"] == []
    assert told(compiled, known, k="2999-01-01")[0]["person"] == told(compiled, fixed)[0]["person"] is not None
    second_month(compiled.engine)  # and whoever it is has moved away
    for client in served:
        assert told(client, known, k="2999-01-01") == told(client, fixed) == [{"person": None}] * 3
        assert told(client, known, k="2025-12-05")[0]["person"] is not None


def test_what_was_known_is_not_kept(engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("on SQLite nothing is kept")
    world.fill(engine, ring, many=1)
    client = serve(engine, ring, tuple(replace(item, history=True) for item in agreements), keep=1 << 20)
    kept = client.app.state.hub.front._short._kept
    whom = {"t": client.person(CIVIL, 1)}
    try:
        both = FOLLOWED % (", $k: KnownAt, $d: Date", ", knownAt: $k, asOf: $d")
        for document, told in (
            (FOLLOWED % ("", ", knownAt: 1"), {}),
            *((both, {"k": known, "d": day}) for known in (1, "2999-01-01") for day in (None, "2025-03-01")),
        ):
            for _ in range(3):
                assert client.ask(CIVIL, document, {**whom, **told}).data["person"]
        assert kept.taken == 0
        for _ in range(3):
            assert client.ask(CIVIL, both, {**whom, "k": None, "d": "2025-03-01"}).data["person"]
        assert kept.taken > 0  # a day is a day, whatever is published; the next publication ends it as any other
    finally:
        client.app.state.hub.workers.close()
