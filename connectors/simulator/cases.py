"""Which households need help, and how the departments have filed them.

A kind is the reason why a household is known; `file` writes its rows into both months. Left to chance
(`varied`), a household may have single-person cover (低保 paid for one member only), a second identity at the
other department, an ended spell before, or a risk already removed. Exclusive categories never meet here.
"""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from connectors.simulator.making import Making
from connectors.simulator.people import Household, Person
from connectors.simulator.records import Monitored, Recipient

RURAL = {
    "plain": 0.33, "stable_out": 0.25, "mon_unstable": 0.05, "mon_edge": 0.06, "mon_sudden": 0.03, "fanpin": 0.02,
    "dibao": 0.12, "dibao_edge": 0.07, "tekun": 0.03, "orphan": 0.01, "expend_hard": 0.03,
}  # fmt: skip
URBAN = {"plain": 0.40, "dibao": 0.32, "dibao_edge": 0.17, "tekun": 0.04, "orphan": 0.01, "expend_hard": 0.06}
MONITORED = ("mon_unstable", "mon_edge", "mon_sudden")


def ages_for(rng: Random, kind: str) -> list[int] | None:
    """The members a kind of household must have; None: any family."""
    if kind == "tekun":
        return [rng.randint(60, 88)]
    if kind == "orphan":
        return [rng.randint(58, 75), rng.randint(3, 15)]
    return None


def file(making: Making, household: Household, kind: str, *, varied: bool = False) -> list[Recipient | Monitored]:
    """Write a household of a kind into both months' files. Returns its rows."""
    rng = making.rng
    rows: list[Recipient | Monitored] = []
    if kind in {"stable_out", "fanpin", *MONITORED}:
        rows += rural_rows(rng, household, kind, removed=varied and kind in MONITORED and rng.random() < 0.2)
    elif kind == "orphan":
        rows.append(recipient(rng, household, household.members[-1], rng.choice(("orphan", "defacto_orphan"))))
    elif kind != "plain":
        begin, end = _month(rng), None
        if varied and rng.random() < 0.1:
            begin, end = date(2023, rng.randint(1, 12), 1), date(2025, rng.randint(2, 8), 1)
        alone = varied and kind == "dibao" and rng.random() < 0.3
        rows += [
            recipient(rng, household, person, kind, begin=begin, end=end, covered=place == 0 or not alone)
            for place, person in enumerate(household.members)
        ]
        if varied and household.rural and kind in {"dibao", "dibao_edge"} and rng.random() < 0.35:
            other = rng.choice(("stable_out", *MONITORED) if kind == "dibao" else MONITORED)
            rows += rural_rows(rng, household, other)
    if varied and kind in {"plain", "dibao_edge", "expend_hard", "mon_edge"} and rng.random() < 0.03:
        rows.append(
            recipient(rng, household, household.members[0], "illness_poor", begin=date(2025, rng.randint(6, 9), 1))
        )
    making.put(*rows)
    return rows


def recipient(
    rng: Random,
    household: Household,
    person: Person,
    category: str,
    *,
    begin: date | None = None,
    end: date | None = None,
    certified: date | None = None,
    covered: bool = True,
    serial: int | None = None,
) -> Recipient:
    """A row of civil affairs; `serial` names another file than the household's own."""
    begin = begin or _month(rng)
    return Recipient(
        person=person,
        name=person.name,
        category=category,
        rural=household.rural,
        household_number=f"JZ{household.county}{serial or household.serial:07d}",
        covered=covered,
        begin=begin,
        end=end,
        certified=certified or begin + timedelta(days=rng.choice((0, 4, 9, 16, 23))),
        division=household.township,
    )


def rural_rows(
    rng: Random, household: Household, kind: str, *, removed: bool = False, serial: int | None = None
) -> list[Monitored]:
    """The rows of a household in the monitoring system, one a member, household values repeated."""
    ex_poor = kind in {"stable_out", "mon_unstable", "fanpin"} or (kind == "mon_sudden" and rng.random() < 0.5)
    identified = None if kind == "stable_out" else date(2021, 6, 1) + timedelta(days=rng.randint(0, 1_300))
    gone = identified + timedelta(days=rng.randint(40, 200)) if removed and identified else None
    number = f"{household.township}{serial or household.serial:08d}"
    out_year = rng.randint(2014, 2020) if ex_poor else None
    return [
        Monitored(
            person=person,
            name=person.name,
            household_number=number,
            person_number=f"{number}{place:02d}",
            division=household.township,
            ex_poor=ex_poor,
            monitored=kind if kind in MONITORED else None,
            identified=identified,
            removed=gone,
            back=kind == "fanpin",
            out_year=out_year,
        )
        for place, person in enumerate(household.members, 1)
    ]


def _month(rng: Random) -> date:
    """A month from 2019-01 to 2025-05 in which a spell may have begun."""
    months = rng.randint(0, 76)
    return date(2019 + months // 12, months % 12 + 1, 1)
