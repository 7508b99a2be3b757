"""The amounts a rule comes to for a county and benefit year, in fen and basis points, or why it comes to none.

1. A bound or an unknown value is no amount: the rule is undetermined and says why.
2. `line_factor` and `ratio_bonus` are applied to everyone's rule, so that what is given here is complete.
3. Tiers are given from the first fen of the cost, whatever the document counts from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hub.policy.keys import CALCULATED, KINDS, PAID, SUBSIDY
from hub.policy.rule import Rule, Tier
from hub.policy.table import Known, Table, Undetermined
from hub.policy.values import (
    BP,
    Ceiling,
    CostShare,
    Exact,
    Floor,
    Parameter,
    Share,
    Unknown,
    Word,
    half_up,
    premium_share,
)
from hub.policy.written import written

SPECIAL_DRUGS = ("special_drug_line", "special_drug_ratio", "special_drug_cap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """A rule's parameters in fen and basis points. One that is no number here is None, and `reasons` say why.

    `ratio` is that of the first tier. `presumed` says which table's minimum was taken for the figure itself.
    """

    amount: int | None = None
    line: int | None = None
    ratio: int | None = None
    cap: int | None = None
    group_cap: int | None = None
    lines_most: int | None = None
    cost_cap: int | None = None
    first_own: int | None = None
    least_ratio: int | None = None
    pay: int | None = None
    pay_per_day: int | None = None
    cost_per_day: int | None = None
    stay_lines: tuple[int, ...] = ()
    line_share: CostShare | None = None
    special_drug_line: int | None = None
    special_drug_ratio: int | None = None
    special_drug_cap: int | None = None
    tiers: tuple[Tier, ...] = ()
    full: bool = False
    reasons: tuple[str, ...] = ()
    presumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """Reads parameters of rules at one place and year, and keeps what it could not read and what it presumed."""

    tables: Mapping[str, Table]
    where: Sequence[str]
    year: int
    reasons: list[str] = field(default_factory=list)
    presumed: list[str] = field(default_factory=list)

    def number(self, rule: Rule, name: str, named: str = "") -> int | None:
        """Fen or basis points; None is "no cap", an absent parameter, or one that `reasons` now tell of."""
        return self.parameter(rule, rule.numbers[name], name, named) if name in rule.numbers else None

    def parameter(self, rule: Rule, parameter: Parameter, name: str, named: str = "") -> int | None:
        """As `number`, of a parameter that is at hand."""
        found = _number(rule, parameter, name, self)
        if isinstance(found, Undetermined):
            self.reasons.append(f"{named or name}: {found.reason}")
            return None
        if found and found.presumed:
            self.presumed.append(found.presumed)
        return found.fen if found else None


def amounts(
    rule: Rule, tables: Mapping[str, Table], where: Sequence[str], year: int, other: Rule | None = None
) -> Amounts:
    """A rule's parameters for a county's chain and benefit year; `other` is the rule that it refers to."""
    reading = _Reading(tables=tables, where=where, year=year)
    values: dict[str, int | None] = {}
    tiers: tuple[Tier, ...] = ()
    stay_lines: tuple[int, ...] = ()
    if rule.refers_to and other is None:
        named = " and ".join(name for name in ("line_factor", "ratio_bonus") if name in rule.numbers)
        whose = "everyone" if named else rule.cap_by
        reading.reasons.append(f"{named or 'cap_by'}: no rule for {whose} is in force here")
    if rule.benefit in PAID:
        values["line"] = line = _line(rule, other, reading)
        stay_lines = tuple(reading.parameter(rule, one, "stay_lines") or 0 for one in rule.stay_lines)
        values["line"] = line = stay_lines[0] if stay_lines else line
        tiers = _tiers(rule, other, line, reading)
        values["ratio"] = tiers[0].bp if tiers else None
        unsaid = _Reading(tables=tables, where=where, year=year)  # not known of special drugs: the rest is determined
        values |= {
            name: unsaid.number(rule if name in rule.numbers or other is None else other, name)
            for name in SPECIAL_DRUGS
        }
    if rule.benefit in SUBSIDY:
        values["amount"] = _subsidy(rule, other, reading)
    for name in CALCULATED[rule.benefit]:
        if name not in values:
            values[name] = reading.number(rule, name)
    own = rule.numbers.get("line")
    return Amounts(
        **values,
        stay_lines=stay_lines,
        line_share=own.value if isinstance(own, Exact) and isinstance(own.value, CostShare) else None,
        tiers=tiers,
        full=_of_year(rule, year) == Exact(value=Word.FULL) and not rule.cap_by,
        reasons=tuple(reading.reasons),
        presumed=tuple(dict.fromkeys(reading.presumed)),
    )


def _of_year(rule: Rule, year: int) -> Parameter | None:
    """What a subsidy's rule says of a year: by its schedule, or always the same."""
    return rule.schedule.get(year) if rule.schedule else rule.numbers.get("amount")


def _subsidy(rule: Rule, other: Rule | None, reading: _Reading) -> int | None:
    """A year's amount, not above that of the category that caps it."""
    said = _of_year(rule, reading.year)
    if said is None:
        reading.reasons.append(f"schedule: says nothing of {reading.year}")
        return None
    amount = reading.parameter(rule, said, "amount")
    if other is None:
        return amount
    cap = amounts(other, reading.tables, reading.where, reading.year)
    reading.reasons.extend(f"{other.key}: {reason}" for reason in cap.reasons)
    reading.presumed.extend(cap.presumed)
    return None if amount is None or cap.amount is None else min(amount, cap.amount)


def _line(rule: Rule, everyone: Rule | None, reading: _Reading) -> int | None:
    """Its own line, or what the factor leaves of everyone's; where neither is said (basic insurance), 0."""
    if "line_factor" not in rule.numbers:
        return reading.number(rule, "line") if "line" in rule.numbers else 0
    factor = reading.number(rule, "line_factor")
    if everyone and everyone.varies:
        reading.reasons.append(f"line_factor: the line of {everyone.key} is not one amount")
        return None
    whole = reading.number(everyone, "line", f"line of {everyone.key}") if everyone else None
    return None if factor is None or whole is None else half_up(whole, factor)


def _tiers(rule: Rule, everyone: Rule | None, line: int | None, reading: _Reading) -> tuple[Tier, ...]:
    """Its own tiers or ratio, or everyone's with the points added, from the first fen of the cost."""
    bonus = 0
    source: Rule | None = rule
    named = "ratio"
    if "ratio_bonus" in rule.numbers:
        points = reading.number(rule, "ratio_bonus")
        source, bonus = (everyone, points) if points is not None else (None, 0)
        named = f"ratio of {everyone.key}" if everyone else ""
    if source is None:
        return ()
    tiers = source.tiers
    if not tiers:
        ratio = reading.number(source, "ratio", named)
        tiers = (Tier(above=0, bp=ratio),) if ratio is not None else ()
    if source.tiers and source.tiers_from == "line" and not rule.apart:
        if line is None:
            return ()
        tiers = tuple(Tier(above=line + tier.above, bp=tier.bp) for tier in tiers)
    return tuple(Tier(above=tier.above, bp=min(BP, tier.bp + bonus)) for tier in tiers)


def _number(rule: Rule, parameter: Parameter, name: str, reading: _Reading) -> Known | Undetermined | None:
    """Fen or basis points; None is "no cap"."""
    match parameter:
        case Exact(value=int(number)):
            return Known(fen=number)
        case Exact(value=CostShare(least=least)):
            return Known(fen=least)
        case Exact(value=Word.NO_CAP):
            return None
        case Exact(value=Share() | Word.FULL as named):
            share = named if isinstance(named, Share) else premium_share(BP, rule.insutypes[0])
            return reading.tables[share.table].share(share, reading.where, reading.year)
        case Floor() | Ceiling():
            bound = written(parameter, KINDS[name])
            return Undetermined(reason=f"{bound}, and no rule gives the value itself")
        case Unknown(reason=reason):
            return Undetermined(reason=f"unknown: {reason}")
        case _:
            raise AssertionError(f"{rule.key} {name}: {parameter}")
