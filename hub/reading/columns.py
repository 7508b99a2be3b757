"""A column of raw values read at once, to exactly what `values.READ` makes of each value alone.

1. Most columns repeat few texts: each text is read once and remembered (`Memo`), within a bound.
2. Free text and amounts are read by Arrow and numpy; what is not clean there goes to the value's own reader.
3. What cannot be read is named by its place in the column; the column holds None there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.base import Field, FieldType
from hub.reading.values import BLANK, READ, WHITE, Codes, Unreadable, Value

ARROW: dict[FieldType, pa.DataType] = {
    FieldType.TEXT: pa.string(),
    FieldType.CODE: pa.string(),
    FieldType.DIVISION: pa.string(),
    FieldType.DAY: pa.date32(),
    FieldType.MONTH: pa.date32(),
    FieldType.TIME: pa.date32(),
    FieldType.YUAN: pa.int64(),
    FieldType.INTEGER: pa.int32(),
    FieldType.FLAG: pa.bool_(),
}
REMEMBERED = 50_000  # texts a memo may hold
HASHED: tuple[type, ...] = (str, int, float, bool, date, type(None))  # equal values of one of these types read alike
TEXTS = {str, type(None)}
CLOCK = re.compile(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9:.+Z-]*")  # the first ten say all; open ends not among them
AMOUNT = r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"
LARGEST = 1e15  # fen that a double tells exactly from its neighbours


@dataclass(frozen=True, slots=True)
class Bad:
    """In place of a value that was refused."""

    reason: str


@dataclass(slots=True)
class Column:
    """Typed values, None where empty or refused; `refused`: place -> reason code. `array`: the same for Arrow."""

    type: pa.DataType
    values: Sequence[Value]
    refused: dict[int, str] = field(default_factory=dict)
    made: pa.Array | None = None

    @property
    def array(self) -> pa.Array:
        if self.made is None:
            self.made = pa.array(self.values, self.type)
        return self.made


class Memo(dict[object, object]):
    """What raw values of one type mean. A refused one is not kept, so that `refused` counts every time."""

    def __init__(self, read: Callable[[object], object]) -> None:
        self._read = read
        self.refused = 0

    def __missing__(self, raw: object) -> object:
        found = self._read(raw)
        if isinstance(found, Bad):
            self.refused += 1
            return found
        if len(self) >= REMEMBERED:
            self.clear()
        self[raw] = found
        return found


class Remembering:
    """A reader of values of any type, that reads equal ones once."""

    def __init__(self, read: Callable[[object], object]) -> None:
        self._read = read
        self._memos = {kind: Memo(read) for kind in HASHED}
        self._memos[type(None)] = self._memos[str]
        self.texts = self._memos[str]

    def one(self, raw: object) -> object:
        """A value's meaning, or Bad."""
        memo = self._memos.get(type(raw))
        return self._read(raw) if memo is None else memo[raw]

    def all(self, column: Sequence[object], kinds: set[type]) -> tuple[list[object], bool]:
        """The meanings of a column whose types are `kinds`, and whether some may be Bad."""
        if kinds <= TEXTS:
            before = self.texts.refused
            found = list(map(self.texts.__getitem__, column))
            return found, self.texts.refused > before
        return [self.one(raw) for raw in column], True


class ByProvince:
    """A reader of values whose meaning hangs on the row's province."""

    def __init__(self, read: Callable[..., object]) -> None:
        self._read = read
        self._readers: dict[str, Remembering] = {}

    def __getitem__(self, province: str) -> Remembering:
        if province not in self._readers:
            self._readers[province] = Remembering(partial(self._read, province=province))
        return self._readers[province]

    def all(self, column: Sequence[object], provinces: Sequence[str] | str) -> tuple[list[object], bool]:
        """The meanings of a column, and whether some may be Bad; `provinces` one a row, or one for all."""
        kinds = set(map(type, column))
        if isinstance(provinces, str):
            return self[provinces].all(column, kinds)
        readers = {province: self[province] for province in set(provinces)}
        if kinds <= TEXTS:
            memos = {province: reader.texts for province, reader in readers.items()}
            before = sum(memo.refused for memo in memos.values())
            found = [memos[province][raw] for province, raw in zip(provinces, column, strict=True)]
            return found, sum(memo.refused for memo in memos.values()) > before
        return [readers[province].one(raw) for province, raw in zip(provinces, column, strict=True)], True


class FieldReader:
    """Reads the columns of one field."""

    def __init__(self, declared: Field, codes: Codes) -> None:
        self.name = declared.name
        self.type = ARROW[declared.type]
        self._field = declared
        self._codes = codes
        self._readers = ByProvince(self._one)
        self._free_text = declared.type is FieldType.TEXT and declared.codes is None
        self._amounts = declared.type is FieldType.YUAN and declared.codes is None

    def read(self, column: Sequence[object] | None, count: int, provinces: Sequence[str] | str) -> Column:
        """A column of `count` values (None: no row has one); `provinces` one a row, or one for all."""
        if column is None:
            empty = [None] * count
            return self._column(empty, dict.fromkeys(range(count), "required_missing") if self._field.required else {})
        kinds = set(map(type, column))
        if self._field.type is FieldType.TIME and str in kinds:
            column = [raw[:10] if type(raw) is str and CLOCK.fullmatch(raw) else raw for raw in column]
        if self._free_text and kinds <= TEXTS:
            return self._texts(column)
        if self._amounts and kinds & {str, float}:
            return self._fen(column, kinds)
        found, check = self._readers.all(column, provinces if self._field.codes else "")
        return self._checked(found) if check else self._column(found, {})

    def _column(self, values: Sequence[object], refused: dict[int, str]) -> Column:
        return Column(type=self.type, values=values, refused=refused)  # type: ignore[arg-type]

    def _checked(self, found: list[object]) -> Column:
        refused = {at: value.reason for at, value in enumerate(found) if type(value) is Bad}
        for at in refused:
            found[at] = None
        return self._column(found, refused)

    def _one(self, raw: object, province: str) -> object:
        """A value by itself."""
        try:
            value = READ[self._field.type](raw)
        except Unreadable as error:
            return Bad(error.reason)
        if value is None:
            return Bad("required_missing") if self._field.required else None
        codes = self._field.codes
        return value if codes is None or self._codes.known(codes, province, str(value)) else Bad("unknown_code")

    def _texts(self, column: Sequence[object]) -> Column:
        """Free text: trimmed, empty words to None."""
        try:
            array = pa.array(column, pa.string())
        except (pa.ArrowException, UnicodeError):  # a lone surrogate
            return self._checked([self._one(raw, "") for raw in column])
        trimmed = pc.utf8_trim(array, characters=WHITE)
        values = column
        if not (BLANK.isdisjoint(column) and trimmed.equals(array)):
            trimmed = pc.if_else(pc.is_in(trimmed, value_set=_BLANK), None, trimmed)
            values = trimmed.to_pylist()
        refused: dict[int, str] = {}
        if self._field.required and trimmed.null_count:
            refused = {at: "required_missing" for at, value in enumerate(values) if value is None}
        return Column(type=self.type, values=values, refused=refused, made=trimmed)  # type: ignore[arg-type]

    def _fen(self, column: Sequence[object], kinds: set[type]) -> Column:
        """Amounts: doubles whose shortest text has at most two decimals, and such texts; the others one by one."""
        yuan = np.full(len(column), np.nan)
        if kinds == {float}:
            yuan = np.array(column, np.float64)
        else:
            if float in kinds:
                yuan = np.array([raw if type(raw) is float else np.nan for raw in column])
            if str in kinds:
                told = pa.array([raw if type(raw) is str and raw.isascii() else None for raw in column], pa.string())
                clean = pc.if_else(pc.match_substring_regex(told, AMOUNT), told, None)
                read = pc.cast(clean, pa.float64()).to_numpy(zero_copy_only=False)
                yuan = np.where(np.isnan(read), yuan, read)
        with np.errstate(all="ignore"):
            fen = np.rint(yuan * 100)
            exact = (np.abs(fen) < LARGEST) & (fen / 100 == yuan)
        if exact.all():
            fens = fen.astype(np.int64)
            return Column(type=self.type, values=fens.tolist(), made=pa.array(fens))
        values = np.where(exact, fen, 0).astype(np.int64).tolist()
        one = self._readers[""].one
        for at in np.flatnonzero(~exact).tolist():
            values[at] = one(column[at])
        return self._checked(values)


_BLANK = pa.array(sorted(BLANK), pa.string())
