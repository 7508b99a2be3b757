"""Row scope as conditions in SQL: whose rows an agreement reaches, and which of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hub import held
from hub.store import published
from schema.read.model import SINCE, Condition, Scope, ScopeRule, Table

COUNTY = 6  # digits of a county's code
MONTH = 7  # characters of a month
CASES = ("finding", "warning")
NONE = sa.literal_column("''", sa.Text)  # no household; not bound, so that the index over the others is used
Value = sa.ColumnElement[Any]


def in_divisions(column: sa.ColumnElement[str], scope: Scope) -> list[Condition]:
    """A county's code lies in one of the scope's divisions (province 2, city 4 or county 6 digits)."""
    if scope.divisions is None:
        return []
    whole = [code for code in scope.divisions if len(code) == COUNTY]
    parts = [column.like(f"{code}%") for code in scope.divisions if len(code) < COUNTY]  # planners know prefixes
    return [sa.or_(*([column.in_(whole)] if whole else []), *parts)]


def holds(scope: Scope, *, person: Value | None = None, household: Value | None = None) -> list[Condition]:
    """A person, or a household, held one of the scope's categories in the published month's benefit year.

    Where the scope names certifiers, one of them certified that very spell.
    """
    spell = published["category_spell"].alias("held")
    asked = [
        *([] if scope.categories is None else [spell.c.category.in_(scope.categories)]),
        *([] if scope.certifiers is None else [spell.c.certifier.in_(scope.certifiers)]),
    ]
    if not asked:
        return []
    owners = []
    if person is not None:
        owners.append(spell.c.person_id == person)
    if household is not None:
        owners.append(sa.and_(spell.c.household_key == household, household != ""))
    in_year = spell.c.valid_until > sa.bindparam(SINCE, type_=sa.Date)
    return [sa.exists().where(sa.or_(*owners), spell.c.pub_until.is_(None), *asked, in_year)]


def referred(scope: Scope, *, person: Value | None = None, household: Value | None = None) -> list[Condition]:
    """A case of the published month's benefit year is addressed to the scope's own department.

    It is the person's own, one of a household that they are a member of, or the household's, also by a member.
    """
    if scope.referred_to is None:
        return []
    found: list[Condition] = []
    for name in CASES:
        case, member = published[name].alias("referred"), published["household_member"].alias("member")
        sent = [case.c.pub_until.is_(None), case.c.addressee == scope.referred_to, case.c.month >= _first_month()]
        whose, current, of_household = case.c.household_key, member.c.pub_until.is_(None), case.c.household_key != NONE
        if person is not None:
            joined = [member.c.person_id == person, current, member.c.household_key == whose, of_household]
            found += [sa.exists().where(case.c.person_id == person, *sent), sa.exists().where(*joined, *sent)]
        if household is not None:
            joined = [member.c.household_key == household, current, member.c.person_id == case.c.person_id]
            found += [sa.exists().where(whose == household, of_household, *sent), sa.exists().where(*joined, *sent)]
    return [sa.or_(*found)]


def _first_month() -> sa.ColumnElement[str]:
    """January of the published month's benefit year, as months are written."""
    return sa.func.substr(sa.cast(sa.bindparam(SINCE, type_=sa.Date), sa.Text), 1, MONTH, type_=sa.Text())


def person(table: Table, scope: Scope) -> list[Condition]:
    """A person who lives in the scope, holds one of its categories and is referred, as the scope asks."""
    who = table.c.person_id
    return [*in_divisions(table.c.county, scope), *_person_holds(table, scope), *referred(scope, person=who)]


def _person_holds(table: Table, scope: Scope) -> list[Condition]:
    """As `holds`, of what publish has put into the person's row (hub/held.py); where it has not, of the spells."""
    asked = holds(scope, person=table.c.person_id)
    bits = held.mask(scope.categories or ()) if scope.certifiers is None else None
    if not asked or not bits:
        return asked
    return [sa.or_(table.c.held.bitwise_and(bits) != 0, sa.and_(table.c.held.is_(None), *asked))]


def of_person(table: Table, scope: Scope) -> list[Condition]:
    """A row of a person who is in scope."""
    owner = published["person"].alias("owner")
    conditions = person(owner, scope)
    if not conditions:
        return []
    return [sa.exists().where(owner.c.person_id == table.c.person_id, owner.c.pub_until.is_(None), *conditions)]


def household(table: Table, scope: Scope) -> list[Condition]:
    """A household in the scope with a member who holds one of its categories through it, or is referred."""
    which = table.c.household_key
    return [*in_divisions(table.c.county, scope), *holds(scope, household=which), *referred(scope, household=which)]


def case(table: Table, scope: Scope) -> list[Condition]:
    """A finding or warning in the scope's divisions, of a person or household that holds one of its categories.

    Of own referrals it is one that is addressed to the department.
    """
    own = [] if scope.referred_to is None else [table.c.addressee == scope.referred_to]
    held = holds(scope, person=table.c.person_id, household=table.c.household_key)
    return [*in_divisions(table.c.county, scope), *held, *own]


def pooling_area(table: Table, scope: Scope) -> list[Condition]:
    """A pooling area with a county of the scope: one within a division of it, or around one."""
    if scope.divisions is None:
        return []
    area = table.c.pooling_area
    around = {code[:digits] for code in scope.divisions for digits in (2, 4, COUNTY)}
    return [sa.or_(area.in_(sorted(around)), *(area.like(f"{code}%") for code in scope.divisions))]


def among(**columns: str) -> ScopeRule:
    """Rows whose codes are in the scope: `among(category="categories")`."""

    def rule(table: Table, scope: Scope) -> list[Condition]:
        found: list[Condition] = []
        for column, name in columns.items():
            codes = scope.codes(name)
            if codes is not None:
                found.append(table.c[column].in_(codes))
        return found

    return rule
