"""Numbers that look wrong and are right: whoever holds one is a person like any other, and must be known as one.

Their grade says what they are; a warning says what is odd. None of it is a reason to refuse a row.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TypedDict

from connectors.simulator import cases
from connectors.simulator.making import Making
from connectors.simulator.people import Person


class Oddity(TypedDict, total=False):
    """What is another's about a number: where it was issued, the birth in it, its order."""

    born: str
    birth: date
    order: int


ODD: dict[str, Oddity] = {
    "Hong Kong permit": {"born": "810000"},
    "Macao permit": {"born": "820000"},
    "Taiwan permit": {"born": "830000"},
    "foreign permanent resident": {"born": "911840"},
    "county unknown": {"born": "379901"},
    "birth in the future": {"birth": date(2031, 5, 17)},
    "ends in 000 and is right": {"order": 500},  # a spreadsheet's zeros would not fit the check digit
}


def plant(making: Making) -> list[Person]:
    """One certified and insured person of each kind. Returns them."""
    return [_one(making, oddity) for oddity in ODD.values()]


def _one(making: Making, oddity: Oddity) -> Person:
    household = making.people.household(ages=[47], rural=True)
    person = making.people.numbered(household.members[0], **oddity)
    household = making.settle_in(replace(household, members=(person,)), certain=True)
    making.put(cases.recipient(making.rng, household, person, "dibao_edge", begin=date(2024, 3, 1)))
    return person
