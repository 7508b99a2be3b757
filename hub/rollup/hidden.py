"""Which cells are withheld: those of too few persons, those that are one person's sum, and what would betray them.

The promise: for each withheld cell there is another world, with other persons in it, in which every cell that is shown
reads the same and the withheld cell another number. So nothing that can be computed from all cells together, at all
levels and over all labels, yields it. The other worlds are made by four moves; a cell is safe when it lies on one:

  exchange  some persons of place 1 and as many of place 2 exchange labels a and b: the cells (a, b) of every node
            between both places and the division that holds both change, and nothing else does;
  relocate  some persons whose only label is a live in place 2 instead of 1: the same with b = all labels;
  relabel   some persons of place 1 have b instead of a: (a, b) of its nodes up to the whole change;
  appear    there are more persons with label a in place 1: (a, all) of its nodes up to the whole change.

Sums move the same way, by an amount taken from one cell and given to the next. The smallest set of further cells that
closes a move is withheld; `appear` is always possible, so every cell gets one. Where it can be had, a move of as many
persons as the smallest cell is chosen: then what is withheld cannot even be told from what would be shown.

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
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """A move found: how good it is, what it costs in persons no longer shown, which cells it changes.

    `frees` are the labels whose sums it moves as well: with the other's, a sum is still known from those shown.
    """

    rank: int
    cost: int
    nodes: tuple[int, ...]
    labels: tuple[int, int]
    frees: tuple[int, ...]


def primary(cube: Cube, smallest: int) -> Flags:
    """The cells that may not be shown for themselves; none is where one person may be."""
    few: Flags = (cube.persons > 0) & (cube.persons < smallest)
    if smallest > 1:
        for amount in cube.amounts:
            few |= (amount.size > 0) & (amount.most * 100 > amount.size * DOMINANT)
    return few


def hidden(cube: Cube, smallest: int) -> Flags:
    """The cells that are withheld, by (node, label)."""
    search = _Search(cube, primary(cube, smallest), smallest)
    order = sorted(zip(*np.nonzero(search.hidden), strict=True), key=lambda cell: (cube.nodes[cell[0]][0], *cell))
    for node, label in order:
        if not search.safe[node, label]:
            search.protect(int(node), int(label))
    return search.hidden


class _Search:
    """What is withheld so far, and what each further cell would cost."""

    def __init__(self, cube: Cube, few: Flags, goal: int) -> None:
        self.cube = cube
        self.goal = goal
        self.hidden = few
        self.safe = np.zeros_like(few)
        self.last = len(cube.labels) - 1
        self.at = cube.persons[cube.leaves]  # persons by (place, label)
        self.sums: list[Flags] = [amount.size[cube.leaves] > 0 for amount in cube.amounts]
        self.told: list[Flags] = [np.any(amount.size > 0, axis=0) for amount in cube.amounts]  # labels that have sums
        self.cost = np.vstack([np.where(few, 0, cube.persons), np.zeros((1, self.last + 1), dtype=np.int64)])

    def protect(self, node: int, label: int) -> None:
        """Find a cell its move, and withhold what that needs."""
        depth = int(np.nonzero((self.cube.paths == node).any(axis=0))[0][0])
        inside = self.cube.paths[:, depth] == node
        moves = [
            self._best(int(place), one, depth, total=label == self.last)
            for one in self._labels(node, label)
            for place in self._places(inside, one)
        ]
        best = max(moves, key=lambda move: (move.rank, -move.cost))
        cells = np.ix_(best.nodes, best.labels)
        self.hidden[cells] = True
        self.cost[cells] = 0
        self.safe[np.ix_(best.nodes, best.frees)] = True

    def _labels(self, node: int, label: int) -> list[int]:
        """The labels whose moves change a cell: its own; of a cell over all labels each that has its kinds of sums."""
        if label != self.last:
            return [label]
        present = [one for one in range(self.last) if self.cube.persons[node, one]]
        summed = [told for told, amount in zip(self.told, self.cube.amounts, strict=True) if amount.size[node, label]]
        return [one for one in present if all(told[one] for told in summed)] or present

    def _places(self, inside: Flags, label: int) -> Ints:
        """Places of a node where somebody has a label, those of most persons first."""
        places = np.nonzero(inside & (self.at[:, label] > 0))[0]
        found: Ints = places[np.argsort(-self.at[places, label], kind="stable")][:PLACES]
        return found

    def _best(self, place: int, label: int, depth: int, *, total: bool) -> _Move:
        """The best move through a place: with another place of the nearest division above, else up to the whole."""
        path = self.cube.paths[place]
        for above in range(depth - 1, -1, -1):
            if path[above] == NOWHERE:
                continue
            within = (self.cube.paths[:, above] == path[above]) & (self.at[:, label] > 0)
            first = next(item for item in range(above + 1, depth + 1) if path[item] != NOWHERE)
            others = np.nonzero(within & (self.cube.paths[:, first] != path[first]))[0]
            move = self._between(place, others, label, above, total=total) if others.size else None
            if move is not None:
                return move
        return self._alone(place, label, total=total)

    def _between(self, place: int, others: Ints, label: int, above: int, *, total: bool) -> _Move | None:
        """Exchange or relocate, with one of other places; None where neither can be."""
        cube, at, last = self.cube, self.at, self.last
        here = [int(item) for item in cube.paths[place, above + 1 :] if item != NOWHERE]
        there = cube.paths[others, above + 1 :]
        cost = self.cost[there].sum(axis=1) + self.cost[here].sum(axis=0)
        cost = cost + cost[:, [label]]
        theirs, come = at[others][:, :last], at[others, label, None]
        mine, go = at[place, :last], at[place, label]
        both, both_there = cube.both[place, label], cube.both[others, label]
        arrive = np.minimum(np.minimum(mine - both, mine - 1), np.minimum(come - both_there, come - 1))
        leave = np.minimum(np.minimum(theirs - both_there, theirs - 1), np.minimum(go - both, go - 1))
        exchange = np.where((mine > 0) & (theirs > 0), np.maximum(arrive, leave), 0)
        exchange[:, label] = 0
        relocate = np.maximum(
            np.minimum(cube.single[others, label], at[others, label] - 1), min(cube.single[place, label], go - 1)
        )
        persons = np.hstack([exchange * (not total), relocate[:, None]])
        for sums, told in zip(self.sums, self.told, strict=True):
            movable = (sums[place] & sums[others, label, None]) | (sums[place, label] & sums[others])
            persons = np.where(movable | self._unsummed(told, label, total=total), persons, 0)
        row, other, rank = self._first(persons, cost)
        if rank < 1:
            return None
        nodes = (*here, *(int(item) for item in there[row] if item != NOWHERE))
        return self._move(rank, int(cost[row, other]), nodes, label, other)

    def _alone(self, place: int, label: int, *, total: bool) -> _Move:
        """Relabel or appear: the place's nodes up to the whole."""
        mine, last = self.at[place], self.last
        nodes = tuple(int(item) for item in self.cube.paths[place] if item != NOWHERE)
        cost = self.cost[list(nodes)].sum(axis=0)
        cost = cost + cost[label]
        both = self.cube.both[place, label]
        arrive = np.minimum(mine[:last] - both, mine[:last] - 1)
        leave = np.minimum(mine[label] - both, mine[label] - 1)
        relabel = np.where(mine[:last] > 0, np.maximum(arrive, leave), 0) * (not total)
        relabel[label] = 0
        for sums, told in zip(self.sums, self.told, strict=True):
            movable = (sums[place, :last] | sums[place, label]) & told[:last] & told[label]
            relabel = np.where(movable | self._unsummed(told, label, total=total)[:last], relabel, 0)
        _, other, rank = self._first(np.append(relabel, self.goal)[None, :], cost[None, :])
        return self._move(rank, int(cost[other]), nodes, label, other)

    def _unsummed(self, told: Flags, label: int, *, total: bool) -> Flags:
        """Labels for which a label needs no movable sum: neither has sums; all labels together where it has none."""
        neither: Flags = ~(told | told[label])
        neither[self.last] |= not told[label] and not total
        return neither

    def _first(self, persons: Ints, cost: Ints) -> tuple[int, int, int]:
        """The best of the moves, by (row, label), and its rank.

        One that leaves the cells over all labels alone comes first; then the one of more persons, up to the smallest
        cell; then the cheapest.
        """
        rank = np.minimum(persons, self.goal)
        rank[:, : self.last] += np.where(rank[:, : self.last] > 0, self.goal, 0)
        rank = np.maximum(rank, 0)
        best = int(np.lexsort((cost.ravel(), -rank.ravel()))[0])
        row, other = divmod(best, persons.shape[1])
        return row, other, int(rank[row, other])

    def _move(self, rank: int, cost: int, nodes: tuple[int, ...], label: int, other: int) -> _Move:
        frees: tuple[int, ...] = (label, other)
        if other == self.last and any(told[other] and not told[label] for told in self.told):
            frees = (label,)
        return _Move(rank=rank, cost=cost, nodes=nodes, labels=(label, other), frees=frees)
