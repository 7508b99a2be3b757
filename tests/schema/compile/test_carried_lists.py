"""Lists that stand in persons' rows are read there, and nowhere else is what does not stand there."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from hub import carried
from hub.keys import KeyRing
from hub.store import published
from schema.agreement import Agreement
from schema.graph.entities import CATEGORY_SPELL, ENROLMENT
from schema.read.model import Scope
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.test_graph import statements

CIVIL, AUDITOR = "civil-affairs", "auditor"
FIELDS = {"categories": "category_spell", "enrolments": "enrolment"}
HEAD = "query P($t: String!) { person(token: $t) { %s } }"
READ = (  # read in the person's row
    "categories { category validFrom validUntil } enrolments { status }",
    'categories(asOf: "2024-06-01") { category } enrolments(asOf: "2024-06-01") { insutype region { code } }',
    "enrolments { __typename }",
    "a: categories { category } b: categories { validFrom }",
)
ASKED = (  # what does not stand there: the row's record, and columns besides
    "enrolments { status record { line } }",
    "categories { certifier }",
)


def tables_of(client: Client, agreement: str, document: str, variables: dict[str, Any]) -> tuple[set[str], Any]:
    """The lists' own tables that the statement of a document reads, beside what stands in for a row not made."""
    with statements() as seen:
        data = client.ask(agreement, document, variables).data
    text = [text for text in seen if "FROM person AS t" in text][-1]
    return {name for name in carried.LISTS if f"{name} AS t" in text}, data


def plainly(
    filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], agreement: str, document: str
) -> tuple[Client, Any]:
    plain = serve(filled, ring, agreements, compiled=False)
    return plain, plain.ask(agreement, document, {"t": plain.person(agreement, 1)}).data


@pytest.mark.parametrize("asked", READ)
def test_lists_are_read_in_the_persons_row(
    client: Client, filled: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], asked: str
) -> None:
    document = HEAD % asked
    read, data = tables_of(client, CIVIL, document, {"t": client.person(CIVIL, 1)})
    assert read == (
        set() if filled.dialect.name == "postgresql" else {name for field, name in FIELDS.items() if field in asked}
    )
    plain, told = plainly(filled, ring, agreements, CIVIL, document)
    assert data == told
    plain.app.state.hub.workers.close()


@pytest.mark.parametrize("asked", ASKED)
def test_what_does_not_stand_there_is_asked_of_the_table(client: Client, asked: str) -> None:
    read, data = tables_of(client, AUDITOR, HEAD % asked, {"t": client.person(AUDITOR, 1)})
    assert read == {name for field, name in FIELDS.items() if field in asked}
    assert next(iter(data["person"].values()))


def test_what_was_known_earlier_and_another_order_are_asked_of_the_tables(client: Client) -> None:
    then = "query P($t: String!) { person(token: $t, knownAt: 1) { enrolments { status } } }"
    read, data = tables_of(client, AUDITOR, then, {"t": client.person(AUDITOR, 1)})
    assert read == {"enrolment"}
    assert data["person"]["enrolments"]
    assert ENROLMENT.descending
    assert CATEGORY_SPELL.descending
    assert ENROLMENT.ordered(Scope()) == carried.LISTS["enrolment"].order
    hidden = Scope(unordered=frozenset({"CategorySpell.source"}))
    assert CATEGORY_SPELL.ordered(hidden) == carried.LISTS["category_spell"].order
    read, _ = tables_of(client, AUDITOR, HEAD % "categories { category }", {"t": client.person(AUDITOR, 1)})
    assert read == {"category_spell"}  # the auditor sees the source, which orders its lists


def test_a_row_that_nothing_has_made_loses_nothing(client: Client) -> None:
    if client.engine.dialect.name != "postgresql":
        pytest.skip("rows carry lists on PostgreSQL alone")
    document, variables = HEAD % READ[0], {"t": client.person(CIVIL, 1)}
    made = client.ask(CIVIL, document, variables).data
    person = published["person"]
    for value in (None, {"enrolment": [], "category_spell": []}, {"category_spell": []}):
        with client.engine.begin() as connection:
            connection.execute(sa.update(person).values(carried=value))
        found = client.ask(CIVIL, document, variables).data["person"]
        with client.engine.begin() as connection:
            world.carry(connection)
        for field, name in FIELDS.items():
            assert found[field] == ([] if value and name in value else made["person"][field])
