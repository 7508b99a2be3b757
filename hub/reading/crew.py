"""Pages read by processes beside this one, where a delivery is large and the machine has cores for it.

1. This process goes on fetching, writing and counting; the others make ready what a page says. The pages come back in
   their order, and become what they would have become here: a process gets the very reader of the batch, as a copy.
2. What cannot be read elsewhere is read here: a page that a process failed at (so that its error is raised here, with
   its place) or that cannot be copied, one with values sealed at the edge (they are opened one after the other), and
   all pages while the processes still start. A process that dies takes nothing with it but time.
3. Keys and rows go through pipes of this process only. A process ends when its pipe does, also where this one was
   killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from typing import IO, Any, cast

from connectors.pages import Page, Unread
from hub.edge.envelope import looks_sealed
from hub.reading.collector import catch_up, held_back
from hub.reading.page_reader import PART, PageReader, ReadPage

START = 5_000  # rows of a pull that are read here before any process is started
MOST = 4  # processes
HEAD = 8  # bytes that say how long a message is
WIDE = 1024**2  # bytes that a pipe is asked to hold
YOUNG = 16  # pages after which garbage is looked for
Read = tuple[Page, ReadPage | None]


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Crew:
    """Reads the pages of the deliveries of one pull. Use as a context: its processes end with it."""

    def __init__(self) -> None:
        self._hands: list[_Hand] | None = None  # not yet asked for
        self._rows = 0

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for hand in self._hands or ():
            hand.end()

    def read(self, pages: Iterable[Page], reader: PageReader) -> Iterator[Read]:
        """Each page in order, with what it says where a process has read it; None where the caller is to."""
        busy: deque[tuple[Page, _Hand]] = deque()
        for page in pages:
            self._rows += len(page.lines)
            if self._rows > START and self._hands is None:
                self._hands = _started()
            hand = next((each for each in self._hands or () if each.ready), None)
            done: Read | None = None
            if hand is None and busy:
                first, hand = busy.popleft()
                done = first, hand.take()
            given = hand is not None and hand.ready and hand.give(reader, page)
            if done:
                yield done
            if hand is not None and given:
                busy.append((page, hand))
            else:
                yield from _all(busy)
                yield page, None
        yield from _all(busy)


def _started() -> list[_Hand]:
    """As many processes as there are cores for, none where there is one; as many as the system lets start."""
    hands: list[_Hand] = []
    with contextlib.suppress(OSError):
        while cores() > 1 and len(hands) < min(cores(), MOST):
            hands.append(_Hand())
    return hands


def _all(busy: deque[tuple[Page, _Hand]]) -> Iterator[Read]:
    while busy:
        page, hand = busy.popleft()
        yield page, hand.take()


class _Hand:
    """One process. `ready`: it waits for a page."""

    def __init__(self) -> None:
        self.ready = False
        self._known: tuple[object, object] = None, None  # the reader, and what makes columns of texts, that it has
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from hub.reading.crew import work; work()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        self._to, self._from = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        for pipe in (self._to, self._from):
            _widen(pipe)
        self._starting = threading.Thread(target=self._start, daemon=True)
        self._starting.start()

    def _start(self) -> None:
        self.ready = self._receive() == "ready"

    def give(self, reader: PageReader, page: Page) -> bool:
        """Let it read a page; False where it cannot."""
        self.ready = False
        columns: Any = page.columns
        unread = isinstance(columns, Unread)
        told = reader, columns.read if unread else None
        news = [one if one is not had else None for one, had in zip(told, self._known, strict=True)]
        self._known = told
        return self._send((*news, page.lines, (columns.rows, columns.under) if unread else columns))

    def take(self) -> ReadPage | None:
        """What the page says that it was given; None where it must be read here."""
        found = self._receive()
        self.ready = found is not None
        return found if isinstance(found, ReadPage) else None

    def end(self) -> None:
        """Stop it, whatever it is doing; nobody waits for that."""
        self.ready = False
        self._process.kill()
        self._starting.join()  # it may be reading what is closed next
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()
        self._process.wait()

    def _send(self, message: object) -> bool:
        try:
            _write(self._to, message)
        except (OSError, ValueError):  # it died, or was ended
            return False
        except (pickle.PicklingError, TypeError, AttributeError):  # a transport's own, of which there is no copy
            return False
        return True

    def _receive(self) -> object:
        try:
            return _read(self._from)
        except (OSError, ValueError, EOFError):
            return None


def work() -> None:
    """The process: it gets a reader, then page after page."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits for the answers decides
    pipe_in, pipe_out = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    with contextlib.suppress(Exception), held_back():  # what goes wrong here ends the process, without a word of it
        _write(pipe_out, "ready")
        reader: PageReader | None = None
        decoder: Any = None
        count = 0
        while True:
            new_reader, new_decoder, lines, columns = _read(pipe_in)
            reader, decoder = new_reader or reader, new_decoder or decoder
            if isinstance(columns, tuple):
                columns = Unread(columns[0], decoder, under=columns[1])
            _write(pipe_out, _answer(reader, Page(lines=lines, columns=columns)))
            count += 1
            if count % YOUNG == 0:
                catch_up()
    os._exit(0)  # nothing to tidy, and nothing to say about a pipe that is gone


def _answer(reader: Any, page: Page) -> ReadPage | str:
    read = []
    try:
        for part in page.parts(PART):
            if looks_sealed(part.columns, reader.rows.stream.identifiers):
                return "sealed"
            read.append(reader.read(part))
        return ReadPage.join(read)
    except Exception:  # noqa: BLE001 - the page is read again where its error can be told
        return "failed"


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold a page where the system can (Linux): who writes and who reads then wait less for each other."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, WIDE)


def _write(pipe: IO[bytes], message: object) -> None:
    content = io.BytesIO()
    content.write(bytes(HEAD))
    pickler = pickle.Pickler(content, protocol=5)
    pickler.dump(message)
    length = content.tell() - HEAD
    view = content.getbuffer()
    view[:HEAD] = length.to_bytes(HEAD, "little")
    pipe.write(view)
    pipe.flush()


def _read(pipe: IO[bytes]) -> Any:
    length = int.from_bytes(_exactly(pipe, HEAD), "little")
    return pickle.loads(_exactly(pipe, length))  # noqa: S301 - from a process that this one started


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    content = pipe.read(length)
    if len(content) < length:
        raise EOFError
    return content
