"""Marks in place of what all rows of an answer share: keys, brackets, commas.

The database writes values; that a thousand rows repeat their keys is for the server to write, which does so with one
replacement a key. A mark is a control character, which cannot stand in JSON, as those of tree.py; where there are no
more of them, or it would save nothing, the text stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from schema.compile.tree import HOLE

Part = str | sa.ColumnElement[Any]
CHARACTERS = [chr(code) for code in range(0x04, 0x1E)]  # those below and above are tree.py's
LEAST = 4  # characters that are worth a mark


class Marks:
    """The marks of one statement."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def row(self, parts: Iterable[Part]) -> list[Part]:
        """The parts of a row's text, what its rows share replaced by marks; what stands in holes stays."""
        found: list[Part] = []
        held, inside = "", False
        for part in (*parts, None):
            if isinstance(part, str):
                held += part
                continue
            pieces = held.split(HOLE)
            for place in range(int(inside), len(pieces), 2):
                pieces[place] = self._mark(pieces[place])
            inside ^= len(pieces) % 2 == 0
            found += [HOLE.join(pieces)] if held else []
            found += [] if part is None else [part]
            held = ""
        return found

    def _mark(self, text: str) -> str:
        if len(text) >= LEAST and text not in self._marks and len(self._marks) < len(CHARACTERS):
            self._marks[text] = CHARACTERS[len(self._marks)]
        return self._marks.get(text, text)

    @property
    def texts(self) -> list[tuple[bytes, bytes]]:
        """Each mark with its text."""
        return [(mark.encode(), text.encode()) for text, mark in self._marks.items()]
