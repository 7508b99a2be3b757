"""The care that a category's own insurance rules do not speak of, where everyone's rules go on.

特困人员 三级医院不设起付线, beside everyone's rules for all hospitals: a person in extreme difficulty has the one in
hospitals of level 3 and everyone's in the others. Only within the insurances that the category's own rules reach: for
the others there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise, product
from typing import Any

from hub.policy.bounds import Band
from hub.policy.keys import HOSPITAL_LEVELS, INSUTYPES, SETTINGS
from hub.policy.rule import Rule

ALL = (SETTINGS, INSUTYPES, HOSPITAL_LEVELS)

Words = tuple[str, ...]
Reach = tuple[Words, ...]
Box = tuple[tuple[Any, ...], ...]  # as a reach, but all is written out; bands as the bands between all their edges


def completed(own: Sequence[tuple[Reach, Band, Band]], everyone: Iterable[Rule]) -> list[tuple[str, Rule]]:
    """Everyone's rules, each cut to the care of which no reach of `own` speaks, with a key of its own for each part.

    `own` holds the reach, the ages and the costs of each of the category's rules.
    """
    general = list(everyone)
    bands = [
        _between([*(ages for _, ages, _ in own), *(rule.ages for rule in general)]),
        _between([*(costs for _, _, costs in own), *(rule.costs for rule in general)]),
    ]
    taken = [_box(*one, bands) for one in own]
    insured = {word for box in taken for word in box[1]}
    found = []
    for rule in general:
        whole = _box(rule.reach, rule.ages, rule.costs, bands)
        left: list[Box] = [(whole[0], tuple(word for word in whole[1] if word in insured), *whole[2:])]
        for cut in taken:
            left = [part for box in left for part in _without(box, cut)]
        parts = [part for box in left if all(box) for part in _ruled(rule, box)]
        found += [(rule.key if n == 1 else f"{rule.key}+{n}", part) for n, part in enumerate(parts, 1)]
    return found


def _between(told: list[Band]) -> list[Band]:
    """The bands between all edges of some bands."""
    edges = sorted({0, *(start for start, _ in told), *(end for _, end in told if end is not None)})
    return [*pairwise(edges), (edges[-1], None)]


def _box(reach: Reach, ages: Band, costs: Band, bands: list[list[Band]]) -> Box:
    words = [tuple(word for word in whole if not part or word in part) for part, whole in zip(reach, ALL, strict=True)]
    within = [
        tuple(part for part in parts if part[0] >= start and (end is None or (part[1] is not None and part[1] <= end)))
        for (start, end), parts in zip((ages, costs), bands, strict=True)
    ]
    return (*words, *within)


def _ruled(rule: Rule, box: Box) -> Iterable[Rule]:
    """The rule as cut to a box, once for each unbroken band of ages and costs."""
    words = [() if part == whole else part for part, whole in zip(box, ALL, strict=False)]
    for ages, costs in product(_unbroken(box[3]), _unbroken(box[4])):
        yield replace(rule, settings=words[0], insutypes=words[1], hospital_levels=words[2], ages=ages, costs=costs)


def _unbroken(parts: Iterable[Band]) -> list[Band]:
    """Neighbouring bands joined."""
    joined: list[Band] = []
    for start, end in parts:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _without(box: Box, cut: Box) -> list[Box]:
    """The parts of a box that lie outside another, none meeting another part."""
    both = [tuple(word for word in mine if word in theirs) for mine, theirs in zip(box, cut, strict=True)]
    if not all(both):
        return [box]
    parts: list[Box] = []
    for place, mine in enumerate(box):
        rest = tuple(word for word in mine if word not in both[place])
        if rest:
            parts.append((*both[:place], rest, *box[place + 1 :]))
    return parts
