"""A department's interface on loopback that misbehaves on purpose.

A storm sees every question (see Shape) and lets the department answer, answers in its place, or changes what the
department holds. `turn` counts the requests for a page beyond the first, which is where most storms strike: the first
page has landed in memory by then, and the pull is half done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from connectors.base import Connection, FieldType, Stream
from connectors.kit.rows import Row
from connectors.kit.shapes import Question, Request, Shape, Whole

ENOUGH = 80 * 1024 * 1024  # bytes of an answer without end after which the test has seen enough
DRIP = 0.02  # seconds between two bytes
DRIPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes over the wire. `lost` bytes are missing from the end; `drips`: byte by byte; `endless`: without end."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    lost: int = 0
    drips: bool = False
    endless: bool = False


@dataclass(slots=True, kw_only=True)
class Interface:
    """What the department holds, and its answer when nothing is wrong. `again`: rows that are served a second time."""

    stream: Stream
    shape: Shape
    rows: list[Row]
    now: datetime
    spare: list[Row] = field(default_factory=list)  # rows that a storm may write
    again: int = 0
    turn: int = 0
    passed: int = 0  # the most bytes of one answer that the connector took
    overheard: list[Question] = field(default_factory=list)

    def answer(self, question: Question) -> Answer:
        """A good page."""
        found = [row for row in self.rows if self._inside(row, question)]
        served = found + found[: self.again]
        page = served[question.first : question.first + question.size]
        whole = Whole(question=question, count=len(found), served=len(served), now=self.now)
        reply = self.shape.reply(self.stream.transport, page, whole)
        return Answer(body=reply.body, headers=reply.headers)

    def on_the_boundary(self) -> Row:
        """A spare row of the very second at which the window asked for ends; any spare row where there is none."""
        row, window = self.spare.pop(), self.overheard[-1].window
        return row if window is None else row | {self._time: f"{window[1]:%Y-%m-%d %H:%M:%S}"}

    @property
    def _time(self) -> str:
        return next(f.name for f in self.stream.fields if f.type is FieldType.TIME and f.required)

    def _inside(self, row: Row, question: Question) -> bool:
        if question.window is None:
            return True
        return question.window[0] <= datetime.fromisoformat(str(row[self._time])) <= question.window[1]


Storm = Callable[[Interface, Question], Answer]


def calm(here: Interface, question: Question) -> Answer:
    """Nothing is wrong."""
    return here.answer(question)


def _struck(fault: Answer, *, times: int) -> Storm:
    """The first `times` requests beyond the first page go wrong."""

    def storm(here: Interface, question: Question) -> Answer:
        return fault if question.first and here.turn <= times else here.answer(question)

    return storm


def _mangled(*, times: int, lost: int = 0, drips: bool = False, endless: bool = False) -> Storm:
    def storm(here: Interface, question: Question) -> Answer:
        good = here.answer(question)
        if not question.first or here.turn > times:
            return good
        return replace(good, lost=lost, drips=drips, endless=endless)

    return storm


def _changed(change: Callable[[Interface], object]) -> Storm:
    """The department's rows change between the first page and the second."""

    def storm(here: Interface, question: Question) -> Answer:
        if question.first and here.turn == 1:
            change(here)
        return here.answer(question)

    return storm


def _page_twice(here: Interface, question: Question) -> Answer:
    here.again = question.size
    return here.answer(question)


def _renamed(here: Interface, question: Question) -> Answer:
    """A required column has another name from now on."""
    name = next(f.name for f in here.stream.fields if f.required and f.sealed is None and f.type is not FieldType.TIME)
    whole, here.rows = here.rows, [{f"new_{k}" if k == name else k: v for k, v in row.items()} for row in here.rows]
    try:
        return here.answer(question)
    finally:
        here.rows = whole


def _nothing(here: Interface, question: Question) -> Answer:
    whole, here.rows = here.rows, []
    try:
        return here.answer(question)
    finally:
        here.rows = whole


def _ahead(days: int) -> Storm:
    def storm(here: Interface, question: Question) -> Answer:
        right, here.now = here.now, here.now + timedelta(days=days)
        try:
            return here.answer(question)
        finally:
            here.now = right

    return storm


FOR_GOOD = 10_000
MOVING: dict[str, Storm] = {  # rows come, go and change places while they are read
    "row written at the end": _changed(lambda here: here.rows.append(here.spare.pop())),
    "row written in front": _changed(lambda here: here.rows.insert(0, here.spare.pop())),
    "boundary row written": _changed(lambda here: here.rows.append(here.on_the_boundary())),
    "row removed": _changed(lambda here: here.rows.pop(0)),
    "rows shifted": _changed(lambda here: here.rows.append(here.rows.pop(0))),
    "pages in another order": _changed(lambda here: here.rows.reverse()),
    "page served twice": _page_twice,
}
PASSING: dict[str, Storm] = {  # a connector may live through these
    "429 with Retry-After": _struck(Answer(status=429, headers=(("Retry-After", "1"),)), times=1),
    "500 twice": _struck(Answer(status=500), times=2),
    "body cut off once": _mangled(times=1, lost=20),
    "token expired once": _struck(Answer(status=401), times=1),
    "clock two days ahead": _ahead(2),
    "clock two days behind": _ahead(-2),
}
LASTING: dict[str, Storm] = {  # nothing of these may land
    "503 for good": _struck(Answer(status=503), times=FOR_GOOD),
    "429 for good": _struck(Answer(status=429, headers=(("Retry-After", "0"),)), times=FOR_GOOD),
    "body cut off for good": _mangled(times=FOR_GOOD, lost=20),
    "a sign-in page": _struck(Answer(body=b"<html>sign in</html>", kind="text/html"), times=FOR_GOOD),
    "not JSON": _struck(Answer(body=b"\x89PNG"), times=FOR_GOOD),
}
COLUMN_RENAMED: Storm = _renamed
NOTHING: Storm = _nothing
CLOCK_YEARS_AHEAD: Storm = _ahead(4000)
SLOW_DRIP: Storm = _mangled(times=FOR_GOOD, drips=True)
NEVER_ENDS: Storm = _mangled(times=FOR_GOOD, endless=True)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A connector that hangs up has had enough."""


@contextmanager
def weather(here: Interface, storm: Storm) -> Iterator[Connection]:
    """The interface in a storm: the connection by which it is reached."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            question = here.shape.question(
                here.stream.transport, Request(method=self.command, path=self.path, body=body)
            )
            here.overheard.append(question)
            here.turn += question.first > 0
            _send(self, here, storm(here, question))

        def log_message(self, *_: object) -> None:
            """Quiet."""

    here.turn = 0
    server = _Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True)
    thread.start()
    try:
        yield Connection(url=f"http://127.0.0.1:{server.server_address[1]}", token="t0ken", timeout=5)  # noqa: S106
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, here: Interface, answer: Answer) -> None:
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.kind)
    for name, value in answer.headers:
        handler.send_header(name, value)
    if not answer.endless:
        handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    handler.close_connection = bool(answer.lost) or answer.endless
    if answer.endless:
        _pour(handler, here, answer.body)
    elif answer.drips:
        for byte in answer.body[:DRIPS]:
            handler.wfile.write(bytes((byte,)))
            time.sleep(DRIP)
        handler.wfile.write(answer.body[DRIPS:])
    else:
        handler.wfile.write(answer.body[: len(answer.body) - answer.lost])


def _pour(handler: BaseHTTPRequestHandler, here: Interface, body: bytes) -> None:
    """A body that goes on in white space, which any reader of JSON waits through."""
    handler.wfile.write(body[:-1])
    block, poured = b" " * 65_536, 0
    while poured < ENOUGH:
        handler.wfile.write(block)
        poured += len(block)
        here.passed = max(here.passed, poured)
