"""Settlements: stays and visits of a year, with fund lines that add up.

Layer by layer, half up to the fen: basic insurance after the deductible, serious-illness insurance on the year's
sum above its line, medical assistance, then tilt. Rates are of the demo regions' order, not their rules; but in
Zichuan assistance is what its page says (aid). Elsewhere what the funds pay of a scope stays at 93 % or below, unless a
scenario orders a ratio. A person's stays do not overlap, unless a scenario orders their length. The identities of the
platform hold: total = own + over + first + scope; funds = sum of the lines; personal part = total - funds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from random import Random

from connectors.simulator.aid import ZICHUAN, Counter, half_up
from connectors.simulator.records import Enrolment, Insured, Settlement

Held = Callable[[date], set[str]]  # the categories of a person on a day
Pays = Callable[[int, int, int], tuple[int, int]]  # (assistance due, tilt due, left by insurance) -> what is paid
KEY = frozenset({"tekun", "orphan", "defacto_orphan", "dibao", "fanpin_zhipin"})
EDGE = frozenset({"dibao_edge", "mon_unstable", "mon_edge", "mon_sudden"})
DEDUCTIBLE = {"1": 20_000, "2": 50_000, "3": 90_000}
BASIC = {"390": {"1": 8_000, "2": 7_000, "3": 6_000}, "310": {"1": 8_500, "2": 8_200, "3": 8_000}}
BASIC_CAP = 20_000_000
TIERS = ((0, 6_000), (10_000_000, 6_500), (20_000_000, 7_000), (30_000_000, 7_500))  # above the line, basis points
MOST = 9_300


@dataclass(slots=True, kw_only=True)
class Year:
    """What a person's year has used up so far, in fen; and when the last stay ended."""

    basic: int = 0
    residual: int = 0
    serious: int = 0
    edge_left: int = 0
    assistance: int = 0
    left: int = 0
    tilt: int = 0
    counter: Counter = field(default_factory=Counter)
    discharged: date = date.min


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Makes settlements one after another; numbers and years are kept here."""

    rng: Random
    years: dict[str, Year] = field(default_factory=lambda: defaultdict(Year))
    _serial: int = 0
    _before: dict[str, Year] = field(default_factory=dict)  # the person's year without a settlement

    def stay(
        self,
        row: Insured,
        enrolment: Enrolment,
        held: Held,
        *,
        on: date,
        total: int,
        seen: str,
        setting: str,
        ratio: int | None = None,
        days: int | None = None,
        pays: Pays | None = None,
    ) -> Settlement:
        """Settle one stay or visit of `total` fen on a day; `seen` is the month in which the platform shows it.

        `pays`: what Zichuan pays in assistance, where it is not what is due.
        """
        rng, year = self.rng, self.years[row.person.number]
        before, categories = deepcopy(year), held(on)
        level = "1" if total < 1_500_000 and rng.random() < 0.4 else rng.choice("23")
        own, first, over = (total * rng.randint(1, 6) // 100 for _ in range(3))
        over = over if rng.random() < 0.2 else 0
        scope = total - own - first - over
        deductible = min(scope, DEDUCTIBLE[level] if setting == "inpatient" else 0)
        basic = min(half_up(scope - deductible, BASIC[enrolment.insutype][level]), BASIC_CAP - year.basic)
        residual = scope - basic
        most = max(half_up(scope, MOST) - basic, 0)
        serious = self._serious(year, most, residual, key=bool(categories & KEY)) if enrolment.insutype == "390" else 0
        room = most - serious if ratio is None else half_up(scope, ratio) - basic - serious
        admitted = _admitted(rng, year, on, days) if setting == "inpatient" else on
        if enrolment.county == ZICHUAN:
            left = residual - serious
            due = year.counter.bill(held(admitted), setting, left) or (0, 0)
            assistance, tilt = pays(*due, left) if pays else due
        else:
            assistance, tilt = _aid(year, residual - serious, categories, room, exact=ratio is not None)
        year.basic += basic
        year.residual += residual
        year.serious += serious
        self._serial += 1
        borne = total - basic - serious - assistance - tilt
        number = f"S{enrolment.county}{self._serial:010d}"
        self._before[number] = before
        return Settlement(
            setl_id=number,
            visit=f"M{enrolment.county}{self._serial:010d}",
            init_setl_id=None,
            person=row.person,
            psn_no=row.psn_no,
            insutype=enrolment.insutype,
            county=enrolment.county,
            setting=setting,
            level=level,
            hospital=f"H{enrolment.county}{rng.randint(1, 30):05d}",
            admitted=admitted,
            discharged=on,
            settled=datetime.combine(on, time(rng.randint(8, 17), rng.randint(0, 59), rng.randint(0, 59))),
            seen=seen,
            own=own,
            over=over,
            first=first,
            scope=scope,
            deductible=deductible,
            basic=basic,
            serious=serious,
            assistance=assistance,
            tilt=tilt,
            account=min(borne, rng.randint(0, 50_000)) if enrolment.insutype == "310" else 0,
        )

    def refund(self, settled: Settlement, *, on: date, seen: str, named: bool = True) -> Settlement:
        """The negative half of a pair; without `named` it does not say which settlement it takes back.

        It is the person's last one: the year goes on as if it had not been.
        """
        self._serial += 1
        self.years[settled.person.number] = self._before[settled.setl_id]
        negative = {
            name: -getattr(settled, name)
            for name in (
                "own",
                "over",
                "first",
                "scope",
                "deductible",
                "basic",
                "serious",
                "assistance",
                "tilt",
                "account",
            )
        }
        return replace(
            settled,
            setl_id=f"S{settled.county}{self._serial:010d}",
            init_setl_id=settled.setl_id if named else None,
            settled=datetime.combine(on, settled.settled.time()),
            seen=seen,
            **negative,
        )

    def again(self, settled: Settlement, held: Held, *, on: date, seen: str) -> Settlement:
        """The same visit in Zichuan settled a second time on another day, as if it were another one."""
        self._serial += 1
        number = f"S{settled.county}{self._serial:010d}"
        year = self.years[settled.person.number]
        self._before[number] = deepcopy(year)
        left = settled.scope - settled.basic - settled.serious
        assistance, tilt = year.counter.bill(held(settled.admitted), settled.setting, left) or (0, 0)
        when = datetime.combine(on, settled.settled.time())
        return replace(settled, setl_id=number, settled=when, seen=seen, assistance=assistance, tilt=tilt)

    @staticmethod
    def _serious(year: Year, most: int, residual: int, *, key: bool) -> int:
        """Serious-illness insurance on the year's residual above its line, tier by tier, less what was paid before."""
        above = max(year.residual + residual - (700_000 if key else 1_400_000), 0)
        due = 0
        for (floor, ratio), ceiling in zip(TIERS, (*(f for f, _ in TIERS[1:]), above), strict=True):
            due += half_up(max(min(above, max(ceiling, floor)) - floor, 0), ratio + 500 * key)
        return min(max(due - year.serious, 0), most)


def _admitted(rng: Random, year: Year, on: date, days: int | None) -> date:
    """The first day of a stay that ends on a day: not before the last one ended."""
    length = rng.randint(3, 21)
    admitted = on - timedelta(days=length) if days is None else on - timedelta(days=days)
    if days is None:
        admitted = max(admitted, min(year.discharged, on))
    year.discharged = on
    return admitted


def _aid(year: Year, left: int, categories: set[str], room: int, *, exact: bool) -> tuple[int, int]:
    """Medical assistance and tilt on what is left, within `room`; `exact`: assistance fills the room."""
    if exact:
        return max(room, 0), 0
    assistance = tilt = 0
    if categories & KEY:
        assistance = min(half_up(left, 7_500), 3_000_000 - year.assistance, room)
        tilt = min(half_up(max(left - assistance + min(year.left, 500_000) - 500_000, 0), 7_000), 2_000_000 - year.tilt)
        tilt = min(tilt, room - assistance, left - assistance)
    elif categories & EDGE:
        above = max(year.edge_left + left - 300_000, 0) - max(year.edge_left - 300_000, 0)
        assistance = min(half_up(above, 5_000), 2_000_000 - year.assistance, room)
    year.edge_left += left
    year.left += left - assistance - tilt
    year.assistance += assistance
    year.tilt += tilt
    return assistance, tilt


def counting(settlements: Iterable[Settlement]) -> list[Settlement]:
    """The settlements that count: refunds and what they take back are left out.

    A refund names its settlement, or is told by the same person, the same visit and the opposite total.
    """
    everything = list(settlements)
    cancelled = {s.init_setl_id for s in everything if s.init_setl_id}
    totals = {(s.person.number, s.visit, s.total): s.setl_id for s in everything if s.total > 0}
    for s in everything:
        if s.total < 0:
            cancelled.add(s.setl_id)
            if s.init_setl_id is None:
                cancelled.add(totals[s.person.number, s.visit, -s.total])
    return [s for s in everything if s.setl_id not in cancelled]
