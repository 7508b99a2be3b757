"""What is true of payment lists: who is missing from the newest without a reason, who is paid though dead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from connectors.simulator.records import Payment, State
from connectors.simulator.truth import TrueSpell

LIST = "civil_affairs_payments"  # the subject of findings
Payments = Mapping[tuple[str, str], Payment]


def absent(
    before: Payments, state: State, deaths: Mapping[str, date], spells: Mapping[str, Sequence[TrueSpell]]
) -> Iterator[str]:
    """Who was paid the month before and is not now: alive, not in a row that waits, and not off the list they left."""
    paid = {number for _, number in state.payments} | state.waiting | deaths.keys()
    for number in {number for _, number in before} - paid:
        mine = [s for s in spells.get(number, ()) if s.household_key.startswith("civil_affairs:")]
        if not mine or any(spell.in_force(state.end) for spell in mine):
            yield number


def paid_after_death(payments: Payments, deaths: Mapping[str, date]) -> set[str]:
    """Who is paid for a month that began after their death."""
    return {p.person.number for p in payments.values() if (died := deaths.get(p.person.number)) and died < p.month}
