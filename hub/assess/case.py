"""A case file: one person's categories and settlements, as pins.md writes it. No store, no keys, no real person needed.

Amounts are yuan in the file and fen here. A refusal names file, line and key, never a value of the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from hub.errors import InputError
from hub.policy.keys import HOSPITAL_LEVELS, INSUTYPES, OTHER_AID, SETTINGS
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml, read

OPEN = date(9999, 12, 31)
CASE_KEYS = ("region", "document", "insutype", "person", "categories", "applied", "settlement")
MOST = 10**10  # yuan; beyond it no bill is believed
YEARS = range(1900, 2900)  # in which a day of a case may lie
DIVISION = "Write the 2, 4 or 6 digits of divisions.csv in quotation marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A category held on [valid_from, valid_until) in a region; '' is the case's own."""

    code: str
    valid_from: date
    valid_until: date
    certified: date | None
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A settlement of the case. None is: the file does not say."""

    id: str
    admitted: date | None
    discharged: date
    settled: date
    setting: str
    hospital_level: str | None
    designated: bool | None
    referral: bool | None
    in_region: bool | None
    total: int
    scope: int
    basic_paid: int | None
    serious_illness_paid: int | None
    special_drug_cost: int
    other_aid: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a case file says. Either `region` or `document` is not empty; None: it does not say."""

    file: str
    region: str
    document: str
    insutype: str
    birth: date | None
    rural: bool | None
    categories: tuple[Held, ...]
    applied: bool | None
    stays: tuple[Stay, ...]
    toml: Toml = field(repr=False, compare=False)

    def refused(self, *path: str | int, message: str, remedy: str) -> InputError:
        """What is wrong with a key, at its line."""
        return InputError(f"{self.file}:{self.toml.line(*path)}: {path[0]}: {message}", remedy=remedy)

    def years(self) -> list[int]:
        """The benefit years of its settlements; without any, the last in which a category began."""
        return sorted({stay.discharged.year for stay in self.stays}) or [
            max(held.valid_from.year for held in self.categories)
        ]

    def of_year(self, year: int) -> tuple[Stay, ...]:
        """The year's settlements, in the order in which they count."""
        stays = [stay for stay in self.stays if stay.discharged.year == year]
        return tuple(sorted(stays, key=lambda stay: (stay.discharged, stay.settled, stay.id)))


def read_case(path: Path) -> Case:
    """The case in a file. InputError with the first problem's file, line, key and remedy."""
    problems: list[Problem] = []
    try:
        toml = read(path.parent, path, problems)
    except (ValueError, ArithmeticError, RecursionError):  # numbers or nesting beyond what TOML's reader can hold
        raise InputError(f"{path}:1: -: holds what no case can hold", remedy="Correct the TOML") from None
    section = Section(toml, problems)
    if not problems:
        case = _case(section, path)
    if errors := sorted(problems):
        more = f" ({len(errors) - 1} more)" if errors[1:] else ""
        raise InputError(
            f"{path}:{errors[0].line}: {errors[0].key}: {errors[0].message}{more}", remedy=errors[0].remedy
        )
    return case


def _case(section: Section, path: Path) -> Case:
    document = section.text("document", default="")
    if "region" not in section and "document" not in section:
        section.refuse("region", "is missing", 'Add region = "370302", or document = "ID" to test one document alone')
    person = section.table("person") or Section(section.toml, section.problems, ("person",), {})
    birth, rural = _day(person, "birth"), _flag(person, "rural")
    person.finish(("birth", "rural"))
    parts = section.tables("settlement")
    stays = tuple(_stay(part) for part in parts)
    for place, part in enumerate(parts):
        if stays[place].id in {stay.id for stay in stays[:place]}:
            part.refuse("id", "stands twice", "Give each settlement its own id")
    case = Case(
        file=str(path),
        region=_division(section),
        document=document,
        insutype=section.text("insutype", default="390", choices=INSUTYPES),
        birth=birth,
        rural=rural,
        categories=tuple(_held(part) for part in section.tables("categories")),
        applied=_flag(section, "applied"),
        stays=stays,
        toml=section.toml,
    )
    section.finish(CASE_KEYS)
    if not case.stays and not case.categories and not section.problems:
        section.refuse("settlement", "there is neither a settlement nor a category", "Add [[settlement]]")
    return case


def _held(part: Section) -> Held:
    start = _day(part, "from", required=True) or OPEN
    until = part.day("until", default=OPEN)
    if until <= start and not part.problems:
        part.refuse("until", "is not after from", "Write the first day on which the category is no longer held")
    held = Held(
        code=part.text("code"),
        valid_from=start,
        valid_until=until,
        certified=_day(part, "certified"),
        region=_division(part),
    )
    part.finish(("code", "from", "until", "certified", "region"))
    return held


def _stay(part: Section) -> Stay:
    discharged = _day(part, "discharged", required=True) or OPEN
    scope = _money(part, "scope", required=True) or 0
    total = _money(part, "total")
    total = scope if total is None else total
    level = part.raw("hospital_level")
    if level is not None and (isinstance(level, bool) or str(level) not in HOSPITAL_LEVELS):
        part.refuse("hospital_level", "is no level", "Write 1, 2 or 3")
    admitted = _day(part, "admitted")
    if admitted and admitted > discharged:
        part.refuse("admitted", "is after discharged", "Correct the dates")
    stay = Stay(
        id=part.text("id"),
        admitted=admitted,
        discharged=discharged,
        settled=_day(part, "settled") or discharged,
        setting=part.text("setting", default="inpatient", choices=SETTINGS),
        hospital_level=None if level is None else str(level),
        designated=_flag(part, "designated"),
        referral=_flag(part, "referral"),
        in_region=_flag(part, "in_region"),
        total=total,
        scope=scope,
        basic_paid=_paid(part, "basic_paid", total),
        serious_illness_paid=_paid(part, "serious_illness_paid", total),
        special_drug_cost=_paid(part, "special_drug_cost", total) or 0,
        other_aid=tuple(_aid(item, total) for item in part.tables("other_aid")),
    )
    if scope < 0 <= total:
        part.refuse("scope", "is negative", "Write scope = 1234.56, in yuan; of a refund total is negative too")
    elif total < 0 < scope or abs(scope) > abs(total):
        part.refuse("scope", "is more than total", "The cost in scope is part of the whole bill")
    if total >= 0 and (stay.basic_paid or 0) + (stay.serious_illness_paid or 0) > scope:
        key = "basic_paid" if (stay.basic_paid or 0) > scope else "serious_illness_paid"
        part.refuse(key, "insurance paid more than scope", "Give what was paid of the cost in scope")
    part.finish()
    return stay


def _aid(part: Section, total: int) -> tuple[str, int]:
    found = (part.text("kind", choices=OTHER_AID), _paid(part, "amount", total, required=True) or 0)
    part.finish(("kind", "amount"))
    return found


def _division(part: Section) -> str:
    """A region as it is written: 2, 4 or 6 digits; '' where there is none."""
    region = part.text("region", default="", remedy=DIVISION)
    if region and not (region.isascii() and region.isdigit() and len(region) in {2, 4, 6}):
        part.refuse("region", "is no division", DIVISION)
        return ""
    return region


def _money(part: Section, key: str, *, required: bool = False) -> int | None:
    """Yuan as fen."""
    value = part.raw(key, required=required, remedy=f"Add {key} = 1234.56, in yuan")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        part.refuse(key, "is no amount", f"Write {key} = 1234.56, in yuan")
        return None
    if abs(Decimal(value)) > MOST or Decimal(value) * 100 % 1:
        part.refuse(key, "is not in whole fen, or beyond any bill", f"Write {key} = 1234.56, in yuan")
        return None
    return int(Decimal(value) * 100)


def _paid(part: Section, key: str, total: int, *, required: bool = False) -> int | None:
    """As `_money`, and not below zero: only of a refund is anything negative."""
    amount = _money(part, key, required=required)
    if amount is not None and amount < 0 <= total:
        part.refuse(key, "is negative", f"Write {key} = 1234.56, in yuan")
    return amount


def _day(part: Section, key: str, *, required: bool = False) -> date | None:
    value = part.raw(key, required=required, remedy=f"Add {key} = 2025-03-09")
    if value is None:
        return None
    if type(value) is not date or value.year not in YEARS:
        part.refuse(key, "is no day", f"Write {key} = 2025-03-09, without quotation marks")
        return None
    return value


def _flag(part: Section, key: str) -> bool | None:
    return part.flag(key) if key in part else None
