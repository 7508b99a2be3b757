"""Rows as JSON over HTTP, whatever the paging and the authentication: parts that combine.

1. A request is a template: `path`, `query` and, for POST, `body`, with {words} for what changes
   (http/template.py). The answer is read by dotted paths: where the `rows` stand, the source's `count`, its `clock`.
2. The first page is fetched before a delivery is handed over (its day and the source's own count are known then), the
   others while it is read; with `concurrency` in the settings several at once, where their numbers are known.
3. A windowed pull is closed at both ends. Its upper end is the source's clock less `lag`, so that what is still being
   written waits for the next pull; it begins `overlap` before the day of the last one, so that rows recorded late are
   found. Rows read again are the hub's to recognise. With `slice` a long window comes in several deliveries, oldest
   first, each landed by itself: a pull that breaks goes on with the slice in which it stopped.
4. Fewer rows than the source declared, or many more, refuse the pull: a page was lost or the list shifted.
5. A pull that breaks goes on at the page where it stopped, within `resume`: the answers that had come are kept sealed
   and read again. Only where the source counts its rows, or pages by a cursor: else nothing would show a lost row, and
   the pull starts over.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Literal

import msgspec
import orjson

from connectors.base import Connection, Delivery, Stream
from connectors.errors import SourceMalformed, SourceSettingsError
from connectors.pages import Page, Unread
from connectors.transports import headers
from connectors.transports.http import template
from connectors.transports.http.answer import BEIJING, Accepted, Answer, not_whole
from connectors.transports.http.paging import AnyPaging, PageNumber
from connectors.transports.http.pull import Asking, Pull
from connectors.transports.http.rows import FAULTS, Reader
from connectors.transports.http.signing import AnyAuth, Bearer
from connectors.transports.window import Window

MEGABYTE = 1024**2
BY_NUMBER = PageNumber()
BY_TOKEN = Bearer()


class Reading:
    """Rows of a pull's answers, under the stream's names for their fields. Raises FAULTS."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._reader = Reader()

    def __reduce__(self) -> tuple[type[Reading], tuple[Stream]]:
        return Reading, (self._stream,)

    def __call__(self, rows: Sequence[bytes]) -> Mapping[str, Sequence[object]]:
        return headers.named(self._reader.columns(rows), self._stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpJson:
    """Ask `path` until all pages have come; the rows stand at `rows` in each answer ('' the answer itself)."""

    kind: ClassVar[str] = "http"

    path: str
    rows: str
    method: Literal["GET", "POST"] = "GET"
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    paging: AnyPaging = BY_NUMBER
    auth: AnyAuth = BY_TOKEN
    window: Window | None = None
    page_size: int = 1_000
    count: str | None = None
    clock: str | None = None
    accepted: Accepted | None = None
    attempts: int = 6
    most_bytes: int = 64 * MEGABYTE
    resume: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        for part in (self.path, self.query, self.body):
            template.check(part)
        if self.page_size < 1 or self.attempts < 1 or self.most_bytes < 1:
            raise ValueError("page_size, attempts and most_bytes are at least 1")

    @property
    def concurrent(self) -> bool:
        """May several pages be asked for at once? Only where the first answer tells how many there are."""
        return isinstance(self.paging, PageNumber) and self.paging.pages is not None

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`: one delivery (or one a slice), even when it holds no row."""
        if not connection.url:
            raise SourceSettingsError(
                f"Stream {stream.name} arrives over HTTP, and its source has no address",
                remedy="Set the source's `url` in the deployment's settings",
            )
        first = self._pull(stream, connection, since)
        for number, window in enumerate(self._windows(first, since)):
            pull = self._pull(stream, connection, since) if number else first
            yield self._delivery(stream, self._answers(pull, window), window)

    def _pull(self, stream: Stream, connection: Connection, since: date | None) -> Pull:
        resumes = (self.paging.stable or self.count is not None) and not (self.window and self.window.slice)
        return Pull(
            asking=self._asking(),
            auth=self.auth,
            connection=connection,
            attempts=self.attempts,
            most_bytes=self.most_bytes,
            label=f"Stream {stream.name}",
            name=self._name(stream, connection, since),
            until=self.resume.total_seconds() if resumes else 0.0,
        )

    def _windows(self, pull: Pull, since: date | None) -> Iterator[tuple[datetime, datetime] | None]:
        if self.window is None:
            yield None
            return
        start = self.window.beginning
        with pull.closed_by_an_error():
            probe = pull.ask(self.paging.first(), {**self._between((start, start)), "size": 1})
            self._check(probe)
            between = self.window.between(since, probe.clock(self.clock))
        yield from self.window.slices(*between)

    def _answers(self, pull: Pull, window: tuple[datetime, datetime] | None) -> Iterator[Answer]:
        """The pages of a window; the client lives as long as this generator."""
        words = {**self._between(window), "size": self.page_size}
        with pull:
            for answer in pull.answers(self.paging, words, rows=self.rows, count=self.count):
                self._check(answer)
                yield answer

    def _delivery(
        self, stream: Stream, answers: Iterator[Answer], window: tuple[datetime, datetime] | None
    ) -> Delivery:
        first = next(answers)  # as_of and the source's count must be known before the rows are read
        first.rows(self.rows)
        at = first.clock(self.clock)
        until = window[1] if window is not None and self.window and self.window.slice else None
        return Delivery(
            label=f"{stream.name} at {at:%Y-%m-%d %H:%M:%S}" + (f", until {until:%Y-%m-%d}" if until else ""),
            as_of=(until or at).date(),
            pages=self._pages(stream, first, answers),
            declared_rows=first.number(self.count) if self.count else None,
        )

    def _pages(self, stream: Stream, first: Answer, answers: Iterator[Answer]) -> Iterator[Page]:
        declared = first.number(self.count) if self.count else None
        most = 2 * (declared if declared is not None else stream.expected[1]) + self.page_size
        reading = Reading(stream)
        read = empty = 0
        answer: Answer | None = first
        while answer is not None:
            rows = answer.rows(self.rows)
            read += len(rows)
            empty = 0 if rows else empty + 1
            if read > most or empty > 100:
                raise SourceMalformed(
                    f"Stream {stream.name}: {read} rows came where {_said(declared)}, and no end",
                    remedy="Tell the department that the interface's pages do not end",
                )
            if rows:
                columns = Unread(rows, reading, partial(self._told, answer), None if stream.ignored else b"")
                yield Page(lines=range(read - len(rows) + 1, read + 1), columns=columns)
            answer = next(answers, None)
        if declared is not None and read < declared:
            raise SourceMalformed(
                f"Stream {stream.name}: {read} rows came where {declared} were declared",
                remedy="Pull again; rows were lost between two pages",
            )

    def _told(self, answer: Answer, fault: Exception) -> Exception:
        """The error for an answer whose rows cannot be read."""
        if isinstance(fault, msgspec.ValidationError):
            return answer.no_rows(self.rows)
        return not_whole(answer.where) if isinstance(fault, FAULTS) else fault

    def _check(self, answer: Answer) -> None:
        if self.accepted:
            self.accepted.check(answer)

    def _between(self, window: tuple[datetime, datetime] | None) -> dict[str, object]:
        if window is None or self.window is None:
            return {}
        return {"begin": window[0].strftime(self.window.format), "end": window[1].strftime(self.window.format)}

    def _asking(self) -> Asking:
        def asking(words: template.Words, number: int) -> tuple[str, str, Mapping[str, Any], bytes | None]:
            now = datetime.now(UTC).astimezone(BEIJING)
            form = self.window.format if self.window else "%Y-%m-%d %H:%M:%S"
            said = {
                **words,
                "now": now.strftime(form),
                "stamp": f"{now:%Y%m%d%H%M%S}",
                "serial": f"{number % 10_000:04d}",
            }
            body = orjson.dumps(template.fill(self.body, said)) if self.body is not None else None
            return self.method, template.fill(self.path, said), template.fill(self.query, said), body

        return asking

    def _name(self, stream: Stream, connection: Connection, since: date | None) -> str:
        """What tells this very pull from another: the same questions, to the same source, from the same day."""
        told = f"{stream.name} {self!r} {connection.url} {since}"
        return hashlib.sha256(told.encode()).hexdigest()


def _said(declared: int | None) -> str:
    return "no count was declared" if declared is None else f"{declared} were declared"
