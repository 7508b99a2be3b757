"""The monthly payment list of civil affairs, made from who is certified, and its planted findings.

A list of who was paid is not a list of who is entitled: whoever is certified and not on it must be explained, and
nobody's category ends for it. Who lawfully left the certification list explains itself.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from connectors.simulator import cases, present
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making
from connectors.simulator.oracle_payments import LIST
from connectors.simulator.people import Household, Person
from connectors.simulator.records import Payment, Recipient
from connectors.simulator.soil import PAYMENTS, Soil

MONTHLY = {"dibao": 64_000, "tekun": 98_300}  # fen for a person; no document of a county is meant


def plant(making: Making, times: int) -> None:
    """Plant every kind, `times` times. The lists are made later (`pay_all`), from the certified."""
    for _ in range(times):
        _stopped(making)
        _unreadable(making)
        for months in (MONTHS, (NOVEMBER,), (OCTOBER,)):
            _paid_after_death(making, months)


def pay_all(making: Making, soil: Soil) -> None:
    """Make both months' lists: whoever is certified and covered in the month, unless a scenario says otherwise."""
    for state in making.states:
        first = state.end.replace(day=1)
        for row in state.recipients.values():
            if _due(row, first) and (state.month, row.person.number) not in making.unpaid:
                found = _payment(row, first)
                state.payments[found.key] = found
        state.payments.update({row.key: row for month, row in making.paid if month == state.month})
    november = making.november
    for number in making.illegible:
        (key,) = (key for key in november.payments if key[1] == number)
        values = present.payment(november.payments.pop(key))
        soil.refuse(PAYMENTS, NOVEMBER, values, "amount in words", "bad_amount", amount="陆佰肆拾元整")
        november.waiting.add(number)


def _due(row: Recipient, first: date) -> bool:
    current = row.begin <= first and (row.end is None or row.end >= first)
    return row.category in MONTHLY and row.covered and current and row.name == row.person.name


def _payment(row: Recipient, first: date) -> Payment:
    return Payment(
        person=row.person,
        category=row.category,
        rural=row.rural,
        household_number=row.household_number,
        month=first,
        amount=MONTHLY[row.category] + int(row.person.number[14:17]) * 10,
        paid=first.replace(day=10),
        division=row.division,
    )


def _certified(making: Making) -> tuple[Household, Person, Recipient]:
    household = making.settle_in(making.people.household(ages=[66], rural=True), certain=True)
    row = cases.recipient(making.rng, household, household.members[0], "dibao", begin=date(2022, 4, 1))
    return household, household.members[0], row


def _stopped(making: Making) -> None:
    """Certified throughout, paid in October, not in November."""
    _, person, row = _certified(making)
    making.put(row)
    making.unpaid.add((NOVEMBER, person.number))
    making.expect("absent_from_payment", person, subject=LIST, months=(NOVEMBER,))


def _unreadable(making: Making) -> None:
    """On November's list in a row that waits in quarantine: somebody who stands on a list is not absent."""
    _, person, row = _certified(making)
    making.put(row)
    making.illegible.append(person.number)


def _paid_after_death(making: Making, months: tuple[str, ...]) -> None:
    """Dead, off the certification list, and paid all the same."""
    _, person, row = _certified(making)
    making.died(person, date(2025, 7, 19))
    making.put(replace(row, end=date(2025, 7, 1)))
    making.paid += [(month, _payment(row, making.last_day(month).replace(day=1))) for month in months]
    making.expect("deceased_active", person, subject=LIST, months=months)
