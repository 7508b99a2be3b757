"""Is a delivery as a whole what it says it is? A column that went or changed its form; a list that lost its rows.

1. A required column that no row has, or a column most of whose values stopped being readable, quarantines the delivery
   whole: its rows say nothing that can be trusted, and who is absent from them has not left. That is decided over its
   first rows (`OPENING`), because a delivery can be read only once.
2. What shows only later, over the whole delivery, holds a complete list until somebody confirms it: more rows refused
   for one field than all others together, or more than the declared share missing of the rows, or of the persons (as
   many others may have come: departed.py). An incremental delivery is never held: nobody leaves by it, and a later
   one would count its rows as landed.

Nothing here knows a value; all of it counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from connectors.base import Field, Stream
from connectors.pages import Page
from hub.edge import envelope as edge
from hub.landing.ledger import Last
from hub.reading import identity, values
from hub.reading.held_rows import HeldRows

OPENING = 1_000  # rows over which a column is judged
WIDESPREAD = (
    10  # a column that stops one row in so many at least (and never one row alone): else it is left to its rows
)
FEW = 3  # so many rows may always leave a list, however short it is
REASONS = {
    "column_missing": "整批缺少必填列 a required column is missing from the whole delivery",
    "column_retyped": "整列格式改变 most values of a column cannot be read",
}
UNREADABLE = (identity.REASONS.keys() | values.REASONS.keys() | edge.REASONS.keys()) - {"id_absent", "required_missing"}
EMPTY: tuple[object, ...] = (None, "", [], {})
UNMET = "__unmet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a delivery is not taken as it is: a code of reasons.py, the field it concerns, and a word for people."""

    reason: str
    field: str = ""
    told: str = ""


def opening(pages: Iterable[Page]) -> list[Page]:
    """Pages from the front, until OPENING rows are together; an iterator goes on behind them."""
    found: list[Page] = []
    rows = 0
    for page in pages:
        found.append(page)
        rows += len(page.lines)
        if rows >= OPENING:
            break
    return found


def column(stream: Stream, held: HeldRows, pages: Sequence[Page]) -> Doubt | None:
    """A column that is missing from these pages, or that most of its values cannot be read in."""
    rows = sum(len(page.lines) for page in pages)
    arrived = {name for page in pages for name in page.columns}
    if not rows:
        return None
    for field in stream.fields:
        if field.required and field.name not in arrived:
            return Doubt(reason="column_missing", field=field.name, told=f"no row has the column {field.name}")
    for field_name, refused in _refused(stream, held):
        filled = sum(value not in EMPTY for page in pages for value in page.columns.get(field_name, ()))
        if refused > 1 and 2 * refused > filled and WIDESPREAD * refused >= rows:
            told = f"{refused} of {filled} values of {field_name} cannot be read"
            return Doubt(reason="column_retyped", field=field_name, told=told)
    return None


def later(stream: Stream, held: HeldRows, rows: int) -> Doubt | None:
    """A field for which more than half of a whole delivery's different rows were refused."""
    for name, refused in _refused(stream, held):
        if refused > 1 and 2 * refused > rows:
            told = f"{refused} of {rows} rows were refused for {name}"
            return Doubt(reason="column_retyped", field=name, told=told)
    return None


def shrunk(stream: Stream, last: Last | None, present: int) -> Doubt | None:
    """Does a complete list miss more rows than it may, against the list in force before it?"""
    if not stream.complete or last is None:
        return None
    missing = last.present - present
    if missing > max(FEW, stream.shrink * last.present) or (present == 0 and missing > 0):
        share = f"{missing} of {last.present} rows of batch {last.batch_id} are missing"
        return Doubt(reason="list_shrunk", told=f"{share}; at most {stream.shrink:.0%} may go at once")
    return None


def replaced(stream: Stream, last: Last, gone: int, persons: int) -> Doubt | None:
    """Are more persons of the list in force before it gone than may go, however many others came?"""
    if gone > max(FEW, stream.shrink * persons):
        told = f"{gone} of {persons} persons of batch {last.batch_id} are missing"
        return Doubt(reason="list_shrunk", told=f"{told}; at most {stream.shrink:.0%} may go at once")
    return None


def unmet(stream: Stream) -> Stream:
    """The stream with a demand that no row meets: all of them go to quarantine, whose they are being read."""
    return replace(stream, fields=(*stream.fields, Field(name=UNMET, required=True)))


def _refused(stream: Stream, held: HeldRows) -> list[tuple[str, int]]:
    names = {field.name for field in stream.fields}
    counted: Counter[str] = Counter()
    for (reason, name), count in held.reasons.items():
        if reason in UNREADABLE and name in names:
            counted[name] += count
    return counted.most_common()
