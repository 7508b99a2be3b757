"""The window of an incremental pull: closed at both ends, settled by a lag, re-read with overlap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from connectors.errors import SourceMalformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when until when rows are asked for, as {begin} and {end}, inclusive. `format` is strftime's."""

    overlap: timedelta = timedelta(days=45)
    lag: timedelta = timedelta(hours=1)
    beginning: datetime = datetime(2000, 1, 1)  # noqa: DTZ001 - the source's wall clock
    slice: timedelta | None = None
    format: str = "%Y-%m-%d %H:%M:%S"

    def between(self, since: date | None, clock: datetime) -> tuple[datetime, datetime]:
        """Both ends, inclusive, of a pull made when the source's clock shows `clock`.

        Raises SourceMalformed where the clock has gone back so far that the window would begin after its end.
        """
        begin = self.beginning if since is None else datetime.combine(since, time.min) - self.overlap
        if begin > clock:
            raise SourceMalformed(
                f"The source's clock shows {clock:%Y-%m-%d %H:%M}, and the last pull described {since}",
                remedy="Ask the department to set its clock; nothing was asked for meanwhile",
            )
        return begin, clock - self.lag

    def slices(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The window in pieces that meet, oldest first."""
        while self.slice and begin + self.slice < end:
            yield begin, begin + self.slice
            begin += self.slice
        yield begin, end
