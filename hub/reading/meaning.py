"""What the codes of one list mean, row by row: whether a number is a permit's, which sex a row declares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar

from connectors.base import FieldType, Stream
from hub.reading.columns import ByProvince
from hub.reading.values import READ, Codes, Unreadable

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
        self._readers = ByProvince(self._meaning)

    def of(
        self, given: Mapping[str, Sequence[object]], provinces: Sequence[str] | str, count: int
    ) -> list[T | None] | T:
        """One a row, or one for all where the stream has no such field."""
        if self._field is None:
            return self._turn(None)
        column = given[self._field] if self._field in given else [None] * count
        found, _ = self._readers.all(column, provinces)
        return found  # type: ignore[return-value]

    def _meaning(self, raw: object, province: str) -> T | None:
        try:
            code = READ[FieldType.CODE](raw)
        except Unreadable:
            return self._unreadable
        return self._turn(self._codes.value(self._list, province, str(code)))
