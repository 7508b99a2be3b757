"""What widens and what narrows: every key of an agreement, every mask, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from schema.access.difference import OWN_WAY, RULES, WORDS, Change, Direction, between, compare
from schema.agreement import Agreement, Limits
from schema.catalogue import catalogue
from schema.read.model import Scope
from tests.schema.walk import SHIPPED, as_data

OLD = replace(SHIPPED["civil-affairs"], valid_until=date(2028, 8, 1), export=False)
PLACES = OLD.scope.divisions or ()
WIDER, NARROWER = Direction.WIDENED, Direction.NARROWED


def granting(kind: str, field: str) -> dict[str, Mapping[str, str]]:
    return {**OLD.fields, kind: {**OLD.fields[kind], field: "show"}}


def directions(changes: list[Change]) -> dict[str, Direction]:
    return {change.what: change.direction for change in changes}


@pytest.mark.parametrize(
    ("what", "wide"),
    [
        ("valid_from", {"valid_from": date(2024, 1, 1)}),
        ("valid_until", {"valid_until": date(2030, 1, 1)}),
        ("export", {"export": True}),
        ("get", {"get": True}),
        ("smallest_cell", {"smallest_cell": 3}),
        ("retention_days", {"retention_days": 10_000}),
        ("retention_days", {"retention_days": None}),
        ("limits.page", {"limits": replace(OLD.limits, page=OLD.limits.page + 1)}),
        ("limits.rate", {"limits": replace(OLD.limits, rate=OLD.limits.rate + 1)}),
        ("scope.divisions", {"scope": replace(OLD.scope, divisions=(*PLACES, "65"))}),
        ("scope.divisions", {"scope": replace(OLD.scope, divisions=None)}),
        ("scope.divisions", {"scope": replace(OLD.scope, divisions=("37",))}),
        ("scope.categories", {"scope": replace(OLD.scope, categories=None)}),
        ("fields.Settlement.total", {"fields": granting("Settlement", "total")}),
        ("fields.Person.ethnic", {"fields": granting("Person", "ethnic")}),
    ],
)
def test_what_is_wider_one_way_is_narrower_the_other(what: str, wide: Mapping[str, Any]) -> None:
    new = replace(OLD, **wide)
    assert directions(between(OLD, new)) == {what: WIDER}
    assert directions(between(new, OLD)) == {what: NARROWER}
    assert between(OLD, OLD) == between(new, new) == []


@pytest.mark.parametrize(
    ("wide", "strict", "what"),
    [
        ({"browse": True}, {"browse": False}, "browse"),
        ({"introspection": True}, {"introspection": False}, "introspection"),
        ({"documents": "free"}, {"documents": "registered"}, "documents"),
        ({"scope": OLD.scope}, {"scope": replace(OLD.scope, referred_to="civil_affairs")}, "scope.own_referrals"),
        ({"scope": OLD.scope}, {"scope": replace(OLD.scope, certifiers=("civil_affairs",))}, "scope.certified_by"),
    ],
)
def test_switches_widen_where_they_let_something_happen(
    wide: Mapping[str, Any], strict: Mapping[str, Any], what: str
) -> None:
    one, other = replace(OLD, **wide), replace(OLD, **strict)
    assert directions(between(other, one)) == {what: WIDER}
    assert directions(between(one, other)) == {what: NARROWER}


@pytest.mark.parametrize("change", [{"purpose": "research"}, {"department": "health"}, {"id": "other"}])
def test_another_reader_or_another_use_is_wider_both_ways(change: Mapping[str, str]) -> None:
    new = replace(OLD, **change)
    for changes in (between(OLD, new), between(new, OLD)):
        assert set(directions(changes).values()) == {WIDER}


@pytest.mark.parametrize("key", WORDS)
def test_words_touch_no_access(key: str) -> None:
    assert directions(between(OLD, replace(OLD, **{key: "changed"}))) == {key: Direction.WORDED}


def test_codes_that_came_and_codes_that_went_are_two_changes() -> None:
    new = replace(OLD, scope=replace(OLD.scope, divisions=("370302", "65")))
    changes = between(OLD, new)
    assert [(change.direction, change.before, change.after) for change in changes] == [
        (WIDER, "", "65"),
        (NARROWER, "370902, 370911", ""),
    ]
    one, other = (replace(OLD, scope=replace(OLD.scope, referred_to=name)) for name in ("health", "finance"))
    assert directions(between(one, other)) == {"scope.own_referrals": WIDER}


def test_every_mask_tells_less_than_the_one_declared_before_it() -> None:
    tried = 0
    for kind, names in catalogue().items():
        for name, item in names.items():
            what = f"fields.{kind}.{name}"
            for effect, less in pairwise(item.effects):
                one, other = (replace(OLD, fields={kind: {name: told}}) for told in (effect, less))
                assert directions(between(one, other)) == {what: NARROWER}
                assert directions(between(other, one)) == {what: WIDER}
                tried += 1
    assert tried > 20


def test_places_are_declared_from_the_finest_to_the_coarsest() -> None:
    assert catalogue()["Person"]["residence"].effects == ("show", "mask:county", "mask:city", "mask:province")
    assert catalogue()["Person"]["county"].effects == ("show", "mask:city", "mask:province")


def test_a_field_or_an_effect_that_nobody_knows_is_wider() -> None:
    for effect in ("mask:unheard_of", "show"):
        new = replace(OLD, fields={**OLD.fields, "Unheard": {"of": effect}})
        assert directions(between(OLD, new)) == {"fields.Unheard.of": WIDER}
    changed = as_data(OLD)
    changed["Settlement"]["total"] = "mask:unheard_of"
    assert directions(between(OLD, replace(OLD, fields=changed))) == {"fields.Settlement.total": WIDER}


def test_an_agreement_that_is_new_is_wider_and_one_that_is_gone_narrower() -> None:
    assert directions(compare({}, {"a": OLD})) == {"agreement": WIDER}
    assert directions(compare({"a": OLD}, {})) == {"agreement": NARROWER}
    assert compare(SHIPPED, SHIPPED) == []


def test_every_key_of_an_agreement_is_compared() -> None:
    """A key that is added to agreements without a rule here widens, whichever way it goes."""
    told = {item.name for part in (Agreement, Limits) for item in fields(part)}
    assert told == {*RULES, *WORDS, *OWN_WAY, "department", "purpose"} - {"referred_to"}
    for item in (item for item in fields(Scope) if item.name != "unordered"):
        own = replace(OLD, scope=replace(OLD.scope, **{item.name: ("zz",)}))
        assert len(between(OLD, own)) >= 1, item.name
