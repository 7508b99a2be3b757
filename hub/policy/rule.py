"""One rule of a policy document: a benefit, whom it reaches, its parameters and the paragraph that says so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from hub.policy import keys
from hub.policy.bounds import ALL, Band, both
from hub.policy.citation import Citation, Source
from hub.policy.values import CostShare, Exact, Parameter

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words a document may use. A group is written `@rural_low_income` and stands for its categories."""

    categories: frozenset[str]
    groups: Mapping[str, tuple[str, ...]]
    departments: frozenset[str]
    divisions: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a document's rules share: its id, its region ('' is the nation), its period and its source."""

    document: str
    region: str
    period: tuple[date, date]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """`bp` basis points of what lies above `above` fen, up to the next tier; nothing below the line is paid."""

    above: int
    bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`key` is document '/' id; in force on [valid_from, valid_until); empty settings and insutypes are all.

    `index` is the rule's place in its document, from 0. `categories` has groups spread out; `*` is everyone. `costs`
    (fen) and `ages` (years) are half-open; `look_back` is months, None: what the category says.
    """

    key: str
    index: int
    document: str
    region: str
    benefit: str
    categories: tuple[str, ...]
    valid_from: date
    valid_until: date
    citation: Citation
    numbers: Mapping[str, Parameter]
    tiers: tuple[Tier, ...]
    settings: tuple[str, ...]
    insutypes: tuple[str, ...]
    conditions: tuple[str, ...]
    addressees: tuple[str, ...]
    hospital_levels: tuple[str, ...] = ()
    deducts: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    cap_group: str = ""
    line_group: str = ""
    costs: Band = ALL
    ages: Band = ALL
    look_back: int | None = None
    stay_lines: tuple[Parameter, ...] = ()
    line_period: str = ""
    tiers_period: str = ""
    cap_period: str = ""
    group_cap_period: str = "year"
    day: str = "admission"
    tiers_from: str = "cost"
    denominator: str = ""
    tops_up: str = ""
    cadence: str = ""
    cap_by: str = ""
    schedule: Mapping[int, Parameter] = field(default_factory=dict)
    base: str
    period: str
    whose_region: str
    effect: str
    on_application: bool
    note: str

    @property
    def reach(self) -> tuple[tuple[str, ...], ...]:
        """Which settings, insurances and hospital levels it speaks of; empty is all."""
        return (self.settings, self.insutypes, self.hospital_levels)

    @property
    def refers_to(self) -> str:
        """The category whose rule it needs: everyone's, whose line or ratio it changes, or the one that caps it."""
        relative = "line_factor" in self.numbers or "ratio_bonus" in self.numbers
        return keys.EVERYONE if relative else self.cap_by

    @property
    def varies(self) -> bool:
        """Is its line not one amount?"""
        line = self.numbers.get("line")
        return bool(self.stay_lines) or (isinstance(line, Exact) and isinstance(line.value, CostShare))

    @property
    def apart(self) -> bool:
        """Is its line no place on the cost that adds up, so that tiers from the line stay as they are written?"""
        return self.varies or "lines_most" in self.numbers or self.tiers_period != self.line_period

    def meets(self, other: Rule) -> bool:
        """Do two rules of one benefit reach the same case on some day?"""
        return (
            self.benefit == other.benefit
            and not set(self.categories).isdisjoint(other.categories)
            and self.valid_from < other.valid_until
            and other.valid_from < self.valid_until
            and self.shares_reach(other)
        )

    def shares_reach(self, other: Rule) -> bool:
        """Is there care of which both speak: a setting, insurance and level, ages, costs, conditions not contrary?"""
        if any({one, other_way} <= {*self.conditions, *other.conditions} for one, other_way in keys.CONTRARY.items()):
            return False
        if both(self.ages, other.ages) is None or both(self.costs, other.costs) is None:
            return False
        pairs = zip(self.reach, other.reach, strict=True)
        return all(not mine or not theirs or not set(mine).isdisjoint(theirs) for mine, theirs in pairs)
