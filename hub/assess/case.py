"""A case file: one person's categories and settlements, as pins.md writes it. No store, no keys, no real person needed.

Amounts are yuan in the file and fen here. A refusal names file, line and key, never a value of the person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from hub.assess.reading import day, division, flag, money, paid
from hub.errors import InputError
from hub.policy.keys import HOSPITAL_LEVELS, INSUTYPES, OTHER_AID, SETTINGS
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml, read

OPEN = date(9999, 12, 31)
CASE_KEYS = ("region", "document", "insutype", "person", "categories", "applied", "settlement")
STAY_KEYS = (
    "id", "admitted", "discharged", "settled", "setting", "hospital_level", "designated", "total", "scope",
    "basic_paid", "serious_illness_paid", "other_aid", "special_drug_cost", "referral", "in_region",
)  # fmt: skip


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

    def of_year(self, year: int) -> tuple[Stay, ...]:
        """The year's settlements, in the order in which they count."""
        stays = [stay for stay in self.stays if stay.discharged.year == year]
        return tuple(sorted(stays, key=lambda stay: (stay.discharged, stay.settled, stay.id)))


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
    document = section.text("document", default="")
    if "region" not in section and "document" not in section:
        section.refuse("region", "is missing", 'Add region = "370302", or document = "ID" to test one document alone')
    person = section.table("person") or Section(section.toml, section.problems, ("person",), {})
    birth, rural = day(person, "birth"), flag(person, "rural")
    person.finish(("birth", "rural"))
    parts = section.tables("settlement")
    stays = tuple(_stay(part) for part in parts)
    for place, part in enumerate(parts):
        if stays[place].id in {stay.id for stay in stays[:place]}:
            part.refuse("id", "stands twice", "Give each settlement its own id")
    case = Case(
        file=str(path),
        region=division(section),
        document=document,
        insutype=section.text("insutype", default="390", choices=INSUTYPES, remedy='Write insutype = "390"'),
        birth=birth,
        rural=rural,
        categories=tuple(_held(part) for part in section.tables("categories")),
        applied=flag(section, "applied"),
        stays=stays,
        toml=section.toml,
    )
    section.finish(CASE_KEYS)
    if not case.stays and not case.categories and not section.problems:
        section.refuse("settlement", "there is neither a settlement nor a category", "Add [[settlement]]")
    return case


def _held(part: Section) -> Held:
    start = day(part, "from", required=True) or OPEN
    until = part.day("until", default=OPEN)
    if until <= start and not part.problems:
        part.refuse("until", "is not after from", "Write the first day on which the category is no longer held")
    held = Held(
        code=part.text("code"),
        valid_from=start,
        valid_until=until,
        certified=day(part, "certified"),
        region=division(part),
    )
    part.finish(("code", "from", "until", "certified", "region"))
    return held


def _stay(part: Section) -> Stay:
    discharged = day(part, "discharged", required=True) or OPEN
    scope = money(part, "scope", required=True) or 0
    given = money(part, "total")
    total = scope if given is None else given
    level = part.raw("hospital_level")
    if level is not None and (isinstance(level, bool) or str(level) not in HOSPITAL_LEVELS):
        part.refuse("hospital_level", "is no level", f"Write one of {', '.join(HOSPITAL_LEVELS)}")
    admitted = day(part, "admitted")
    if admitted and admitted > discharged:
        part.refuse("admitted", "is after discharged", "Correct the dates")
    stay = Stay(
        id=part.text("id", remedy='Write id = "S1"'),
        admitted=admitted,
        discharged=discharged,
        settled=day(part, "settled") or discharged,
        setting=part.text("setting", default="inpatient", choices=SETTINGS),
        hospital_level=None if level is None else str(level),
        designated=flag(part, "designated"),
        referral=flag(part, "referral"),
        in_region=flag(part, "in_region"),
        total=total,
        scope=scope,
        basic_paid=paid(part, "basic_paid", total),
        serious_illness_paid=paid(part, "serious_illness_paid", total),
        special_drug_cost=paid(part, "special_drug_cost", total) or 0,
        other_aid=tuple(_aid(item, total) for item in part.tables("other_aid")),
    )
    if scope < 0 and (given is None or given >= 0):
        part.refuse("scope", "is negative", "Write scope = 1234.56, in yuan; of a refund give total, negative too")
    elif total < 0 < scope:
        part.refuse("total", "is negative and scope is not", "Of a refund both are negative")
    elif abs(scope) > abs(total):
        part.refuse("scope", "is more than total", "The cost in scope is part of the whole bill")
    elif total >= 0 and (stay.basic_paid or 0) + (stay.serious_illness_paid or 0) > scope:
        key = "basic_paid" if (stay.basic_paid or 0) > scope else "serious_illness_paid"
        part.refuse(key, "insurance paid more than scope", "Give what was paid of the cost in scope")
    part.finish(STAY_KEYS)
    return stay


def _aid(part: Section, total: int) -> tuple[str, int]:
    found = (part.text("kind", choices=OTHER_AID), paid(part, "amount", total, required=True) or 0)
    part.finish(("kind", "amount"))
    return found
