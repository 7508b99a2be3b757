"""A platform that serves prepared pages on loopback from a process of its own, as fast as they can be asked for.

`with Platform(PERSONS.transport, bodies, copies=10) as url:` serves `bodies` (JSON lists of rows) ten times over, each
copy with person numbers of its own, so that no two rows are the same.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
from multiprocessing.connection import Connection as Pipe

from connectors.transports.http_envelope import HttpEnvelope

NUMBER = b'"psn_no": "'  # a copy's own number goes before every person's
HEAD = (
    b'{"infcode": 0, "inf_refmsgid": "", "respond_time": "20251031233000000", "err_msg": "", "output": {"%s": %s, '
    b'"recordCounts": %d, "pages": %d}}'
)
PAGE = re.compile(rb'"page_num":\s*(\d+)')


class Platform:
    """A context manager; gives the platform's address."""

    def __init__(
        self, transport: HttpEnvelope, bodies: list[bytes], *, rows: int, copies: int, core: int | None
    ) -> None:
        here, there = multiprocessing.Pipe()
        given = (there, transport.rows.encode(), bodies, rows * copies, copies, core)
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=given, daemon=True)
        self._pipe = here

    def __enter__(self) -> str:
        self._process.start()
        return f"http://127.0.0.1:{self._pipe.recv()}"

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()


def _serve(pipe: Pipe, name: bytes, bodies: list[bytes], count: int, copies: int, core: int | None) -> None:
    if core is not None:
        os.sched_setaffinity(0, {core})
    pages = len(bodies) * copies

    def page(number: int) -> bytes:
        copy, place = divmod(number - 1, len(bodies))
        rows = bodies[place].replace(NUMBER, NUMBER + b"%03d" % copy)
        return HEAD % (name, rows, count, pages)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _until(reader):
            length = int(re.search(rb"content-length: (\d+)", head.lower())[1])
            asked = PAGE.search(await reader.readexactly(length))
            body = page(int(asked[1]))
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body))
            writer.write(body)
            await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=1 << 20)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


async def _until(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
