"""Which rule is in force where and when, and the amounts it comes to for a county and benefit year.

1. The most local documents in force that day that speak of a benefit and category decide it; a bound or an unknown
   value there is not filled from above: it is undetermined, with the reason.
2. Rank and mode come, each, from the most local document in force that says so.
3. A year is cut where anything changes; neighbouring days that are alike are one interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from hub.policy.document import Document
from hub.policy.keys import CALCULATED, EVERYONE, KINDS
from hub.policy.rule import Rule
from hub.policy.table import LOCAL, Known, Table, Undetermined
from hub.policy.values import BP, Ceiling, Exact, Floor, Parameter, Share, Unknown, Word, written

DEFAULT_MODE = "per_benefit"
PREMIUM = "premium"


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What decides a benefit for a category on [valid_from, valid_until), and the rules of less local documents."""

    benefit: str
    category: str
    valid_from: date
    valid_until: date
    rules: tuple[Rule, ...]
    overridden: tuple[Rule, ...]
    rank: int
    mode: str

    def continues(self, other: InForce) -> bool:
        """Does the other interval say the same, beginning where this one ends?"""
        return self.valid_until == other.valid_from and (self.rules, self.overridden, self.rank, self.mode) == (
            other.rules,
            other.overridden,
            other.rank,
            other.mode,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """A rule's parameters in fen and basis points. One that is no number here is None, and `reasons` say why.

    `presumed` says which table's minimum was taken for the figure itself.
    """

    amount: int | None = None
    line: int | None = None
    ratio: int | None = None
    cap: int | None = None
    full: bool = False
    reasons: tuple[str, ...] = ()
    presumed: tuple[str, ...] = ()


def chain(county: str) -> tuple[str, ...]:
    """A county and the regions around it, most local first; '' is the nation."""
    return (county, county[:4], county[:2], "")


def resolve(documents: Sequence[Document], categories: Sequence[str], start: date, end: date) -> list[InForce]:
    """What is in force on [start, end) where exactly these documents are (those of one county's chain)."""
    days = {start, end}
    for document in documents:
        days.update((document.valid_from, document.valid_until))
        for rule in document.rules:
            days.update((rule.valid_from, rule.valid_until))
    intervals: dict[tuple[str, str], list[InForce]] = defaultdict(list)
    for day, until in pairwise(sorted(d for d in days if start <= d <= end)):
        current = [document for document in documents if document.valid_from <= day < document.valid_until]
        for found in _on(current, categories, day, until):
            known = intervals[found.benefit, found.category]
            if known and known[-1].continues(found):
                known[-1] = replace(known[-1], valid_until=until)
            else:
                known.append(found)
    return [found for key in sorted(intervals) for found in intervals[key]]


def _on(documents: Sequence[Document], categories: Sequence[str], day: date, until: date) -> list[InForce]:
    rank, mode = _rank(documents, categories), _mode(documents)
    speaking: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for document in documents:
        for rule in document.rules:
            if rule.valid_from <= day < rule.valid_until:
                for category in rule.categories:
                    speaking[rule.benefit, category].append(rule)
    found = []
    for (benefit, category), rules in speaking.items():
        most_local = max(len(rule.region) for rule in rules)
        ordered = sorted(rules, key=lambda rule: (-len(rule.region), rule.key))
        found.append(
            InForce(
                benefit=benefit,
                category=category,
                valid_from=day,
                valid_until=until,
                rules=tuple(rule for rule in ordered if len(rule.region) == most_local),
                overridden=tuple(rule for rule in ordered if len(rule.region) < most_local),
                rank=rank[category],
                mode=mode,
            )
        )
    return found


def _rank(documents: Sequence[Document], categories: Sequence[str]) -> dict[str, int]:
    """Every category's place; those that the region does not rank come after, in order of code, and everyone last."""
    said = max((d for d in documents if d.merge and d.merge.rank), key=lambda d: len(d.region), default=None)
    ranked = said.merge.rank if said and said.merge else ()
    order = [*ranked, *sorted(set(categories) - set(ranked)), EVERYONE]
    return {category: place for place, category in enumerate(order, 1)}


def _mode(documents: Sequence[Document]) -> str:
    said = max((d for d in documents if d.merge and d.merge.mode), key=lambda d: len(d.region), default=None)
    return said.merge.mode if said and said.merge else DEFAULT_MODE


def amounts(rule: Rule, tables: Mapping[str, Table], where: Sequence[str], year: int) -> Amounts:
    """A rule's parameters for a county's chain and benefit year."""
    values: dict[str, int] = {}
    reasons: list[str] = []
    presumed: list[str] = []
    for name in CALCULATED[rule.benefit]:
        found = _number(rule, name, tables, where, year)
        if isinstance(found, Undetermined):
            reasons.append(f"{name}: {found.reason}")
        elif found:
            values[name] = found.fen
            presumed += [found.presumed] if found.presumed else []
    reasons += [f"needs {condition}, which no source tells" for condition in rule.conditions]
    full = rule.numbers.get("amount") == Exact(value=Word.FULL)
    return Amounts(**values, full=full, reasons=tuple(reasons), presumed=tuple(presumed))


def _number(
    rule: Rule, name: str, tables: Mapping[str, Table], where: Sequence[str], year: int
) -> Known | Undetermined | None:
    """Fen or basis points; None is "no cap"."""
    parameter: Parameter | None = rule.numbers.get(name)
    match parameter:
        case Exact(value=int(number)):
            return Known(fen=number)
        case Exact(value=Word.NO_CAP):
            return None
        case Exact(value=Share() | Word.FULL as named):
            share = named if isinstance(named, Share) else full_premium(rule.insutypes[0])
            return tables[share.table].share(share, where, year)
        case Floor() | Ceiling():
            bound = written(parameter, KINDS[name])
            return Undetermined(reason=f"{bound}, and no rule gives the value itself")
        case Unknown(reason=reason):
            return Undetermined(reason=f"unknown: {reason}")
        case _:
            return Undetermined(reason="tiers are not calculated by this version")


def full_premium(insutype: str) -> Share:
    """The whole personal premium of the benefit year, where the person is insured."""
    return Share(bp=BP, table=PREMIUM, area=LOCAL, year="same", where=(("insutype", insutype),))
