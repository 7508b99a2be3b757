"""Categories of persons, who certifies them, which exclude each other; benefits; departments and their names.

All of it is config/categories.toml. The codes are a closed list; a region may add its own, which begin with `x_`.
Departments keep their code when they are reorganised: their names are dated, and so is who certifies a category.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from hub.policy.keys import BENEFITS
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml

CLOSED = (
    "tekun", "orphan", "defacto_orphan", "dibao", "dibao_edge", "fanpin_zhipin",
    "mon_unstable", "mon_edge", "mon_sudden", "stable_out", "illness_poor", "expend_hard",
)  # fmt: skip
LEVELS = ("person", "household")
GROUPS = ("rural_low_income", "out_of_poverty")
EXTENSION = re.compile(r"x_[a-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """What held on [valid_from, valid_until): a department's code, or its name in Chinese and English."""

    valid_from: date
    valid_until: date
    value: str
    value_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of persons. `ends_on_risk_removed`: the spell ends when the monitored risk is removed.

    `look_back_months`: costs of so many months before the certification count (0: none, unless the spell says so).
    """

    code: str
    title: str
    title_en: str
    level: str
    certifiers: tuple[Dated, ...]
    ends_on_risk_removed: bool
    rural_low_income: bool
    out_of_poverty: bool
    look_back_months: int
    citation: str

    def certifier(self, day: date) -> str | None:
        """The department that certified the category on a day."""
        return _on(self.certifiers, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """A benefit, named in Chinese and English."""

    code: str
    title: str
    title_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Department:
    """A department by its duty; its names change when it is reorganised."""

    code: str
    names: tuple[Dated, ...]

    def title(self, day: date) -> str | None:
        """Its Chinese name on a day."""
        return _on(self.names, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Two categories (in order of code) that no person holds on one day."""

    a: str
    b: str
    citation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What categories.toml says."""

    categories: Mapping[str, Category]
    exclusions: tuple[Exclusion, ...]
    benefits: Mapping[str, Benefit]
    departments: Mapping[str, Department]

    def groups(self) -> dict[str, tuple[str, ...]]:
        """The categories of each population that a document may name as `@group`."""
        return {group: tuple(code for code, c in self.categories.items() if getattr(c, group)) for group in GROUPS}


def _on(dated: tuple[Dated, ...], day: date) -> str | None:
    return next((item.value for item in dated if item.valid_from <= day < item.valid_until), None)


def parse(toml: Toml, problems: list[Problem]) -> Catalogue:
    """The catalogue a file holds; what does not fit is noted as a problem."""
    section = Section(toml, problems)
    departments = {part.name: _department(part) for part in _each(section, "department")}
    benefits = {part.name: _benefit(part) for part in _each(section, "benefit")}
    categories = {part.name: _category(part, tuple(departments)) for part in _each(section, "category")}
    for kind, wanted, found in (("benefit", BENEFITS, benefits), ("category", CLOSED, categories)):
        for code in sorted(set(wanted) - set(found)):
            section.refuse(kind, f"{code} is missing", f"Add [{kind}.{code}]")
    exclusions = tuple(_exclusion(part, tuple(categories)) for part in section.tables("exclusion"))
    section.finish()
    return Catalogue(categories=categories, exclusions=exclusions, benefits=benefits, departments=departments)


def _each(section: Section, key: str) -> list[Section]:
    table = section.table(key)
    return [part for name in table.keys if (part := table.table(name))] if table else []


def _department(section: Section) -> Department:
    names = _dated(section, "names", lambda part: (part.text("title"), part.text("title_en")))
    section.finish()
    return Department(code=section.name, names=names)


def _benefit(section: Section) -> Benefit:
    code = section.name
    if code not in BENEFITS:
        section.refuse("-", f"{code} is no benefit", f"Use: {', '.join(sorted(BENEFITS))}")
    benefit = Benefit(code=code, title=section.text("title"), title_en=section.text("title_en"))
    section.finish()
    return benefit


def _category(section: Section, departments: tuple[str, ...]) -> Category:
    code = section.name
    if code not in CLOSED and not EXTENSION.fullmatch(code):
        section.refuse(
            "-", f"{code} is no category", "Use a code of the closed list, or x_ and a name for a region's own"
        )
    category = Category(
        code=code,
        title=section.text("title"),
        title_en=section.text("title_en"),
        level=section.text("level", choices=LEVELS),
        certifiers=_dated(section, "certifier", lambda part: (part.text("department", choices=departments), "")),
        ends_on_risk_removed=section.flag("ends_on_risk_removed"),
        rural_low_income=section.flag("rural_low_income"),
        out_of_poverty=section.flag("out_of_poverty"),
        look_back_months=section.number("look_back_months") if "look_back_months" in section else 0,
        citation=section.text("citation", remedy="Say where the category comes from, or [own]"),
    )
    section.finish()
    return category


def _exclusion(section: Section, categories: tuple[str, ...]) -> Exclusion:
    pair = section.texts("between", required=True, choices=categories)
    if len(pair) != 2:
        section.refuse("between", "does not name two categories", 'Write between = ["tekun", "dibao"]')
    first, *rest = sorted(pair) or ("", "")
    exclusion = Exclusion(
        a=first, b="".join(rest[:1]), citation=section.text("citation", remedy="Say where it is said, or [own]")
    )
    section.finish()
    return exclusion


def _dated(section: Section, key: str, read: Callable[[Section], tuple[str, str]]) -> tuple[Dated, ...]:
    """A list of what held when, which must not overlap; `from` and `until` may be left open."""
    found: list[Dated] = []
    for part in section.tables(key):
        value, value_en = read(part)
        start, end = part.period()
        part.finish()
        found.append(Dated(valid_from=start, valid_until=end, value=value, value_en=value_en))
    if not found:
        section.refuse(key, "is missing", f"Add {key} = [ {{ ... }} ]")
    found.sort(key=lambda item: item.valid_from)
    if any(first.valid_until > second.valid_from for first, second in pairwise(found)):
        section.refuse(key, "overlap in time", "End one before the next begins")
    return tuple(found)
