"""Names that were mangled on the way: two names under one number wait for a steward and are never merged.

1. A name without its dot, and one cut where a department's field ends, differ from the anchor: the row is held.
2. The platform is trusted most. Where it is the platform that cut a name (`psn_name`, 50 characters), its cut form is
   the anchor, and the departments' whole names wait.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.simulator import cases
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making
from connectors.simulator.names import DOT, UYGHUR_MALE
from connectors.simulator.people import Household, Person
from connectors.simulator.places import XINJIANG

FILE_FIELD, PLATFORM_FIELD = 25, 50  # characters; a file's field has 50 bytes of GB18030


def plant(making: Making, times: int) -> None:
    """Plant every kind, `times` times."""
    for _ in range(times):
        for months in (MONTHS, (NOVEMBER,), (OCTOBER,)):
            without_dot(making, months)
        cut_in_a_file(making)
        cut_by_the_platform(making)
        twice_in_one_list(making)


def _named(making: Making, parts: int) -> tuple[Household, Person]:
    """Somebody of Kashgar with a name of so many parts."""
    household = making.people.household(XINJIANG, ages=[51], rural=True)
    name = DOT.join(making.rng.choices(UYGHUR_MALE, k=parts))
    person = replace(household.members[0], name=name, ethnic="维吾尔族")
    return making.settle_in(replace(household, members=(person,)), certain=True), person


def without_dot(making: Making, months: tuple[str, ...]) -> None:
    """A clerk left the dot out; November's clerk put it back."""
    household, person = _named(making, 2)
    making.put(*cases.rural_rows(making.rng, household, "mon_edge"))
    row = cases.recipient(making.rng, household, person, "illness_poor", begin=date(2025, 3, 1))
    making.put(replace(row, name=person.name.replace(DOT, "")), months=months)
    if months == (OCTOBER,):
        making.put(row, months=(NOVEMBER,))
    making.expect("name_conflict", person, months=months)


def cut_in_a_file(making: Making) -> None:
    """Civil affairs' field is too short for the name."""
    household, person = _named(making, 9)
    row = cases.recipient(making.rng, household, person, "illness_poor", begin=date(2025, 3, 1))
    making.put(replace(row, name=person.name[:FILE_FIELD]))
    making.expect("name_conflict", person)


def cut_by_the_platform(making: Making) -> None:
    """The platform's field is too short: what it shows is the person's name until a steward has looked."""
    household, person = _named(making, 21)
    whole = person.name
    shown = replace(person, name=whole[:PLATFORM_FIELD])
    making.households[-1] = household = replace(household, members=(shown,))
    making.put(replace(cases.recipient(making.rng, household, shown, "dibao_edge"), name=whole))
    making.put(*(replace(row, name=whole) for row in cases.rural_rows(making.rng, household, "mon_edge")))
    making.expect("name_conflict", shown)


def twice_in_one_list(making: Making) -> None:
    """One number in one list, under two names: the one that the platform does not know is held."""
    household, person = _named(making, 2)
    making.put(cases.recipient(making.rng, household, person, "dibao_edge", begin=date(2022, 9, 1)))
    row = cases.recipient(making.rng, household, person, "illness_poor", begin=date(2025, 3, 1))
    making.put(replace(row, name=making.people.stranger(XINJIANG).name + "林"))
    making.expect("name_conflict", person)
