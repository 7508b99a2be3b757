"""A row's province: the first two digits of its division, for its code lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter

from connectors.pages import Lists
from hub.reading.columns import Remembering
from hub.reading.values import Unreadable, division


class Provinces:
    """Reads the provinces of a page at a declared path (`division`, `insuinfo.0.insuplc_admdvs`)."""

    def __init__(self, path: str | None) -> None:
        self._steps = path.split(".") if path else []
        self._memo = Remembering(_province)

    def read(self, given: Mapping[str, Sequence[object]], count: int) -> Sequence[str] | str:
        """One a row, or one for all; '' where a row says none (then only national lists apply)."""
        column = given.get(self._steps[0]) if self._steps else None
        if column is None:
            return ""
        steps = self._steps[1:]
        if isinstance(column, Lists) and len(steps) == 2 and steps[0].isdecimal():
            column, steps = column.nth(int(steps[0]), steps[1]), []
        for step in steps:
            column = _down(column, step)
        found, _ = self._memo.all(column, set(map(type, column)))
        provinces: list[str] = found  # type: ignore[assignment]
        different = set(provinces)
        return different.pop() if len(different) == 1 else provinces if provinces else ""


def _down(column: Sequence[object], step: str) -> Sequence[object]:
    """The element of each value: of a list by number, of an object by name; None where there is none."""
    kinds = set(map(type, column))
    try:
        if kinds == {list} and step.isdecimal():
            return list(map(itemgetter(int(step)), column))  # type: ignore[arg-type]
        if kinds == {dict}:
            return list(map(itemgetter(step), column))  # type: ignore[arg-type]
    except (IndexError, KeyError):
        pass
    return [_element(value, step) for value in column]


def _element(value: object, step: str) -> object:
    try:
        if isinstance(value, list):
            return value[int(step)]
        return value.get(step) if isinstance(value, dict) else None
    except (IndexError, ValueError):
        return None


def _province(raw: object) -> str:
    try:
        return (division(raw) or "")[:2]
    except Unreadable:
        return ""
