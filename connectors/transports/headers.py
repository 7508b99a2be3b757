"""The header row of a file: which column is which declared field.

1. A header is compared without spaces and in half-width form; every synonym of a field (`Field.headers`)
   names it.
2. Where several columns name one field, the synonym declared first wins: real exports carry both 风险识别时间
   and 首次识别时间.
3. A column that is neither a field nor in the stream's `ignored` refuses the file: nobody decided what it is.
4. A row counts as the header when it names at least half of the required fields, so that a file without a
   header row is refused without repeating what its first row says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.base import Stream
from connectors.errors import SourceMalformed

SEARCHED = 20  # rows above the header (titles, notes) that are looked through


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where each field stands in a file's rows; `width` counts the columns up to the last header."""

    places: tuple[tuple[str, int], ...]
    width: int

    def values(self, cells: Sequence[object]) -> dict[str, object]:
        """A row's values by field name; cells beyond the row's end are empty."""
        if len(cells) >= self.width:
            return {name: cells[place] for name, place in self.places}
        return {name: cells[place] if place < len(cells) else "" for name, place in self.places}


def plain(header: object) -> str:
    """A header as it is compared: half-width, no spaces, no byte-order mark."""
    return re.sub(r"[\s\ufeff]", "", unicodedata.normalize("NFKC", str(header)))


def is_header(cells: Sequence[object], stream: Stream) -> bool:
    """Does this row name at least half of the stream's required fields?"""
    present = {plain(cell) for cell in cells}
    required = [f for f in stream.fields if f.required]
    named = sum(any(plain(name) in present for name in f.names) for f in required)
    return named > 0 and 2 * named >= len(required)


def read(cells: Sequence[object], stream: Stream, *, file: str, line: int) -> Columns:
    """The columns of a header row. Raises SourceMalformed: a required field missing, a column undeclared."""
    headers = [plain(cell) for cell in cells]
    known = _names(stream)
    chosen: dict[str, tuple[int, int]] = {}
    for place, header in enumerate(headers):
        if header in known:
            field, preference = known[header]
            if field not in chosen or preference < chosen[field][0]:
                chosen[field] = (preference, place)
            elif preference == chosen[field][0]:
                raise SourceMalformed(
                    f"{file}, line {line}: two columns are headed {header}",
                    remedy="Ask the department which one counts, and to send the file again with that one",
                )
        elif header and header not in {plain(name) for name in stream.ignored}:
            raise _undeclared(header, stream, file=file, line=line, column=place + 1)
    missing = [f for f in stream.fields if f.required and f.name not in chosen]
    if missing:
        wanted = ", ".join(f"{f.names[0]} ({f.name})" for f in missing)
        raise SourceMalformed(
            f"{file}, line {line}: no column for {wanted}",
            remedy=f"Ask the department for the column, or add the header it uses to that field's `headers` "
            f"in stream {stream.name} (connectors/sources/)",
        )
    width = max((place for place, header in enumerate(headers, 1) if header), default=0)
    return Columns(places=tuple((name, place) for name, (_, place) in chosen.items()), width=width)


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


def _undeclared(header: str, stream: Stream, *, file: str, line: int, column: int) -> SourceMalformed:
    # A value that slipped into the header row must not be repeated: long digit runs are named by place only.
    shown = f"column {column}" if re.search(r"\d{6}", header) else f"column {column}, headed {header[:30]},"
    return SourceMalformed(
        f"{file}, line {line}: {shown} is not declared",
        remedy=f"Declare it in connectors/sources/, stream {stream.name}: as a name of a field (`headers`), "
        f"or under `ignored` if it is not needed",
    )
