"""Two times: what was true on a day (`asOf`, valid time) and what the hub knew at a publication (`knownAt`, recorded).

1. `knownAt` names a publication: by its number, or the last one up to a day's end or a moment. Rows of publication P
   are those with `pub_from <= P < pub_until`.
2. `asOf` names a day: rows that have a period must hold on it, monthly rows must be of its month; events (settlements,
   subsidies) have no period and stay.
3. Both reach all that hangs below the field that names them; a list below may name a day of its own.
4. An answer of P is the one that the agreement, as it is today, would have given at P: scope is judged on the rows and
   the benefit year of P too. Old rows under today's scope would show the earlier life of whoever moved in since, whom
   the department had no part in then, and could not be repeated.
5. Conditions are written about now (`pub_until IS NULL`, SINCE) and turned into ones about then, wherever they stand
   in a statement; a statement that asks for no publication stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors

from hub.store import publication
from schema.errors import BadRequest
from schema.read.model import SINCE as SINCE  # noqa: PLC0414  bound with these
from schema.read.model import Condition

KNOWN, DAY, MONTH = "known", "as_of", "as_of_month"  # bound where they are asked for
HELD = "held"  # of persons' rows (hub/held.py)
BEIJING = timezone(timedelta(hours=8))  # the days of those who ask
NOTHING = -1  # the publication before the first: no row is of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A publication as a caller names it: its number, or the last one that was made up to a moment."""

    number: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When a part of an answer is read: `publication` with its `since` (None: the latest), `day` (None: any)."""

    publication: int | None = None
    since: date | None = None
    day: date | None = None

    def below(self, day: date | None) -> Times:
        """The times of what hangs below, where that names a day of its own."""
        return self if day is None else Times(publication=self.publication, since=self.since, day=day)

    def parameters(self) -> dict[str, Any]:
        """The values by the names that they are bound to."""
        found: dict[str, Any] = {}
        if self.publication is not None:
            found |= {KNOWN: self.publication, SINCE: self.since}
        if self.day is not None:
            found |= {DAY: self.day, MONTH: f"{self.day:%Y-%m}"}
        return found

    def binding(self) -> str:
        """What a cursor is bound to besides its connection; empty for now."""
        return "" if self == NOW else f"|{self.publication}|{self.day}"


NOW = Times()


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """The bound values of a statement that is not about now and any day.

    `known` comes with `since`, `day` with `month`.
    """

    known: sa.BindParameter[int] | None = None
    since: sa.BindParameter[date] | None = None
    day: sa.BindParameter[date] | None = None
    month: sa.BindParameter[str] | None = None

    def turned(self, condition: Condition) -> Condition:
        """A condition about now as the one about then."""
        known, since = self.known, self.since
        if known is None:
            return condition

        def replaced(element: Any, **_: Any) -> Any:
            if _is_current(element):
                table = element.left.table
                later = sa.or_(table.c.pub_until.is_(None), table.c.pub_until > known)
                return sa.and_(table.c.pub_from <= known, later)
            if isinstance(element, sa.BindParameter) and element.key == SINCE:
                return since
            if isinstance(element, sa.Column) and element.name == HELD:
                return sa.cast(sa.null(), element.type)  # it is about now: then is asked of the spells
            return element if isinstance(element, sa.FromClause) else None  # tables stay the same objects

        turned: Condition = visitors.replacement_traverse(condition, {}, replaced)
        return turned


def _is_current(element: Any) -> bool:
    """Whether it is `pub_until IS NULL`."""
    return (
        isinstance(element, sa.BinaryExpression)
        and element.operator is operators.is_
        and getattr(element.left, "name", "") == "pub_until"
    )


def binds(*, known: bool, dated: bool) -> Then | None:
    """The binds of a statement of its own; None for one about now and any day."""
    if not (known or dated):
        return None
    return Then(
        known=sa.bindparam(KNOWN, type_=sa.Integer()) if known else None,
        since=sa.bindparam(SINCE, type_=sa.Date()) if known else None,
        day=sa.bindparam(DAY, type_=sa.Date()) if dated else None,
        month=sa.bindparam(MONTH, type_=sa.Text()) if dated else None,
    )


def resolve(connection: sa.Connection, known: Known) -> tuple[int, date]:
    """The publication that is named, and the first day of its benefit year. Raises BadRequest where there is none.

    Before the first publication nothing was known; after the last one, what it says.
    """
    p = publication.c
    query = sa.select(p.publication, p.month).order_by(p.publication.desc()).limit(1)
    named = p.publication == known.number if known.at is None else p.at <= known.at.astimezone(UTC)
    row = connection.execute(query.where(named)).first()
    if row is None and known.at is None:
        raise BadRequest("There is no publication of this number")
    return (row.publication, date(int(row.month[:4]), 1, 1)) if row else (NOTHING, date.max)


def read_known(value: object) -> Known:
    """What a caller gives as `knownAt`: a number, a day (its end in Beijing), a moment with its zone."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31:
        return Known(number=value)
    if not isinstance(value, str) or len(value) < 10:
        raise ValueError("a publication's number, a day yyyy-MM-dd, or a moment with its zone")
    if len(value) == 10:
        following = date.fromisoformat(value) + timedelta(days=1)
        midnight = datetime(following.year, following.month, following.day, tzinfo=BEIJING)
        return Known(at=midnight - timedelta(microseconds=1))
    found = datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("a moment names its zone")
    return Known(at=found.astimezone(UTC))
