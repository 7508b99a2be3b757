"""Planted findings of assistance: not given, not applied for, newly due, too little, too much, given twice.

Each is planted three times: in both months (persisting), in November only (new), in October only (cleared, because the
settlement was taken back). A finding is of the settlement. Most are in Zichuan, whose page says what is due.
"""

from __future__ import annotations

from datetime import date

from connectors.simulator import cases
from connectors.simulator.aid import ZICHUAN, Counter
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making, Order
from connectors.simulator.money import Pays
from connectors.simulator.people import Household, Person

STAY, LATER = date(2025, 7, 21), date(2025, 11, 11)
SMALL, LARGE, HUGE = 2_000_000, 20_000_000, 30_000_000


def plant(making: Making, times: int) -> None:
    """Plant every kind, `times` times."""
    for turn in range(times):
        kind = ("dibao", "tekun", "fanpin")[turn % 3]
        ordered(making, "assistance_missing", kind, SMALL, _nothing)
        ordered(making, "assistance_not_applied", "expend_hard", LARGE, _nothing)
        ordered(making, "assistance_underpaid", kind, SMALL, _half)
        ordered(making, "assistance_overpaid", kind, SMALL, _more)
        tilt_in_the_wrong_line(making)
        newly_due(making)
        settled_twice(making)
        two_stays_at_once(making)


def _alone(making: Making, county: str = ZICHUAN) -> Household:
    return making.settle_in(making.people.household(county, ages=[61], rural=True), certain=True)


def _needy(making: Making, kind: str, county: str = ZICHUAN) -> Person:
    household = _alone(making, county)
    cases.file(making, household, kind)
    return household.members[0]


def ordered(making: Making, finding: str, kind: str, total: int, pays: Pays) -> None:
    """A stay of which the department pays something else than is due."""
    for day, seen, refunded, found in (
        (STAY, OCTOBER, None, MONTHS),
        (LATER, NOVEMBER, None, (NOVEMBER,)),
        (STAY, OCTOBER, NOVEMBER, (OCTOBER,)),
    ):
        person = _needy(making, kind)
        making.orders.append(
            Order(
                person=person, on=day, total=total, seen=seen, refunded=refunded, pays=pays, finding=finding,
                found=found,
            )
        )  # fmt: skip


def tilt_in_the_wrong_line(making: Making) -> None:
    """No finding: the platform shows both benefits in one line."""
    person = _needy(making, "dibao")
    making.orders.append(Order(person=person, on=STAY, total=HUGE, seen=OCTOBER, pays=_together))


def newly_due(making: Making) -> None:
    """Certified after the stay, with effect from before it; one was assisted as a monitored person meanwhile."""
    for months, pays, refunded, found in (
        (MONTHS, _nothing, None, MONTHS),
        (MONTHS, _as_monitored, None, MONTHS),
        ((NOVEMBER,), _nothing, None, (NOVEMBER,)),
        (MONTHS, _nothing, NOVEMBER, (OCTOBER,)),
    ):
        household = _alone(making)
        person = household.members[0]
        if pays is _as_monitored:
            making.put(*cases.rural_rows(making.rng, household, "mon_edge"))
        certified = date(2025, 11, 6) if months == (NOVEMBER,) else date(2025, 9, 24)
        making.put(
            cases.recipient(making.rng, household, person, "dibao", begin=date(2025, 6, 1), certified=certified),
            months=months,
        )
        making.orders.append(
            Order(
                person=person, on=date(2025, 8, 20), total=SMALL, seen=OCTOBER, refunded=refunded, pays=pays,
                finding="assistance_newly_due", found=found,
            )
        )  # fmt: skip


def settled_twice(making: Making) -> None:
    """One visit, two settlements, assisted both times."""
    for day, refunded, found in (
        (date(2025, 7, 28), None, MONTHS),
        (LATER, None, (NOVEMBER,)),
        (date(2025, 7, 28), NOVEMBER, (OCTOBER,)),
    ):
        making.orders.append(
            Order(
                person=_needy(making, "dibao"), on=STAY, total=SMALL, seen=OCTOBER, again=day, refunded=refunded,
                finding="assistance_doubled", found=found,
            )
        )  # fmt: skip


def two_stays_at_once(making: Making) -> None:
    """In two hospitals on the same nights; and, lawfully, in the second from the day on which the first let go."""
    for county, days, found in (("370902", 10, MONTHS), (ZICHUAN, 10, MONTHS), (ZICHUAN, 4, ())):
        person = _needy(making, "dibao", county)
        finding = "assistance_doubled" if found else None
        making.orders += [
            Order(person=person, on=STAY, total=SMALL, seen=OCTOBER, days=8),
            Order(
                person=person, on=date(2025, 7, 25), total=SMALL, seen=OCTOBER, days=days, finding=finding, found=found
            ),
        ]


def _nothing(_assistance: int, _tilt: int, _left: int) -> tuple[int, int]:
    return 0, 0


def _half(assistance: int, tilt: int, _left: int) -> tuple[int, int]:
    return assistance // 2, tilt


def _more(assistance: int, tilt: int, left: int) -> tuple[int, int]:
    return min(assistance + 5_000, left - tilt), tilt


def _together(assistance: int, tilt: int, _left: int) -> tuple[int, int]:
    return assistance + tilt, 0


def _as_monitored(_assistance: int, _tilt: int, left: int) -> tuple[int, int]:
    return Counter().bill({"mon_edge"}, "inpatient", left) or (0, 0)
