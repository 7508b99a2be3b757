"""What a change of agreements widens and what it narrows.

1. Masks are ordered: a field's effects tell less and less, as the graph declares them (schema/read/model.py: Column).
2. Wider is: more fields, more rows, a longer time, larger limits, smaller cells of sums, another reader or purpose,
   and each switch that lets something happen (browse, export, introspection, free documents, GET).
3. What is not known here to narrow counts as wider, so that nothing passes for lack of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from schema.agreement import FREE, Agreement, Limits
from schema.catalogue import catalogue
from schema.read.model import SHOW, Scope


class Direction(StrEnum):
    """Which way a change goes; `worded` touches no access."""

    WIDENED = "widened"
    NARROWED = "narrowed"
    WORDED = "worded"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Change:
    """One change of one agreement; `what` is the key in its file, `before` and `after` empty where there is nothing."""

    agreement: str
    what: str
    direction: Direction
    before: str
    after: str


Wider = Callable[[Any, Any], bool]  # (before, after): whether what is allowed grew


def _more(before: Any, after: Any) -> bool:
    return bool(after > before)


def _less(before: Any, after: Any) -> bool:
    return bool(after < before)


def _longer(before: int | None, after: int | None) -> bool:
    """Days kept; not said is for ever."""
    return after is None or (before is not None and after > before)


def _freer(_before: str, after: str) -> bool:
    return after == FREE


def _anyone(before: str | None, after: str | None) -> bool:
    """From own referrals to all, or to another department's."""
    return before is not None or after is None


RULES: Mapping[str, Wider] = {  # by key; what stands nowhere below widens
    "valid_from": _less,
    "valid_until": _more,
    "browse": _more,
    "introspection": _more,
    "get": _more,
    "export": _more,
    "history": _more,
    "documents": _freer,
    "smallest_cell": _less,
    "retention_days": _longer,
    "referred_to": _anyone,
    **{item.name: _more for item in fields(Limits)},
}
WORDS = ("title", "title_en", "legal_basis", "number")
OWN_WAY = ("id", "scope", "limits", "fields")


def compare(old: Mapping[str, Agreement], new: Mapping[str, Agreement]) -> list[Change]:
    """Every change between two sets of agreements, by agreement and key."""
    found: list[Change] = []
    for name in sorted({*old, *new}):
        before, after = old.get(name), new.get(name)
        if before and after:
            found += between(before, after)
        elif after:
            found.append(_change(name, "agreement", "", after.purpose, widened=True))
        elif before:
            found.append(_change(name, "agreement", before.purpose, "", widened=False))
    return sorted(found)


def between(old: Agreement, new: Agreement) -> list[Change]:
    """Every change from one agreement to another."""
    name = new.id
    found = _members(name, "", old, new, skip=OWN_WAY) + _members(name, "limits.", old.limits, new.limits)
    found += _scopes(name, old.scope, new.scope)
    if old.id != new.id:
        found.append(_change(name, "id", old.id, new.id, widened=True))
    return found + list(_fields(old, new))


def _members(name: str, prefix: str, old: Any, new: Any, *, skip: Iterable[str] = ()) -> list[Change]:
    found = []
    for item in fields(old):
        before, after = getattr(old, item.name), getattr(new, item.name)
        if item.name in skip or before == after:
            continue
        if item.name in WORDS:
            told = (str(before), str(after))
            found.append(
                Change(agreement=name, what=item.name, direction=Direction.WORDED, before=told[0], after=told[1])
            )
            continue
        rule = RULES.get(item.name)
        widened = rule is None or rule(before, after)
        found.append(_change(name, prefix + item.name, _text(before), _text(after), widened=widened))
    return found


def _scopes(name: str, old: Scope, new: Scope) -> list[Change]:
    """Codes that came are wider, codes that went narrower; a division lies in those that begin its code."""
    found = []
    for item in fields(Scope):
        if item.name == "unordered":  # follows from the fields
            continue
        before, after = getattr(old, item.name), getattr(new, item.name)
        if item.name == "referred_to":
            if before != after:
                told = (_text(before), _text(after))
                found.append(_change(name, "scope.own_referrals", *told, widened=_anyone(before, after)))
            continue
        key = "certified_by" if item.name == "certifiers" else item.name
        inside = str.startswith if item.name == "divisions" else str.__eq__
        came, went = _outside(after, before, inside), _outside(before, after, inside)
        if came:
            found.append(_change(name, f"scope.{key}", "", ", ".join(came), widened=True))
        if went:
            found.append(_change(name, f"scope.{key}", ", ".join(went), "", widened=False))
    return found


def _outside(
    codes: tuple[str, ...] | None, of: tuple[str, ...] | None, inside: Callable[[str, str], bool]
) -> list[str]:
    """The codes that lie in none of the others; `*` is all of them."""
    if of is None:
        return []
    if codes is None:
        return ["*"]
    return [code for code in codes if not any(inside(code, other) for other in of)]


def _fields(old: Agreement, new: Agreement) -> Iterable[Change]:
    for kind in sorted({*old.fields, *new.fields}):
        before, after = old.fields.get(kind, {}), new.fields.get(kind, {})
        for field in sorted({*before, *after}):
            was, is_now = before.get(field, ""), after.get(field, "")
            if was != is_now:
                widened = _tells(kind, field, is_now) >= _tells(kind, field, was)
                yield _change(new.id, f"fields.{kind}.{field}", was, is_now, widened=widened)


def _tells(kind: str, field: str, effect: str) -> float:
    """How much an effect tells of a field: nothing, then the more the earlier it is declared."""
    if not effect:
        return -1
    item = catalogue().get(kind, {}).get(field)
    effects = item.effects if item else (SHOW,)
    return len(effects) - effects.index(effect) if effect in effects else float("inf")


def _change(name: str, what: str, before: str, after: str, *, widened: bool) -> Change:
    direction = Direction.WIDENED if widened else Direction.NARROWED
    return Change(agreement=name, what=what, direction=direction, before=before, after=after)


def _text(value: object) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
