"""Which rule is in force where and when.

1. The most local documents in force that day that speak of a benefit and category decide it; a bound or an unknown
   value there is not filled from above: it is undetermined, with the reason.
2. Rank and mode come, each, from the most local document in force that says so.
3. A year is cut where anything changes; neighbouring days that are alike are one interval.
4. A rule that refers to another category's (Rule.refers_to) is taken with each rule of it in force that it meets.
5. In insurance everyone's rules go on for the care of which a category's own do not speak (hub.policy.complete).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from hub.policy.bounds import ALL, Band, both
from hub.policy.complete import completed
from hub.policy.document import Document
from hub.policy.keys import EVERYONE, INSURANCE, INSUTYPES
from hub.policy.rule import Rule

DEFAULT_MODE = "per_benefit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A rule, the rule that it refers to (if it does), and what both reach. `key` is its own in the interval."""

    key: str
    rule: Rule
    other: Rule | None
    settings: tuple[str, ...]
    insutypes: tuple[str, ...]
    hospital_levels: tuple[str, ...]
    ages: Band = ALL
    costs: Band = ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What decides a benefit for a category on [valid_from, valid_until), and the rules of less local documents.

    `others` are the rules in force that the deciding ones refer to (Rule.refers_to), `everyone` those of everyone that
    go on beside them.
    """

    benefit: str
    category: str
    valid_from: date
    valid_until: date
    rules: tuple[Rule, ...]
    overridden: tuple[Rule, ...]
    others: tuple[Rule, ...] = ()
    everyone: tuple[Rule, ...] = ()
    rank: int
    mode: str

    def continues(self, other: InForce) -> bool:
        """Does the other interval say the same, beginning where this one ends?"""
        return self.valid_until == other.valid_from and self == replace(
            other, valid_from=self.valid_from, valid_until=self.valid_until
        )

    def cases(self) -> list[Case]:
        """Its rules, each that refers to others once for each of those it meets, and everyone's for other care."""
        own = [case for rule in self.rules for case in _cases(rule, self.others)]
        reaches = [((case.settings, case.insutypes, case.hospital_levels), case.ages, case.costs) for case in own]
        rest = completed(reaches, self.everyone)
        return [*own, *(_case(rule, None, key, *rule.reach) for key, rule in rest)]


def chain(county: str) -> tuple[str, ...]:
    """A county (or a city, or a province) and the regions around it, most local first; '' is the nation."""
    return tuple(dict.fromkeys((county, county[:4], county[:2], "")))


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
        ordered = sorted(rules, key=lambda rule: (-len(rule.region), rule.key))
        deciding = _most_local(ordered)
        named = sorted({rule.refers_to for rule in deciding if rule.refers_to})
        found.append(
            InForce(
                benefit=benefit,
                category=category,
                valid_from=day,
                valid_until=until,
                rules=deciding,
                overridden=tuple(ordered[len(deciding) :]),
                others=tuple(rule for name in named for rule in _most_local(speaking.get((benefit, name), ()))),
                everyone=_most_local(speaking.get((benefit, EVERYONE), ()))
                if benefit in INSURANCE and category != EVERYONE
                else (),
                rank=rank[category],
                mode=mode,
            )
        )
    return found


def _most_local(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    most = max((len(rule.region) for rule in rules), default=0)
    return tuple(sorted((rule for rule in rules if len(rule.region) == most), key=lambda rule: rule.key))


def _cases(rule: Rule, others: Sequence[Rule]) -> list[Case]:
    """The rule by itself, or with each it refers to and meets; an insurance that none of those reaches stays alone."""
    if not rule.refers_to:
        return [_case(rule, None, rule.key, *rule.reach)]
    found = []
    left = set(rule.insutypes or INSUTYPES)
    for other in others:
        if rule.refers_to in other.categories and rule.shares_reach(other):
            left -= set(other.insutypes or INSUTYPES)
            both = [_both(*pair) for pair in zip(rule.reach, other.reach, strict=True)]
            found.append(_case(rule, other, f"{rule.key}+{other.key.partition('/')[2]}", *both))
    if left:
        insutypes = tuple(sorted(left)) if found or rule.insutypes else ()
        found.append(_case(rule, None, f"{rule.key}+none", rule.settings, insutypes, rule.hospital_levels))
    return [replace(found[0], key=rule.key)] if len(found) == 1 else found


def _case(rule: Rule, other: Rule | None, key: str, *reach: tuple[str, ...]) -> Case:
    settings, insutypes, levels = reach
    return Case(
        key=key,
        rule=rule,
        other=other,
        settings=settings,
        insutypes=insutypes,
        hospital_levels=levels,
        ages=(both(rule.ages, other.ages) if other else None) or rule.ages,
        costs=(both(rule.costs, other.costs) if other else None) or rule.costs,
    )


def _both(mine: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item for item in mine if item in theirs) if mine and theirs else mine or theirs


def _rank(documents: Sequence[Document], categories: Sequence[str]) -> dict[str, int]:
    """Every category's place; those that the region does not rank come after, in order of code, and everyone last."""
    said = max((d for d in documents if d.merge and d.merge.rank), key=lambda d: len(d.region), default=None)
    ranked = said.merge.rank if said and said.merge else ()
    order = [*ranked, *sorted(set(categories) - set(ranked)), EVERYONE]
    return {category: place for place, category in enumerate(order, 1)}


def _mode(documents: Sequence[Document]) -> str:
    said = max((d for d in documents if d.merge and d.merge.mode), key=lambda d: len(d.region), default=None)
    return said.merge.mode if said and said.merge else DEFAULT_MODE
