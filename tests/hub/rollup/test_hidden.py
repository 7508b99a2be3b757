"""What is withheld cannot be computed from what is shown: other worlds show the same, and attacks find nothing."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.rollup.cube import ALL, LEVELS
from hub.rollup.demand import Demand
from hub.rollup.hidden import primary
from tests.hub.rollup.people import (
    LABELS,
    Cell,
    Person,
    World,
    counts,
    cube_of,
    neighbours,
    sums,
    withheld,
    worlds,
)

DEMANDS = (
    Demand(smallest_cell=5),
    Demand(smallest_cell=3, divisions=("3703", "65")),
    Demand(smallest_cell=10, divisions=("370302",)),
)
QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
anyhow = st.booleans().flatmap(lambda exclusive: worlds(exclusive=exclusive))


def within(world: World, demand: Demand) -> World:
    return tuple(p for p in world if demand.divisions is None or demand.shows(p.place[:6]))


@QUICK
@given(world=anyhow, demand=st.sampled_from(DEMANDS), amounts=st.booleans())
def test_for_each_withheld_cell_other_persons_show_the_same(world: World, demand: Demand, amounts: bool) -> None:
    world = within(world, demand)
    if not world:
        return
    (secret, _), told = withheld(world, demand, amounts=amounts), counts(world, demand)
    assert {cell for cell, n in told.items() if n < demand.smallest_cell} <= secret
    shown = {cell: n for cell, n in told.items() if cell not in secret}
    open_ = set(secret)
    for other in neighbours(world):
        if not open_:
            break
        read = counts(other, demand)
        if {cell: n for cell, n in read.items() if cell not in secret} == shown:
            open_ = {cell for cell in open_ if read[cell] == told[cell]}
    assert not open_


def solved(secret: set[Cell], told: dict[Cell, int], *, exclusive: bool) -> set[Cell]:
    """The withheld cells that follow from the others by sums along divisions and, where it is known that nobody has two
    labels, over labels: those whose unknown is fixed by the linear equations, by elimination in fractions."""
    unknown = {cell: place for place, cell in enumerate(sorted(secret))}
    told = {**dict.fromkeys(secret, 0), **told}
    parents: dict[Cell, list[Cell]] = defaultdict(list)
    for level, division, label in told:
        above = [n for n in LEVELS if n < level and (n, division[:n], label) in told]
        if above:
            parents[above[-1], division[: above[-1]], label].append((level, division, label))
    lines = [[whole, *parts] for whole, parts in parents.items()]
    if exclusive:
        for level, division, label in told:
            if label == ALL:
                parts = [(level, division, one) for one in LABELS if (level, division, one) in told]
                lines.append([(level, division, ALL), *parts])
    rows = []
    for whole, *parts in lines:
        row = [Fraction(0)] * len(unknown)
        for cell, sign in ((whole, 1), *((part, -1) for part in parts)):
            if cell in unknown:
                row[unknown[cell]] += sign
        if any(row):
            rows.append(row)
    pivots: dict[int, list[Fraction]] = {}
    for row in rows:
        for column, pivot in pivots.items():
            if row[column]:
                factor = row[column]
                row = [mine - factor * theirs for mine, theirs in zip(row, pivot, strict=True)]  # noqa: PLW2901
        first = next((column for column, value in enumerate(row) if value), None)
        if first is None:
            continue
        row = [value / row[first] for value in row]  # noqa: PLW2901
        for column, pivot in pivots.items():
            factor = pivot[first]
            pivots[column] = [mine - factor * theirs for mine, theirs in zip(pivot, row, strict=True)]
        pivots[first] = row
    return {cell for cell, place in unknown.items() if place in pivots and sum(map(bool, pivots[place])) == 1}


@QUICK
@given(exclusive=st.booleans(), data=st.data(), demand=st.sampled_from(DEMANDS))
def test_no_withheld_cell_is_solved_from_all_that_is_shown(
    exclusive: bool, data: st.DataObject, demand: Demand
) -> None:
    world = within(data.draw(worlds(exclusive=exclusive)), demand)
    if world:
        secret, unsummed = withheld(world, demand, amounts=True)
        assert not solved(secret, counts(world, demand), exclusive=exclusive)
        amounts = sums(world, demand)
        assert not {cell for cell in solved(unsummed, amounts, exclusive=True) if amounts[cell] and cell[2] != ALL}


def crowd(**sizes: int) -> World:
    """Persons by `place_label=count`, 100 fen each."""
    return tuple(
        Person(f"370302{name[1:4]}", ((name[-1], 100),)) for name, count in sizes.items() for _ in range(count)
    )


def test_without_further_cells_the_attack_finds_what_is_too_small() -> None:
    world = crowd(t001_a=3, t002_a=40, t001_b=50, t002_b=60)
    demand = Demand(smallest_cell=10)
    made = cube_of(world, demand, amounts=False)
    few = primary(made, 10)
    alone = {(*made.nodes[node], made.labels[label]) for node, label in zip(*few.nonzero(), strict=True)}
    told = counts(world, demand)
    assert alone == {(9, "370302001", "a")}
    assert solved(alone, told, exclusive=True) == alone
    secret, _ = withheld(world, demand, amounts=False)
    assert secret == {(9, f"37030200{n}", label) for n, label in product((1, 2), "ab")}
    assert not solved(secret, told, exclusive=True)


def test_what_is_withheld_cannot_be_told_from_what_would_be_shown() -> None:
    """The county's rest beside the shown townships is never below the minimum where larger cells can stand by."""
    world = crowd(t001_a=3, t002_a=4, t003_a=40, t001_b=50, t002_b=60, t003_b=20)
    (secret, _), told = (
        withheld(world, Demand(smallest_cell=10), amounts=False),
        counts(world, Demand(smallest_cell=10)),
    )
    for label in "ab":
        hidden_here = sum(n for cell, n in told.items() if cell in secret and cell[0] == 9 and cell[2] == label)
        assert hidden_here >= 10
    assert (6, "370302", "a") not in secret


def test_totals_stay_where_labels_can_cover_one_another() -> None:
    world = crowd(t001_a=3, t002_a=40, t003_a=30, t001_b=50, t002_b=60, t003_b=20, t001_c=25, t002_c=70, t003_c=15)
    secret, _ = withheld(world, Demand(smallest_cell=10), amounts=False)
    assert not [cell for cell in secret if cell[2] == ALL or cell[0] < 9]


@pytest.mark.parametrize(("most", "withheld_too"), [(84, False), (86, True)])
def test_a_sum_that_is_mostly_one_person_s_is_withheld_with_its_count(most: int, withheld_too: bool) -> None:
    rest = (100 - most) * 100 // 10
    big = [Person("370302001", (("a", amount),)) for amount in (most * 100, *[rest] * 10)]
    even = [Person(f"37030200{n}", ((label, 10),)) for n, label in product((1, 2, 3), "ab") for _ in range(30)]
    world = (*big, *[p for p in even if (p.place, p.amounts[0][0]) != ("370302001", "a")])
    assert ((9, "370302001", "a") in withheld(world, Demand(smallest_cell=10), amounts=True)[0]) is withheld_too


@QUICK
@given(world=anyhow, demand=st.sampled_from(DEMANDS))
def test_sums_of_withheld_cells_can_be_others_too(world: World, demand: Demand) -> None:
    """For each sum too small to show other amounts show the same; a withheld cell may have somebody to have one."""
    world = within(world, demand)
    if not world:
        return
    (cells, secret), told = withheld(world, demand, amounts=True), sums(world, demand)
    has = {(p.place, label): place for place, p in enumerate(world) for label, amount in p.amounts if amount}
    somebody = {(p.place, label) for p in world for label, _ in p.amounts}
    somebody |= {(division, label) for level, division, label in cells if level == LEVELS[-1]}
    made_of = cube_of(world, demand, amounts=True)
    few = primary(made_of, demand.smallest_cell)
    alone = {(*made_of.nodes[node], made_of.labels[label]) for node, label in zip(*few.nonzero(), strict=True)}
    assert alone <= cells
    open_ = {cell for cell in alone if told[cell] and cell[2] != ALL}

    def changed(*steps: tuple[str, str, int]) -> World | None:
        made = list(world)
        for place, label, step in steps:
            if step > 0 and (place, label) in somebody:
                made.append(Person(place, ((label, step),)))
            elif step < 0 and (place, label) in has:
                person = made[has[place, label]]
                less = tuple((name, amount + step * (name == label)) for name, amount in person.amounts)
                made[has[place, label]] = Person(place, less)
            else:
                return None
        return tuple(made)

    places = sorted({p.place for p in world})
    tries = [((s, a, 1),) for s, a in product(places, LABELS)]
    tries += [((s, a, 1), (s, b, -1)) for s, (a, b) in product(places, product(LABELS, LABELS)) if a != b]
    tries += [((s, a, 1), (t, a, -1)) for s, t, a in product(places, places, LABELS) if s != t]
    tries += [
        ((s, a, 1), (s, b, -1), (t, a, -1), (t, b, 1))
        for s, t, a, b in product(places, places, LABELS, LABELS)
        if s != t and a != b
    ]
    shown = {cell: told[cell] for cell in counts(world, demand) if cell not in secret}
    for steps in tries:
        other = changed(*steps) if open_ else None
        if other is not None:
            read = sums(other, demand)
            if all(read[cell] == n for cell, n in shown.items()):
                open_ = {cell for cell in open_ if read[cell] == told[cell]}
    assert not open_


@QUICK
@given(world=anyhow)
def test_nothing_is_withheld_where_one_person_may_be_shown(world: World) -> None:
    assert withheld(world, Demand(smallest_cell=1), amounts=True) == (set(), set())


@QUICK
@given(world=anyhow, demand=st.sampled_from(DEMANDS))
def test_cells_count_as_plain_loops_do(world: World, demand: Demand) -> None:
    world = within(world, demand)
    if not world:
        return
    made = cube_of(world, demand, amounts=True)
    cells = [(n, m, (*node, label)) for n, node in enumerate(made.nodes) for m, label in enumerate(made.labels)]
    found = {cell: int(made.persons[n, m]) for n, m, cell in cells}
    amounts = {cell: int(made.amounts[0].total[n, m]) for n, m, cell in cells}
    assert {cell: n for cell, n in found.items() if n} == dict(counts(world, demand))
    assert {cell: n for cell, n in amounts.items() if n} == {c: n for c, n in sums(world, demand).items() if n}
