"""How the values of a column, which come as one text, become the JSON text of each; NEXT and NONE are tree.py's.

What can be done to the whole text at once is: that is a call for a thousand values, not a thousand calls.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from schema.compile.tree import NEXT, NONE, NotCompiled

BETWEEN, NOTHING, NULL = NEXT.encode(), NONE.encode(), b"null"
ESCAPED = bytes(range(0x1E)) + b'"\\'  # what JSON escapes, but for NONE and NEXT


class Cell:
    """Values that are JSON as they come: digits, true and false, texts that the statement has written."""

    counted = False  # whether it must be told how many values are NULL, as one could look like it

    def texts(self, told: bytes, _nulls: int = 0) -> list[bytes]:
        """The JSON text of each value. Raises NotCompiled."""
        return (told.replace(NOTHING, NULL) if NOTHING in told else told).split(BETWEEN)


class _Marked(Cell):
    """Values that stand between quotation marks as they come."""

    def texts(self, told: bytes, _nulls: int = 0) -> list[bytes]:
        found = b'"%b"' % told.replace(BETWEEN, b'"' + BETWEEN + b'"')
        if NOTHING in told:
            found = found.replace(b'"' + NOTHING + b'"', NULL)
        return found.split(BETWEEN)


class _Text(_Marked):
    """Any text."""

    counted = True

    def texts(self, told: bytes, nulls: int = 0) -> list[bytes]:
        if len(told.translate(None, ESCAPED)) == len(told) and _nulls(told) == nulls:
            return super().texts(told)
        values = told.split(BETWEEN)
        if values.count(NOTHING) != nulls:
            raise NotCompiled
        try:
            return [NULL if value == NOTHING else orjson.dumps(value.decode()) for value in values]
        except UnicodeDecodeError:
            raise NotCompiled from None


class Names(Cell):
    """Codes, each with the JSON text of its name; there are no others."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self._known = {code.encode(): name.encode() for code, name in names.items()} | {NOTHING: NULL}

    def texts(self, told: bytes, _nulls: int = 0) -> list[bytes]:
        try:
            return list(map(self._known.__getitem__, told.split(BETWEEN)))
        except KeyError:
            raise NotCompiled from None


def _nulls(told: bytes) -> int:
    return told.count(NOTHING) if NOTHING in told else 0  # to look costs less than to count


BARE, MARKED, TEXT = Cell(), _Marked(), _Text()
