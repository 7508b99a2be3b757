"""Do documents and tables agree with each other? What each file says alone is checked where it is read.

Refused: shares of tables that are not there, two rules of one region for the same case, two ranks or modes of one
region on one day, an exact value outside a bound of a document above, gaps (gaps.py). Warned of: what nobody checked
for a year.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations, product

from connectors.toml_lines import KeyPath
from hub.policy.citation import ASSUMED, GRADES, NATION, Source
from hub.policy.document import Document
from hub.policy.gaps import gaps
from hub.policy.keys import KINDS
from hub.policy.rule import Rule
from hub.policy.table import AREAS, Table
from hub.policy.toml import Problem, Toml
from hub.policy.values import LOCAL, PREMIUM, Ceiling, Exact, Floor, Share, Unknown, Word, respects
from hub.policy.written import written

YEAR = timedelta(days=365)


def check(
    documents: Mapping[str, Document], tables: Mapping[str, Table], divisions: frozenset[str], problems: list[Problem]
) -> None:
    """Add what is wrong between the files."""
    rules = [rule for document in documents.values() for rule in document.rules]
    for rule in rules:
        problems += _shares(documents[rule.document].toml, rule, tables, divisions)
    problems += _overlaps(documents, rules)
    problems += _merges(documents.values())
    problems += _bounds(documents, rules)
    problems += gaps(documents)


def stale(documents: Iterable[Document], tables: Iterable[Table], today: date) -> Iterator[Problem]:
    """Warnings: sources nobody looked at for a year, or only in the future, and figures that are only assumed."""
    for document in documents:
        yield from _stale(document.toml, (), document.source, today)
        for rule in document.rules:
            if rule.citation.source.checked != document.source.checked:
                yield from _stale(document.toml, ("rule", rule.index), rule.citation.source, today)
    for table in tables:
        for index, figure in enumerate(table.figures.values()):
            if figure.citation:
                yield from _stale(table.toml, ("row", index), figure.citation.source, today)


def _stale(toml: Toml, path: KeyPath, source: Source, today: date) -> Iterator[Problem]:
    if source.grade == ASSUMED:
        remedy = "Cite a published source once there is one"
        yield _problem(toml, (*path, "grade"), GRADES[ASSUMED], remedy, warning=True)
    late = source.checked > today
    if late or source.checked < today - YEAR:
        told = f"{source.checked} is in the future" if late else f"nobody has checked it since {source.checked}"
        yield _problem(toml, (*path, "checked"), told, "Read the source again, then write the day", warning=True)


def _problem(toml: Toml, path: KeyPath, message: str, remedy: str, *, warning: bool = False) -> Problem:
    return Problem(
        file=toml.file,
        line=toml.line(*path),
        key=str(path[-1]),
        message=message,
        remedy=remedy,
        severity="warning" if warning else "error",
    )


def _shares(toml: Toml, rule: Rule, tables: Mapping[str, Table], divisions: frozenset[str]) -> Iterator[Problem]:
    scheduled = ((("schedule",), parameter) for parameter in rule.schedule.values())
    for place, parameter in (*(((name,), number) for name, number in rule.numbers.items()), *scheduled):
        value = None if isinstance(parameter, Unknown) else parameter.value
        path = ("rule", rule.index, *place)
        if value is Word.FULL and PREMIUM not in tables:
            yield _problem(
                toml, path, "is the full premium, but there is no table of premiums", f"Add tables/{PREMIUM}.toml"
            )
        if not isinstance(value, Share):
            continue
        table = tables.get(value.table)
        if table is None:
            known = ", ".join(sorted(tables)) or "none yet"
            yield _problem(
                toml, path, f"is a share of {value.table}, which is no table", f"Use a table of config/tables: {known}"
            )
            continue
        if tuple(key for key, _ in value.where) != table.by:
            keys = ", ".join(table.by) or "no further key"
            yield _problem(
                toml, path, f"does not name one row of {table.name}", f"Beside area and year the share needs: {keys}"
            )
        if value.area not in (*AREAS, LOCAL) and value.area not in divisions:
            choices = ", ".join((*AREAS, LOCAL))
            yield _problem(toml, path, f"{value.area} is no area", f"Use {choices}, or a division's code")


def _overlaps(documents: Mapping[str, Document], rules: Iterable[Rule]) -> Iterator[Problem]:
    same: dict[tuple[str, str], list[Rule]] = defaultdict(list)
    for rule in rules:
        same[rule.region, rule.benefit].append(rule)
    for group in same.values():
        for first, second in combinations(sorted(group, key=lambda rule: (rule.document, rule.index)), 2):
            if first.meets(second):
                toml, other = documents[second.document].toml, documents[first.document].toml
                shared = ", ".join(sorted(set(first.categories) & set(second.categories)))
                yield _problem(
                    toml,
                    ("rule", second.index, "categories"),
                    f"{second.key} and {first.key} ({other.file}:{other.line('rule', first.index)}) both decide "
                    f"{second.benefit} for {shared} on the same days with equal rank",
                    "End one before the other begins, or part them by categories, settings or insutypes",
                )


def _merges(documents: Iterable[Document]) -> Iterator[Problem]:
    for first, second in combinations(sorted(documents, key=lambda document: document.id), 2):
        if first.region != second.region or not first.merge or not second.merge:
            continue
        if first.valid_from >= second.valid_until or second.valid_from >= first.valid_until:
            continue
        for key in ("mode", "rank"):
            if getattr(first.merge, key) and getattr(second.merge, key):
                yield _problem(
                    second.toml,
                    ("merge", key),
                    f"{first.file} gives {second.region or NATION} its {key} on the same days",
                    "Keep it in one document",
                )


def _bounds(documents: Mapping[str, Document], rules: list[Rule]) -> Iterator[Problem]:
    """An exact value outside a floor or ceiling of a document above it."""
    by_benefit: dict[str, list[Rule]] = defaultdict(list)
    for rule in rules:
        by_benefit[rule.benefit].append(rule)
    for group in by_benefit.values():
        for rule, above in product(group, group):
            if (
                len(above.region) >= len(rule.region)
                or not rule.region.startswith(above.region)
                or not rule.meets(above)
            ):
                continue
            for name, bound in above.numbers.items():
                if not isinstance(bound, Floor | Ceiling):
                    continue
                tiered = name == "ratio" and bool(rule.tiers)
                own = [Exact(value=tier.bp) for tier in rule.tiers] if tiered else [rule.numbers.get(name)]
                breaking = [one for one in own if isinstance(one, Exact) and respects(one.value, bound) is False]
                if not breaking:
                    continue
                toml = documents[rule.document].toml
                yield _problem(
                    toml,
                    ("rule", rule.index, "tiers" if tiered else name),
                    f"{written(breaking[0], KINDS[name])} breaks the bound of {above.key}: "
                    f"{written(bound, KINDS[name])} ({above.citation.article})",
                    "Correct the value, or the bound if the document above was misread",
                )
