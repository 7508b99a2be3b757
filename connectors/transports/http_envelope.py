"""Pages of the national medical-security platform over HTTP.

1. One pull is one delivery; the first page is fetched before the delivery is handed over (its day and the
   source's own count are known then), the others while it is read. One connection is kept alive throughout.
2. A windowed pull is closed at both ends. Its upper end is the source's clock less `lag`, so that what is
   still being written waits for the next pull; it begins `overlap` before the day of the last one, so that
   rows recorded late are found. Rows read again are the hub's to recognise.
3. 429, 5xx and broken connections are tried again with growing, jittered waits, or when Retry-After says.
4. Fewer rows than the source declared, or many more, refuse the pull: a page was lost or the list shifted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from email.utils import parsedate_to_datetime

import httpx
import stamina

from connectors.base import Connection, Delivery, Page, Stream
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports import envelope

BEGINNING = datetime(2000, 1, 1)  # noqa: DTZ001 - before any settlement on the platform's wall clock
LONGEST_WAIT = 60.0  # seconds that a Retry-After may ask for


class BrokenOff(httpx.RemoteProtocolError):
    """An answer whose head came and whose body ended early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEnvelope:
    """POST pages of interface `infno` at `path`; the rows stand in output.`rows`."""

    path: str
    infno: str
    rows: str
    windowed: bool = False
    page_size: int = 1_000
    overlap: timedelta = timedelta(days=45)
    lag: timedelta = timedelta(hours=1)
    attempts: int = 6

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`: always one delivery, even when it holds no row."""
        if not connection.url:
            raise SourceSettingsError(
                f"Stream {stream.name} arrives over HTTP, and its source has no address",
                remedy="Set the source's `url` in the deployment's settings",
            )
        replies = self._replies(stream, connection, since)
        first = next(replies)  # as_of and the source's count must be known before the rows are read
        yield Delivery(
            label=f"{stream.name} at {first.at:%Y-%m-%d %H:%M:%S}",
            as_of=first.at.date(),
            pages=self._pages(stream, first, replies),
            declared_rows=first.count,
        )

    def window(self, since: date | None, clock: datetime) -> tuple[datetime, datetime]:
        """Both ends, inclusive, of a pull made when the source's clock shows `clock`."""
        begin = BEGINNING if since is None else datetime.combine(since, time.min) - self.overlap
        return begin, clock - self.lag

    def _replies(self, stream: Stream, connection: Connection, since: date | None) -> Iterator[envelope.Reply]:
        """The pages, each asked for when it is wanted; the client lives as long as this generator."""
        headers = {"Content-Type": "application/json"}
        if connection.token:
            headers["Authorization"] = f"Bearer {connection.token}"
        with httpx.Client(
            base_url=connection.url or "",
            headers=headers,
            timeout=connection.timeout,
            trust_env=False,  # the token must not pass a proxy that the environment happens to name
        ) as client:
            window: dict[str, object] = {}
            if self.windowed:
                probe = self._ask(client, stream, 1, {"page_size": 1, **_between(BEGINNING, BEGINNING)})
                window = _between(*self.window(since, probe.at))
            number, pages = 0, 1
            while number < pages:
                number += 1
                reply = self._ask(client, stream, number, {"page_size": self.page_size, **window})
                pages = reply.pages
                yield reply

    def _pages(self, stream: Stream, first: envelope.Reply, replies: Iterator[envelope.Reply]) -> Iterator[Page]:
        read = 0
        reply: envelope.Reply | None = first
        while reply is not None:
            rows = reply.rows
            read += len(rows)
            if read > 2 * first.count + self.page_size:
                raise SourceMalformed(
                    f"Stream {stream.name}: {read} rows came where {first.count} were declared, and no end",
                    remedy="Tell the department that the interface's pages do not end",
                )
            if rows:
                yield Page.of(rows, range(read - len(rows) + 1, read + 1))
            reply = next(replies, None)
        if read < first.count:
            raise SourceMalformed(
                f"Stream {stream.name}: {read} rows came where {first.count} were declared",
                remedy="Pull again; rows were lost between two pages",
            )

    def _ask(self, client: httpx.Client, stream: Stream, number: int, content: Mapping[str, object]) -> envelope.Reply:
        """One page. Raises SourceRefused, SourceUnavailable or SourceMalformed."""
        where = f"Stream {stream.name}, interface {self.infno}, page {number}"
        body = envelope.request(self.infno, {"page_num": number, **content}, number=number, now=datetime.now(UTC))
        try:
            for attempt in stamina.retry_context(on=_again, attempts=self.attempts, timeout=None, wait_max=20.0):
                with attempt:
                    answer = _post(client, self.path, body)
        except httpx.HTTPStatusError as error:
            raise _by_status(error.response.status_code, where) from None
        except BrokenOff:
            raise SourceMalformed(
                f"{where}: the answer broke off {self.attempts} times", remedy=envelope.SEND_AGAIN
            ) from None
        except httpx.HTTPError as error:
            raise SourceUnavailable(
                f"{where}: no answer ({type(error).__name__})",
                remedy="Check the source's address, and pull again later",
            ) from None
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise SourceMalformed(
                f"{where}: the answer is not application/json",
                remedy="Check the source's address: a gateway or a sign-in page may have answered instead",
            )
        return envelope.reply(answer.content, rows=self.rows, where=where)


def _post(client: httpx.Client, path: str, body: bytes) -> httpx.Response:
    with client.stream("POST", path, content=body) as answer:
        answer.raise_for_status()
        try:
            answer.read()
        except httpx.RemoteProtocolError:
            raise BrokenOff("the body ended early", request=answer.request) from None
    return answer


def _between(begin: datetime, end: datetime) -> dict[str, object]:
    return {"begntime": f"{begin:%Y-%m-%d %H:%M:%S}", "endtime": f"{end:%Y-%m-%d %H:%M:%S}"}


def _again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds."""
    if isinstance(error, httpx.HTTPStatusError):
        status = error.response.status_code
        if status != 429 and status < 500:
            return False
        wait = retry_after(error.response.headers.get("retry-after"), now=datetime.now(UTC))
        return True if wait is None else wait
    return isinstance(error, httpx.TransportError)


def retry_after(value: str | None, *, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks to wait (a number, or an HTTP date), at most LONGEST_WAIT."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(float(value), LONGEST_WAIT)
    try:
        wait = (parsedate_to_datetime(value) - now).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(wait, 0.0), LONGEST_WAIT)


def _by_status(status: int, where: str) -> SourceRefused | SourceUnavailable:
    if status == 429 or status >= 500:
        return SourceUnavailable(f"{where}: the source answers HTTP {status}", remedy="Pull again later")
    remedy = (
        "Renew the source's token with the department"
        if status in (401, 403)
        else "Check the source's address and the interface's contract"
    )
    return SourceRefused(f"{where}: the source answers HTTP {status}", remedy=remedy)
