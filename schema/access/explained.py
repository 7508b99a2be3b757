"""One field under one agreement: whether and how it is shown, by which ways, over which rows, and what asks by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from strawberry.utils.str_converters import to_camel_case

from schema.access import words
from schema.agreement import Agreement
from schema.catalogue import ROOTS, Named, catalogue, filters
from schema.graph.fields import Way
from schema.read.model import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """`effect` is empty where the field is not listed. `ways` are from an entry to the field; `effects` what it has.

    `conditions`: each condition that reads the field, with the fields that it is missing ("" where it is there).
    `needs`: what else an agreement must say before it may list the field as it has it, or might.
    """

    agreement: str
    field: str
    title: tuple[str, str]
    effect: str
    effects: tuple[str, ...]
    ways: tuple[str, ...]
    conditions: tuple[tuple[str, str], ...]
    needs: tuple[str, ...]


def explain(agreement: Agreement, field: str) -> Explained | None:
    """A `Type.field` under an agreement; None where the graph has no such field."""
    kind, _, name = field.partition(".")
    item = catalogue().get(kind, {}).get(name)
    if item is None:
        return None
    effect = agreement.fields.get(kind, {}).get(name, "")
    return Explained(
        agreement=agreement.id,
        field=field,
        title=words.titled(kind, name),
        effect=effect,
        effects=item.effects,
        ways=tuple(_ways(agreement, kind, name)) if effect else (),
        conditions=tuple(_conditions(agreement, field)) if effect else (),
        needs=tuple(_needs(agreement, item)),
    )


def _ways(agreement: Agreement, kind: str, name: str) -> Iterator[str]:
    """For each listed field that leads to the type: the shortest way over it."""
    shortest: dict[str, str] = dict.fromkeys(ROOTS, "")
    waiting, found = [*ROOTS], []
    while waiting:
        here = waiting.pop(0)
        for member in agreement.fields.get(here, {}):
            target = catalogue()[here][member].target
            step = f"{shortest[here]}{member} > "
            if target == kind:
                found.append(f"{step}{name}")
            if target and target not in shortest:
                shortest[target] = step
                waiting.append(target)
    yield from [name] if kind in ROOTS else found


def _conditions(agreement: Agreement, field: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for kind, granted in agreement.fields.items():
        for member in granted:
            spec = catalogue()[kind][member].spec
            if not isinstance(spec, Way):
                continue
            told = {to_camel_case(name): argument.where for name, argument in spec.arguments.items()}
            if spec.filter is not None:
                named = spec.filter.__strawberry_definition__.name  # type: ignore[attr-defined]
                told |= {f"filter.{name}": where for name, where in filters()[named].items()}
            for name, where in told.items():
                call = f"{kind}.{member}({name})"
                if where is not None and field in where.by and call not in seen:
                    seen.add(call)
                    yield call, ", ".join(by for by in where.by if not agreement.shows(by))


def _needs(agreement: Agreement, item: Named) -> Iterator[str]:
    spec = item.spec
    if item.target and item.target not in agreement.fields:
        yield f"[fields.{item.target}]"
    if isinstance(spec, Way) and spec.link.browse and not agreement.browse:
        yield "browse = true"
    if isinstance(spec, Column):
        if spec.single and agreement.browse:
            yield "browse = false"
        listed = (other for other in spec.apart if _lists(agreement, other))
        yield from (f"not {other} beside it" for other in listed)


def _lists(agreement: Agreement, field: str) -> bool:
    kind, _, name = field.partition(".")
    return name in agreement.fields.get(kind, {})
