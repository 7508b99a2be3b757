"""Planted findings of the insurance side: not insured, subsidies, tags that outlive their category, the ceiling.

Each is planted three times: in both months (persisting), in November only (new), in October only (cleared).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from connectors.simulator import cases
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making, Order
from connectors.simulator.people import Household, Person
from connectors.simulator.places import XINJIANG
from connectors.simulator.records import Enrolment, Insured, Premium

SUBSIDISED = ("dibao", "mon_unstable", "mon_edge", "mon_sudden", "fanpin", "tekun")  # kinds, in every demo region


def plant(making: Making, times: int, shortfall: int) -> None:
    """Plant every kind, `times` times; `shortfall` more persons of one county are not insured."""
    for turn in range(times):
        kind = SUBSIDISED[turn % len(SUBSIDISED)]
        not_insured(making, kind, making.shandong() if turn % 2 else None)
        subsidy_missing(making, kind)
        subsidy_duplicated(making)
        tag_after_end(making)
        ceiling(making, ("tekun", "dibao")[turn % 2])
    for _ in range(shortfall):  # one county is to miss 99 %
        person = _family(making, "dibao", "370911").members[0]
        making.amend(person, _absent)
        making.expect("listed_not_insured", person)


def _family(making: Making, kind: str, county: str | None = None) -> Household:
    ages = cases.ages_for(making.rng, kind) or [47, 45]
    household = making.settle_in(making.people.household(county, ages=ages, rural=True), certain=True)
    cases.file(making, household, kind)
    return household


def not_insured(making: Making, kind: str, county: str | None) -> None:
    """Unknown to the platform, or cover paused."""
    always, new, cleared = (_family(making, kind, county).members[0] for _ in range(3))
    making.amend(always, _paused(date(2025, 1, 1)) if county else _absent)
    making.amend(new, _paused(date(2025, 11, 1)), months=(NOVEMBER,))
    making.amend(cleared, _absent, months=(OCTOBER,))
    making.amend(cleared, _since(date(2025, 11, 3)), months=(NOVEMBER,))
    _expect(making, "listed_not_insured", always, new, cleared)


def subsidy_missing(making: Making, kind: str) -> None:
    """Insured as a resident, and nothing received for the year."""
    always, new, cleared = (_family(making, kind).members[0] for _ in range(3))
    making.amend(always, _unpaid)
    making.amend(new, _employee, months=(OCTOBER,))
    making.amend(new, _resident_since(date(2025, 11, 1)), months=(NOVEMBER,))
    making.amend(cleared, _unpaid, months=(OCTOBER,))
    _expect(making, "subsidy_missing", always, new, cleared)


def subsidy_duplicated(making: Making) -> None:
    """The same payer twice, and a sum above the premium."""
    payer = "medical_insurance"
    twice = _paid((payer, 15_000, date(2024, 12, 2)), (payer, 15_000, date(2025, 2, 17)))
    above = _paid((payer, 40_000, date(2024, 12, 2)), ("finance", 15_000, date(2025, 1, 20)))
    once = _paid((payer, 15_000, date(2024, 12, 2)))
    for wrong, subject in ((twice, payer), (above, "sum")):
        always, new, cleared = (_family(making, "dibao").members[0] for _ in range(3))
        for person, months in ((always, MONTHS), (new, (NOVEMBER,)), (cleared, (OCTOBER,))):
            making.amend(person, once)
            making.amend(person, wrong, months=months)
        _expect(making, "subsidy_duplicated", always, new, cleared, subject=subject)


def tag_after_end(making: Making) -> None:
    """The category has ended, the platform still shows it."""
    for months in (MONTHS, (NOVEMBER,), (OCTOBER,)):
        household = making.settle_in(making.people.household(ages=[44], rural=True), certain=True)
        person = household.members[0]
        held = cases.recipient(making.rng, household, person, "dibao", begin=date(2023, 4, 1))
        if months == (NOVEMBER,):
            making.put(held, months=(OCTOBER,))
            making.put(replace(held, end=date(2025, 10, 1)), months=months)
        else:
            making.put(replace(held, end=date(2025, 6, 1)))
        making.amend(person, _still_tagged, months=months)
        making.expect("tag_after_end", person, subject="dibao", months=months)
    household = making.settle_in(making.people.household(ages=[44], rural=True), certain=True)
    rows = cases.file(making, household, "mon_edge")
    making.drop(*rows, months=(NOVEMBER,))
    making.amend(household.members[0], _still_tagged, months=(NOVEMBER,))
    making.expect("tag_after_end", household.members[0], subject="mon_edge", months=(NOVEMBER,))


def ceiling(making: Making, kind: str) -> None:
    """Inpatient cost of a key object in Xinjiang borne to more than 95 %."""
    always, new, cleared = (_family(making, kind, XINJIANG).members[0] for _ in range(3))
    day = date(2025, 7, 21)
    over, under = 9_720, 8_600
    making.orders += [
        Order(person=always, on=day, total=3_000_000, seen=OCTOBER, ratio=over),
        Order(person=new, on=day, total=400_000, seen=OCTOBER, ratio=under),
        Order(person=new, on=date(2025, 11, 11), total=9_000_000, seen=NOVEMBER, ratio=over),
        Order(person=cleared, on=day, total=3_000_000, seen=OCTOBER, ratio=over, refunded=NOVEMBER),
    ]
    _expect(making, "ceiling_exceeded", always, new, cleared)


def _expect(making: Making, kind: str, always: Person, new: Person, cleared: Person, *, subject: str = "") -> None:
    making.expect(kind, always, subject=subject)
    making.expect(kind, new, subject=subject, months=(NOVEMBER,))
    making.expect(kind, cleared, subject=subject, months=(OCTOBER,))


def _absent(_: Insured) -> None:
    """The platform has never heard of them."""


def _paused(day: date) -> Callable[[Insured], Insured]:
    return lambda row: replace(row, enrolments=tuple(replace(e, status="paused", until=day) for e in row.enrolments))


def _since(day: date) -> Callable[[Insured], Insured]:
    return lambda row: replace(
        row,
        enrolments=tuple(replace(e, since=day) for e in row.enrolments),
        premiums=tuple(replace(p, paid=day) for p in row.premiums),
    )


def _unpaid(row: Insured) -> Insured:
    return replace(row, premiums=tuple(p for p in row.premiums if p.year != 2025))


def _employee(row: Insured) -> Insured:
    county = row.enrolments[0].county
    job = Enrolment(insutype="310", status="normal", since=date(2019, 3, 1), until=None, county=county)
    return replace(_unpaid(row), enrolments=(job,))


def _resident_since(day: date) -> Callable[[Insured], Insured]:
    """The job has ended; a resident since that day."""

    def change(row: Insured) -> Insured:
        (job,) = _employee(row).enrolments
        resident = Enrolment(insutype="390", status="normal", since=day, until=None, county=job.county)
        return replace(_unpaid(row), enrolments=(replace(job, status="ended", until=day), resident))

    return change


def _paid(*premiums: tuple[str, int, date]) -> Callable[[Insured], Insured]:
    found = tuple(Premium(year=2025, payer=payer, amount=amount, paid=paid) for payer, amount, paid in premiums)
    return lambda row: replace(row, premiums=found)


def _still_tagged(row: Insured) -> Insured:
    return replace(row, tags=tuple(replace(t, end=None) for t in row.tags))
