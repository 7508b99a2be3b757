"""Which settlements were assisted otherwise than is due, worked out bill by bill: what Zichuan's page says against what
was paid; and, everywhere, expenses that were assisted twice.

It shares no code with the hub.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from connectors.simulator.aid import ZICHUAN, Counter, decisive, standing
from connectors.simulator.records import Settlement
from connectors.simulator.truth import TrueSpell

Said = tuple[str, str, str]  # kind, ID number, settlement


def findings(spells: Mapping[str, list[TrueSpell]], settlements: Iterable[Settlement]) -> Iterator[Said]:
    """What is to be found of the settlements that count, by what is known of categories."""
    bills: dict[str, list[Settlement]] = defaultdict(list)
    for s in settlements:
        bills[s.person.number].append(s)
    for number, mine in bills.items():
        for kind, s in (*_of_year(spells.get(number, []), mine), *_twice(mine)):
            yield f"assistance_{kind}", number, s.setl_id


def _of_year(spells: list[TrueSpell], bills: list[Settlement]) -> Iterator[tuple[str, Settlement]]:
    """A person's bills in Zichuan, in order of discharge, against the counter's reckoning."""
    counter = Counter()
    here = [s for s in bills if s.county == ZICHUAN]
    for s in sorted(here, key=lambda s: (s.discharged, s.settled.date(), s.setl_id)):
        held = [spell for spell in spells if spell.in_force(s.admitted)]
        due = counter.bill({spell.category for spell in held}, s.setting, s.scope - s.basic - s.serious)
        if due is not None:
            yield from ((kind, s) for kind in _verdicts(s, due, held))


def _verdicts(s: Settlement, due: tuple[int, int], held: list[TrueSpell]) -> set[str]:
    """Assistance and tilt each by itself; what one has too much may be what the other lacks."""
    found = set()
    for (mine, paid), (others, others_paid) in (
        ((due[0], s.assistance), (due[1], s.tilt)),
        ((due[1], s.tilt), (due[0], s.assistance)),
    ):
        received = paid + max(others_paid - others, 0)
        if received < mine:
            found.add(_lack(s, received, held))
        elif paid > mine + max(others - others_paid, 0):
            found.add("overpaid")
    return found


def _lack(s: Settlement, received: int, held: list[TrueSpell]) -> str:
    categories = {spell.category for spell in held}
    if standing(categories) == "expend_hard" and not received:
        return "not_applied"
    certified = min(spell.certified or spell.valid_from for spell in held if spell.category == decisive(categories))
    if certified > s.settled.date():
        return "newly_due"
    return "underpaid" if received else "missing"


def _twice(bills: list[Settlement]) -> set[tuple[str, Settlement]]:
    """The later of two claims for one expense, and claims for what others had paid already."""
    aided = sorted((s for s in bills if s.assistance + s.tilt > 0), key=lambda s: (s.settled.date(), s.setl_id))
    found = {("doubled", s) for s in aided if s.funds > s.scope}
    found |= {("doubled", later) for first, later in combinations(aided, 2) if _same(first, later)}
    return found


def _same(a: Settlement, b: Settlement) -> bool:
    days = (a.admitted, a.discharged) == (b.admitted, b.discharged)
    amounts = (a.total, a.scope) == (b.total, b.scope)
    if a.visit == b.visit:
        return a.discharged == b.discharged or amounts
    stays = a.setting == b.setting == "inpatient"
    return (days and amounts) or (stays and a.admitted < b.discharged and b.admitted < a.discharged)
