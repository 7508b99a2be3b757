"""What the HTTP transport does not believe: answers without end, false ones, and ways to another host."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import stamina
from answering import Said, answering
from test_http_json import SHAPES, read, some

from connectors.base import Connection
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http.answer import Accepted
from connectors.transports.http.paging import Cursor, Single
from connectors.transports.http_json import HttpJson


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def one(told: Any = None, **more: Any) -> Said:
    return Said(told=told, **more)


BOMB = gzip.compress(b"[" + b" " * 3_000_000 + b"]")
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (one(body=b"[" + b"1," * 100_000 + b"1]"), "longer than 100,000 bytes"),
        (one(body=BOMB, headers=GZIP), "longer than 100,000 bytes"),
        (one(body=gzip.compress(BOMB), headers={"Content-Encoding": "gzip, gzip"}), "packed in a way"),
        (one(body=gzip.compress(b"[]")[:-6], headers=GZIP), "broke off"),
        (one(body=b"no gzip", headers=GZIP), "cannot be unpacked"),
        (one([], cut=1), "broke off"),
        (one([], kind="text/html"), "not application/json"),
        (one(body=b'[{"n": 1}'), "not whole JSON"),
        (one({"n": 1}), "the answer is not a list of rows"),
    ],
)
def test_an_answer_that_is_not_what_was_agreed_is_refused(said: Said, told: str) -> None:
    transport = HttpJson(path="/", rows="", paging=Single(), most_bytes=100_000)
    with answering(lambda _: said) as source, pytest.raises(SourceMalformed, match=told):
        read(transport, Connection(url=source.url))


def test_a_packed_answer_and_one_in_gb18030_are_read() -> None:
    transport = HttpJson(path="/", rows="", paging=Single())
    packed = one(body=gzip.compress(b'[{"n": 1}]'), headers=GZIP)
    chinese = one(body='[{"n": "张"}]'.encode("gb18030"), kind="application/json; charset=GBK")
    for said, expected in ((packed, [1]), (chinese, ["张"])):
        with answering(lambda _, said=said: said) as source:
            assert read(transport, Connection(url=source.url)) == expected


def test_an_answer_that_drips_for_ever_ends_as_unavailable() -> None:
    transport = HttpJson(path="/", rows="", paging=Single(), attempts=1)
    with (
        stamina.set_testing(True, attempts=1),
        answering(lambda _: one(body=b" " * 500, drip=0.01)) as source,
        pytest.raises(SourceUnavailable, match="ReadTimeout"),
    ):
        read(transport, Connection(url=source.url, timeout=5, overall=0.05))


def test_an_answer_whose_head_drips_for_ever_ends_too() -> None:
    transport = HttpJson(path="/", rows="", paging=Single(), attempts=1)
    ended = threading.Event()

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as line, suppress(OSError):
            line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not ended.wait(0.01):
                line.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        connection = Connection(url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60, overall=0.05)
        try:
            with stamina.set_testing(True, attempts=1), pytest.raises(SourceUnavailable, match="ReadTimeout"):
                read(transport, connection)
        finally:
            ended.set()
            thread.join()


@pytest.mark.parametrize(
    ("transport", "said", "told"),
    [
        (SHAPES["cursor"][0], {"data": {"list": []}, "next": "same"}, "the next page is the same page"),
        (SHAPES["address in the answer"][0], {"value": [], "@next": "?at=1"}, "the next page is the same page"),
        (SHAPES["page, until all have come"][0], {"data": {"list": some(0)}, "total": 3, "pages": 9}, None),
    ],
)
def test_pages_that_lead_in_a_circle_are_stopped(transport: HttpJson, said: Any, told: str | None) -> None:
    with answering(lambda _: one(said)) as source:
        if told is None:
            assert read(transport, Connection(url=source.url)) == [1, 2, 3]
        else:
            with pytest.raises(SourceMalformed, match=told):
                read(transport, Connection(url=source.url))


def test_a_source_that_repeats_its_last_page_is_not_read_for_ever() -> None:
    with answering(lambda _: one({"data": {"list": some(0)}})) as source:
        with pytest.raises(SourceMalformed, match="the same page again, and no count"):
            read(SHAPES["page, until one is empty"][0], Connection(url=source.url))
        assert len(source.asked) == 2


def test_empty_pages_without_end_are_stopped() -> None:
    transport = HttpJson(path="/", rows="rows", query={"c": "{cursor}"}, paging=Cursor(next_at="next"))
    with (
        answering(lambda _: one({"rows": [], "next": len(source.asked)})) as source,
        pytest.raises(SourceMalformed, match="no end"),
    ):
        read(transport, Connection(url=source.url))


def test_neither_a_redirect_nor_a_next_page_takes_credentials_to_another_host() -> None:
    with answering(lambda _: one([])) as other:
        moved = one(status=307, headers={"Location": other.url})
        linked = one(some(0), headers={"Link": f'<{other.url}/x>; rel="next"'})
        for said in (moved, linked):
            with (
                answering(lambda _, said=said: said) as source,
                pytest.raises(SourceRefused, match=r"HTTP 307|points to another host"),
            ):
                read(SHAPES["link header"][0], Connection(url=source.url, token="t0ken"))
        assert other.asked == []


def test_a_refusal_is_told_by_its_code() -> None:
    transport = HttpJson(path="/", rows="", paging=Single(), accepted=Accepted(path="head.code", codes=("200", "0")))
    with (
        answering(lambda _: one({"head": {"code": 17, "text": "张三"}})) as source,
        pytest.raises(SourceRefused, match=r"head\.code 17") as caught,
    ):
        read(transport, Connection(url=source.url))
    assert "张三" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://x", "http://user:pass@127.0.0.1:1", "no address", "http://[::1"])
def test_an_address_that_is_none_or_carries_credentials_is_refused(url: str) -> None:
    with pytest.raises(SourceSettingsError) as caught:
        read(SHAPES["cursor"][0], Connection(url=url))
    assert "pass" not in str(caught.value).replace("pass a", "")
