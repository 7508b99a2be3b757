"""Masks: what each leaves of a value, the same on both databases and both ways, and nothing clear beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, get_named_type

from hub.keys import KeyRing
from hub.store import published
from schema.agreement import MOST, Agreement
from schema.catalogue import catalogue, core, filters
from schema.contract import Contract
from schema.graph import fields, forms
from schema.read.model import SHOW, Column, Scope
from tests.schema import world
from tests.schema.client import Client, serve
from tests.schema.walk import SHIPPED, Given, roots, whole

MASKS = sorted(
    {effect for names in catalogue().values() for item in names.values() for effect in item.effects} - {SHOW}
)
OPENED = {"mask:last_four"}  # of identifiers that are never clear
PLACES = {"mask:county": 6, "mask:city": 4, "mask:province": 2}
BANDS = [*forms.BANDS, 10**12]


def fen(text: str) -> int:
    return round(float(text) * 100)


def band(text: str) -> str:
    amount = fen(text)
    if amount < 0:
        return "..0.00"
    low, high = next((low, high) for low, high in pairwise(BANDS) if amount < high * 100)
    return f"{low}.00.." + (f"{high}.00" if high in forms.BANDS else "")


def place(effect: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda clear: {"code": clear["code"][: PLACES[effect]]}


ORACLE: dict[str, Callable[[Any], Any]] = {
    "mask:year": lambda clear: clear[:4],
    "mask:band": band,
    **{effect: place(effect) for effect in PLACES},
}


def everything(effect: str) -> Agreement:
    """An agreement that grants all there is: under this mask where a field has it, else in the clear."""

    def of(item: Any) -> str | None:
        if effect in item.effects:
            return effect
        return next((told for told in item.effects if told not in OPENED), None)

    granted = {
        kind: {name: told for name, item in names.items() if (told := of(item))} for kind, names in catalogue().items()
    }
    for kind in ("Query", "Person"):
        del granted[kind]["accessLog"]  # it grows between two answers
    return replace(SHIPPED["auditor"], fields=granted, scope=Scope(), limits=MOST, browse=True)


@pytest.fixture(scope="module", params=[True, False], ids=["compiled", "plain"])
def asking(request: pytest.FixtureRequest, filled: sa.Engine, ring: KeyRing) -> Iterator[Callable[[str], Client]]:
    """A client under everything with a mask; lists keep their order, so that rows stand opposite each other."""

    @cache
    def client(effect: str) -> Client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("schema.contract._unordered", lambda _agreement: ())  # tests/schema/test_orders.py
            made.append(serve(filled, ring, (everything(effect),), compiled=request.param))
        return made[-1]

    made: list[Client] = []
    yield client
    for item in made:
        item.app.state.hub.workers.close()


def values(client: Client) -> Given:
    codec = client.app.state.hub.operations.codecs["auditor"]
    told = {"Query.person(token)": client.person("auditor", 1), "id": "zichuan-2025", "idNumber": world.NUMBER}
    return Given({**told, "Query.household(token)": codec.household("civil_affairs:CANARYHH1"), "Query.batch(id)": "1"})


def compare(kind: GraphQLObjectType, clear: Any, masked: Any, effect: str, seen: set[str]) -> None:
    """Two answers to one document: a field with the mask shows what the mask leaves, all else is equal."""
    for key, value in clear.items():
        field, name = kind.fields[key], f"{kind.name}.{key}"
        item = catalogue().get(kind.name, {}).get(key)
        pairs = list(zip(value, masked[key], strict=True)) if isinstance(value, list) else [(value, masked[key])]
        for one, other in pairs:
            if one is None or other is None:
                assert one is other
            elif item and isinstance(item.spec, Column) and effect in item.effects and SHOW in item.effects:
                seen.add(name)
                if effect == "mask:token":
                    assert other.startswith("x_")
                    assert one not in other
                else:
                    expected = ORACLE[effect](one)
                    assert (
                        {part: other[part] for part in expected} == expected
                        if isinstance(one, dict)
                        else other == expected
                    ), name
            elif isinstance(one, dict):
                target = get_named_type(field.type)
                assert isinstance(target, GraphQLObjectType)
                compare(target, one, other, effect, seen)
            elif not (item and effect in item.effects):
                assert one == other, name


@pytest.mark.parametrize("effect", [effect for effect in MASKS if effect in ORACLE or effect == "mask:token"])
def test_a_mask_leaves_what_it_says_and_all_else_as_it_is(asking: Callable[[str], Client], effect: str) -> None:
    shown, masked, seen, listed = asking(SHOW), asking(effect), set[str](), set[str]()
    query = roots(core())["query"]
    for entry in ("person", "findings", "warnings", "household", "batch"):
        document, given = whole(shown.app.state.hub.contracts["auditor"].schema, "query", entry, values(shown), 2)
        clear, hidden = (client.ask("auditor", document, given) for client in (shown, masked))
        compare(query, clear.data, hidden.data, effect, seen)
        withheld = hidden.json.get("extensions", {}).get("withheld", [])
        assert {item["agreement"] for item in withheld} <= {"auditor"}
        told = [item["field"] for item in withheld if item["reason"] == effect]
        assert len(told) == len(set(told))
        listed |= set(told)
    assert seen <= listed
    assert seen


def test_every_mask_of_the_graph_is_known_here() -> None:
    assert set(MASKS) - OPENED - {"mask:token", "mask:surname"} == set(ORACLE)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_the_last_four_of_an_identifier_are_opened_for_a_single_person(changed: Any, compiled: bool) -> None:
    granted = {
        "Query": {"personByIdNumber": "show"},
        "Person": {"idNumber": "mask:last_four", "phone": "mask:last_four"},
    }
    client = changed("hospital", compiled=compiled, fields=granted)
    query = "query Q($n: String!) { personByIdNumber(idNumber: $n) { idNumber phone } }"
    reply = client.ask("hospital", query, {"n": world.NUMBER})
    assert reply.data == {"personByIdNumber": {"idNumber": world.NUMBER[-4:], "phone": world.PHONE[-4:]}}
    reasons = {item["field"]: item["reason"] for item in reply.json["extensions"]["withheld"]}
    assert reasons == {"Person.idNumber": "mask:last_four", "Person.phone": "mask:last_four"}
    for canary in (world.NUMBER, world.PHONE, world.NUMBER[:-4], "王建国"):
        assert canary not in reply.text
        assert all(canary not in bytes(entry.leaf).decode() for entry in client.entries())


def test_nothing_is_left_of_an_identifier_that_is_no_longer_than_the_mask() -> None:
    told = {"0571 8888": "8888", "13905330007": "0007", "0007": None, " 1 2 3 4 ": None, "": None, None: None}
    assert {value: forms.last_four(value) for value in told} == told


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_an_identity_that_was_destroyed_or_does_not_open_gives_no_value(
    engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...], compiled: bool
) -> None:
    world.fill(engine, ring)
    granted = {"Query": {"personByIdNumber": "show"}, "Person": {"phone": "mask:last_four"}}
    hospital = next(replace(item, fields=granted) for item in agreements if item.id == "hospital")
    client = serve(engine, ring, (hospital,), compiled=compiled)
    query = "query Q($n: String!) { personByIdNumber(idNumber: $n) { phone } }"
    for blob, data in ((None, {"personByIdNumber": {"phone": None}}), (b"CANARYSEALED", None)):
        with engine.begin() as connection:
            connection.execute(sa.update(published["person"]).values(identity_sealed=blob))
        reply = client.ask("hospital", query, {"n": world.NUMBER})
        assert reply.json.get("data") == data
        assert data or reply.code == "FAILED"
        assert "CANARY" not in reply.text
    client.app.state.hub.workers.close()


def columns_of(condition: Any, table: Any) -> set[str]:
    """The columns of a table that a condition reads."""
    found: set[str] = set()

    def note(column: Any) -> None:
        if column.table is table:
            found.add(column.name)

    sa.sql.visitors.traverse(condition, {}, {"column": note})
    return found


def targets() -> Iterator[tuple[str, fields.Way, Any]]:
    for kind, names in catalogue().items():
        for name, item in names.items():
            if isinstance(item.spec, fields.Way):
                yield f"{kind}.{name}", item.spec, item.spec.link.target


def test_a_condition_reads_only_what_the_fields_that_it_names_show() -> None:
    """So a masked or absent field cannot be asked for its clear value by way of a condition."""
    tried = 0
    for where, way, entity in targets():
        table = entity.table.alias()
        told = [(name, made.where) for name, made in way.arguments.items() if made.where]
        if way.filter is not None:
            named = next(key for key in filters() if key == way.filter.__strawberry_definition__.name)  # type: ignore[attr-defined]
            told += list(filters()[named].items())
        for name, condition in told:
            shown: set[str] = set()
            for path in condition.by:
                kind, _, field = path.partition(".")
                spec = catalogue()[kind][field].spec
                if isinstance(spec, Column) and kind == entity.name and SHOW in spec.forms:
                    shown |= columns_of(spec.forms[SHOW].sql(table, table), table)
                if isinstance(spec, fields.Way) and spec.link.on is not None:
                    shown |= columns_of(spec.link.on(table, spec.link.target.table.alias()), table)
            read = columns_of(condition.sql(table, sa.bindparam("v")), table)
            assert read <= shown | {"pub_until"}, f"{where}({name}) reads {read - shown}"
            tried += 1
    assert tried > 10


def test_a_masks_sql_never_selects_the_clear_column_alone() -> None:
    """What a mask leaves is made in the database, but for what needs a key: a code or a sealed value."""
    for kind, names in catalogue().items():
        for name, item in names.items():
            if not isinstance(item.spec, Column) or SHOW not in item.spec.forms:
                continue
            table = sa.table("t").alias()
            for effect, form in item.spec.forms.items():
                if effect in (SHOW, "mask:token"):
                    continue
                entity = next(target for _, _, target in targets() if target.name == kind)
                table = entity.table.alias()
                assert not isinstance(form.sql(table, table), sa.Column), f"{kind}.{name} {effect}"


@pytest.mark.parametrize("agreement", SHIPPED.values(), ids=SHIPPED)
def test_the_log_says_what_was_masked(agreement: Agreement) -> None:
    contract = Contract(agreement)
    every = [f"{kind}.{name}" for kind, names in agreement.fields.items() for name in names]
    told = {item["field"]: item["reason"] for item in contract.withheld(every)}
    masked = {f"{k}.{n}": e for k, names in agreement.fields.items() for n, e in names.items() if e != SHOW}
    assert {field: reason for field, reason in told.items() if reason != "scope"} == masked


def test_lists_of_objects_are_seen_whole() -> None:
    """`compare` walks lists; a list of lists would escape it."""
    for kind in core().type_map.values():
        for field in kind.fields.values() if isinstance(kind, GraphQLObjectType) else ():
            made = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
            if isinstance(made, GraphQLList):
                inner = made.of_type.of_type if isinstance(made.of_type, GraphQLNonNull) else made.of_type
                assert not isinstance(inner, GraphQLList)
