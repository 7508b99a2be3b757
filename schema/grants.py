"""The [fields] of an agreement: which it lists, and how each is shown.

1. There is no "all fields"; a field is shown or masked, and a mask must be one that the field has.
2. A listed field leads somewhere, and a listed type is led to.
3. Where persons may not be browsed, no field lists them; where they may, no identifier is opened.
4. Fields that tell more together than either alone are not listed beside each other.
5. Where it lists a type, an agreement aggregates only what it shows of that type in the clear.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hub.policy.section import Section
from schema.catalogue import ROOTS, Named, catalogue
from schema.graph.aggregate import Aggregate
from schema.graph.fields import Way
from schema.read.model import Column

Grants = dict[str, dict[str, str]]  # type -> field -> effect


def read(section: Section, *, browse: bool) -> Grants:
    """What a file's [fields] grant; what is wrong is noted."""
    granted: Grants = {}
    named: list[tuple[Section, Named]] = []
    for kind in section.keys:
        part = section.table(kind)
        there = catalogue().get(kind)
        if there is None:
            section.refuse(kind, f"{kind} is no type of the graph", f"Use: {', '.join(sorted(catalogue()))}")
        elif part is not None:
            granted[kind] = {name: part.text(name, choices=_choices(part, there, name)) for name in part.keys}
            named += [(part, there[name]) for name in part.keys if name in there]
    for part, item in named:
        _refuse_alone(part, item, granted, browse=browse)
    reached = _reached(granted)
    for kind in granted:
        if kind not in reached:
            section.refuse(kind, f"no listed field leads to {kind}", "Take it out, or list a field that leads there")
    section.finish()
    return granted


def _refuse_alone(part: Section, item: Named, granted: Grants, *, browse: bool) -> None:
    spec = item.spec
    if item.target and not granted.get(item.target):
        part.refuse(item.name, f"leads to {item.target}, of which nothing is listed", f"Add [fields.{item.target}]")
    if isinstance(spec, Way) and spec.link.browse and not browse:
        part.refuse(item.name, "lists persons, and browse is false", "Take it out, or set browse = true")
    for hidden in spec.unseen(granted) if isinstance(spec, Aggregate) else ():
        part.refuse(item.name, f"is made of {hidden}, which is not shown in the clear", "Take it out, or show that")
    if isinstance(spec, Column):
        if spec.single and browse:
            part.refuse(
                item.name, "is opened for single persons only, and browse is true", "Take it out, or set browse = false"
            )
        for other in spec.apart:
            kind, _, name = other.partition(".")
            if name in granted.get(kind, {}):
                part.refuse(item.name, f"tells too much beside {other}", "List one of the two")


def _choices(part: Section, there: Mapping[str, Named], name: str) -> Sequence[str]:
    item = there.get(name)
    if item is None:
        part.refuse(name, "is no field of this type", f"Use: {', '.join(sorted(there))}")
        return ()
    return item.effects


def _reached(granted: Mapping[str, Mapping[str, str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [root for root in ROOTS if root in granted]
    while waiting:
        kind = waiting.pop()
        if kind in reached or kind not in granted:
            continue
        reached.add(kind)
        items = (catalogue()[kind].get(name) for name in granted[kind])
        waiting += [item.target for item in items if item is not None and item.target]
    return reached
