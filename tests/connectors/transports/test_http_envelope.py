"""The envelope transport against a real server on loopback."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import stamina
from scripted_platform import Answer, page, platform

from connectors.base import Connection, Delivery, Field, Semantics, Stream
from connectors.errors import SourceMalformed, SourceRefused, SourceSettingsError, SourceUnavailable
from connectors.transports.http.client import LONGEST_WAIT, retry_after
from connectors.transports.http_envelope import HttpEnvelope

SECRET = "370302199001015432"


def stream(transport: HttpEnvelope) -> Stream:
    return Stream(
        name="persons",
        title="参保人员",
        title_en="insured persons",
        key=("psn_no",),
        fields=(Field(name="psn_no", required=True),),
        transport=transport,
        semantics=Semantics.REGISTER,
        complete=True,
        cadence_days=31,
    )


REGISTER = HttpEnvelope(path="/fsi/api/queryPersonPage", infno="1101", rows="baseinfo", page_size=2, attempts=3)
WINDOWED = HttpEnvelope(path="/fsi/api/querySetlPage", infno="5261", rows="baseinfo", page_size=2, windowed=True)


def pull(connection: Connection, transport: HttpEnvelope = REGISTER, since: date | None = None) -> Delivery:
    (delivery,) = transport.deliveries(stream(transport), connection, since=since, seen=frozenset())
    return delivery


def rows(delivery: Delivery) -> list[tuple[int, dict[str, Any]]]:
    return [(row.line, dict(row.values)) for page in delivery.pages for row in page.rows()]


@pytest.fixture(autouse=True)
def _no_waiting() -> Any:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def numbered(*numbers: int) -> list[dict[str, Any]]:
    return [{"psn_no": str(n)} for n in numbers]


def test_pages_arrive_in_order_with_the_sources_count_and_day_known_first() -> None:
    with platform(page(numbered(1, 2), count=3, pages=2), page(numbered(3), count=3, pages=2)) as source:
        for delivery in REGISTER.deliveries(stream(REGISTER), source.connection, since=None, seen=frozenset()):
            assert (delivery.as_of, delivery.declared_rows) == (date(2025, 10, 31), 3)
            assert delivery.fingerprint is None
            assert len(source.asked) == 1, "only the first page is fetched before the rows are read"
            assert rows(delivery) == [(1, {"psn_no": "1"}), (2, {"psn_no": "2"}), (3, {"psn_no": "3"})]
        assert [asked["input"] for asked in source.asked] == [
            {"page_num": 1, "page_size": 2},
            {"page_num": 2, "page_size": 2},
        ]
        assert source.asked[0]["infno"] == "1101"
        assert len(source.asked[0]["msgid"]) == 30
        assert {headers["Authorization"] for headers in source.headers} == {"Bearer t0ken"}
        assert len(source.ports) == 1, "one connection is kept alive"


def test_a_page_served_twice_reaches_the_hub_twice() -> None:
    with platform(
        page(numbered(1, 2), count=3, pages=3),
        page(numbered(3), count=3, pages=3),
        page(numbered(1, 2), count=3, pages=3),
    ) as source:
        delivery = next(REGISTER.deliveries(stream(REGISTER), source.connection, since=None, seen=frozenset()))
        assert [values["psn_no"] for _, values in rows(delivery)] == ["1", "2", "3", "1", "2"]
        assert delivery.declared_rows == 3


def test_a_windowed_pull_is_closed_by_the_sources_clock_and_overlaps_the_last() -> None:
    with platform(page([], count=0, pages=0)) as source:
        delivery = pull(source.connection, WINDOWED, since=date(2025, 9, 30))
        assert (delivery.declared_rows, rows(delivery)) == (0, [])
        assert source.asked[-1]["input"] == {
            "page_num": 1,
            "page_size": 2,
            "begntime": "2025-08-16 00:00:00",
            "endtime": "2025-10-31 21:00:00",
        }
        pull(source.connection, WINDOWED)
        assert source.asked[-1]["input"]["begntime"] == "2000-01-01 00:00:00"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(status: int) -> None:
    with platform(Answer(status=status), page(numbered(1), count=1, pages=1)) as source:
        for delivery in REGISTER.deliveries(stream(REGISTER), source.connection, since=None, seen=frozenset()):
            assert len(rows(delivery)) == 1
        assert len(source.asked) == 2


def test_a_storm_of_500_ends_as_unavailable_after_the_attempts() -> None:
    with platform(Answer(status=500, body=SECRET.encode())) as source:
        with pytest.raises(SourceUnavailable, match="HTTP 500") as caught:
            pull(source.connection)
        assert len(source.asked) == 3
        assert SECRET not in str(caught.value)


def test_retry_after_is_heeded_within_reason() -> None:
    now = datetime(2025, 11, 1, tzinfo=UTC)
    assert retry_after("7", now=now) == 7.0
    assert retry_after("86400", now=now) == LONGEST_WAIT
    assert retry_after("Sat, 01 Nov 2025 00:00:09 GMT", now=now) == 9.0
    assert retry_after("Sat, 01 Nov 2025 00:00:00 GMT", now=now + timedelta(days=1)) == 0.0
    assert retry_after("soon", now=now) is None
    assert retry_after(None, now=now) is None


def test_a_body_that_breaks_off_is_malformed() -> None:
    with platform(Answer(body=page(numbered(1), count=1, pages=1).body, cut=5)) as source:
        with pytest.raises(SourceMalformed, match="broke off"):
            pull(source.connection)
        assert len(source.asked) == 3, "it may have been the network: tried again first"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(body=page(numbered(1), count=1, pages=1).body[:-9]), "not whole JSON"),
        (Answer(body=b"<html>sign in</html>", kind="text/html"), "not application/json"),
        (Answer(body=b"[]"), "no infcode"),
        (page([], count=0, pages=1, output={"other": []}), "output.baseinfo is not a list"),
        (page([], count=0, pages=1, output={"baseinfo": [1]}), "output.baseinfo is not a list"),
        (page([], count=0, pages=1, output={"baseinfo": [], "recordCounts": "many"}), "recordCounts"),
        (page([], count=0, pages=1, respond_time="yesterday"), "respond_time"),
    ],
)
def test_what_is_not_the_envelope_is_malformed(answer: Answer, told: str) -> None:
    with platform(answer) as source, pytest.raises(SourceMalformed, match=told):
        pull(source.connection)


def test_a_refusal_names_its_code_and_never_its_text() -> None:
    with platform(page([], count=0, pages=0, infcode=-1, err_msg=f"无此人 {SECRET}")) as source:
        with pytest.raises(SourceRefused, match="infcode -1") as caught:
            pull(source.connection)
        assert SECRET not in str(caught.value)
    with platform(page([], count=0, pages=0, infcode=SECRET)) as source:
        with pytest.raises(SourceRefused) as caught:
            pull(source.connection)
        assert SECRET not in str(caught.value)


@pytest.mark.parametrize("status", [302, 401, 403, 404])
def test_other_statuses_are_refusals_and_not_tried_again(status: int) -> None:
    with platform(Answer(status=status)) as source:
        with pytest.raises(SourceRefused, match=f"HTTP {status}"):
            pull(source.connection)
        assert len(source.asked) == 1


def test_fewer_rows_than_declared_refuse_the_pull() -> None:
    transport = REGISTER
    with platform(page(numbered(1, 2), count=3, pages=2), page([], count=3, pages=2)) as source:
        delivery = next(transport.deliveries(stream(transport), source.connection, since=None, seen=frozenset()))
        with pytest.raises(SourceMalformed, match="2 rows came where 3 were declared"):
            rows(delivery)


def test_pages_without_end_are_stopped() -> None:
    with platform(page(numbered(1, 2), count=2, pages=10**9)) as source:
        delivery = next(REGISTER.deliveries(stream(REGISTER), source.connection, since=None, seen=frozenset()))
        with pytest.raises(SourceMalformed, match="no end"):
            rows(delivery)
        assert len(source.asked) == 4


def test_a_source_without_an_address_or_a_listener_says_so() -> None:
    with pytest.raises(SourceSettingsError, match="no address"):
        pull(Connection())
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        pull(Connection(url="http://127.0.0.1:9", timeout=1))
