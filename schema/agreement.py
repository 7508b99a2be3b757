"""Agreements: who may read which fields of which rows, for what purpose, on what basis, from when until when.

One TOML file of config/agreements/ each; its name is the agreement's id. Rules:

1. What is not listed does not exist in its graph. There is no "all fields".
2. Legal basis, document number, dates and scope cannot be left out; `["*"]` says all where all is meant.
3. What its fields may say is schema/grants.py's.
4. Registered documents only, export, and sums of few persons are said in the file; each is off, or strict, by default.
5. A department has one agreement for a purpose at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from itertools import combinations
from pathlib import Path, PurePosixPath

from hub.config import categories, divisions
from hub.errors import ConfigError, InputError
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml
from hub.policy.toml import read as read_toml
from schema import grants
from schema.graph.codes import Benefit, Category, FindingKind
from schema.read.model import SHOW, Scope

FOLDER = "agreements"
ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
CODE = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
ALL = "*"
VERBS = ("issue", "list", "revoke")  # of `aidgraph token`, which takes an agreement in their place
DIVISION_DIGITS = (2, 4, 6)
FREE, REGISTERED = "free", "registered"
SMALLEST_CELL = 10
NO_CATEGORY = (Category.EVERYONE, Category.REGIONAL)  # of the graph's enum; no one holds them


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one operation may ask for. `cost` counts the values an answer may hold at most; `seconds` is its time.

    `rate` is operations a minute and client under this agreement; `rows` the rows of one export.
    """

    page: int = 100
    depth: int = 12
    aliases: int = 30
    fields: int = 300
    directives: int = 20
    tokens: int = 2_000
    cost: int = 20_000
    body_bytes: int = 65_536
    seconds: int = 10
    rate: int = 1_200
    rows: int = 100_000


MOST = Limits(
    page=1_000,
    depth=20,
    aliases=200,
    fields=1_000,
    directives=100,
    tokens=10_000,
    cost=200_000,
    body_bytes=1_048_576,
    seconds=120,
    rate=600_000,
    rows=100_000_000,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement in force on [valid_from, valid_until). `fields`: type -> field -> "show" or "mask:<kind>".

    `documents`: "free", or "registered" where only documents of its folder may be asked. `export`: whether pages may
    leave as files. `history`: whether it may ask what the hub knew earlier (`knownAt`). `smallest_cell`: aggregates of
    fewer persons are withheld. `retention_days`: how long the department may keep what it is given (None: not said).
    """

    id: str
    department: str
    title: str
    title_en: str
    purpose: str
    legal_basis: str
    number: str
    valid_from: date
    valid_until: date
    scope: Scope
    browse: bool
    introspection: bool
    get: bool
    documents: str = FREE
    export: bool = False
    history: bool = False
    smallest_cell: int = SMALLEST_CELL
    retention_days: int | None = None
    limits: Limits
    fields: Mapping[str, Mapping[str, str]]

    def in_force(self, day: date) -> bool:
        """Whether it may be used on a day."""
        return self.valid_from <= day < self.valid_until

    def shows(self, field: str) -> bool:
        """Whether a `Type.field` is granted in the clear."""
        name, _, member = field.partition(".")
        return self.fields.get(name, {}).get(member) == SHOW


def load_all(folder: Path) -> tuple[Agreement, ...]:
    """Every agreement of a config folder, by id. Raises ConfigError with the first problem's file, line and key."""
    agreements, problems = _read(folder)
    if problems:
        raise _refused(folder, problems)
    return tuple(agreements)


def _refused(folder: Path, problems: list[Problem]) -> ConfigError:
    first = min(problems)
    more = f" ({len(problems) - 1} more: run `aidgraph check`)" if problems[1:] else ""
    return ConfigError(f"{folder / first.file}:{first.line}: {first.key}: {first.message}{more}", remedy=first.remedy)


def load(path: Path, config: Path) -> tuple[Agreement, ...]:
    """The agreements of a config folder, of a folder of agreements, or of one file, whatever it is called.

    Without divisions of their own they are read against those of `config`. Raises ConfigError, InputError.
    """
    if (path / FOLDER).is_dir():
        return load_all(path)
    paths = sorted(path.glob("*.toml")) if path.is_dir() else [path]
    if not paths or not path.exists():
        raise InputError(
            f"{path} holds no agreements", remedy="Name a config folder, a folder of agreements, or a file"
        )
    known, problems = codes(config), list[Problem]()
    tomls = [read_toml(item.parent, item, problems) for item in paths]
    found = [made for toml in tomls if toml.data and (made := parse(toml, known, problems, named=path.is_dir()))]
    if problems:
        raise _refused(paths[0].parent, problems)
    return tuple(found)


def check(folder: Path) -> list[Problem]:
    """Every problem of a config folder's agreements, by file and line."""
    return sorted(_read(folder)[1])


def _read(folder: Path) -> tuple[list[Agreement], list[Problem]]:
    problems: list[Problem] = []
    known = codes(folder)
    tomls = [read_toml(folder, path, problems) for path in sorted((folder / FOLDER).glob("*.toml"))]
    read = [(toml, found) for toml in tomls if toml.data and (found := parse(toml, known, problems))]
    for (_, first), (toml, second) in combinations(read, 2):
        if _same(first, second):
            Section(toml, problems, ("agreement",), toml.data["agreement"]).refuse(
                "purpose",
                f"{first.id} is this department's agreement for {first.purpose} at that time",
                "Give each its purpose, or let one end before the other begins",
            )
    return [found for _, found in read], problems


def _same(one: Agreement, other: Agreement) -> bool:
    apart = one.valid_until <= other.valid_from or other.valid_until <= one.valid_from
    return (one.department, one.purpose) == (other.department, other.purpose) and not apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What an agreement's scope may name of the configuration."""

    divisions: frozenset[str]
    departments: frozenset[str]


def codes(folder: Path) -> Codes:
    """The codes of a config folder; what is wrong with its files is told by `hub.config.check`."""
    told = categories.parse(read_toml(folder, folder / "categories.toml", []), [])
    return Codes(divisions=divisions.read(folder, []).codes, departments=frozenset(told.departments))


def parse(toml: Toml, known: Codes, problems: list[Problem], *, named: bool = True) -> Agreement | None:
    """The agreement a file holds; None where a problem was found. `named`: its file has its name."""
    before = len(problems)
    whole = Section(toml, problems)
    head = _part(whole, "agreement")
    access = _part(whole, "access")
    name = head.text("id")
    if name and (not ID.fullmatch(name) or (named and name != PurePosixPath(toml.file).stem)):
        head.refuse("id", f"{name} is not the file's name in lower case with hyphens", "Give both the same name")
    if name in VERBS:
        head.refuse("id", f"{name} is a verb of `aidgraph token`", "Give the agreement and its file another name")
    period = head.period(required=True)
    head.raw("until", required=True, remedy="Add until = 2028-01-01, the first day it is no longer in force")
    made = {key: head.text(key) for key in ("department", "title", "title_en", "purpose", "legal_basis", "number")}
    for key in ("department", "purpose"):
        if made[key] and not CODE.fullmatch(made[key]):
            head.refuse(key, f"{made[key]} is not a code", "Use lower case with hyphens or underscores")
    found = Agreement(
        id=name,
        **made,
        valid_from=period[0],
        valid_until=period[1],
        scope=_scope(_part(whole, "scope"), known, made["department"]),
        browse=access.flag("browse"),
        introspection=access.flag("introspection"),
        get=access.flag("get", default=False),
        documents=access.text("documents", choices=(FREE, REGISTERED)) if "documents" in access else FREE,
        export=access.flag("export", default=False),
        history=access.flag("history", default=False),
        smallest_cell=_at_least_one(access, "smallest_cell") or SMALLEST_CELL,
        retention_days=_at_least_one(head, "retention_days"),
        limits=_limits(whole.table("limits")),
        fields=grants.read(_part(whole, "fields"), browse=access.raw("browse") is True),
    )
    head.finish()
    access.finish()
    whole.finish()
    return found if len(problems) == before else None


def _part(whole: Section, key: str) -> Section:
    """A table that must be there; one that is not reads as empty, and is one problem."""
    found = whole.table(key)
    if found is None:
        whole.refuse(key, "is missing", f"Add [{key}] with its keys below")
    return found or Section(whole.toml, [], (key,), {})


def _at_least_one(section: Section, key: str) -> int | None:
    if key not in section:
        return None
    value = section.number(key)
    if value < 1:
        section.refuse(key, f"{value} is not a count", "Use a whole number from 1")
    return value


def _scope(section: Section, known: Codes, department: str) -> Scope:
    def named(key: str, choices: Iterable[str] = (), prefix: str = "-") -> tuple[str, ...] | None:
        told = section.texts(key, required=True, remedy=f'Name them, or write {key} = ["*"] for all')
        if told == (ALL,):
            return None
        allowed = sorted(choices)
        for code in told:
            if code == ALL or (allowed and code not in allowed and not code.startswith(prefix)):
                section.refuse(key, f"{code} is not known", f'Use "*" alone, or of: {", ".join(allowed)}')
        return told

    places = named("divisions")
    for code in places or ():
        if len(code) not in DIVISION_DIGITS or code not in known.divisions:
            remedy = "Use codes of config/divisions.csv: province 2, city 4 or county 6 digits"
            section.refuse("divisions", f"{code} is no division", remedy)
    own = section.flag("own_referrals", default=False)
    if own and department not in known.departments:
        remedy = f"Take it out, or name a department of: {', '.join(sorted(known.departments))}"
        section.refuse("own_referrals", f"no case is addressed to {department}", remedy)
    scope = Scope(
        divisions=places,
        categories=named("categories", (item.value for item in Category if item not in NO_CATEGORY), "x_"),
        benefits=named("benefits", (item.value for item in Benefit)),
        findings=named("findings", (item.value for item in FindingKind)),
        addressees=named("addressees", known.departments),
        certifiers=named("certified_by", known.departments),
        referred_to=department if own else None,
    )
    section.finish()
    return scope


def _limits(section: Section | None) -> Limits:
    if section is None:
        return Limits()
    told: dict[str, int] = {}
    for item in fields(Limits):
        if item.name in section:
            value, most = section.number(item.name), getattr(MOST, item.name)
            if not 1 <= value <= most:
                section.refuse(item.name, f"{value} is not a limit", f"Choose from 1 to {most}")
            told[item.name] = value
    section.finish([item.name for item in fields(Limits)])
    return Limits(**told)
