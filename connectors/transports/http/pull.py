"""One pull: its requests in order, several at once where they are known, its answers kept until it has landed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from connectors.base import Connection
from connectors.errors import SourceMalformed
from connectors.transports.http.answer import Answer, Raw, decode
from connectors.transports.http.client import Client
from connectors.transports.http.paging import AnyPaging, Offset, PageNumber, Progress, Turn
from connectors.transports.http.signing import AnyAuth
from connectors.transports.http.template import Words

Request = tuple[str, str, Mapping[str, Any], bytes | None]  # method, path, query, body
Asking = Callable[[Words, int], Request]


class Pull:
    """A context manager. `name` tells this pull from another, `label` names it to people.

    Answers of this pull that were kept less than `until` seconds ago are read again.


    All that a pull asks follows from its first question and the answers so far: reading the kept answers in order leads
    to exactly the question at which it broke off.
    """

    def __init__(
        self,
        *,
        asking: Asking,
        auth: AnyAuth,
        connection: Connection,
        attempts: int,
        most_bytes: int,
        label: str,
        name: str,
        until: float,
    ) -> None:
        self._asking = asking
        self._connection = connection
        self._client = Client(connection, auth, attempts=attempts, most_bytes=most_bytes)
        self._spool = connection.spool if until else None
        self._kept = self._spool.open(name, until=until) if self._spool else iter(())
        self._label = label
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)

    @contextmanager
    def closed_by_an_error(self) -> Iterator[None]:
        """For what is asked before the pull is handed on."""
        try:
            yield
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def ask(self, turn: Turn, words: Words) -> Answer:
        """The next answer: a kept one, else the source's."""
        self._number += 1
        where = f"{self._label}, request {self._number}"
        kept = next(self._kept, None)
        if kept is not None:
            return decode(Raw.unpack(kept), where=where)
        raw = self._fetch(turn, words, self._number)
        return self._keep(raw, where)

    def answers(self, paging: AnyPaging, words: Words, *, rows: str, count: str | None) -> Iterator[Answer]:
        """Every page, each asked for when it is wanted, or `concurrency` of them ahead."""
        turn: Turn | None = paging.first()
        read, declared, before = 0, None, None
        while turn is not None:
            answer = self.ask(turn, words)
            yield answer
            last = len(answer.rows(rows))
            read += last
            declared = answer.number(count) if count and declared is None else declared
            progress = Progress(last=last, read=read, count=declared)
            turn = paging.next(turn, answer, progress)
            if last and answer.raw.body == before:
                raise _repeated(answer)
            before = answer.raw.body if declared is None and _until_empty(paging) else None
            if turn and self._connection.concurrency > 1 and isinstance(paging, PageNumber) and paging.pages:
                yield from self._together(paging, turn, answer.number(paging.pages), words)
                return

    def _together(self, paging: PageNumber, turn: Turn, pages: int, words: Words) -> Iterator[Answer]:
        """The pages from `turn` on, in order, up to `concurrency` of them asked for at once."""
        numbers = iter(range(int(str(turn.words["page"])), paging.begin + pages))
        ahead: deque[tuple[int, Future[Raw]]] = deque()
        pool = ThreadPoolExecutor(self._connection.concurrency)
        try:
            for page in numbers:
                one = Turn(words={"page": page})
                kept = next(self._kept, None)
                self._number += 1
                if kept is not None:
                    yield decode(Raw.unpack(kept), where=f"{self._label}, request {self._number}")
                    continue
                ahead.append((self._number, pool.submit(self._fetch, one, words, self._number)))
                if len(ahead) >= self._connection.concurrency:
                    yield self._next(ahead)
            while ahead:
                yield self._next(ahead)
        finally:
            pool.shutdown(cancel_futures=True)

    def _next(self, ahead: deque[tuple[int, Future[Raw]]]) -> Answer:
        number, coming = ahead.popleft()
        return self._keep(coming.result(), f"{self._label}, request {number}")

    def _keep(self, raw: Raw, where: str) -> Answer:
        """An answer that can be read is kept; one that cannot ends the pull."""
        answer = decode(raw, where=where)
        if self._spool:
            self._spool.keep(raw.pack())
        return answer

    def _fetch(self, turn: Turn, words: Words, number: int) -> Raw:
        method, path, query, body = self._asking({**words, **turn.words}, number)
        if turn.url is not None:
            path, query = turn.url, {}
        return self._client.ask(method, path, where=f"{self._label}, request {number}", query=query, body=body)


def _until_empty(paging: AnyPaging) -> bool:
    """Where no count is told: does only an empty page show the end?"""
    return isinstance(paging, Offset) or (isinstance(paging, PageNumber) and paging.pages is None)


def _repeated(answer: Answer) -> SourceMalformed:
    return SourceMalformed(
        f"{answer.where}: the source gives the same page again, and no count",
        remedy="Declare where its `count` or its number of `pages` stands, or tell the department",
    )
