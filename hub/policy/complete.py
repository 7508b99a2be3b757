"""The care that a category's own insurance rules do not speak of, where everyone's rules go on.

特困人员 三级医院不设起付线, beside everyone's rules for all hospitals: a person in extreme difficulty has the one in
hospitals of level 3 and everyone's in the others. Only within the insurances that the category's own rules reach: for
the others there is nothing to complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hub.policy.keys import HOSPITAL_LEVELS, INSUTYPES, SETTINGS
from hub.policy.rule import Rule

ALL = (SETTINGS, INSUTYPES, HOSPITAL_LEVELS)

Words = tuple[str, ...]
Reach = tuple[Words, ...]
Box = tuple[Words, ...]  # as a reach, but all is written out


def completed(own: Sequence[Reach], everyone: Iterable[Rule]) -> list[tuple[str, Rule]]:
    """Everyone's rules, each cut to the care of which no reach of `own` speaks, with a key of its own for each part."""
    taken = [_box(reach) for reach in own]
    insured = {word for _, insutypes, _ in taken for word in insutypes}
    found = []
    for rule in everyone:
        settings, insutypes, levels = _box(rule.reach)
        left: list[Box] = [(settings, tuple(word for word in insutypes if word in insured), levels)]
        for cut in taken:
            left = [part for box in left for part in _without(box, cut)]
        for number, box in enumerate((box for box in left if all(box)), 1):
            key = rule.key if number == 1 else f"{rule.key}+{number}"
            parts = [() if part == whole else part for part, whole in zip(box, ALL, strict=True)]
            found.append((key, replace(rule, settings=parts[0], insutypes=parts[1], hospital_levels=parts[2])))
    return found


def _box(reach: Reach) -> Box:
    return tuple(
        tuple(word for word in whole if not part or word in part) for part, whole in zip(reach, ALL, strict=True)
    )


def _without(box: Box, cut: Box) -> list[Box]:
    """The parts of a box that lie outside another, none meeting another part."""
    both = [tuple(word for word in mine if word in theirs) for mine, theirs in zip(box, cut, strict=True)]
    if not all(both):
        return [box]
    parts = []
    for place, mine in enumerate(box):
        rest = tuple(word for word in mine if word not in both[place])
        if rest:
            parts.append((*both[:place], rest, *box[place + 1 :]))
    return parts
