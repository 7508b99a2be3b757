"""What a change of policy files touches: `aidgraph policy diff`.

1. Both folders are resolved for each region that has a document, or a figure that differs, and compared day by day.
2. A region below another is named only where its change is not the same as above it; what is said of a region holds
   below it, where nothing more local speaks.
3. Years are cut where tables have figures or schedules have steps, so that what changed shows as a changed amount.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from hub.config.config import Config
from hub.config.show import reach, values
from hub.policy.amounts import Amounts, amounts
from hub.policy.citation import NATION
from hub.policy.resolve import InForce, chain, resolve
from hub.policy.section import OPEN
from hub.policy.written import percent, yuan

Key = tuple[str, str]  # benefit, category
Said = tuple[str, tuple[str, ...]]  # what holds, in words; the rules that say it
NOTHING: Said = ("", ())
FIRST = date(1, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A benefit that differs for some categories of a region on [valid_from, valid_until); '' is no rule."""

    region: str
    benefit: str
    categories: tuple[str, ...]
    valid_from: date
    valid_until: date
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]


def diff(old: Config, new: Config) -> list[Change]:
    """Every difference in what is in force, by region, benefit and day."""
    found: dict[str, list[Change]] = {}
    for region in sorted(_regions(old, new), key=lambda code: (len(code), code)):
        above = {replace(change, region="") for place in chain(region)[1:] for change in found.get(place, ())}
        changes = list(_joined(_changes(old, new, region)))
        found[region] = [change for change in changes if replace(change, region="") not in above]
    return [replace(change, region=region or NATION) for region in sorted(found) for change in found[region]]


def _regions(old: Config, new: Config) -> set[str]:
    regions = {document.region for config in (old, new) for document in config.documents.values()}
    for name in {*old.tables, *new.tables}:
        before, after = (config.tables[name].figures if name in config.tables else {} for config in (old, new))
        regions |= {key[0] for key in {*before, *after} if before.get(key) != after.get(key)}
    return {region[:6] for region in regions}


def _changes(old: Config, new: Config, region: str) -> Iterator[Change]:
    """One change for each category and stretch of days between two cuts."""
    there = [(config, _in_force(config, region)) for config in (old, new)]
    cuts = {FIRST, OPEN, *(date(year, 1, 1) for config in (old, new) for year in _years(config))}
    cuts |= {day for _, items in there for item in items for day in (item.valid_from, item.valid_until)}
    keys = sorted({(item.benefit, item.category) for _, items in there for item in items})
    by_key = [_by_key(items) for _, items in there]
    for benefit, category in keys:
        for day, until in pairwise(sorted(cuts)):
            pair = [_on(items.get((benefit, category), []), day) for items in by_key]
            before, after = (_said(config, item, region, day) for (config, _), item in zip(there, pair, strict=True))
            if before[0] == after[0] and _merge(pair[0]) != _merge(pair[1]):
                before, after = (
                    (f"{said[0]} ({_merge(item)})", said[1]) for said, item in zip((before, after), pair, strict=True)
                )
            if before[0] != after[0]:
                yield Change(
                    region=region,
                    benefit=benefit,
                    categories=(category,),
                    valid_from=day,
                    valid_until=until,
                    before=before[0],
                    after=after[0],
                    rules_before=before[1],
                    rules_after=after[1],
                )


def _years(config: Config) -> set[int]:
    """The years of figures and schedules, and those after them, in which they may count or cease to."""
    years = {year for table in config.tables.values() for _, year, _ in table.figures}
    rules = [rule for document in config.documents.values() for rule in document.rules]
    years |= {year for rule in rules for year in rule.schedule}
    return {year + more for year in years for more in (0, 1, 2)}


def _in_force(config: Config, region: str) -> list[InForce]:
    where = chain(region)
    documents = [document for document in config.documents.values() if document.region in where]
    return resolve(documents, sorted(config.categories), FIRST, OPEN)


def _by_key(items: Iterable[InForce]) -> dict[Key, list[InForce]]:
    found: dict[Key, list[InForce]] = defaultdict(list)
    for item in items:
        found[item.benefit, item.category].append(item)
    return found


def _on(items: Iterable[InForce], day: date) -> InForce | None:
    return next((item for item in items if item.valid_from <= day < item.valid_until), None)


def _said(config: Config, item: InForce | None, region: str, day: date) -> Said:
    if item is None:
        return NOTHING
    words = []
    for case in item.cases():
        found = amounts(case.rule, config.tables, chain(region), day.year, case.other)
        parts = (values(case.rule), reach(case.rule), _figures(found))
        words.append("; ".join(part for part in parts if part))
    return " | ".join(words), tuple(case.key for case in item.cases())


def _figures(found: Amounts) -> str:
    """The amounts as they come out, or that they do not."""
    if found.reasons:
        return "undetermined"
    money = {name: getattr(found, name) for name in ("amount", "line", "cap", "group_cap")}
    told = [f"{name} {yuan(value)}" for name, value in money.items() if value is not None]
    return "comes to " + ", ".join([*told, *(f"{percent(t.bp)} above {yuan(t.above)}" for t in found.tiers)])


def _merge(item: InForce | None) -> str:
    return f"rank {item.rank}, {item.mode}" if item else ""


def _joined(changes: Iterable[Change]) -> Iterator[Change]:
    """Neighbouring days that differ alike are one stretch, categories that differ alike one change."""
    stretches: list[Change] = []
    for change in changes:
        last = stretches[-1] if stretches else None
        if (
            last
            and last.valid_until == change.valid_from
            and last == replace(change, valid_from=last.valid_from, valid_until=last.valid_until)
        ):
            stretches[-1] = replace(last, valid_until=change.valid_until)
        else:
            stretches.append(change)
    alike: dict[Change, list[str]] = defaultdict(list)
    for change in stretches:
        alike[replace(change, categories=())].extend(change.categories)
    for change, categories in sorted(alike.items(), key=lambda pair: (pair[0].benefit, pair[0].valid_from, pair[1])):
        yield replace(change, categories=tuple(categories))
