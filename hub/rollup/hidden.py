"""Which cells are withheld: those of too few persons, those that are one person's sum, and what would betray them.

The promise: for each withheld cell there is another world, with other persons in it, in which every cell that is shown
reads the same and the withheld cell another number. So nothing that can be computed from all cells together, at all
levels and over all labels, yields it. The other worlds are made by five moves; a cell is safe when it lies on one:

  exchange  some persons of place 1 and as many of place 2 exchange labels a and b: the cells (a, b) of every node
            between both places and the division that holds both change, and nothing else does;
  pass on   some persons of place 1 who have a and b lose a, as many of place 2 who have b get it: (a) of these nodes;
  relocate  some persons whose only label is a live in place 2 instead of 1: (a, all labels) of these nodes;
  relabel   some persons of place 1 have b instead of a: (a, b) of its nodes up to the whole;
  appear    there are more persons with label a in place 1: (a, all labels) of its nodes up to the whole.

The smallest set of further cells that closes a move is withheld; `appear` is always possible, so every cell gets one.
A move of as many persons as the smallest cell is taken where it can be had: then what is withheld cannot even be told
from what would be shown. A withheld cell may be empty, so that nothing follows from how many there are.

Sums move the same way, an amount taken from one cell and given to the next; since they add up over labels, the sum over
all labels is withheld (its count is not) where a move has no second label to take the amount from. That a withheld sum
is nothing may follow.

After Repsilber's hypercube method for tables (Statistical Disclosure Control, Hundepool et al. 2012, 4.4.4), which
takes corners of a rectangle for each primary cell; here they are worlds of persons, who may have several labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hub.rollup.cube import NOWHERE, Cube, Ints

DOMINANT = 85  # per cent of a sum that is one person's
PLACES = 8  # places of a larger cell that are tried
SUM_WORTH = 10  # a count over all labels is worth so many of its sums
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hidden:
    """What is withheld: `cells` by (node, label), and by node the `totals` of which only the sums are."""

    cells: Flags
    totals: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """A move found: how good it is, what it costs in persons no longer shown, which cells it changes.

    `totals`: it needs the sums over all labels of its nodes withheld. `frees`: labels whose sums it moves as well.
    """

    rank: int
    cost: int
    nodes: tuple[int, ...]
    labels: tuple[int, int]
    totals: bool
    frees: tuple[int, ...]


def primary(cube: Cube, smallest: int) -> Flags:
    """The cells that may not be shown for themselves; none is where one person may be."""
    few: Flags = (cube.persons > 0) & (cube.persons < smallest)
    if smallest > 1:
        for amount in cube.amounts:
            few |= (amount.size > 0) & (amount.most * 100 > amount.size * DOMINANT)
            few |= (amount.givers > 0) & (amount.givers < smallest)  # the others of a few could be told by one of them
    return few


def hidden(cube: Cube, smallest: int) -> Hidden:
    """What is withheld of a cube under a smallest cell, in persons."""
    search = _Search(cube, primary(cube, smallest), smallest)
    order = sorted(zip(*np.nonzero(search.hidden), strict=True), key=lambda cell: (cube.nodes[cell[0]][0], *cell))
    for node, label in order:
        if not search.safe[node, label]:
            search.protect(int(node), int(label))
    return Hidden(cells=search.hidden, totals=search.totals)


class _Search:
    """What is withheld so far, and what each further cell would cost."""

    def __init__(self, cube: Cube, few: Flags, goal: int) -> None:
        self.cube = cube
        self.goal = goal
        self.hidden = few
        self.safe = np.zeros_like(few)
        self.totals: Flags = np.zeros(len(few), dtype=np.bool_)
        self.last = len(cube.labels) - 1
        self.at = cube.persons[cube.leaves]  # persons by (place, label)
        self.sums: list[Flags] = [amount.size[cube.leaves] > 0 for amount in cube.amounts]
        self.told: list[Flags] = [np.any(amount.size > 0, axis=0) for amount in cube.amounts]  # labels that have sums
        self.cost = np.vstack([np.where(few, 0, cube.persons), np.zeros((1, self.last + 1), dtype=np.int64)])
        self.total_cost = self.cost[:, self.last] // SUM_WORTH  # of a sum over all labels

    def protect(self, node: int, label: int) -> None:
        """Find a cell its move, and withhold what that needs."""
        depth = int(np.nonzero((self.cube.paths == node).any(axis=0))[0][0])
        inside = self.cube.paths[:, depth] == node
        needed = [bool(amount.size[node, label]) for amount in self.cube.amounts]
        moves = [
            self._best(int(place), one, depth, needed, total=label == self.last)
            for one in self._labels(node, label)
            for place in self._places(inside, one)
        ]
        best = max(moves, key=lambda move: (move.rank, -move.cost))
        nodes = list(best.nodes)
        self.hidden[np.ix_(nodes, best.labels)] = True
        self.cost[np.ix_(nodes, best.labels)] = 0
        self.safe[np.ix_(nodes, best.frees)] = True
        if best.totals:
            self.totals[nodes] = True
            self.total_cost[nodes] = 0

    def _labels(self, node: int, label: int) -> list[int]:
        """The labels whose moves change a cell: its own; of a cell over all labels each that has its kinds of sums."""
        if label != self.last:
            return [label]
        present = [one for one in range(self.last) if self.cube.persons[node, one]]
        summed = [told for told, amount in zip(self.told, self.cube.amounts, strict=True) if amount.size[node, label]]
        return [one for one in present if all(told[one] for told in summed)] or present

    def _places(self, inside: Flags, label: int) -> Ints:
        """Places of a node where somebody has a label: those with sums first, then those of most persons."""
        places = np.nonzero(inside & (self.at[:, label] > 0))[0]
        summed = sum((sums[places, label].astype(np.int64) for sums in self.sums), np.zeros(len(places), np.int64))
        found: Ints = places[np.lexsort((-self.at[places, label], -summed))][:PLACES]
        return found

    def _best(self, place: int, label: int, depth: int, needed: list[bool], *, total: bool) -> _Move:
        """The best move through a place: with another place of the nearest division above, else up to the whole."""
        path = self.cube.paths[place]
        for above in range(depth - 1, -1, -1):
            if path[above] == NOWHERE:
                continue
            first = next(item for item in range(above + 1, depth + 1) if path[item] != NOWHERE)
            within = (self.cube.paths[:, above] == path[above]) & (self.cube.paths[:, first] != path[first])
            others = np.nonzero(within)[0]
            move = self._between(place, others, label, above, needed, total=total) if others.size else None
            if move is not None:
                return move
        return self._alone(place, label, total=total)

    def _between(
        self, place: int, others: Ints, label: int, above: int, needed: list[bool], *, total: bool
    ) -> _Move | None:
        """Exchange, pass on or relocate, with one of other places; None where none can be.

        The moves stand by (other place, label); under the label itself stands passing it on, under all relocating.
        """
        cube, at, last = self.cube, self.at, self.last
        here = [int(item) for item in cube.paths[place, above + 1 :] if item != NOWHERE]
        there = cube.paths[others, above + 1 :]
        theirs, come, both_there = at[others][:, :last], at[others, label, None], cube.both[others, label]
        mine, go, both = at[place, :last], at[place, label], cube.both[place, label]
        exchange = np.maximum(np.minimum(mine - both, come - both_there), np.minimum(theirs - both_there, go - both))
        passed = np.maximum(np.minimum(mine - both, both_there), np.minimum(theirs - both_there, both))
        passed[:, label] = 0
        exchange[:, label] = passed.max(axis=1)
        relocate = np.maximum(cube.single[others, label], cube.single[place, label])
        persons = np.hstack([exchange * (not total), relocate[:, None]])
        cost = self.cost[there].sum(axis=1) + self.cost[here].sum(axis=0)
        own = cost[:, [label]].copy()
        cost = cost + own
        cost[:, [label]] = own
        kept: Flags = np.ones(persons.shape, dtype=np.bool_)
        for sums, told in zip(self.sums, self.told, strict=True):
            movable = (sums[place] & sums[others, label, None]) | (sums[place, label] & sums[others])
            movable[:, label] = False
            kept &= movable | ~(told | told[label])
        kept[:, last] = True
        cost = cost + np.where(kept, 0, (self.total_cost[there].sum(axis=1) + self.total_cost[here].sum())[:, None])
        summed = [(sums[place, label] | sums[others, label])[:, None] for sums in self.sums]
        row, other, rank = self._first(persons, cost, self._moved(summed, label, needed))
        if rank < 1:
            return None
        nodes = (*here, *(int(item) for item in there[row] if item != NOWHERE))
        return self._move(rank, int(cost[row, other]), nodes, (label, other), bool(kept[row, other]))

    def _alone(self, place: int, label: int, *, total: bool) -> _Move:
        """Relabel or appear: the place's nodes up to the whole."""
        mine, last = self.at[place], self.last
        nodes = tuple(int(item) for item in self.cube.paths[place] if item != NOWHERE)
        both = self.cube.both[place, label]
        relabel = np.maximum(mine[:last] - both, mine[label] - both) * (not total)
        relabel[label] = 0
        cost = self.cost[list(nodes)].sum(axis=0)
        cost = (cost + cost[label])[None, :]
        kept: Flags = np.ones(cost.shape, dtype=np.bool_)
        for sums, told in zip(self.sums, self.told, strict=True):
            kept &= ((sums[place] | sums[place, label]) & told & told[label]) | ~(told | told[label])
        kept[:, last] = True
        cost = cost + np.where(kept, 0, self.total_cost[list(nodes)].sum())
        moved: Ints = np.full((1, 1), 5 * (self.goal + 1), dtype=np.int64)  # up to the whole there is always an amount
        _, other, rank = self._first(np.append(relabel, self.goal)[None, :], cost, moved)
        return self._move(rank, int(cost[0, other]), nodes, (label, other), bool(kept[0, other]))

    def _moved(self, summed: list[Flags], label: int, needed: list[bool]) -> Ints:
        """What a move's rank gains where there is an amount to move: most where the cell's own sum needs it."""
        step = self.goal + 1
        must: Flags = np.ones((1, 1), dtype=np.bool_)
        may = must
        for there, told, need in zip(summed, self.told, needed, strict=True):
            must = must & (there | (not need))
            may = may & (there | (not told[label]))
        found: Ints = must * (4 * step) + may * step
        return found

    def _first(self, persons: Ints, cost: Ints, moved: Ints) -> tuple[int, int, int]:
        """The best of the moves, by (row, label), and its rank; 0 where it moves nobody.

        One that moves the sum that must not be known comes first; then one that leaves the counts over all labels
        alone; one that moves sums; the one of more persons, up to the smallest cell; the cheapest.
        """
        kept = np.where(np.arange(persons.shape[1]) < self.last, 2 * (self.goal + 1), 0)
        rank = np.where(persons > 0, np.minimum(persons, self.goal) + kept + moved, 0)
        best = int(np.lexsort((cost.ravel(), -rank.ravel()))[0])
        row, other = divmod(best, persons.shape[1])
        return row, other, int(rank[row, other])

    def _move(self, rank: int, cost: int, nodes: tuple[int, ...], labels: tuple[int, int], kept: bool) -> _Move:
        label, other = labels
        frees: tuple[int, ...] = labels
        if other == self.last and any(told[other] and not told[label] for told in self.told):
            frees = (label,)  # the sum over all labels is still that of those shown
        return _Move(rank=rank, cost=cost, nodes=nodes, labels=labels, totals=not kept, frees=frees)
