"""New documents are checked by a process beside the server's: a flood of them takes no turn from known ones.

1. To parse and validate a document is a few milliseconds of Python, and one Python computes one thing at a time. The
   process checks as the server does (schema/check.py), under the same agreements; what it refuses is refused with its
   words, what it finds valid the server only parses. What asks for nothing but the schema is answered there too.
2. It holds contracts and the document it is at: no key, no store, no answer.
3. While it starts, where it died, and where it takes too long, documents are checked by the server itself.
4. It ends when its pipe does, also where the server was killed.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from time import monotonic
from typing import Any

import orjson
from graphql import ExecutionResult, execute

from schema.agreement import Agreement
from schema.answer import Answer, Request, refused
from schema.check import check
from schema.contract import Contract
from schema.document import Library
from schema.errors import Refused
from schema.work import Checked

LONGEST = 5.0  # seconds that a document may take; the limits of all agreements take far less
AGAIN = 10.0  # seconds until another process is started in place of one that died
READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the log says of a document, and the answer of one that is refused; None: it is valid.

    `data`: the answer's, of a valid one that asks for nothing but the schema.
    """

    notes: Mapping[str, Any]
    answer: Answer | None
    data: bytes | None = None


class Checker:
    """The process; safe to share between threads. Close it."""

    def __init__(self, agreements: Sequence[Agreement]) -> None:
        self._agreements = tuple(agreements)
        self._lock = Lock()
        self._closed = False
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._ready, self._began = False, monotonic()
        self._process = context.Process(target=work, args=(theirs, self._agreements), name="checker", daemon=True)
        self._process.start()
        theirs.close()

    def look(self, agreement: str, request: Request) -> Seen | None:
        """What it finds of a document; None where the server is to check it."""
        with self._lock:
            try:
                if self._closed or not self._is_ready():
                    return None
                self._pipe.send((agreement, request))
                if not self._pipe.poll(LONGEST):
                    self._process.kill()
                    return None
                found: Seen | None = self._pipe.recv()
            except (EOFError, OSError):
                self._ready = False
                return None
            return found

    def _is_ready(self) -> bool:
        if not self._ready and self._process.is_alive():
            self._ready = self._pipe.poll() and self._pipe.recv() == READY
        elif not self._process.is_alive() and monotonic() - self._began > AGAIN:
            self._pipe.close()
            self._start()
        return self._ready

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._closed = True
            self._pipe.close()
            self._process.kill()
            self._process.join()


def work(pipe: Connection, agreements: Sequence[Agreement]) -> None:
    """What the process does until its pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server's to hear
    libraries = {agreement.id: Library(Contract(agreement), room=0) for agreement in agreements}
    gc.collect()
    gc.freeze()
    with suppress(EOFError, OSError):
        pipe.send(READY)
        while True:
            agreement, request = pipe.recv()
            pipe.send(_seen(libraries[agreement], request))
    os._exit(0)  # there is nothing to clean up, and libraries have words about it


def _seen(library: Library, request: Request) -> Seen | None:
    notes: dict[str, Any] = {}
    try:
        found = check(library, request, notes)
    except Refused as refusal:
        found = refused(refusal)
    except Exception:  # noqa: BLE001  whatever it is, the server meets it again, and tells and logs it
        return None
    if isinstance(found, Answer):
        return Seen(notes=notes, answer=found)
    return Seen(notes=notes, answer=None, data=_schema(library, found, request))


def _schema(library: Library, checked: Checked, request: Request) -> bytes | None:
    """What a document tells that reads nothing; None where it reads, or fails."""
    if checked.granted.fields or not checked.measured.introspects:
        return None
    result = execute(
        library.contract.schema,
        checked.prepared.document,
        variable_values=dict(request.variables),
        operation_name=request.operation_name,
    )
    return orjson.dumps(result.data) if isinstance(result, ExecutionResult) and not result.errors else None
