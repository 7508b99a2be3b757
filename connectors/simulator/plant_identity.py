"""Planted findings of identity: categories that exclude each other, the dead, names and numbers that do not agree.

Each is planted three times: in both months (persisting), in November only (new), in October only (cleared).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.simulator import cases
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making
from connectors.simulator.oracle_payments import LIST
from connectors.simulator.people import Household, Person
from connectors.simulator.records import Insured, Monitored, Recipient

CLOSED = date(2025, 10, 1)  # the last month of a file that November no longer counts
CIVIL_PAIRS = (("tekun", "dibao"), ("dibao", "dibao_edge"))
RURAL_PAIRS = (("mon_edge", "mon_unstable"), ("mon_unstable", "stable_out"))


def plant(making: Making, times: int) -> None:
    """Plant every kind, `times` times."""
    for _ in range(times):
        for months in (MONTHS, (NOVEMBER,), (OCTOBER,)):
            for pair in CIVIL_PAIRS:
                civil_conflict(making, *pair, months)
            two_civil_households(making, months)
            name_conflict(making, months)
            two_persons_one_number(making, months)
            deceased(making, months)
        for pair in RURAL_PAIRS:
            for months in (MONTHS, (NOVEMBER,)):
                rural_conflict(making, *pair, months)


def _alone(making: Making, age: int = 58) -> tuple[Household, Person]:
    household = making.settle_in(making.people.household(ages=[age], rural=True), certain=True)
    return household, household.members[0]


def _second(making: Making, row: Recipient, months: tuple[str, ...]) -> None:
    """A second file beside another, in these months; where November is spared, it is closed there."""
    making.put(row, months=months)
    if months == (OCTOBER,):
        making.put(replace(row, end=CLOSED), months=(NOVEMBER,))


def civil_conflict(making: Making, first: str, second: str, months: tuple[str, ...]) -> None:
    """Two exclusive categories of civil affairs in one file."""
    household, person = _alone(making, 63)
    making.put(cases.recipient(making.rng, household, person, first, begin=date(2021, 3, 1)))
    begin = date(2025, 11, 1) if months == (NOVEMBER,) else date(2023, 9, 1)
    _second(making, cases.recipient(making.rng, household, person, second, begin=begin), months)
    making.expect("category_conflict", person, subject="+".join(sorted((first, second))), months=months)


def rural_conflict(making: Making, first: str, second: str, months: tuple[str, ...]) -> None:
    """One person in two households of the monitoring system, under exclusive categories."""
    household, person = _alone(making)
    (one,) = cases.rural_rows(making.rng, household, first)
    (other,) = cases.rural_rows(making.rng, household, second, serial=making.branch())
    making.put(one)
    making.put(other, months=months)
    making.expect("category_conflict", person, subject="+".join(sorted((first, second))), months=months)
    making.expect("in_two_households", person, subject=_pair("rural_revitalization", one, other), months=months)


def two_civil_households(making: Making, months: tuple[str, ...]) -> None:
    """One person in two households of civil affairs at once."""
    household, person = _alone(making)
    one = cases.recipient(making.rng, household, person, "dibao", begin=date(2020, 5, 1))
    begin = date(2025, 11, 1) if months == (NOVEMBER,) else date(2024, 2, 1)
    other = cases.recipient(making.rng, household, person, "dibao", begin=begin, serial=making.branch())
    making.put(one)
    _second(making, other, months)
    making.expect("in_two_households", person, subject=_pair("civil_affairs", one, other), months=months)


def name_conflict(making: Making, months: tuple[str, ...]) -> None:
    """A row under the person's number and another's name: it is held and certifies nothing.

    Another department lists the person rightly, so that the right name is carried by more than one source.
    """
    household, person = _alone(making)
    making.put(*cases.rural_rows(making.rng, household, "mon_edge"))
    wrong = making.people.stranger(household.county).name + "林"
    row = cases.recipient(making.rng, household, person, "illness_poor", begin=date(2025, 3, 1))
    making.put(replace(row, name=wrong), months=months)
    if months == (OCTOBER,):
        making.put(row, months=(NOVEMBER,))  # corrected at the source
    making.expect("name_conflict", person, months=months)


def two_persons_one_number(making: Making, months: tuple[str, ...]) -> None:
    """Two ID numbers under one 人编号."""
    first, _ = _alone(making)
    second, _ = _alone(making, 40)
    (one,) = cases.rural_rows(making.rng, first, "mon_edge")
    (other,) = cases.rural_rows(making.rng, second, "mon_edge")
    making.put(one)
    making.put(replace(other, person_number=one.person_number), months=months)
    making.expect("person_number_on_two_ids", None, subject=one.person_number, months=months)


def deceased(making: Making, months: tuple[str, ...]) -> None:
    """The dead: still insured, still on a list, or both."""
    day = date(2025, 11, 5) if months == (NOVEMBER,) else date(2025, 6, 10)
    for insured, listed in ((True, False), (False, True), (True, True)):
        household, person = _alone(making, 77)
        row = cases.recipient(making.rng, household, person, "dibao", begin=date(2022, 8, 1))
        making.died(person, day)
        for month in MONTHS:
            if (listed and month in months) or day > making.last_day(month):
                making.put(row, months=(month,))
            elif day < making.last_day(OCTOBER):  # else November's list no longer holds them
                last = CLOSED if listed else day.replace(day=1)
                making.put(replace(row, end=last), months=(month,))
        if insured:
            making.amend(person, _still_insured, months=months)
            making.expect("deceased_active", person, subject="enrolment", months=months)
        if listed:
            making.expect("deceased_active", person, subject="dibao", months=months)
            paid = tuple(month for month in months if day < making.last_day(month).replace(day=1))
            making.expect("deceased_active", person, subject=LIST, months=paid)


def _still_insured(row: Insured) -> Insured:
    return replace(row, enrolments=tuple(replace(e, status="normal", until=None) for e in row.enrolments))


def _pair(source: str, one: Recipient | Monitored, other: Recipient | Monitored) -> str:
    return "+".join(sorted(f"{source}:{row.household_number}" for row in (one, other)))
