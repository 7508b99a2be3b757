"""The general HTTP transport against real servers on loopback: paging, templates, windows, limits, going on."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
import stamina
from answering import Asked, Said, answering

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http import client
from connectors.transports.http.answer import Accepted
from connectors.transports.http.paging import Cursor, LinkHeader, NextUrl, Offset, PageNumber, Single
from connectors.transports.http_json import HttpJson, Window

NUMBERS = list(range(1, 8))
BOTH = {"page": "{page}", "size": "{size}"}


def stream(transport: HttpJson) -> Stream:
    return Stream(
        name="people",
        title="人",
        title_en="people",
        key=("n",),
        fields=(Field(name="n"),),
        transport=transport,
        semantics=Semantics.REGISTER,
        complete=True,
        cadence_days=31,
    )


def deliveries(transport: HttpJson, connection: Connection, since: date | None = None) -> Iterator[Delivery]:
    yield from transport.deliveries(stream(transport), connection, since=since, seen=frozenset())


def numbers(delivery: Delivery) -> list[object]:
    return [row.values["n"] for page in delivery.pages for row in page.rows()]


def read(transport: HttpJson, connection: Connection) -> list[object]:
    return [number for delivery in deliveries(transport, connection) for number in numbers(delivery)]


def some(first: int, size: int = 3) -> list[dict[str, int]]:
    return [{"n": n} for n in NUMBERS[first : first + size]]


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def by_page(asked: Asked) -> Said:
    at = (int(asked.query["page"]) - 1) * 3
    return Said(told={"data": {"list": some(at)}, "total": len(NUMBERS), "pages": "3"})


def by_body(asked: Asked) -> Said:
    assert asked.json["filter"] == {"area": "3703", "tags": ["a", 1]}
    return Said(told={"data": {"list": some(asked.json["from"], asked.json["many"])}})


def by_cursor(asked: Asked) -> Said:
    at = int(asked.query.get("after", 0))
    left = {"next": str(at + 3)} if at + 3 < len(NUMBERS) else {"next": None}
    return Said(told={"data": {"list": some(at)}, **left})


def by_link(asked: Asked) -> Said:
    at = int(asked.query.get("at", 0))
    more = f'</p?at=0>; rel="first", </list?at={at + 3}>; rel="next"' if at + 3 < len(NUMBERS) else "</p>; rel=first"
    return Said(told=some(at), headers={"Link": more})


def by_url(asked: Asked) -> Said:
    at = int(asked.query.get("at", 0))
    return Said(told={"value": some(at), "@next": f"?at={at + 3}" if at + 3 < len(NUMBERS) else ""})


LIST = {"path": "/list", "rows": "data.list", "page_size": 3}
SHAPES: dict[str, tuple[HttpJson, Callable[[Asked], Said], int]] = {
    "page, until all have come": (HttpJson(**LIST, query=BOTH, count="total"), by_page, 3),
    "page, by the number of pages": (HttpJson(**LIST, query=BOTH, paging=PageNumber(pages="pages")), by_page, 3),
    "page, until one is not full": (HttpJson(**LIST, query=BOTH), by_page, 3),
    "offset in a body": (
        HttpJson(
            **LIST,
            method="POST",
            body={"from": "{offset}", "many": "{size}", "filter": {"area": "3703", "tags": ["a", 1]}},
            paging=Offset(),
        ),
        by_body,
        3,
    ),
    "cursor": (HttpJson(**LIST, query={"after": "{cursor}"}, paging=Cursor(next_at="next")), by_cursor, 3),
    "link header": (HttpJson(path="/list", rows="", paging=LinkHeader()), by_link, 3),
    "address in the answer": (HttpJson(path="/list", rows="value", paging=NextUrl(next_at="@next")), by_url, 3),
    "one answer": (HttpJson(path="/list", rows="", paging=Single()), lambda _: Said(told=some(0, 7)), 1),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_kind_of_paging_reads_every_row_once(shape: str) -> None:
    transport, answer, requests = SHAPES[shape]
    with answering(answer) as source:
        assert read(transport, Connection(url=source.url)) == NUMBERS
        assert len(source.asked) == requests


def test_pages_come_in_order_though_several_are_asked_for_at_once() -> None:
    transport = HttpJson(**{**LIST, "page_size": 1}, query=BOTH, paging=PageNumber(pages="total"), count="total")

    def slow(asked: Asked) -> Said:
        at = int(asked.query["page"]) - 1
        return Said(told={"data": {"list": some(at, 1)}, "total": len(NUMBERS)}, drip=0.0005 * (7 - at))

    with answering(slow) as source:
        assert read(transport, Connection(url=source.url, concurrency=3)) == NUMBERS
        assert 1 < source.at_once <= 3


def test_keys_of_an_answer_are_fields_by_every_name_that_the_stream_declares() -> None:
    transport = HttpJson(path="/", rows="", paging=Single())
    fields = (Field(name="n", headers=("证件号码", "身份证号")), Field(name="名", headers=("姓名",)))
    told = [
        {"证件 号码": "1", "姓名": "张", "n": "not n", "extra": 0, "序号": 1},
        {"身份证号": "2", "证件号码": None, "37030219900101": "x"},
    ]
    with answering(lambda _: Said(told=told)) as source:
        stated = replace(stream(transport), fields=fields, ignored=("序号",))
        (delivery,) = transport.deliveries(stated, Connection(url=source.url), since=None, seen=frozenset())
        found = [dict(row.values) for page in delivery.pages for row in page.rows()]
    assert found == [{"n": "1", "名": "张", "column 3": "not n", "extra": 0}, {"n": "2", "column 8": "x"}]


def test_the_declared_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(client.time, "monotonic", lambda: 100.0)
    monkeypatch.setattr(client.time, "sleep", slept.append)
    pace = client.Pace(50.0)
    for _ in range(3):
        pace.wait()
    assert slept == pytest.approx([0.0, 0.02, 0.04])


WINDOWED = HttpJson(
    path="/list",
    rows="",
    query={"from": "{begin}", "to": "{end}"},
    paging=Single(),
    window=Window(overlap=timedelta(days=2), lag=timedelta(hours=1), format="%Y-%m-%dT%H:%M"),
)
CLOCK = {"Date": "Sun, 30 Nov 2025 02:30:00 GMT"}  # 10:30 in Beijing


def test_a_window_is_closed_by_the_sources_clock_and_overlaps_the_last() -> None:
    with answering(lambda _: Said(told=some(0), headers=CLOCK)) as source:
        (delivery,) = deliveries(WINDOWED, Connection(url=source.url), since=date(2025, 10, 31))
        assert delivery.as_of == date(2025, 11, 30)
        assert source.asked[-1].query == {"from": "2025-10-29T00:00", "to": "2025-11-30T09:30"}


def test_a_long_window_comes_in_slices_that_meet_each_a_delivery_of_its_own_day() -> None:
    window = Window(overlap=timedelta(0), lag=timedelta(0), slice=timedelta(days=10))
    transport = HttpJson(path="/", rows="", query={"from": "{begin}", "to": "{end}"}, paging=Single(), window=window)
    with answering(lambda _: Said(told=some(0), headers=CLOCK)) as source:
        found = [
            (d.as_of, len(numbers(d))) for d in deliveries(transport, Connection(url=source.url), date(2025, 11, 1))
        ]
        assert found == [(date(2025, 11, 11), 3), (date(2025, 11, 21), 3), (date(2025, 11, 30), 3)]
        asked = [(a.query["from"][:10], a.query["to"]) for a in source.asked[1:]]
        assert asked == [
            ("2025-11-01", "2025-11-11 00:00:00"),
            ("2025-11-11", "2025-11-21 00:00:00"),
            ("2025-11-21", "2025-11-30 10:30:00"),
        ]


class Kept:
    """A spool in memory."""

    def __init__(self) -> None:
        self.pull = ""
        self.answers: list[bytes] = []

    def open(self, pull: str, *, until: float) -> Iterator[bytes]:
        if self.pull != pull:
            self.pull, self.answers = pull, []
        return iter(list(self.answers))

    def keep(self, answer: bytes) -> None:
        self.answers.append(answer)


@pytest.mark.parametrize("shape", ["page, until all have come", "cursor", "link header", "address in the answer"])
def test_a_pull_that_breaks_goes_on_at_the_page_where_it_stopped(shape: str) -> None:
    transport, answer, _ = SHAPES[shape]
    kept, broken = Kept(), True

    def breaks(asked: Asked) -> Said:
        return Said(status=503) if broken and len(source.asked) > 2 else answer(asked)

    with answering(breaks) as source:
        connection = Connection(url=source.url, spool=kept)
        with pytest.raises(SourceUnavailable):
            read(transport, connection)
        broken, before = False, len(source.asked)
        assert read(transport, connection) == NUMBERS
        assert len(source.asked) == before + 1, "only the third page is asked for"
        assert read(transport, Connection(url=source.url)) == NUMBERS


def test_a_pull_that_nothing_would_show_to_have_lost_a_row_starts_over() -> None:
    transport, answer, _ = SHAPES["page, until one is not full"]
    kept = Kept()
    with answering(answer) as source:
        read(transport, Connection(url=source.url, spool=kept))
    assert kept.answers == []


def test_a_kept_answer_repeats_the_window_that_was_asked_for() -> None:
    kept = Kept()
    transport = HttpJson(
        path="/", rows="rows", count="count", query={**BOTH, "to": "{end}"}, page_size=3, window=Window()
    )
    hour, broken = 2, True

    def ticking(asked: Asked) -> Said:
        if broken and len(source.asked) > 2:
            return Said(status=500)
        at = (int(asked.query["page"]) - 1) * 3
        told = {"rows": some(at), "count": len(NUMBERS)}
        return Said(told=told, headers={"Date": f"Sun, 30 Nov 2025 0{hour}:30:00 GMT"})

    with answering(ticking) as source:
        connection = Connection(url=source.url, spool=kept)
        with pytest.raises(SourceUnavailable):
            read(transport, connection)
        hour, broken = 5, False
        assert read(transport, connection) == NUMBERS
        assert {asked.query["to"] for asked in source.asked[1:]} == {"2025-11-30 09:30:00"}


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


def test_a_template_with_a_word_that_stands_for_nothing_is_no_declaration() -> None:
    with pytest.raises(ValueError, match=r"\{pgae\} stands for nothing"):
        HttpJson(path="/", rows="", query={"p": "{pgae}"})


def test_answers_are_kept_whole() -> None:
    from connectors.transports.http.answer import Raw

    raw = Raw(body=orjson.dumps([1]) + b"\n\n", url="http://x/\n", kind="a", link=None, date="b")
    assert Raw.unpack(raw.pack()) == raw
