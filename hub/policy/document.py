"""A policy document: one file of config/policy/, in force in a region for a time, with its rules.

The file's name is the document's id. Whether documents agree with each other is for `check`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from hub.policy import read_rule
from hub.policy.citation import NATION, Source, source
from hub.policy.rule import ID, Rule, Scope, Vocabulary
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml

MODES = ("per_benefit", "by_category")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """How a region chooses among a person's categories: the mode, and the rank (highest first). Empty: not said."""

    mode: str
    rank: tuple[str, ...]
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document in force on [valid_from, valid_until) in a region ('' is the nation) and all below it.

    `serves` are the categories of which each of its benefits must speak; empty where it does not say.
    """

    id: str
    file: str
    number: str
    title: str
    title_en: str
    issuer: str
    region: str
    valid_from: date
    valid_until: date
    source: Source
    serves: tuple[str, ...] = ()
    note: str
    rules: tuple[Rule, ...]
    merge: Merge | None
    toml: Toml = field(repr=False, compare=False)


def parse(toml: Toml, words: Vocabulary, problems: list[Problem]) -> Document | None:
    """The document a file holds; None where a problem was found."""
    before = len(problems)
    section = Section(toml, problems)
    name = PurePosixPath(toml.file).stem
    if not ID.fullmatch(name):
        section.refuse("-", f"the file name {name} is no id", "Use lower case with hyphens, as zichuan-2025")
    period = section.period(required=True)
    scope = Scope(document=name, region=_region(section, words), period=period, source=source(section))
    found = [(part, read_rule.parse(part, index, scope, words)) for index, part in enumerate(section.tables("rule"))]
    document = Document(
        id=name,
        file=toml.file,
        number=section.text("number", remedy='Add number = "...", or number = "无文号" where it has none'),
        title=section.text("title"),
        title_en=section.text("title_en"),
        issuer=section.text("issuer"),
        region=scope.region,
        valid_from=period[0],
        valid_until=period[1],
        source=scope.source,
        serves=read_rule.spread(section, "serves", section.texts("serves"), words),
        note=section.text("note", default=""),
        rules=tuple(rule for _, rule in found if rule),
        merge=_merge(section.table("merge"), words),
        toml=toml,
    )
    seen: set[str] = set()
    for part, rule in found:
        if rule and rule.key in seen:
            part.refuse("id", f"{rule.key} stands twice", "Give each rule of a document its own id")
        seen.add(rule.key if rule else "")
    shared: dict[str, Rule] = {}
    for part, rule in found:
        first = shared.setdefault(rule.cap_group, rule) if rule and rule.cap_group else None
        if (
            rule
            and first
            and (first.numbers["group_cap"], first.group_cap_period)
            != (
                rule.numbers["group_cap"],
                rule.group_cap_period,
            )
        ):
            part.refuse("group_cap", f"{rule.cap_group} has another cap in {first.key}", "Give each rule the same")
    section.finish()
    return document if len(problems) == before else None


def _region(section: Section, words: Vocabulary) -> str:
    remedy = 'Use "nation", or the 2, 4 or 6 digits of a province, city or county in divisions.csv'
    region = section.text("region", remedy=remedy)
    if region and region != NATION and (region not in words.divisions or len(region) > 6):
        section.refuse("region", f"{region} is no province, city or county", remedy)
    return "" if region == NATION else region


def _merge(section: Section | None, words: Vocabulary) -> Merge | None:
    if section is None:
        return None
    merge = Merge(
        mode=section.text("mode", default="", choices=MODES),
        rank=section.texts("rank", choices=tuple(sorted(words.categories))),
        article=section.text("article", remedy="Add the article that says so, or [own] and the reason"),
    )
    section.finish()
    return merge
