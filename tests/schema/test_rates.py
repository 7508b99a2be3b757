"""How often a client may ask: the bucket, the refusal, and what the log tells of a flood."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schema import rates
from schema.errors import RateLimited
from schema.rates import Rates
from schema.tokens import Claims, issue
from tests.schema.client import Client, serve

QUERY = "{ agreement { id } }"


def claims(client: str = "c") -> Claims:
    return Claims(client=client, role="clerk", agreements=("auditor",), expires=0)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def asked(bucket: Rates, rate: int, **told: str) -> RateLimited | None:
    try:
        bucket.take(told.get("agreement", "a"), claims(told.get("client", "c")), rate)
    except RateLimited as refusal:
        return refusal
    return None


def test_a_minute_s_worth_may_be_asked_at_once_and_comes_back_evenly() -> None:
    clock = Clock()
    bucket = Rates(clock)
    assert [asked(bucket, 3) for _ in range(3)] == [None] * 3
    refusal = asked(bucket, 3)
    assert refusal is not None
    assert refusal.retry == 20
    clock.now += 19.9
    assert asked(bucket, 3) is not None
    clock.now += 0.2
    assert asked(bucket, 3) is None
    assert asked(bucket, 3) is not None
    clock.now += 3_600
    assert [asked(bucket, 3) is None for _ in range(4)] == [True, True, True, False]


def test_clients_and_agreements_have_buckets_of_their_own() -> None:
    bucket = Rates(Clock())
    for told in ({}, {"client": "other"}, {"agreement": "b"}):
        assert asked(bucket, 1, **told) is None
        assert asked(bucket, 1, **told) is not None


@settings(max_examples=60)
@example(rate=3, steps=[1.3514540582665049, 0.0])
@given(
    rate=st.integers(1, 20),
    steps=st.lists(st.floats(0, 30, allow_nan=False), min_size=1, max_size=80),
)
def test_no_minute_holds_more_than_twice_the_rate_and_no_wait_is_too_short(rate: int, steps: list[float]) -> None:
    clock, bucket, served = Clock(), None, []
    bucket = Rates(clock)
    for step in steps:
        clock.now += step
        refusal = asked(bucket, rate)
        if refusal is None:
            served.append(clock.now)
        else:
            clock.now += refusal.retry
            assert asked(bucket, rate) is None
            served.append(clock.now)
    for first in served:
        assert sum(first <= at < first + 60 for at in served) <= 2 * rate


def test_a_flood_is_told_once_and_then_counted() -> None:
    clock = Clock()
    bucket = Rates(clock)
    told = [asked(bucket, 1) for _ in range(100)]
    assert [refusal.first for refusal in told if refusal] == [True] + [False] * 98
    assert bucket.repeats() == []
    clock.now += 59  # one more is free at 60
    assert bucket.repeats() == []
    clock.now += 1
    assert [(item.agreement, item.claims.client, item.times) for item in bucket.repeats()] == [("a", "c", 98)]
    assert bucket.repeats() == []
    clock.now += 60
    assert bucket.repeats() == []  # nothing since: the next refusal is a first one again
    assert asked(bucket, 1) is None
    again = asked(bucket, 1)
    assert again is not None
    assert again.first


def test_what_was_counted_is_not_lost_when_its_bucket_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "CLIENTS", 2)
    bucket = Rates(Clock())
    for _ in range(4):
        asked(bucket, 1, client="noisy")
    for name in ("one", "two", "three"):
        asked(bucket, 1, client=name)
    assert [(item.claims.client, item.times) for item in bucket.repeats()] == [("noisy", 2)]


@pytest.fixture
def limited(filled: Any, ring: Any, agreements: Any) -> Any:
    clock = Clock()
    slow = tuple(replace(item, limits=replace(item.limits, rate=2)) for item in agreements)
    client = serve(filled, ring, slow, rated=True)
    client.app.state.hub.rates._clock = clock
    yield client, clock
    client.app.state.hub.workers.close()


def test_too_many_operations_are_refused_with_429_and_logged_once(limited: tuple[Client, Clock]) -> None:
    client, clock = limited
    before = len(client.entries())
    replies = [client.ask("auditor", QUERY) for _ in range(7)]
    assert [reply.status for reply in replies] == [200, 200] + [429] * 5
    assert replies[2].headers["retry-after"] == "30"
    assert (replies[2].code, replies[2].text == replies[6].text) == ("RATE_LIMITED", True)
    assert client.ask("hospital", QUERY).status == 200  # another agreement
    entries = client.entries()[before:]
    assert [(row.agreement, row.outcome) for row in entries] == [
        ("auditor", "answered"),
        ("auditor", "answered"),
        ("auditor", "refused"),
        ("hospital", "answered"),
    ]
    clock.now += 61
    client.app.state.hub.care.look()
    summary = client.entries()[-1]
    told = json.loads(summary.leaf)
    assert (summary.agreement, summary.client, summary.purpose) == ("auditor", "tester", "audit")
    assert (told["refusal"], told["rows"], told["outcome"]) == ("RATE_LIMITED_REPEATED", 4, "refused")
    text = client.http("GET", "/metrics").text
    assert 'aidgraph_operations_total{agreement="auditor",code="RATE_LIMITED",outcome="refused"} 5.0' in text


def test_requests_without_a_good_purpose_are_limited_too(limited: tuple[Client, Clock]) -> None:
    client, _ = limited
    before = len(client.entries())
    replies = [client.ask("auditor", QUERY, **{"X-Purpose": "nope"}) for _ in range(9)]
    assert [reply.status for reply in replies] == [403, 403] + [429] * 7
    assert len(client.entries()) == before + 3


def test_what_was_counted_is_told_when_the_server_stops(filled: Any, ring: Any, agreements: Any) -> None:
    slow = tuple(replace(item, limits=replace(item.limits, rate=1)) for item in agreements)
    client = serve(filled, ring, slow, rated=True)
    for _ in range(5):
        client.ask("auditor", QUERY)
    client.app.state.hub.workers.close()
    assert json.loads(client.entries()[-1].leaf)["rows"] == 3


def test_the_limit_is_each_client_s_own(limited: tuple[Client, Clock]) -> None:
    client, _ = limited
    other = issue(client.graph.ring, agreements=("auditor",), client="another")
    for _ in range(3):
        client.ask("auditor", QUERY)
    headers = {"Authorization": f"Bearer {other}"}
    assert client.http("POST", "/graphql", json={"query": QUERY}, headers=headers).status == 200
