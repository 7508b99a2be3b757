"""Where a number stands, how good that source is, and who last looked when: beside every number, never left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hub.policy.section import Section

NATION = "nation"
ASSUMED = "A"
GRADES = {
    "G": "a government site",
    "M": "media",
    "R": "a mirror or re-post",
    ASSUMED: "assumed by a deployment, published nowhere",  # said wherever it is used; `aidgraph check` warns of each
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page: its address, its grade (a key of GRADES), the day a person last checked it."""

    address: str
    grade: str
    checked: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """The article or paragraph of a source."""

    article: str
    source: Source


def source(section: Section, outer: Source | None = None) -> Source:
    """The source a table names; a rule takes from its document what it does not say itself."""
    return Source(
        address=section.text(
            "address",
            default=outer.address if outer else None,
            remedy='Add address = "..." where it was read',
        ),
        grade=section.text(
            "grade",
            default=outer.grade if outer else None,
            choices=tuple(GRADES),
            remedy="Add grade = G (a government site), M (media), R (a mirror) or A (assumed), quoted",
        ),
        checked=section.day("checked", default=outer.checked if outer else None),
    )


def citation(section: Section, outer: Source | None = None) -> Citation:
    """The citation of a rule or a figure."""
    article = section.text("article", remedy="Add the article or paragraph that holds the number")
    return Citation(article=article, source=source(section, outer))
