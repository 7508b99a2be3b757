"""What lawfully changes between October and November, so that the months differ: joining, leaving, moving, dying.

None of it is a finding. Each scenario brings its own households, so that no two of them meet.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.simulator import cases
from connectors.simulator.making import NOVEMBER, OCTOBER, Making, Order
from connectors.simulator.places import COUNTIES, SHANDONG, XINJIANG
from connectors.simulator.records import Monitored, Recipient


def change(making: Making, times: int) -> None:
    """Let everything happen `times` times."""
    for turn in range(times):
        join(making, cases.MONITORED[turn % 3])
        leave(making)
        end(making)
        remove_risk(making)
        fall_back(making, SHANDONG[turn % 3])
        fall_back(making, XINJIANG)
        move(making)
        die(making)
        cost(making, tuple(COUNTIES)[turn % 4])


def join(making: Making, kind: str) -> None:
    """Households newly certified in November."""
    rng = making.rng
    poor = making.settle_in(making.people.household(), certain=True)
    begin = date(2025, 11, 1)
    making.put(*(cases.recipient(rng, poor, p, "dibao", begin=begin) for p in poor.members), months=(NOVEMBER,))
    risky = making.settle_in(making.people.household(rural=True), certain=True)
    rows = (replace(row, identified=date(2025, 11, 4)) for row in cases.rural_rows(rng, risky, kind))
    making.put(*rows, months=(NOVEMBER,))


def leave(making: Making) -> None:
    """Exit by absence: November's lists no longer hold them."""
    for kind in ("dibao_edge", "stable_out", "mon_edge"):
        household = making.settle_in(making.people.household(rural=True), certain=True)
        making.drop(*cases.file(making, household, kind), months=(NOVEMBER,))


def end(making: Making) -> None:
    """Explicit ends: the month written in November's file is past, or is this one."""
    for last in (date(2025, 10, 1), date(2025, 11, 1)):
        household = making.settle_in(making.people.household(), certain=True)
        for row in cases.file(making, household, "dibao"):
            if isinstance(row, Recipient):
                making.put(replace(row, end=last), months=(NOVEMBER,))


def remove_risk(making: Making) -> None:
    """A risk removed in November: out of poverty households are stable again, ordinary ones are nothing."""
    for kind in ("mon_unstable", "mon_edge"):
        household = making.settle_in(making.people.household(rural=True), certain=True)
        for row in cases.file(making, household, kind):
            if isinstance(row, Monitored):
                making.put(replace(row, removed=date(2025, 11, 8)), months=(NOVEMBER,))


def fall_back(making: Making, county: str) -> None:
    """A stable household becomes unstable."""
    household = making.settle_in(making.people.household(county, rural=True), certain=True)
    for row in cases.file(making, household, "stable_out"):
        if isinstance(row, Monitored):
            unstable = replace(row, monitored="mon_unstable", identified=date(2025, 11, 5))
            making.put(unstable, months=(NOVEMBER,))


def move(making: Making) -> None:
    """One household moves to another county of its province, one to another township."""
    rng = making.rng
    here = rng.choice(SHANDONG)
    there = rng.choice([county for county in SHANDONG if county != here])
    for county, goal in ((here, there), (XINJIANG, XINJIANG)):
        household = making.settle_in(making.people.household(county), certain=True)
        rows = cases.file(making, household, "dibao")
        township = rng.choice([t for t in making.places.townships[goal] if t != household.township])
        making.put(*(replace(row, division=township) for row in rows), months=(NOVEMBER,))
        making.november.homes.update({p.number: township for p in household.members})


def die(making: Making) -> None:
    """Deaths that every department has acted upon: this year's before October, and November's."""
    rng = making.rng
    widow = making.settle_in(making.people.household(ages=[71, 68]), certain=True)
    for row in cases.file(making, widow, "dibao"):
        if isinstance(row, Recipient) and row.person is widow.members[0]:
            making.put(replace(row, end=date(2025, 8, 1)))
    making.died(widow.members[0], date(2025, 8, rng.randint(3, 20)))
    elder = making.settle_in(making.people.household(ages=[84]), certain=True)
    making.drop(*cases.file(making, elder, "tekun"), months=(NOVEMBER,))
    making.died(elder.members[0], date(2025, 11, rng.randint(3, 20)))
    other = making.settle_in(making.people.household(ages=[90, 55]), certain=True)
    making.died(other.members[0], date(2025, 5, rng.randint(3, 20)))


def cost(making: Making, county: str) -> None:
    """Heavy costs, to cross warning lines of 2,000 yuan and of a year's income; some taken back in November."""
    for kind, total in (
        ("dibao_edge", 3_800_000),
        ("mon_edge", 9_000_000),
        ("plain", 65_000_000),
        ("dibao", 42_000_000),
    ):
        household = making.settle_in(making.people.household(county, ages=[52, 49], rural=True), certain=True)
        cases.file(making, household, kind)
        ill, other = household.members
        making.orders.append(Order(person=ill, on=date(2025, 9, 17), total=total, seen=OCTOBER))
        making.orders.append(
            Order(person=other, on=date(2025, 10, 9), total=2_400_000, seen=OCTOBER, refunded=NOVEMBER)
        )
