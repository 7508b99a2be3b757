"""Orders follow from the agreement's list: nothing is ordered by a value that it does not show in the clear."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from hub.store import published
from schema.agreement import Agreement
from schema.catalogue import catalogue
from schema.contract import KEYS, Contract
from schema.graph.entities import FINDING, HOUSEHOLD, WARNING
from schema.graph.fields import Way
from schema.read.model import SHOW, Column, Kind, Shape
from schema.read.statement import build
from tests.schema import world
from tests.schema.client import Client
from tests.schema.walk import SHIPPED, as_data

PAGED = """query Q($t: String!, $first: Int, $after: String, $last: Int, $before: String) { person(token: $t) {
    settlements(first: $first, after: $after, last: $last, before: $before) {
        nodes { number total } pageInfo { endCursor startCursor hasNextPage hasPreviousPage } } } }"""


@pytest.mark.parametrize("agreement", SHIPPED.values(), ids=SHIPPED)
def test_no_list_is_ordered_by_what_is_not_shown(agreement: Agreement) -> None:
    contract = Contract(agreement)
    for kind, names in agreement.fields.items():
        for name in names:
            spec = catalogue()[kind][name].spec
            if not isinstance(spec, Way) or spec.link.kind is Kind.ONE:
                continue
            entity = spec.link.target
            query = str(build(Shape(link=spec.link, columns=()), contract.terms.scope))
            ordered = " ".join(re.findall(r"ORDER BY ([^()]*)", query))
            assert f"t.{entity.ordered(contract.terms.scope)[-1]}" in ordered
            for column in set(entity.order) - KEYS - {entity.identity}:
                readers = [
                    field
                    for field, item in catalogue()[entity.name].items()
                    if isinstance(item.spec, Column) and item.python_name == column and SHOW in item.spec.forms
                ]
                if readers and not any(agreement.shows(f"{entity.name}.{field}") for field in readers):
                    assert f"t.{column}" not in ordered, f"{kind}.{name} by {column}"


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize("effect", ["mask:year", ""])
def test_a_list_whose_order_is_hidden_is_paged_whole_both_ways(
    changed: Any, filled: sa.Engine, compiled: bool, effect: str
) -> None:
    fields = as_data(SHIPPED["auditor"])
    del fields["Settlement"]["settled"]
    if effect:
        fields["Settlement"]["settled"] = effect
    client: Client = changed("auditor", compiled=compiled, fields=fields)
    table = published["settlement"]
    mine = sa.select(table.c.setl_id).where(table.c.person_id == world.PERSON_IDS + 1, table.c.pub_until.is_(None))
    with filled.connect() as connection:
        expected = list(connection.scalars(mine.order_by(table.c.setl_id.desc())))  # as the agreement shows the number
    fields["Settlement"]["number"] = "mask:token"
    coded: Client = changed("auditor", compiled=compiled, fields=fields)
    with filled.connect() as connection:
        by_digest = list(connection.scalars(mine.order_by(table.c.row_digest.desc(), table.c.row_id.desc())))
    codec = coded.app.state.hub.operations.codecs["auditor"]
    wanted = [codec.opaque("Settlement.number", number) for number in by_digest]
    for asking, told in ((client, expected), (coded, wanted)):
        assert walked(asking, "first", "after", "endCursor", "hasNextPage") == told
        assert walked(asking, "last", "before", "startCursor", "hasPreviousPage") == told


def walked(client: Client, size: str, cursor: str, end: str, more: str) -> list[str]:
    """The numbers of all pages of three, in the list's own order."""
    found: list[str] = []
    given: dict[str, Any] = {"t": client.person("auditor", 1), size: 3}
    while True:
        page = client.ask("auditor", PAGED, given).data["person"]["settlements"]
        numbers = [node["number"] for node in page["nodes"]]
        found = found + numbers if size == "first" else numbers + found
        if not page["pageInfo"][more]:
            return found
        given[cursor] = page["pageInfo"][end]


def test_what_is_shown_in_the_clear_orders_as_before() -> None:
    scope = Contract(SHIPPED["auditor"]).terms.scope
    for names in catalogue().values():
        for item in names.values():
            if isinstance(item.spec, Way) and item.spec.link.target.name in SHIPPED["auditor"].fields:
                assert item.spec.link.target.ordered(scope) == item.spec.link.target.order


@pytest.mark.parametrize("effect", ["mask:city", ""])
@pytest.mark.parametrize("kind", ["Warning", "Finding", "Household"])
def test_where_no_county_is_shown_no_list_follows_counties(kind: str, effect: str) -> None:
    """Households' and cases' keys hold numbers that counties give, and persons are numbered as counties' lists came."""
    fields = {name: dict(held) for name, held in SHIPPED["rural-revitalization"].fields.items()}
    shown = Contract(replace(SHIPPED["rural-revitalization"], fields=fields)).terms.scope
    del fields[kind]["county"]
    if effect:
        fields[kind]["county"] = effect
    hidden = Contract(replace(SHIPPED["rural-revitalization"], fields=fields)).terms.scope
    (entity,) = (item for item in (WARNING, FINDING, HOUSEHOLD) if item.name == kind)
    assert KEYS & set(entity.ordered(shown))
    assert not KEYS & set(entity.ordered(hidden))
    assert entity.ordered(hidden)[-2:] == ("row_digest", "row_id")
