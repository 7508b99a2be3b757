"""A cited table: figures by area, year and further keys, to which the rules of documents refer by shares.

One file of config/tables/ a table; each figure with its citation, or unknown with the reason. A figure that its
source calls a minimum is a floor; `floor_counts = true` says, with the reason, that areas without a figure of
their own are taken to use exactly the minimum. That is a presumption, and is shown as one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from hub.policy.citation import ASSUMED, NATION, Citation, citation
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml
from hub.policy.values import (
    LOCAL,
    YEARS_BACK,
    BadValueError,
    Exact,
    Floor,
    Kind,
    Parameter,
    Share,
    Unknown,
    half_up,
    parameter,
)
from hub.policy.written import yuan

AREAS = {"county": 6, "prefecture": 4, "province": 2, "nation": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Undetermined:
    """No number, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An amount of fen; `presumed` says so where a minimum was taken for the figure itself."""

    fen: int
    presumed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of a table. `area` '' is the nation; `where` are the table's further keys."""

    area: str
    year: int
    where: tuple[tuple[str, str], ...]
    value: Parameter
    citation: Citation | None  # None where the figure is unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A cited table; `by` are its further keys, in order of name."""

    name: str
    file: str
    title: str
    title_en: str
    by: tuple[str, ...]
    floor_counts: bool
    figures: Mapping[tuple[str, int, tuple[tuple[str, str], ...]], Figure]
    toml: Toml = field(repr=False, compare=False)

    def figure(self, share: Share, chain: Sequence[str], year: int) -> Known | Undetermined:
        """The figure a share refers to, for a county's chain (resolve.chain) and benefit year."""
        wanted = share.year if isinstance(share.year, int) else year - YEARS_BACK[share.year]
        areas = _areas(share.area, chain)
        what = ", ".join([str(wanted), *(value for _, value in share.where)])
        for area in areas:
            found = self.figures.get((area, wanted, share.where))
            if found:
                return self._known(found, f"{self.name} of {area or NATION} ({what})")
        named = " or ".join(area or NATION for area in areas)
        return Undetermined(reason=f"{self.name} has no figure of {named} ({what})")

    def share(self, share: Share, chain: Sequence[str], year: int) -> Known | Undetermined:
        """The share itself, rounded half up to its unit."""
        found = self.figure(share, chain, year)
        return replace(found, fen=half_up(found.fen, share.bp, share.unit)) if isinstance(found, Known) else found

    def _known(self, figure: Figure, named: str) -> Known | Undetermined:
        match figure.value:
            case Unknown(reason=reason):
                return Undetermined(reason=f"{named} is unknown: {reason}")
            case Exact(value=int(amount)) if figure.citation and figure.citation.source.grade == ASSUMED:
                return Known(fen=amount, presumed=f"{named} is assumed, published nowhere: {yuan(amount)}")
            case Exact(value=int(amount)):
                return Known(fen=amount)
            case Floor(value=int(amount)) if self.floor_counts:
                return Known(fen=amount, presumed=f"{named} is presumed to be the minimum, {yuan(amount)}")
            case _:
                return Undetermined(reason=f"{named} is only bounded")


def _areas(area: str, chain: Sequence[str]) -> Sequence[str]:
    if area == LOCAL:
        return chain
    if area in AREAS:
        return [code for code in chain if len(code) == AREAS[area]]
    return [area]


def parse(toml: Toml, divisions: frozenset[str], problems: list[Problem]) -> Table | None:
    """The table a file holds; None where a problem was found."""
    before = len(problems)
    section = Section(toml, problems)
    by = tuple(sorted(section.texts("by")))
    counts = section.flag("floor_counts", default=False)
    if counts:
        section.text(
            "floor_counts_reason",
            remedy="Say why an area without a figure of its own is taken to use the minimum",
        )
    figures: dict[tuple[str, int, tuple[tuple[str, str], ...]], Figure] = {}
    for part in section.tables("row"):
        figure = _figure(part, by, divisions)
        key = (figure.area, figure.year, figure.where)
        if key in figures:
            part.refuse("area", "the figure stands twice", "Keep one row for an area, year and keys")
        figures[key] = figure
    table = Table(
        name=PurePosixPath(toml.file).stem,
        file=toml.file,
        title=section.text("title"),
        title_en=section.text("title_en"),
        by=by,
        floor_counts=counts,
        figures=figures,
        toml=toml,
    )
    section.text("note", default="")
    section.finish()
    return table if len(problems) == before else None


def _figure(section: Section, by: tuple[str, ...], divisions: frozenset[str]) -> Figure:
    area = section.text("area", remedy='Add area = "nation" or a division\'s code')
    if area and area != NATION and area not in divisions:
        section.refuse("area", f"{area} is no division", 'Use "nation" or a code of divisions.csv')
    value: Parameter = Unknown(reason="-")
    try:
        value = parameter(
            section.raw("value", required=True, remedy='Add value = yuan, or { unknown = "why" }'), Kind.MONEY
        )
        if not isinstance(value, Unknown) and isinstance(value.value, Share):
            raise BadValueError("is a share of a share", "Write the figure in yuan")
    except BadValueError as refusal:
        if "value" in section:
            section.refused("value", refusal)
    figure = Figure(
        area="" if area == NATION else area,
        year=section.number("year"),
        where=tuple((key, section.text(key)) for key in by),
        value=value,
        citation=None if isinstance(value, Unknown) else citation(section),
    )
    if isinstance(value, Unknown):
        section.day("checked")  # the day a person last looked in vain
    section.text("note", default="")
    section.finish()
    return figure
