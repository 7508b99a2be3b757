"""Every agreement, every field, every door: what is not granted is refused like what never was, and nothing leaks.

Doors: output (on every way, under an alias, in a fragment), argument, filter, enum value, introspection, error text,
cursor, look-up, file; then, with everything granted asked for at once, the answer, the log, the hub's own log and the
metrics are searched for planted values. All of it is drawn from the schema and the agreements that there are.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import pytest
import structlog
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_required_argument,
    parse,
    validate,
)
from sqlalchemy import Engine, event

from schema.agreement import MOST, Agreement
from schema.catalogue import catalogue, core, filters
from schema.contract import Contract
from schema.document import clean
from schema.graph import fields
from schema.read.model import Kind
from tests.schema import world
from tests.schema.client import Client, Reply
from tests.schema.walk import NAMES, ROOTS, SHIPPED, Fielded, Given, Way, roots, ways, whole

PLANTED = {  # where the world plants what an agreement may grant in the clear
    "CANARYDIGEST": ("Record.digest",),
    "CANARYLABEL": ("Batch.label",),
    "CANARYCONTRACT": ("Batch.contract",),
    "CANARYSUBJECT": ("Finding.subject",),
    "CANARYSETL": ("Settlement.number", "Finding.subject"),
    "CANARYVISIT": ("Settlement.visit",),
    "CANARYETHNIC": ("Person.ethnic",),
    "CANARYRELATION": ("HouseholdMember.relation",),
    "1960-03-04": ("Person.birth",),
}
FILES = ("text/csv", "application/x-ndjson", "application/vnd.apache.parquet",
         "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")  # fmt: skip
FORMS = (
    "%(name)s",
    "a_%(name)s: %(name)s",
    "... { %(name)s }",
    "... on %(kind)s { %(name)s }",
    "%(name)s { x }",
    "%(name)s(first: 1)",
    "%(name)s @include(if: true)",
)
AT_ONCE = 10_000  # errors of one document


@pytest.fixture(scope="module")
def contracts(agreements: tuple[Agreement, ...]) -> Mapping[str, Contract]:
    return {agreement.id: Contract(agreement) for agreement in agreements}


def messages(contract: Contract, document: str) -> list[str]:
    found = validate(contract.schema, parse(document), max_errors=AT_ONCE, hide_suggestions=True)
    return [clean(error.message) for error in found]


@lru_cache(maxsize=1)
def taken() -> frozenset[str]:
    """Every name of the graph."""
    names = set(core().type_map)
    for kind in core().type_map.values():
        if isinstance(kind, Fielded | GraphQLInputObjectType):
            names |= set(kind.fields)
        if isinstance(kind, GraphQLEnumType):
            names |= set(kind.values)
    return frozenset(names)


def absent(names: list[str]) -> dict[str, str]:
    """For each name one as long, that is nowhere in the graph."""
    letters, found = "qxzjvkw", {}
    used = set(taken())
    for name in names:
        for n in range(10_000):
            made = "".join(letters[(n // 7**place + place) % 7] for place in range(len(name)))
            made = made.upper() if name.isupper() else made[0].upper() + made[1:] if name[0].isupper() else made
            if made not in used:
                break
        else:
            raise AssertionError(name)
        used.add(made)
        found[name] = made
    return found


def refused_alike(contract: Contract, names: list[str], document: Callable[[list[str]], str]) -> None:
    """A document with these names is refused, word for word as one with names as long that never were."""
    never = absent(names)
    refused, unknown = (
        messages(contract, document(names)),
        messages(contract, document([never[name] for name in names])),
    )
    assert len(refused) >= len(names)
    pattern = re.compile(rf"""(?<=['".])({"|".join(names)})\b""")
    assert [pattern.sub(lambda hit: never[hit[0]], text) for text in refused] == unknown


def denied(contract: Contract, kind: str) -> list[str]:
    """The fields of a type that the graph has and the contract has not."""
    there, made = core().type_map[kind], contract.schema.type_map.get(kind)
    assert isinstance(there, Fielded)
    return [name for name in there.fields if not isinstance(made, Fielded) or name not in made.fields]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_contract_holds_is_what_its_agreement_lists(contracts: Mapping[str, Contract], name: str) -> None:
    contract = contracts[name]
    for kind in catalogue():
        made = contract.schema.type_map.get(kind)
        held = set(made.fields) if isinstance(made, Fielded) else set()
        assert held == set(contract.agreement.fields.get(kind, {}))


@pytest.mark.parametrize("name", NAMES)
def test_a_denied_field_is_refused_at_every_door_as_one_that_never_was(
    contracts: Mapping[str, Contract], name: str
) -> None:
    contract, tried = contracts[name], 0
    for kind, there in ways(contract.schema).items():
        names = denied(contract, kind) if kind in core().type_map else []
        for place, way in enumerate(there if names else ()):
            for form in FORMS if place == 0 else FORMS[:1]:

                def plain(words: list[str], form: str = form, kind: str = kind, way: Way = way) -> str:
                    return way.document(
                        contract.schema, " ".join(form % {"name": word, "kind": kind} for word in words)
                    )

                refused_alike(contract, names, plain)
                tried += len(names)

        def spread(words: list[str], kind: str = kind, way: Way = there[0]) -> str:
            return f"{way.document(contract.schema, '...F')} fragment F on {kind} {{ {' '.join(words)} }}"

        if names:
            refused_alike(contract, names, spread)
    assert tried > 50


@pytest.mark.parametrize("name", NAMES)
def test_a_denied_argument_and_condition_are_refused_as_ones_that_never_were(
    contracts: Mapping[str, Contract], name: str
) -> None:
    contract = contracts[name]
    for kind, (way, *_) in ways(contract.schema).items():
        known = core().type_map.get(kind)
        for field, made in way.type.fields.items() if isinstance(known, Fielded) else ():
            lost = [argument for argument in known.fields[field].args if argument not in made.args]

            def given(words: list[str], field: str = field, way: Way = way) -> str:
                call = f"{field}({', '.join(f'{word}: null' for word in words)}) {{ __typename }}"
                return way.document(contract.schema, call)

            if lost:
                refused_alike(contract, lost, given)
    for kind, item in core().type_map.items():
        made = contract.schema.type_map.get(kind)
        if isinstance(item, GraphQLInputObjectType) and isinstance(made, GraphQLInputObjectType):
            gone, shape = [word for word in item.fields if word not in made.fields], "{%s: null}"
        elif isinstance(item, GraphQLEnumType) and isinstance(made, GraphQLEnumType):
            gone, shape = [word for word in item.values if word not in made.values], "%s"
        else:
            continue
        for word in gone:
            refused_alike(
                contract, [word], lambda words, k=kind, s=shape: f"query Q($a: {k} = {s % words[0]}) {{ __typename }}"
            )


@pytest.mark.parametrize("name", NAMES)
def test_a_type_with_nothing_granted_is_like_one_that_never_was(contracts: Mapping[str, Contract], name: str) -> None:
    contract = contracts[name]
    for kind, item in core().type_map.items():
        if kind in contract.schema.type_map or kind.startswith("__"):
            continue
        forms = ["query Q($a: %s) { __typename }"]
        if isinstance(item, Fielded):
            forms += ["{ ... on %s { x } }", "{ ...F } fragment F on %s { x }"]
        for form in forms:
            refused_alike(contract, [kind], lambda words, form=form: form % words[0])
    for kind in set(catalogue()) - set(contract.agreement.fields):
        assert {kind, f"{kind}Connection", f"{kind}Edge"}.isdisjoint(contract.schema.type_map)


@pytest.mark.parametrize("name", NAMES)
def test_a_condition_exists_only_over_fields_shown_in_the_clear(contracts: Mapping[str, Contract], name: str) -> None:
    contract = contracts[name]
    shows = contract.agreement.shows
    for kind, conditions in filters().items():
        made = contract.schema.type_map.get(kind)
        there = made.fields if isinstance(made, GraphQLInputObjectType) else {}
        for field, condition in conditions.items():
            assert field not in there or all(shows(item) for item in condition.by), f"{kind}.{field}"
    for kind, granted in contract.agreement.fields.items():
        for field in granted:
            spec, made = catalogue()[kind][field].spec, contract.schema.type_map[kind]
            assert isinstance(made, Fielded)
            for argument, told in spec.arguments.items() if isinstance(spec, fields.Way) else ():
                hidden = told.where and not all(shows(item) for item in told.where.by)
                assert not hidden or argument not in made.fields[field].args, f"{kind}.{field}({argument})"
    assert sum(map(len, filters().values())) > 20


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_of_a_root_that_is_not_there_is_refused(contracts: Mapping[str, Contract], name: str) -> None:
    for word in set(ROOTS) - set(roots(contracts[name].schema)):
        assert messages(contracts[name], f"{word} {{ __typename }}")


INTROSPECTION = """{ __schema { types {
    name fields(includeDeprecated: true) { name args { name } } inputFields { name } enumValues { name } } } }"""


@pytest.mark.parametrize("name", NAMES)
def test_introspection_shows_the_contract_and_nothing_else(
    client: Client, contracts: Mapping[str, Contract], name: str
) -> None:
    contract = contracts[name]
    reply = client.ask(name, INTROSPECTION)
    if not contract.agreement.introspection:
        assert reply.code == "DOCUMENT_REFUSED"
        return
    shown = {kind["name"]: kind for kind in reply.data["__schema"]["types"]}
    for kind, item in core().type_map.items():
        made = contract.schema.type_map.get(kind)
        assert (kind in shown) == (made is not None), kind
        if isinstance(item, Fielded) and not kind.startswith("__") and isinstance(made, Fielded):
            told = {field["name"]: {arg["name"] for arg in field["args"]} for field in shown[kind]["fields"]}
            assert told == {field: set(there.args) for field, there in made.fields.items()}
        if isinstance(item, GraphQLEnumType) and isinstance(made, GraphQLEnumType):
            assert {value["name"] for value in shown[kind]["enumValues"]} == set(made.values)
    gone = next(kind for kind in core().type_map if kind not in contract.schema.type_map) if len(shown) < 60 else "Nope"
    assert client.ask(name, 'query { __type(name: "KIND") { name } }'.replace("KIND", gone)).data["__type"] is None


@pytest.mark.parametrize("name", NAMES)
def test_where_introspection_is_off_its_entries_are_like_fields_that_never_were(
    client: Client, contracts: Mapping[str, Contract], name: str
) -> None:
    if contracts[name].agreement.introspection:
        assert client.ask(name, "{ __schema { queryType { name } } }").data == {
            "__schema": {"queryType": {"name": "Query"}}
        }
        return
    for field, never in (
        ("__schema { types { name } }", "__schemx { types { name } }"),
        ('__type(name: "X") { name }', ""),
    ):
        reply = client.ask(name, "{ " + field + " }")
        assert reply.code == "DOCUMENT_REFUSED"
        if never:
            assert reply.text.replace("__schema", "__schemx") == client.ask(name, "{ " + never + " }").text
    assert client.ask(name, "{ __typename }").data == {"__typename": "Query"}


def known_values(client: Client, name: str) -> Given:
    """Values that find what the small world holds."""
    codec = client.app.state.hub.operations.codecs[name]
    return Given(
        {
            "Query.person(token)": client.person(name, 1),
            "Query.household(token)": codec.household("civil_affairs:CANARYHH1"),
            "Query.batch(id)": "1",
            "id": "zichuan-2025",
            "idNumber": world.NUMBER,
        }
    )


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize("name", NAMES)
def test_everything_granted_at_once_holds_no_planted_value(
    changed: Any, contracts: Mapping[str, Contract], name: str, compiled: bool, caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    contract = contracts[name]
    asking = changed(name, compiled=compiled, limits=MOST, documents="free")
    texts, answered, before = [], 0, len(asking.entries())
    for word, root in roots(contract.schema).items():
        for entry in root.fields:
            depth = 2 if compiled else 3  # what is compiled is compared with what is not, field by field, elsewhere
            document, variables = whole(contract.schema, word, entry, known_values(asking, name), depth)
            with structlog.testing.capture_logs() as events:
                reply = asking.ask(name, document, variables)
            assert reply.status == 200, reply.text[:500]
            answered += reply.data[entry] is not None
            texts.append(reply.text + json.dumps(events, default=str))
    assert answered
    texts.append(asking.http("GET", "/metrics").text)
    texts += [bytes(entry.leaf).decode() for entry in asking.entries()[before:]]
    texts += [caplog.text, *capsys.readouterr()]
    free_of_canaries(contract.agreement, *texts)


def free_of_canaries(agreement: Agreement, *texts: str) -> None:
    spared = [canary for canary, places in PLANTED.items() if any(map(agreement.shows, places))]
    for text in texts:
        for canary in spared:
            text = text.replace(canary, "granted")  # noqa: PLW2901
        for canary in world.CANARIES:
            assert canary not in text, f"{canary} in {text[max(0, text.find(canary) - 80) :][:200]}"


def connections(contract: Contract) -> Iterator[tuple[str, str]]:
    """The lists that a root opens: its word and the field."""
    for word, root in roots(contract.schema).items():
        for field in root.fields:
            spec = catalogue()[root.name][field].spec
            if isinstance(spec, fields.Way) and spec.link.kind is Kind.PAGE:
                yield word, field


def required(field: GraphQLField) -> str:
    """What a list must be given, as its document says it."""
    told = {name: made for name, made in field.args.items() if is_required_argument(made)}
    return "".join(f"{name}: {json.dumps(Given({})._of(made.type))}, " for name, made in told.items())


@pytest.mark.parametrize("name", NAMES)
def test_a_cursor_tells_nothing_and_opens_nowhere_else(
    client: Client, contracts: Mapping[str, Contract], name: str
) -> None:
    page = "query Q($after: String) { %s(%sfirst: 1, after: $after) { edges { cursor } pageInfo { endCursor } } }"
    cursors, lists = {}, [field for word, field in connections(contracts[name]) if word == "query"]
    root = roots(contracts[name].schema)["query"]
    pages = {field: page % (field, required(root.fields[field])) for field in lists}
    for field in lists:
        made = client.ask(name, pages[field]).data[field]["pageInfo"]["endCursor"]
        if made is None:
            continue
        cursors[field] = made
        opened = base64.urlsafe_b64decode(made + "=" * (-len(made) % 4)).decode("latin-1")
        free_of_canaries(contracts[name].agreement, made, opened)
    for field in lists:
        forged = client.ask(name, pages[field], {"after": "A" * 64})
        assert forged.code == "CURSOR_REFUSED"
        for other, cursor in cursors.items():
            if other != field:
                assert client.ask(name, pages[field], {"after": cursor}).text == forged.text
        for neighbour, contract in contracts.items():
            if neighbour != name and field in cursors and ("query", field) in connections(contract):
                foreign = client.ask(neighbour, pages[field], {"after": cursors[field]})
                assert foreign.text == client.ask(neighbour, pages[field], {"after": "A" * 64}).text


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize("name", NAMES)
def test_a_condition_on_what_is_out_of_scope_is_answered_as_one_on_what_never_was(
    changed: Any, contracts: Mapping[str, Contract], name: str, compiled: bool
) -> None:
    """Also where the rows are the same and only the scope differs: nothing tells that there are some beyond it."""
    scope = replace(SHIPPED[name].scope, divisions=("110101",))
    narrow = changed(name, compiled=compiled, documents="free", scope=scope)
    page = "query Q($filter: %s) { %s(%sfilter: $filter) { nodes { __typename } pageInfo { hasNextPage } } }"
    for _, field in connections(contracts[name]):
        entry = roots(contracts[name].schema)["query"].fields[field]
        made = entry.args.get("filter")
        conditions = getattr(made.type, "fields", {}) if made else {}
        for condition, value in (("county", "370302"), ("county", "653121"), ("source", "civil_affairs")):
            if condition in conditions and made:
                told = [
                    narrow.ask(name, page % (made.type, field, required(entry)), {"filter": {condition: told}}).text
                    for told in (value, "x" * len(value))
                ]
                entity = catalogue()["Query"][field].spec.link.target.name  # type: ignore[union-attr]
                assert told[0] == told[1] or entity == "Batch"


@pytest.mark.parametrize("media", FILES)
@pytest.mark.parametrize("name", NAMES)
def test_a_page_leaves_as_a_file_only_where_the_agreement_says_so(
    client: Client, contracts: Mapping[str, Contract], name: str, media: str
) -> None:
    contract = contracts[name]
    for word, field in connections(contract):
        target = contract.schema.type_map[catalogue()["Query"][field].target or ""]
        assert isinstance(target, GraphQLObjectType)
        plain = [item for item, made in target.fields.items() if not isinstance(get_named_type(made.type), Fielded)]
        document = f"{word} {{ {field}(first: 3) {{ nodes {{ {' '.join(plain)} __typename }} }} }}"
        reply = client.ask(name, document, Accept=media)
        if reply.status == 200:
            assert contract.agreement.export, reply.text[:200]
            free_of_canaries(contract.agreement, reply.text)
        else:
            assert "errors" in reply.json
            free_of_canaries(contract.agreement, reply.text)


LOOKUPS = {  # of whom the world knows someone whom some agreement does not reach, and how nobody is asked for
    "person": "token",
    "personByIdNumber": "idNumber",
    "household": "token",
}


def statements(client: Client, ask: Any) -> tuple[Reply, list[tuple[str, Any]]]:
    """An answer, and the reads that it took: each statement with what was bound to it."""
    ran: list[tuple[str, Any]] = []

    def noted(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            ran.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        return ask(), ran
    finally:
        event.remove(Engine, "before_cursor_execute", noted)


def plan(client: Client, statement: str, parameters: Any) -> str:
    """PostgreSQL's plan without costs and values."""
    explained = f"EXPLAIN (COSTS OFF) {statement}"
    with client.engine.connect() as connection:
        if isinstance(parameters, dict):
            lines = connection.exec_driver_sql(explained, parameters).scalars().all()
        else:  # at the driver's own level, values as text
            driver: Any = connection.connection.driver_connection
            found = driver.pgconn.exec_params(explained.encode(), list(parameters))
            lines = [found.get_value(at, 0).decode() for at in range(found.ntuples)]
            assert lines, found.error_message
    return re.sub(r"'(?:[^']|'')*'", "'?'", "\n".join(lines))


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize("name", NAMES)
def test_a_look_up_out_of_scope_runs_as_one_that_finds_nothing(changed: Any, name: str, compiled: bool) -> None:
    """The bytes, the statements and their plan are the same; only the values differ."""
    agreement = SHIPPED[name]
    scope = replace(agreement.scope, divisions=("110101",), categories=("x_nobody",))
    client = changed(name, compiled=compiled, documents="free", scope=scope)
    codec = client.app.state.hub.operations.codecs[name]
    contract = client.app.state.hub.contracts[name]
    asked = [field for field in LOOKUPS if field in agreement.fields["Query"]]
    for field in asked:
        target = contract.schema.type_map[catalogue()["Query"][field].target or ""]
        assert isinstance(target, GraphQLObjectType)
        inner = next(iter(target.fields.items()))
        below = "" if not isinstance(get_named_type(inner[1].type), Fielded) else " { __typename }"
        document = f"query Q($who: String!) {{ {field}({LOOKUPS[field]}: $who) {{ {inner[0]}{below} }} }}"
        there, never = {
            "person": (codec.person(world.PERSON_IDS + 1), codec.person(world.PERSON_IDS + 99_999)),
            "personByIdNumber": (world.NUMBER, "110101199001011237"),
            "household": (codec.household("civil_affairs:CANARYHH1"), codec.household("civil_affairs:none")),
        }[field]
        ask = partial(client.ask, name, document)
        assert ask({"who": there}).status == 200  # what is learnt once of a publication is known from here on
        hidden, ran = statements(client, lambda ask=ask, there=there: ask({"who": there}))
        nobody, others = statements(client, lambda ask=ask, never=never: ask({"who": never}))
        garbage = ask({"who": "zzz"})
        assert hidden.json["data"] == {field: None}
        assert hidden.text == nobody.text == garbage.text
        assert [statement for statement, _ in ran] == [statement for statement, _ in others]
        assert ran
        if client.engine.dialect.name == "postgresql":
            for (statement, one), (_, other) in zip(ran, others, strict=True):
                assert plan(client, statement, one) == plan(client, statement, other)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("secret", [world.NUMBER, "王建国"])
def test_refusals_hold_nothing_of_what_was_sent(client: Client, name: str, secret: str) -> None:
    by_number = "query Q($n: String!) { personByIdNumber(idNumber: $n, certType: NOPE) { entitlements { benefit } } }"
    for template, variables in (
        ('{ person(token: "SECRET") { nope } }', {}),
        ("{ aSECRET }", {}),
        ("query Q($n: Int) { agreement { id } x(n: $n) }", {"n": secret}),
        ('{ persons(filter: {county: 1, x: "SECRET"}) { nodes { sex } } }', {}),
        ('{ month(month: "SECRET") { state } agreement @skip(if: "SECRET") { id } }', {}),
        ("query Q($n: Boolean!) { agreement @include(if: $n) { id } }", {"n": secret}),
        ("query Q($n: YearMonth!) { month(month: $n) { state } }", {"n": secret}),
        ('{ "SECRET" }', {}),
        ('query "SECRET" { agreement { id } }', {}),
        (by_number, {"n": secret}),
        ('query Q($n: String = "SECRET", $m: [Int]) { agreement { id } }', {"m": [secret]}),
    ):
        with structlog.testing.capture_logs() as events:
            reply = client.ask(name, template.replace("SECRET", secret), variables)
        assert "errors" in reply.json
        assert secret not in reply.text
        assert secret not in json.dumps(events, default=str, ensure_ascii=False)
    assert all(secret not in bytes(entry.leaf).decode() for entry in client.entries())


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ agreemnt { id } persns { nodes { sexx } } }", {}),
        ("{ agreement { titl } }", {}),
        ("{ persons(filtr: {}) { nodes { tokn } } }", {}),
        ("query Q($f: FindingFilter) { findings(filter: $f) { nodes { kind } } }", {"f": {"knd": 1}}),
        ("query Q($f: FindingFilter) { findings(filter: $f) { nodes { kind } } }", {"f": {"state": "NEWW"}}),
        ("{ findings(filter: {state: NEWW}) { nodes { kindd } } }", {}),
    ],
)
def test_no_answer_suggests_a_name(client: Client, document: str, variables: dict[str, Any]) -> None:
    reply = client.ask("civil-affairs", document, variables)
    assert "errors" in reply.json
    assert "Did you mean" not in reply.text
