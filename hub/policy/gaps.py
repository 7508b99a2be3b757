"""Gaps in a benefit a region serves: whom, what care or which days its documents forget.

1. A document that says whom it `serves` speaks, in each benefit that it gives to one of them, of all of them on the
   same days.
2. Where rules are for some hospital levels, other rules of the region speak of the remaining levels on the same days
   (a warning: a page may show one level only).
3. Between the first and the last day on which a region speaks of a case there is no day without a rule, unless a
   document above speaks of it then.
A document that is silent closes a gap by saying so: `{ unknown = "the document is silent" }`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import product

from hub.policy.document import Document
from hub.policy.keys import EVERYONE, HOSPITAL_LEVELS, INSUTYPES, ORDINARY_LEVELS, SETTINGS
from hub.policy.rule import Rule
from hub.policy.toml import Problem

Period = tuple[date, date]
Care = tuple[str, str, str]  # setting, insurance, hospital level


def gaps(documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Every gap, at the place that should have closed it."""
    rules = [rule for document in documents.values() for rule in document.rules]
    for document in documents.values():
        yield from _forgotten(document)
    by_benefit: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_benefit[rule.benefit].append(rule)
    by_case: dict[tuple[str, str, str], list[Rule]] = defaultdict(list)
    for rule in rules:
        for category in rule.categories:
            by_case[rule.region, rule.benefit, category].append(rule)
    told: set[tuple[str, str]] = set()
    for (region, benefit, category), found in sorted(by_case.items()):
        above = [
            rule
            for rule in by_benefit[benefit]
            if category in rule.categories and len(rule.region) < len(region) and region.startswith(rule.region)
        ]
        for rule, key, message in (*_levels(found), *_days(found, above)):
            if (rule.key, key) not in told:
                told.add((rule.key, key))
                place = ("rule", rule.index, key)
                warning = key == "hospital_levels"
                yield _problem(documents[rule.document], place, f"{message} for {category}", warning=warning)


def holes(periods: Iterable[Period], within: Period) -> list[Period]:
    """The parts of a period that none of the others reaches."""
    found, day = [], within[0]
    for start, end in sorted(periods):
        if start > day:
            found.append((day, min(start, within[1])))
        day = max(day, end)
        if day >= within[1]:
            return found
    return [*found, (day, within[1])]


def _period(rule: Rule) -> Period:
    return rule.valid_from, rule.valid_until


def _problem(document: Document, path: tuple[str | int, ...], message: str, *, warning: bool = False) -> Problem:
    return Problem(
        file=document.toml.file,
        line=document.toml.line(*path),
        key=str(path[-1]),
        message=message,
        remedy='Add the rule; if the source is silent, say { unknown = "the document is silent" } in it',
        severity="warning" if warning else "error",
    )


def _forgotten(document: Document) -> Iterator[Problem]:
    """Categories that a document serves and one of its benefits leaves out."""
    given: dict[str, dict[str, list[Period]]] = defaultdict(lambda: defaultdict(list))
    for rule in document.rules:
        for category in rule.categories:
            if category in document.serves and category != EVERYONE:
                given[rule.benefit][category].append(_period(rule))
    for benefit, periods in sorted(given.items()):
        spoken = [period for each in periods.values() for period in each]
        for category in document.serves:
            left = [hole for period in sorted(spoken) for hole in holes(periods.get(category, []), period)]
            if left:
                others = ", ".join(sorted(periods))
                message = f"{benefit} is given to {others} and says nothing of {category} from {left[0][0]}"
                yield _problem(document, ("serves",), message)


def _care(rule: Rule) -> Iterator[Care]:
    return product(rule.settings or SETTINGS, rule.insutypes or INSUTYPES, rule.hospital_levels or HOSPITAL_LEVELS)


def _levels(rules: Sequence[Rule]) -> Iterator[tuple[Rule, str, str]]:
    for rule in rules:
        others = sorted(set(ORDINARY_LEVELS) - set(rule.hospital_levels)) if rule.hospital_levels else []
        pairs = product(rule.settings or SETTINGS, rule.insutypes or INSUTYPES)
        for (setting, insutype), level in product(list(pairs), others):
            speaking = [_period(other) for other in rules if (setting, insutype, level) in set(_care(other))]
            if holes(speaking, _period(rule)):
                yield rule, "hospital_levels", f"{rule.key} leaves a gap: {rule.benefit} in hospitals of level {level}"
                break


def _days(rules: Sequence[Rule], above: Sequence[Rule]) -> Iterator[tuple[Rule, str, str]]:
    by_care: dict[Care, list[Rule]] = defaultdict(list)
    for rule in rules:
        for care in _care(rule):
            by_care[care].append(rule)
    for care, found in by_care.items():
        periods = [_period(rule) for rule in found]
        for start, end in holes(periods, (min(periods)[0], max(end for _, end in periods))):
            helping = [_period(rule) for rule in above if care in set(_care(rule))]
            if holes(helping, (start, end)):
                after = next(rule for rule in found if rule.valid_from == end)
                yield after, "from", f"{after.key} leaves a gap: no rule of {after.benefit} from {start} to {end}"
