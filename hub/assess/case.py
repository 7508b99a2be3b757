"""A case file: one person's categories and settlements, as pins.md writes it. No store, no keys, no real person needed.

Amounts are yuan in the file and fen here. A refusal names file, line and key, never a value of the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from hub.errors import InputError
from hub.policy.section import Section
from hub.policy.toml import Problem, read

OPEN = date(9999, 12, 31)
SETTINGS = ("inpatient", "outpatient_chronic", "outpatient", "major_illness")
INSUTYPES = ("310", "390")
CASE_KEYS = ("region", "document", "insutype", "person", "categories", "applied", "settlement")
MOST = 10**15  # fen; beyond it no bill is believed


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
    """What a case file says. Either `region` or `document` is not empty; `applied` None: it does not say."""

    file: str
    region: str
    document: str
    insutype: str
    categories: tuple[Held, ...]
    applied: bool | None
    stays: tuple[Stay, ...]
    lines: dict[str, int] = field(repr=False)

    def refused(self, key: str, message: str, remedy: str) -> InputError:
        """What is wrong with a key, at its line."""
        return InputError(f"{self.file}:{self.lines.get(key, 1)}: {key}: {message}", remedy=remedy)


def read_case(path: Path) -> Case:
    """The case in a file. InputError with the first problem's file, line, key and remedy."""
    problems: list[Problem] = []
    toml = read(path.parent, path, problems)
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
    region, document = section.text("region", default=""), section.text("document", default="")
    if not region and not document:
        section.refuse("region", "is missing", 'Add region = "370302", or document = "ID" to test one document alone')
    if region and not (region.isascii() and region.isdigit() and len(region) in {2, 4, 6}):
        section.refuse("region", "is no division", "Write the 2, 4 or 6 digits of divisions.csv")
    person = section.table("person")
    if person:
        _day(person, "birth")
        person.flag("rural", default=False)
        person.finish(("birth", "rural"))
    stays = tuple(_stay(part) for part in section.tables("settlement"))
    for place, stay in enumerate(stays):
        if stay.id in {other.id for other in stays[:place]}:
            section.refuse("settlement", "an id stands twice", "Give each settlement its own id")
    case = Case(
        file=str(path),
        region=region,
        document=document,
        insutype=section.text("insutype", default="390", choices=INSUTYPES),
        categories=tuple(_held(part) for part in section.tables("categories")),
        applied=_flag(section, "applied"),
        stays=stays,
        lines={key: section.line(key) for key in CASE_KEYS},
    )
    section.finish(CASE_KEYS)
    return case


def _held(part: Section) -> Held:
    start = _day(part, "from", required=True) or OPEN
    until = _day(part, "until") or OPEN
    if until <= start:
        part.refuse("until", "is not after from", "Write the first day on which the category is no longer held")
    region = part.text("region", default="")
    held = Held(
        code=part.text("code"), valid_from=start, valid_until=until, certified=_day(part, "certified"), region=region
    )
    part.finish(("code", "from", "until", "certified", "region"))
    return held


def _stay(part: Section) -> Stay:
    discharged = _day(part, "discharged", required=True) or OPEN
    scope = _money(part, "scope", required=True) or 0
    level = part.raw("hospital_level")
    if level is not None and str(level) not in {"1", "2", "3"}:
        part.refuse("hospital_level", "is no level", "Write 1, 2 or 3")
    total = _money(part, "total")
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
        total=scope if total is None else total,
        scope=scope,
        basic_paid=_money(part, "basic_paid"),
        serious_illness_paid=_money(part, "serious_illness_paid"),
        special_drug_cost=_money(part, "special_drug_cost") or 0,
        other_aid=tuple(_aid(item) for item in part.tables("other_aid")),
    )
    if abs(stay.scope) > abs(stay.total):
        part.refuse("scope", "is more than total", "The cost in scope is part of the whole bill")
    if stay.total >= 0 and (stay.basic_paid or 0) + (stay.serious_illness_paid or 0) > stay.scope:
        part.refuse("basic_paid", "insurance paid more than scope", "Give what was paid of the cost in scope")
    part.finish()
    return stay


def _aid(part: Section) -> tuple[str, int]:
    found = (part.text("kind"), _money(part, "amount", required=True) or 0)
    part.finish(("kind", "amount"))
    return found


def _money(part: Section, key: str, *, required: bool = False) -> int | None:
    """Yuan as fen. A refund is negative in total and scope."""
    value = part.raw(key, required=required)
    if value is None:
        return None
    remedy = f"Write {key} = 1234.56, in yuan"
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        part.refuse(key, "is no amount", remedy)
        return None
    fen = Decimal(value) * 100
    if abs(fen) > MOST or fen != int(fen):
        part.refuse(key, "is not in whole fen, or beyond any bill", remedy)
        return None
    if fen < 0 and key not in {"total", "scope"} and Decimal(str(part.raw("total") or 0)) >= 0:
        part.refuse(key, "is negative", remedy)
    return int(fen)


def _day(part: Section, key: str, *, required: bool = False) -> date | None:
    value = part.raw(key, required=required, remedy=f"Add {key} = 2025-03-09")
    if value is None:
        return None
    if type(value) is not date:
        part.refuse(key, "is no day", f"Write {key} = 2025-03-09, without quotes")
        return None
    return value


def _flag(part: Section, key: str) -> bool | None:
    return part.flag(key) if key in part else None
