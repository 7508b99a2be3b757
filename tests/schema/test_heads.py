"""A request line and headers that do not come to an end cost the hub nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from schema import heads, together
from schema.heads import Heads


async def app(_scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def asked(*parts: bytes) -> tuple[bytes, bool]:
    """What a server under our protocol answers, and whether it ended the connection."""
    config = Config(app, http=Heads, lifespan="off", log_config=None)
    config.load()
    loop, state = asyncio.get_running_loop(), ServerState()
    server = await loop.create_server(
        lambda: Heads(config=config, server_state=state, app_state={}, _loop=loop), "127.0.0.1", 0
    )
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        answer, ended = b"", False
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            answer = await asyncio.wait_for(reader.read(4_000), 10)
            ended = await asyncio.wait_for(reader.read(1), 0.3) == b""
        except TimeoutError:
            pass
        except ConnectionError:  # ended with some of what was sent unread
            ended = True
        writer.close()
        for connection in list(state.connections):
            connection.shutdown()  # type: ignore[union-attr]
    return answer, ended


def test_a_head_without_an_end_is_refused() -> None:
    much = b"a" * (heads.MOST + 1)
    for start in (b"GET /", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 11_000):
        answer, ended = asyncio.run(asked(start, much))
        assert ended
        assert answer[:12] in (b"HTTP/1.1 431", b"")


def test_bodies_and_many_requests_on_one_connection_are_as_ever() -> None:
    body = b"x" * (3 * heads.MOST)
    post = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    assert asyncio.run(asked(post))[0].startswith(b"HTTP/1.1 200")
    get = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 30_000 + b"\r\n\r\n"
    answer, ended = asyncio.run(asked(get, get, get))
    assert answer.startswith(b"HTTP/1.1 200")
    assert not ended


def test_the_parts_of_an_answer_leave_together_and_a_long_one_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[list[int]] = []
    plain = together.Together._send

    def sent(self: Any) -> None:
        if self._held:
            sizes.append([len(part) for part in self._held])
        plain(self)

    monkeypatch.setattr(together.Together, "_send", sent)
    answer, ended = asyncio.run(asked(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert (answer[:12], ended) == (b"HTTP/1.1 200", False)
    assert len(sizes) == 1
    assert len(sizes[0]) == 2


class Connection:
    """What a transport was told, in order."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


def test_what_is_written_comes_in_order_and_whole_however_it_is_written() -> None:
    async def play() -> None:
        below: Any = Connection()
        made = together.Together(below, asyncio.get_running_loop())
        made.write(b"a")
        made.write(b"b")
        assert below.told == []
        await asyncio.sleep(0)
        assert below.told == [b"ab"]
        made.write(b"c")
        made.write(b"x" * together.MOST)
        assert below.told[1:] == [b"c" + b"x" * together.MOST]
        made.write(b"d")
        assert not made.is_closing()
        made.close()
        assert (below.told[2:], below.closed) == ([b"d"], True)
        made.write(b"nobody is there")
        await asyncio.sleep(0)
        assert len(below.told) == 3

    asyncio.run(play())
