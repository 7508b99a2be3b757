"""Small worlds of persons for the tests of suppression, counted by plain loops."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from hypothesis import strategies as st

from hub.rollup.cube import ALL, LEVELS, Cube, cube
from hub.rollup.demand import Demand
from hub.rollup.facts import Facts, Family
from hub.rollup.hidden import hidden

TOWNSHIPS = ("370302001", "370302002", "370302003", "370302", "370303001", "370303002", "370901001", "650101001")
LABELS = ("a", "b", "c")
Cell = tuple[int, str, str]  # digits of the level, division, label


@dataclass(frozen=True)
class Person:
    """Where somebody lives, and the amount under each of their labels."""

    place: str
    amounts: tuple[tuple[str, int], ...]

    @property
    def labels(self) -> frozenset[str]:
        return frozenset(label for label, _ in self.amounts)


World = tuple[Person, ...]


def persons(*, exclusive: bool) -> st.SearchStrategy[Person]:
    """A person; with one label, or with several."""
    amount = st.integers(0, 9).map(lambda n: 0 if n == 0 else n * 100)
    several = st.dictionaries(st.sampled_from(LABELS), amount, min_size=1, max_size=1 if exclusive else 3)
    return st.builds(
        Person, place=st.sampled_from(TOWNSHIPS), amounts=several.map(lambda found: tuple(sorted(found.items())))
    )


@st.composite
def worlds(draw: st.DrawFn, *, exclusive: bool) -> World:
    """Groups of equal persons, so that large cells stand beside small ones."""
    groups = draw(st.lists(st.tuples(persons(exclusive=exclusive), st.integers(1, 14)), min_size=1, max_size=14))
    return tuple(person for person, count in groups for _ in range(count))


def nodes(place: str, demand: Demand) -> Iterator[tuple[int, str]]:
    """The divisions that a place counts in."""
    for level in LEVELS:
        if level in (0, LEVELS[-1]) or demand.divisions is None or any(place[:level].startswith(d)
                                                                      for d in demand.divisions):  # fmt: skip
            yield level, place[:level]


def counts(world: Iterable[Person], demand: Demand) -> Counter[Cell]:
    """Persons by cell."""
    found: Counter[Cell] = Counter()
    for person in world:
        for level, division in nodes(person.place, demand):
            for label in (*person.labels, ALL):
                found[level, division, label] += 1
    return found


def sums(world: Iterable[Person], demand: Demand) -> Counter[Cell]:
    """Amounts by cell."""
    found: Counter[Cell] = Counter()
    for person in world:
        for level, division in nodes(person.place, demand):
            for label, amount in person.amounts:
                found[level, division, label] += amount
                found[level, division, ALL] += amount
    return found


def cube_of(world: World, demand: Demand, *, amounts: bool) -> Cube:
    """The cube that the hub makes of a world."""
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    whole: dict[str, list[int]] = defaultdict(list)
    single: Counter[tuple[str, str]] = Counter()
    pairs: Counter[tuple[str, str, str]] = Counter()
    for person in world:
        for label, amount in person.amounts:
            cells[person.place, label].append(amount)
        whole[person.place].append(sum(amount for _, amount in person.amounts))
        if len(person.amounts) == 1:
            single[person.place, person.amounts[0][0]] += 1
        for one, other in combinations(sorted(person.labels), 2):
            pairs[person.place, one, other] += 1
    return cube(
        Facts(
            family=Family(name="test", finest=LEVELS[-1], amounts=("amount",) if amounts else ()),
            cells=[
                (
                    *key,
                    len(told),
                    len(told),
                    sum(told),
                    len(told),
                    sum(told),
                    max(told),
                    None,
                    0,
                    None,
                    None,
                    sum(1 for one in told if one),
                    0,
                )
                for key, told in sorted(cells.items())
            ],
            whole=[
                (place, len(told), max(told), None, sum(1 for one in told if one), 0)
                for place, told in sorted(whole.items())
            ],
            single=[(*key, count) for key, count in sorted(single.items())],
            pairs=[(*key, count) for key, count in sorted(pairs.items())],
        ),
        demand,
    )


def withheld(world: World, demand: Demand, *, amounts: bool) -> tuple[set[Cell], set[Cell]]:
    """The cells that the hub withholds, and those of which it withholds the sums."""
    made = cube_of(world, demand, amounts=amounts)
    found = hidden(made, demand.smallest_cell)
    cells = {(*made.nodes[node], made.labels[label]) for node, label in zip(*found.cells.nonzero(), strict=True)}
    return cells, cells | {(*made.nodes[node], ALL) for (node,) in zip(*found.totals.nonzero(), strict=True)}


def neighbours(world: World) -> Iterator[World]:
    """Worlds that differ in few persons: one more, one moved, one or two with another label."""
    kinds = sorted(set(world), key=repr)
    places = sorted({person.place for person in kinds})
    labels = sorted({label for person in kinds for label in person.labels})

    def without(*gone: Person) -> list[Person]:
        left = list(world)
        for person in gone:
            left.remove(person)
        return left

    for place in places:
        for label in labels:
            yield (*world, Person(place, ((label, 0),)))
    for person in kinds:
        for place in places:
            if place != person.place:
                yield (*without(person), replace(person, place=place))
    changed = [(person, after) for person in kinds for after in _changed(person, labels)]
    for person, after in changed:
        yield (*without(person), after)
    for (one, one_after), (other, other_after) in combinations(changed, 2):
        gained, lost = one_after.labels - one.labels, one.labels - one_after.labels
        theirs = other.labels - other_after.labels, other_after.labels - other.labels
        if one.place != other.place and (gained, lost) == theirs:
            yield (*without(one, other), one_after, other_after)


def _changed(person: Person, labels: list[str]) -> Iterator[Person]:
    """A person with another label, one more, or one less."""
    more = [(label, 0) for label in labels if label not in person.labels]
    for item in more:
        yield replace(person, amounts=tuple(sorted([*person.amounts, item])))
    for gone in person.amounts:
        kept = [item for item in person.amounts if item != gone]
        if kept:
            yield replace(person, amounts=tuple(kept))
        for item in more:
            yield replace(person, amounts=tuple(sorted([*kept, item])))
