"""A family's counts and sums at every level: a tree of divisions by its labels, the last column all labels together.

A person counts once in a place whatever labels they have, so the last column is not the sum of the others; along the
tree of divisions counts and sums do add up, since everybody has one place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hub.rollup.demand import Demand
from hub.rollup.facts import COUNTY, TOWNSHIP, Facts

LEVELS = (0, 2, 4, COUNTY, TOWNSHIP)  # digits of a division; 0 is the whole scope
ALL = ""  # the label of a cell over all labels
NOWHERE = -1  # in a path: this level is not shown
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum by (node, label): `total` in fen of `told` facts that have one; `size` the sum of absolute amounts, `most`
    the greatest one person's, `givers` the persons whose amount is not nothing.
    """

    name: str
    total: Ints
    told: Ints
    size: Ints
    most: Ints
    givers: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """Counts of persons by (node, label) with what hidden.py asks of the places.

    `nodes` are (digits of the level, division); `paths[place]` its nodes from the whole scope down; `both[place, a, b]`
    the persons who have both labels there, `single[place, a]` those who have no other.
    """

    nodes: list[tuple[int, str]]
    labels: list[str]
    paths: Ints
    persons: Ints
    cases: Ints
    amounts: list[Amount]
    both: Ints
    single: Ints

    @property
    def leaves(self) -> Ints:
        """The node of each place."""
        found: Ints = self.paths[:, -1]
        return found


@dataclass(slots=True)
class _Tree:
    """Nodes numbered as they are met."""

    demand: Demand
    finest: int
    numbers: dict[tuple[int, str], int] = field(default_factory=dict)

    def path(self, place: str) -> list[int]:
        """The nodes of a place; a place of which only the county is known is a leaf of its own below the county."""
        steps = []
        for level in (item for item in LEVELS if item <= self.finest):
            division = place[:level]
            shown = level in (0, self.finest) or self.demand.shows(division)
            steps.append(self.numbers.setdefault((level, division), len(self.numbers)) if shown else NOWHERE)
        return steps


def cube(facts: Facts, demand: Demand) -> Cube:
    """The cube of a family's facts."""
    tree = _Tree(demand, facts.family.finest)
    places = {str(place): number for number, (place, *_) in enumerate(facts.whole)}
    labels = sorted({str(row[1]) for row in facts.cells})
    at = {label: number for number, label in enumerate(labels)}
    paths = np.array([tree.path(place) for place in places], dtype=np.int64).reshape(len(places), -1)
    last = len(labels)
    local = _Local(np.zeros((12, len(places), last + 1), dtype=np.int64))
    for row in facts.cells:
        local.put(places[str(row[0])], at[str(row[1])], [value or 0 for value in row[2:]])
    local.values[:, :, last] = local.values[:, :, :last].sum(axis=2)
    for place, units, *amounts_of in facts.whole:
        local.whole(places[str(place)], last, units, amounts_of)
    both = np.zeros((len(places), last, last), dtype=np.int64)
    for place, one, other, units in facts.pairs:
        both[places[str(place)], at[str(one)], at[str(other)]] = units
        both[places[str(place)], at[str(other)], at[str(one)]] = units
    single = np.zeros((len(places), last), dtype=np.int64)
    for place, label, units in facts.single:
        single[places[str(place)], at[str(label)]] = units
    up = _Up(paths, len(tree.numbers))
    persons, cases = up.added(local.values[0]), up.added(local.values[1])
    amounts = [
        Amount(
            name=name,
            total=up.added(local.values[start]),
            told=up.added(local.values[start + 1]),
            size=up.added(local.values[start + 2]),
            most=up.greatest(local.values[start + 3]),
            givers=up.added(local.values[givers]),
        )
        for name, start, givers in (("amount", 2, 10), ("second", 6, 11))
        if name in facts.family.amounts
    ]
    return Cube(
        nodes=list(tree.numbers),
        labels=[*labels, ALL],
        paths=paths,
        persons=persons,
        cases=cases,
        amounts=amounts,
        both=both,
        single=single,
    )


@dataclass(frozen=True, slots=True)
class _Local:
    """Values at the places: units, cases, then total, told, size and most of both amounts, then the givers of both."""

    values: Ints

    def put(self, place: int, label: int, row: list[Any]) -> None:
        self.values[: len(row), place, label] = row

    def whole(self, place: int, last: int, units: Any, amounts: list[Any]) -> None:
        self.values[0, place, last] = units
        self.values[[5, 9, 10, 11], place, last] = [value or 0 for value in amounts]


@dataclass(frozen=True, slots=True)
class _Up:
    """From places to all nodes above them."""

    paths: Ints
    count: int

    def added(self, values: Ints) -> Ints:
        found = np.zeros((self.count, values.shape[1]), dtype=np.int64)
        for level in self.paths.T:
            shown = level != NOWHERE
            np.add.at(found, level[shown], values[shown])
        return found

    def greatest(self, values: Ints) -> Ints:
        found = np.zeros((self.count, values.shape[1]), dtype=np.int64)
        for level in self.paths.T:
            shown = level != NOWHERE
            np.maximum.at(found, level[shown], values[shown])
        return found
