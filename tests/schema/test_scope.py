"""Row scope: by division, category, certifier and own referrals; against a naive model, and as callers see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import held, store
from schema.graph import entities
from schema.read.model import SINCE, Kind, Link, Scope
from schema.read.statement import conditions
from tests.schema import world
from tests.schema.client import Client
from tests.schema.compile.made_up import CODES, COUNTIES, MadeUp
from tests.stores import a_store

Rows = Mapping[str, list[Any]]
TABLES = ("person", "household", "household_member", "category_spell", "finding", "warning")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def made_up(
    request: pytest.FixtureRequest, postgres: str | None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[sa.Engine, Rows]]:
    with a_store(request.param, postgres, tmp_path_factory.mktemp("store")) as url:
        engine = store.connect(url)
        store.metadata.create_all(engine)
        MadeUp(3, odd=False).fill(engine)
        with engine.connect() as connection:
            rows = {}
            for name in TABLES:
                table = store.published[name]
                rows[name] = list(connection.execute(sa.select(table).where(table.c.pub_until.is_(None))))
        yield engine, rows
        engine.dispose()


class Naive:
    """The scope over rows in memory, as the agreement's words say it."""

    def __init__(self, rows: Rows, scope: Scope, since: date) -> None:
        self.rows, self.scope, self.since = rows, scope, since

    def place(self, county: str | None) -> bool:
        divisions = self.scope.divisions
        return divisions is None or (county is not None and any(county.startswith(code) for code in divisions))

    def held(self, *, person: int | None = None, household: str | None = None) -> bool:
        scope = self.scope
        if scope.categories is None and scope.certifiers is None:
            return True
        return any(
            (spell.person_id == person or (household and spell.household_key == household))
            and (scope.categories is None or spell.category in scope.categories)
            and (scope.certifiers is None or spell.certifier in scope.certifiers)
            and spell.valid_until is not None
            and spell.valid_until > self.since
            for spell in self.rows["category_spell"]
        )

    def sent(self) -> list[Any]:
        return [
            case
            for name in ("finding", "warning")
            for case in self.rows[name]
            if case.addressee == self.scope.referred_to and case.month >= f"{self.since:%Y-%m}"
        ]

    def person_referred(self, person: int) -> bool:
        own = {row.household_key for row in self.rows["household_member"] if row.person_id == person}
        return self.scope.referred_to is None or any(
            case.person_id == person or (case.household_key and case.household_key in own) for case in self.sent()
        )

    def household_referred(self, key: str) -> bool:
        members = {row.person_id for row in self.rows["household_member"] if row.household_key == key}
        return self.scope.referred_to is None or any(
            (key and case.household_key == key) or case.person_id in members for case in self.sent()
        )

    def person(self, row: Any) -> bool:
        return self.place(row.county) and self.held(person=row.person_id) and self.person_referred(row.person_id)

    def household(self, row: Any) -> bool:
        key = row.household_key
        return self.place(row.county) and self.held(household=key) and self.household_referred(key)

    def of_person(self, row: Any) -> bool:
        if self.scope.divisions is None and self.held(person=None) and self.scope.referred_to is None:
            return True
        return any(self.person(owner) for owner in self.rows["person"] if owner.person_id == row.person_id)

    def category_spell(self, row: Any) -> bool:
        scope = self.scope
        return (
            self.of_person(row)
            and (scope.categories is None or row.category in (*scope.categories, "*"))
            and (scope.certifiers is None or row.certifier in scope.certifiers)
        )

    def case(self, row: Any) -> bool:
        scope = self.scope
        held = self.held(person=row.person_id, household=row.household_key)
        return self.place(row.county) and held and (scope.referred_to in (None, row.addressee))


def some(choices: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(st.sampled_from(choices), min_size=1, max_size=2, unique=True).map(tuple)


SCOPES = st.builds(
    Scope,
    divisions=some((*COUNTIES, "37", "3709", "65")),
    categories=some(CODES["category"]),
    certifiers=some(CODES["certifier"]),
    referred_to=st.none() | st.sampled_from(CODES["addressee"]),
)
MODEL = {
    "person": (entities.PERSON, Naive.person),
    "household": (entities.HOUSEHOLD, Naive.household),
    "category_spell": (entities.CATEGORY_SPELL, Naive.category_spell),
    "household_member": (entities.MEMBER, Naive.of_person),
    "finding": (entities.FINDING, Naive.case),
    "warning": (entities.WARNING, Naive.case),
}


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    scope=SCOPES,
    since=st.sampled_from((date(2024, 1, 1), date(2025, 1, 1), date(2025, 11, 1), date(2026, 1, 1))),
    bits=st.sampled_from(("none", "some", "all")),
)
def test_the_rows_in_scope_are_those_of_the_naive_model(
    made_up: tuple[sa.Engine, Rows], scope: Scope, since: date, bits: str
) -> None:
    engine, rows = made_up
    naive = Naive(rows, scope, since)
    with engine.connect() as connection:  # what it writes is rolled back
        publish_bits(connection, since, bits)
        for name, (entity, holds) in MODEL.items():
            target = entity.table.alias("t")
            where = conditions(Link(target=entity, kind=Kind.PAGE), target, scope, (), sa.bindparam)
            bound = {SINCE: since} if any(SINCE in str(condition) for condition in where) else {}
            found = connection.execute(sa.select(target.c.row_id).where(*where), bound).scalars()
            assert set(found) == {row.row_id for row in rows[name] if holds(naive, row)}, name


def publish_bits(connection: sa.Connection, since: date, which: str) -> None:
    """Put into persons' rows what they hold: as before that was done, and where it is not done for all."""
    person = store.published["person"]
    connection.execute(sa.update(person).values(held=None))
    if which != "none":
        held.renew(connection, held.bits(held.current(connection), since))
    if which == "some":
        connection.execute(sa.update(person).where(person.c.row_id % 2 == 0).values(held=None))


def persons(client: Client, name: str) -> set[int]:
    codec = client.app.state.hub.operations.codecs[name]
    reply = client.ask(name, "{ persons(first: 100) { nodes { token } } }")
    return {codec.person_id(node["token"]) - world.PERSON_IDS for node in reply.data["persons"]["nodes"]}


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(certifiers=("civil_affairs",)), {1, 2, *range(100, 130)}),
        (Scope(certifiers=("rural_revitalization",)), {2, 3}),
        (Scope(certifiers=("rural_revitalization",), categories=("tekun",)), set()),  # another's certificate
        (Scope(certifiers=("rural_revitalization",), divisions=("37",)), {2}),
        (Scope(referred_to="civil_affairs"), {1, 3, 4}),  # 4 is of both households, by which cases are addressed
        (Scope(referred_to="medical_insurance"), {1}),
        (Scope(referred_to="health"), set()),
        (Scope(referred_to="civil_affairs", divisions=("37",), categories=("dibao",)), {1}),
    ],
)
def test_callers_see_whom_a_department_certified_or_was_asked_about(
    changed: Any, compiled: bool, scope: Scope, expected: set[int]
) -> None:
    client = changed("civil-affairs", compiled=compiled, scope=scope)
    assert persons(client, "civil-affairs") == expected
    for n in (1, 2, 3, 4, 5):
        ask = "query Q($t: String!) { person(token: $t) { token } }"
        found = client.ask("civil-affairs", ask, {"t": client.person("civil-affairs", n)}).data["person"]
        assert (found is not None) == (n in expected)


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_a_spell_that_another_department_certified_is_not_there(changed: Any, compiled: bool) -> None:
    document = "query Q($t: String!) { person(token: $t) { categories { category certifier } } }"
    for certifier, category in (("civil_affairs", "TEKUN"), ("rural_revitalization", "MON_EDGE")):
        client = changed("civil-affairs", compiled=compiled, scope=Scope(certifiers=(certifier,)))
        reply = client.ask("civil-affairs", document, {"t": client.person("civil-affairs", 2)})
        assert reply.data == {"person": {"categories": [{"category": category, "certifier": certifier}]}}


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled", "plain"])
def test_of_own_referrals_only_the_departments_own_cases_are_there(changed: Any, compiled: bool) -> None:
    document = """{ findings { nodes { kind addressee } } warnings { nodes { addressee } }
                    households { nodes { county { code } } } }"""
    for department in ("civil_affairs", "rural_revitalization", "medical_insurance"):
        client = changed("civil-affairs", compiled=compiled, scope=Scope(referred_to=department))
        data = client.ask("civil-affairs", document).data
        told = [node["addressee"] for key in ("findings", "warnings") for node in data[key]["nodes"]]
        assert set(told) == {department}
        homes = sorted(node["county"]["code"] for node in data["households"]["nodes"])
        assert homes == {"civil_affairs": ["370302", "653121"], "rural_revitalization": ["653121"],
                         "medical_insurance": ["370302"]}[department]  # fmt: skip


def test_rows_of_the_world_are_as_these_tests_take_them(filled: sa.Engine) -> None:
    spell = store.published["category_spell"]
    query = (
        sa.select(spell.c.certifier, spell.c.person_id).where(spell.c.pub_until.is_(None)).order_by(spell.c.certifier)
    )
    with filled.connect() as connection:
        rows = connection.execute(query).all()
    by = {
        who: {row.person_id - world.PERSON_IDS for row in rows}
        for who, rows in groupby(rows, lambda row: row.certifier)
    }
    assert by["rural_revitalization"] == {2, 3}
