"""Who falls ill and when: the year's settlements, late ones, refunds, and what scenarios ordered."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from random import Random

from connectors.simulator.making import NOVEMBER, OCTOBER, Making, Order
from connectors.simulator.money import Held, Ledger
from connectors.simulator.records import Enrolment, Insured, Settlement
from connectors.simulator.truth import TrueSpell

OLDEST = date(2024, 1, 1)  # insured before the year began, whatever happened since
FIRST, LAST = date(2025, 1, 5), date(2025, 10, 28)


def settle_all(making: Making, spells: dict[str, list[TrueSpell]], seed: int) -> None:
    """Fill both months' settlements. `spells` are those known in November, by ID number."""
    ledger = Ledger(rng=Random(f"{seed}/care"))
    found: list[Settlement] = []
    deaths = {d.person.number for state in making.states for d in state.deaths}
    for number, row in making.october.insured.items():
        enrolment = _covered(row)
        if enrolment and number not in making.quiet and number not in deaths and number in making.november.insured:
            found += _year(ledger, row, enrolment, spells.get(number, []))
    for order in sorted(making.orders, key=lambda o: (o.on, o.person.number)):
        found += _ordered(ledger, order, making, spells.get(order.person.number, []))
    making.november.settlements = sorted(found, key=lambda s: s.setl_id)
    making.october.settlements = [s for s in making.november.settlements if s.seen == OCTOBER]


def _covered(row: Insured) -> Enrolment | None:
    """The enrolment that pays for the whole year, if there is one."""
    return next((e for e in row.enrolments if e.status == "normal" and e.since <= OLDEST), None)


def _year(ledger: Ledger, row: Insured, enrolment: Enrolment, spells: list[TrueSpell]) -> list[Settlement]:
    """A person's stays and visits, in order of day."""
    rng = ledger.rng
    if rng.random() > (0.35 if spells else 0.12):
        return []
    held = partial(_held, spells)
    late = False  # what follows a settlement that is recorded late is recorded late too
    days = sorted(FIRST + timedelta(days=rng.randint(0, (LAST - FIRST).days)) for _ in range(rng.choice((1, 1, 2, 3))))
    found = []
    for day in days:
        setting = rng.choice(("inpatient", "inpatient", "outpatient_chronic", "outpatient"))
        total = _bill(rng, setting)
        late = late or (day >= date(2025, 10, 8) and rng.random() < 0.2)
        seen = NOVEMBER if late else OCTOBER
        found.append(ledger.stay(row, enrolment, held, on=day, total=total, seen=seen, setting=setting))
    if rng.random() < 0.03:
        found += _mistake(ledger, row, enrolment, held, found[-1])
    elif rng.random() < 0.12:
        day = date(2025, 11, rng.randint(2, 27))
        bill = _bill(rng, "inpatient")
        found.append(ledger.stay(row, enrolment, held, on=day, total=bill, seen=NOVEMBER, setting="inpatient"))
    return found


def _mistake(ledger: Ledger, row: Insured, enrolment: Enrolment, held: Held, wrong: Settlement) -> list[Settlement]:
    """The last settlement is taken back and settled anew; some platforms do not say which one."""
    rng = ledger.rng
    day = max(wrong.discharged + timedelta(days=rng.randint(1, 9)), date(2025, 11, 3) if rng.random() < 0.4 else FIRST)
    seen = NOVEMBER if day > LAST or wrong.seen == NOVEMBER else OCTOBER
    back = ledger.refund(wrong, on=day, seen=seen, named=rng.random() < 0.6)
    anew = ledger.stay(
        row,
        enrolment,
        held,
        on=day,
        total=wrong.total + 12_345,
        seen=seen,
        setting=wrong.setting,
    )
    return [back, anew]


def _ordered(ledger: Ledger, order: Order, making: Making, spells: list[TrueSpell]) -> list[Settlement]:
    row = making.october.insured[order.person.number]
    enrolment = next(e for e in row.enrolments if e.status == "normal")
    held = partial(_held, spells)
    stay = ledger.stay(
        row, enrolment, held, on=order.on, total=order.total, seen=order.seen, setting="inpatient", ratio=order.ratio,
        days=order.days, pays=order.pays,
    )  # fmt: skip
    found = [stay]
    if order.again:
        found.append(ledger.again(stay, held, on=order.again, seen=OCTOBER if order.again <= LAST else NOVEMBER))
    if order.finding:
        making.expect(order.finding, order.person, subject=found[-1].setl_id, months=order.found)
    if order.refunded:
        day = date(2025, 11, 6) if order.refunded == NOVEMBER else order.on + timedelta(days=5)
        found.append(ledger.refund(found[-1], on=day, seen=order.refunded))
    return found


def _held(spells: list[TrueSpell], day: date) -> set[str]:
    return {spell.category for spell in spells if spell.in_force(day)}


def _bill(rng: Random, setting: str) -> int:
    """A total in fen; a few stays are very expensive."""
    if setting == "outpatient":
        return rng.randint(5_000, 60_000)
    if setting == "outpatient_chronic":
        return rng.randint(30_000, 400_000)
    return min(int(rng.lognormvariate(13.7, 0.9)), 90_000_000)
