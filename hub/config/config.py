"""A configuration folder, read whole: what is wrong anywhere is found before any work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa

from hub.config import categories, codes, divisions, pooling
from hub.config.categories import Benefit, Category, Department, Exclusion
from hub.config.codes import Codes
from hub.config.divisions import Divisions
from hub.config.pooling import Pooling
from hub.errors import ConfigError
from hub.policy import check as agreement
from hub.policy import document, relations, table
from hub.policy.document import Document
from hub.policy.rule import Rule, Vocabulary
from hub.policy.table import Table
from hub.policy.toml import Problem, Toml
from hub.policy.toml import read as read_toml

CATEGORY = pa.schema(
    [(name, pa.string()) for name in ("code", "title", "title_en", "level", "certifier")]
    + [(name, pa.bool_()) for name in ("ends_on_risk_removed", "rural_low_income", "out_of_poverty")]
    + [("look_back_months", pa.int32())]
)
EXCLUSION = pa.schema([("category_a", pa.string()), ("category_b", pa.string())])


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a config folder says. `digest` is the SHA-256 over every file's path and bytes."""

    path: Path
    digest: str
    categories: Mapping[str, Category]
    exclusions: tuple[Exclusion, ...]
    benefits: Mapping[str, Benefit]
    departments: Mapping[str, Department]
    divisions: Divisions
    poolings: tuple[Pooling, ...]
    codes: Codes
    tables: Mapping[str, Table]
    documents: Mapping[str, Document]

    def rule(self, key: str) -> Rule:
        """The rule of a `rule_key`: document '/' id, perhaps '+' another id. KeyError where there is none."""
        name = key.partition("+")[0]  # after the plus stands everyone's rule that it changes
        found = self.documents[name.partition("/")[0]]
        return {rule.key: rule for rule in found.rules}[name]

    def relations(self, counties: Iterable[str], year: int) -> dict[str, pa.Table]:
        """The relations of a benefit year for the counties that the data speaks of."""
        there = sorted(set(counties))
        held = [self.categories[code] for code in sorted(self.categories)]
        last = date(year, 12, 31)
        shown = [
            {
                name: category.certifier(last) if name == "certifier" else getattr(category, name)
                for name in CATEGORY.names
            }
            for category in held
        ]
        look_backs = {category.code: category.look_back_months for category in held if category.look_back_months}
        excluded = [{"category_a": pair.a, "category_b": pair.b} for pair in self.exclusions]
        return {
            "code_map": self.codes.table(),
            "category": pa.Table.from_pylist(shown, schema=CATEGORY),
            "exclusion": pa.Table.from_pylist(excluded, schema=EXCLUSION),
            "division": self.divisions.table,
            "pooling_area": pooling.table(self.poolings, there),
            **relations.rules(self.documents.values(), self.tables, self.categories, there, year, look_backs),
            "premium": relations.premium(self.tables, there, year),
        }


def load(path: Path, policy: Path | None = None) -> Config:
    """The configuration in a folder, perhaps with another folder of policy documents in place of its own.

    Raises ConfigError with the first problem's file, line, key and remedy.
    """
    config, problems = _read(path, policy)
    errors = sorted(problem for problem in problems if problem.severity == "error")
    if errors:
        more = f" ({len(errors) - 1} more: run `aidgraph check`)" if errors[1:] else ""
        raise ConfigError(
            f"{_place(path, policy, errors[0].file)}:{errors[0].line}: {errors[0].key}: {errors[0].message}{more}",
            remedy=errors[0].remedy,
        )
    return config


def _place(path: Path, policy: Path | None, file: str) -> Path:
    return policy / Path(file).name if policy and file.startswith("policy/") else path / file


def check(path: Path, today: date | None = None) -> list[Problem]:
    """Every problem of a folder, warnings too (what nobody checked for a year before `today`), by file and line."""
    config, problems = _read(path)
    day = today or datetime.now(UTC).date()
    return sorted([*problems, *agreement.stale(config.documents.values(), config.tables.values(), day)])


def _read(root: Path, policy: Path | None = None) -> tuple[Config, list[Problem]]:
    problems: list[Problem] = []
    if not root.is_dir():
        raise ConfigError(
            f"There is no config folder {root}", remedy="Set --config or AIDGRAPH_CONFIG to the folder config/"
        )
    known = divisions.read(root, problems)
    catalogue = categories.parse(read_toml(root, root / "categories.toml", problems), problems)
    words = Vocabulary(
        categories=frozenset(catalogue.categories),
        groups=catalogue.groups(),
        departments=frozenset(catalogue.departments),
        divisions=known.codes,
    )
    tables = [table.parse(toml, known.codes, problems) for toml in _tomls(root, "tables/*.toml", problems)]
    documents = [document.parse(toml, words, problems) for toml in _policy(root, policy, problems)]
    config = Config(
        path=root,
        digest=digest(root) if policy is None else _both(digest(root), digest(policy)),
        categories=catalogue.categories,
        exclusions=catalogue.exclusions,
        benefits=catalogue.benefits,
        departments=catalogue.departments,
        divisions=known,
        poolings=pooling.parse(read_toml(root, root / "pooling_areas.toml", problems), known.codes, problems),
        codes=codes.parse(_tomls(root, "mappings/*/*.toml", problems), catalogue.categories, known.codes, problems),
        tables={found.name: found for found in tables if found},
        documents={found.id: found for found in documents if found},
    )
    broken = len([found for found in tables if found is None])
    if not broken:  # a table that cannot be read is one problem, not one for each rule that refers to it
        agreement.check(config.documents, config.tables, known.codes, problems)
    return config, problems


def _tomls(root: Path, pattern: str, problems: list[Problem]) -> list[Toml]:
    return [read_toml(root, path, problems) for path in sorted(root.glob(pattern))]


def _policy(root: Path, policy: Path | None, problems: list[Problem]) -> list[Toml]:
    """The documents of the folder, or of the other folder as if they were in it."""
    if policy is None:
        return _tomls(root, "policy/*.toml", problems)
    if not policy.is_dir():
        raise ConfigError(f"There is no policy folder {policy}", remedy="Name a folder with policy documents")
    own: list[Problem] = []
    found = [replace(toml, file=f"policy/{toml.file}") for toml in _tomls(policy, "*.toml", own)]
    problems += [replace(problem, file=f"policy/{problem.file}") for problem in own]
    return found


def _both(first: str, second: str) -> str:
    return hashlib.sha256(f"{first}\0{second}".encode()).hexdigest()


def digest(root: Path) -> str:
    """SHA-256 over every file's relative path and bytes, in order of path; caches and hidden files aside."""
    total = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        relative = path.relative_to(root)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in relative.parts):
            content = path.read_bytes()
            total.update(f"{relative.as_posix()}\0{len(content)}\0".encode())
            total.update(content)
    return total.hexdigest()
