"""Keys of a rule that are one plain number: bands that it reaches, and how far back a category counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.policy.keys import AID, PAID
from hub.policy.section import Section
from hub.policy.values import BadValueError, fen

Band = tuple[int, int | None]  # from, and the first that is beyond; None: no end
ALL: Band = (0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A key whose value is a plain number: fen where `money`, else a whole number of years or months up to `most`."""

    name: str
    benefits: frozenset[str]
    text: str
    example: str
    money: bool = False
    most: int = 150


BOUNDS = (
    Bound(
        name="cost_from", benefits=PAID, money=True, example="cost_from = 20000.01",
        text="the rule decides once the cost of the line's period (a stay, the year so far) is as much",
    ),
    Bound(
        name="cost_below", benefits=PAID, money=True, example="cost_below = 50000.01",
        text="and as long as it is below this",
    ),
    Bound(
        name="age_from", benefits=PAID, example="age_from = 60",
        text="the rule is for whoever is as old on the day that counts (day)",
    ),
    Bound(name="age_below", benefits=PAID, example="age_below = 18", text="and is younger than this"),
    Bound(
        name="look_back", benefits=AID, most=60, example="look_back = 12",
        text="months before the category's first day whose stays count too; absent: the category's own in "
        "categories.toml; 0 is none",
    ),
)  # fmt: skip


def bounds(section: Section, benefit: str) -> dict[str, int]:
    """The bounds that a rule says, each refused with its key and a remedy where it is none."""
    found: dict[str, int] = {}
    for bound in BOUNDS:
        if benefit in bound.benefits and bound.name in section:
            try:
                found[bound.name] = _read(section.raw(bound.name), bound)
            except BadValueError as refusal:
                section.refused(bound.name, refusal)
    for name in ("cost", "age"):
        below = found.get(f"{name}_below")
        if below is not None and below <= found.get(f"{name}_from", 0):
            section.refuse(f"{name}_below", f"is not above {name}_from", "It is the first that the rule does not reach")
    return found


def band(found: Mapping[str, int], name: str) -> Band:
    """The band of `cost` or `age` that some bounds leave."""
    return found.get(f"{name}_from", 0), found.get(f"{name}_below")


def both(one: Band, other: Band) -> Band | None:
    """What two bands share; None where they do not meet."""
    ends = [end for _, end in (one, other) if end is not None]
    shared = max(one[0], other[0]), min(ends, default=None)
    return shared if shared[1] is None or shared[0] < shared[1] else None


def _read(raw: object, bound: Bound) -> int:
    if bound.money:
        return fen(raw)
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= bound.most:
        raise BadValueError(f"is not a whole number from 0 to {bound.most}", f"Write it as {bound.example}")
    return raw
