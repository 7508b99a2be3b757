"""What the codes of one list mean, row by row: whether a number is a permit's, which sex a row declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from connectors.base import FieldType, Stream
from hub.columns import Remembering
from hub.values import READ, Codes, Unreadable

T = TypeVar("T")


class Meaning(Generic[T]):
    """The meaning of the stream's first plain field of a code list; `turn` makes of it what is wanted.

    A row without a code, or with an unknown one, has turn(None); one whose code is no text has `unreadable`.
    """

    def __init__(
        self, stream: Stream, name: str, codes: Codes, turn: Callable[[str | None], T], unreadable: T | None
    ) -> None:
        self._field = next((f.name for f in stream.fields if f.codes == name and f.sealed is None), None)
        self._list = name
        self._codes = codes
        self._turn = turn
        self._unreadable = unreadable
        self._by_province: dict[str, Remembering] = {}

    def of(
        self, given: Mapping[str, Sequence[object]], provinces: Sequence[str] | str, count: int
    ) -> list[T | None] | T:
        """One a row, or one for all where the stream has no such field."""
        if self._field is None:
            return self._turn(None)
        column = given[self._field] if self._field in given else [None] * count
        if isinstance(provinces, str):
            found, _ = self._in(provinces).all(column, set(map(type, column)))
        else:
            found = [self._in(place).one(raw) for place, raw in zip(provinces, column, strict=True)]
        return found  # type: ignore[return-value]

    def _in(self, province: str) -> Remembering:
        if province not in self._by_province:
            self._by_province[province] = Remembering(lambda raw: self._meaning(raw, province))
        return self._by_province[province]

    def _meaning(self, raw: object, province: str) -> T | None:
        try:
            code = READ[FieldType.CODE](raw)
        except Unreadable:
            return self._unreadable
        return self._turn(self._codes.value(self._list, province, str(code)))
