"""The header of a file: which column is which declared field.

1. A header is compared without spaces and in half-width form; every synonym of a field (`Field.headers`)
   names it. Where headers stand in several rows, a column is named by its last one, or by all of them together
   (救助情况 above 起始年月 is 救助情况起始年月) where only that tells two columns apart.
2. Where several columns name one field, the synonym declared first wins: real exports carry both 风险识别时间
   and 首次识别时间.
3. A column that is neither a field nor in the stream's `ignored` is handed on under its header, and one that is
   missing is missing: what that means for the rows is the hub's to judge.
4. Rows count as the header when they name at least half of the required fields, so that a file without a
   header is refused without repeating what its first row says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Stream
from connectors.errors import SourceMalformed

SEARCHED = 20  # rows above the header (titles, notes) that are looked through
LONGEST = 30  # characters of an undeclared header that are repeated

Cells = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each field stands in a file's rows; `width` counts the columns up to the last header."""

    places: tuple[tuple[str, int], ...]
    width: int

    def of(self, columns: Sequence[Sequence[object]]) -> dict[str, Sequence[object]]:
        """A page's columns by field name, out of all columns of its rows."""
        return {name: columns[place] for name, place in self.places}


def plain(header: object) -> str:
    """A header as it is compared: half-width, no spaces, no byte-order mark."""
    return re.sub(r"[\s\ufeff]", "", unicodedata.normalize("NFKC", str(header)))


def locate(head: Sequence[Cells], stream: Stream, *, deepest: int = 1) -> tuple[int, int] | None:
    """(first, behind last) of the rows that are the header, at most `deepest` of them; None where there is none.

    Of the rows that could be the last of the header, the one counts that names most fields.
    """
    required = {f.name for f in stream.fields if f.required} or {f.name for f in stream.fields}
    known = _names(stream)
    found: list[tuple[int, int, int]] = []
    first = len(head)
    for last in range(min(len(head), SEARCHED + deepest)):
        if last >= first + deepest:
            break
        for depth in range(1, min(deepest, last + 1) + 1):
            named = {field for field, _ in _named(head[last + 1 - depth : last + 1], known).values()}
            wanted = len(named & required)
            if wanted and 2 * wanted >= len(required):
                first = min(first, last)
                found.append((len(named), -last, -depth))
    if not found:
        return None
    _, last, depth = (abs(number) for number in max(found))
    return last + 1 - depth, last + 1


def read(rows: Sequence[Cells], stream: Stream, *, file: str, line: int) -> Columns:
    """The columns under a header of one or more rows. Raises SourceMalformed where two columns are one field."""
    named = _named(rows, _names(stream))
    chosen: dict[str, tuple[int, int]] = {}
    for place, (field, preference) in named.items():
        if field not in chosen or preference < chosen[field][0]:
            chosen[field] = (preference, place)
        elif preference == chosen[field][0]:
            raise SourceMalformed(
                f"{file}, line {line}: two columns are headed {stream.field(field).names[preference]}",
                remedy="Ask the department which one counts, and to send the file again with that one",
            )
    ignored = {plain(name) for name in stream.ignored}
    taken = {f.name for f in stream.fields} | {child.name for child in stream.children}
    places = {field: place for field, (_, place) in chosen.items()}
    width = 0
    for place, words in _words(rows):
        if words:
            width = place + 1
        if words and place not in named and not ignored & set(words):
            shown = _shown(words[-1], place)
            name = shown if shown not in taken | set(places) else f"column {place + 1}"
            places[name] = place
    return Columns(places=tuple(places.items()), width=width)


def named(columns: Mapping[str, Sequence[object]], stream: Stream) -> dict[str, Sequence[object]]:
    """Columns headed by the source's keys, by field name; of several names the first declared wins."""
    known = _names(stream)
    children = {child.name for child in stream.children}
    ignored = {plain(name) for name in stream.ignored}
    taken = {f.name for f in stream.fields} | children
    found: dict[str, list[tuple[int, Sequence[object]]]] = {}
    for place, (key, column) in enumerate(columns.items()):
        word = plain(key)
        if key in children:
            found[key] = [(0, column)]
        elif word in known:
            field, preference = known[word]
            found.setdefault(field, []).append((preference, column))
        elif word not in ignored:
            shown = _shown(word, place)
            found[shown if shown and shown not in taken | set(found) else f"column {place + 1}"] = [(0, column)]
    return {field: _first(each) for field, each in found.items()}


def _first(columns: list[tuple[int, Sequence[object]]]) -> Sequence[object]:
    """Of several columns, the value of the most preferred that a row has."""
    if len(columns) == 1:
        return columns[0][1]
    ordered = [column for _, column in sorted(columns, key=lambda one: one[0])]
    return [next((value for value in values if value is not None), None) for values in zip(*ordered, strict=True)]


def absent(stream: Stream, *, file: str) -> SourceMalformed:
    """The error for a file in which no row is a header."""
    wanted = ", ".join(f.names[0] for f in stream.fields if f.required)
    return SourceMalformed(
        f"{file}: none of the first {SEARCHED} rows is the header of {stream.name}",
        remedy=f"Ask the department for the file with its header row ({wanted}) in the agreed encoding",
    )


def _names(stream: Stream) -> Mapping[str, tuple[str, int]]:
    """Header -> (field name, preference); the smaller preference wins."""
    return {plain(name): (f.name, order) for f in stream.fields for order, name in enumerate(f.names)}


def _words(rows: Sequence[Cells]) -> Iterator[tuple[int, list[str]]]:
    """(column, what it may be called, the most exact first)."""
    for place in range(max((len(cells) for cells in rows), default=0)):
        above: list[str] = []
        for cells in rows:
            word = plain(cells[place]) if place < len(cells) else ""
            if word and word not in above[-1:]:
                above.append(word)
        yield place, list(dict.fromkeys(["".join(above), above[-1]])) if above else []


def _named(rows: Sequence[Cells], known: Mapping[str, tuple[str, int]]) -> dict[int, tuple[str, int]]:
    """Column -> (field, preference)."""
    found = {}
    for place, words in _words(rows):
        word = next((word for word in words if word in known), None)
        if word is not None:
            found[place] = known[word]
    return found


def _shown(header: str, place: int) -> str:
    """An undeclared header; one that may hold a value that slipped into the header is named by its place only."""
    return f"column {place + 1}" if re.search(r"\d{6}", header) else header[:LONGEST]
