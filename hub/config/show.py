"""What is in force in a region on a day, from which document, and what it overrides: `aidgraph policy show`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hub.config.config import Config
from hub.errors import InputError
from hub.policy.amounts import amounts
from hub.policy.keys import CHOICES, KINDS, Choice
from hub.policy.resolve import resolve
from hub.policy.rule import Rule
from hub.policy.values import Kind
from hub.policy.written import percent, written, yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One rule in force, and the rules it overrides.

    `values` are as the document says, `reach` what else it says of whom and how; `undetermined` why they come to no
    amount; `presumed` where they rest on a table's minimum taken for the figure itself. All four are for people.
    """

    benefit: str
    category: str
    values: str
    reach: str
    undetermined: str
    presumed: str
    rank: int
    mode: str
    rule: str
    document: str
    article: str
    address: str
    grade: str
    checked: date
    overrides: tuple[str, ...]


def show(config: Config, region: str, on: date) -> list[Shown]:
    """The rules in force in a county, city or province on a day. Raises InputError where there is no such region."""
    if region not in config.divisions or len(region) > 6:
        raise InputError(
            f"{region} is no province, city or county", remedy="Use a code of divisions.csv with 2, 4 or 6 digits"
        )
    where = tuple(dict.fromkeys(region[:end] for end in (6, 4, 2, 0)))
    there = [document for document in config.documents.values() if document.region in where]
    rows = []
    for item in resolve(there, sorted(config.categories), on, on + timedelta(days=1)):
        for case in item.cases():
            rule = case.rule
            found = amounts(rule, config.tables, where, on.year, case.other)
            rows.append(
                Shown(
                    benefit=item.benefit,
                    category=item.category,
                    values=values(rule),
                    reach=reach(rule),
                    undetermined="; ".join(found.reasons),
                    presumed="; ".join(found.presumed),
                    rank=item.rank,
                    mode=item.mode,
                    rule=rule.key,
                    document=config.documents[rule.document].number,
                    article=rule.citation.article,
                    address=rule.citation.source.address,
                    grade=rule.citation.source.grade,
                    checked=rule.citation.source.checked,
                    overrides=tuple(f"{other.key} ({values(other)})" for other in item.overridden),
                )
            )
    return rows


def values(rule: Rule) -> str:
    """A rule's parameters as people write them."""
    parts = [f"{name} {written(parameter, KINDS[name])}" for name, parameter in rule.numbers.items()]
    lines = ", then ".join(written(line, Kind.MONEY) for line in rule.stay_lines)
    parts += [f"stay_lines {lines}"] if lines else []
    parts += [f"{year} {written(parameter, KINDS['amount'])}" for year, parameter in rule.schedule.items()]
    parts += [f"{percent(tier.bp)} above {yuan(tier.above)}" for tier in rule.tiers]
    return ", ".join(parts)


def reach(rule: Rule) -> str:
    """The other keys of a rule, where they are not what an absent key means: whom it reaches, and how it counts."""
    parts = []
    for choice in CHOICES:
        said = getattr(rule, choice.name) if rule.benefit in choice.benefits else ""
        if said and said != _unsaid(rule, choice):
            parts.append(f"{choice.name} {said if isinstance(said, str) else ', '.join(said)}")
    parts += [f"{name} {said}" for name in ("cap_group", "line_group", "cap_by") if (said := getattr(rule, name))]
    parts += [f"addressee {', '.join(rule.addressees)}"] if rule.addressees else []
    parts += ["on_application"] if rule.on_application else []
    return "; ".join(parts)


def _unsaid(rule: Rule, choice: Choice) -> str | None:
    """What an absent key means for a rule."""
    match choice.name:
        case "line_period":
            return "stay" if rule.stay_lines else rule.period
        case "tiers_period":
            return rule.line_period
        case "cap_period":
            return rule.period
    return choice.default.get(rule.benefit)
