"""Row scope as conditions in SQL: whose rows an agreement reaches, and which of them."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store import published
from schema.read.model import SINCE, Condition, Scope, ScopeRule, Table

COUNTY = 6  # digits of a county's code


def in_divisions(column: sa.ColumnElement[str], scope: Scope) -> list[Condition]:
    """A county's code lies in one of the scope's divisions (province 2, city 4 or county 6 digits)."""
    if scope.divisions is None:
        return []
    whole = [code for code in scope.divisions if len(code) == COUNTY]
    parts = [column.like(f"{code}%") for code in scope.divisions if len(code) < COUNTY]  # planners know prefixes
    return [sa.or_(*([column.in_(whole)] if whole else []), *parts)]


def holds(scope: Scope, *, person: Table | None = None, household: Table | None = None) -> list[Condition]:
    """A person, or a household, held one of the scope's categories in the published month's benefit year."""
    if scope.categories is None:
        return []
    spell = published["category_spell"].alias("held")
    owners = []
    if person is not None:
        owners.append(spell.c.person_id == person)
    if household is not None:
        owners.append(sa.and_(spell.c.household_key == household, household != ""))
    return [
        sa.exists().where(
            sa.or_(*owners),
            spell.c.pub_until.is_(None),
            spell.c.category.in_(scope.categories),
            spell.c.valid_until > sa.bindparam(SINCE, type_=sa.Date),
        )
    ]


def person(table: Table, scope: Scope) -> list[Condition]:
    """A person who lives in the scope and holds one of its categories."""
    return [*in_divisions(table.c.county, scope), *holds(scope, person=table.c.person_id)]


def of_person(table: Table, scope: Scope) -> list[Condition]:
    """A row of a person who is in scope."""
    owner = published["person"].alias("owner")
    conditions = person(owner, scope)
    if not conditions:
        return []
    return [sa.exists().where(owner.c.person_id == table.c.person_id, owner.c.pub_until.is_(None), *conditions)]


def household(table: Table, scope: Scope) -> list[Condition]:
    """A household in the scope with a member who holds one of its categories through it."""
    return [*in_divisions(table.c.county, scope), *holds(scope, household=table.c.household_key)]


def case(table: Table, scope: Scope) -> list[Condition]:
    """A finding or warning in the scope's divisions, of a person or household that holds one of its categories."""
    return [
        *in_divisions(table.c.county, scope),
        *holds(scope, person=table.c.person_id, household=table.c.household_key),
    ]


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
