"""Refusals without number cost the log a bounded number of entries, and none of them is forgotten."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import log
from hub.errors import StoreFailed
from hub.log.flood import Refusals
from tests.hub.log.entries import entry


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def refusal(client: str, code: str = "LIMIT_EXCEEDED") -> log.Entry:
    return entry(client=client, outcome="refused", refusal=code, subjects=frozenset())


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["X", "Y"]), st.floats(0, 20)), max_size=60))
def test_every_refusal_is_in_the_log_once_and_a_client_has_few_entries_a_minute(
    came: list[tuple[str, str, float]],
) -> None:
    written: list[log.Entry] = []
    clock = Clock()
    refusals = Refusals(written.append, own=3, window=60.0, clock=clock)
    for client, code, pause in came:
        clock.now += pause
        refusals.append(refusal(client, code))
        refusals.flush()
    refusals.flush(whole=True)
    for key in {(client, code) for client, code, _ in came}:
        told = sum(item.times for item in written if (item.client, item.refusal) == key)
        assert told == sum((client, code) == key for client, code, _ in came)
    minutes = clock.now // 60 + 1
    assert len([item for item in written if item.client == "a"]) <= minutes * (3 + 2) + 2


def test_a_counted_refusal_says_how_many_and_how_long_but_not_which_document() -> None:
    written: list[log.Entry] = []
    clock = Clock()
    refusals = Refusals(written.append, own=1, window=60.0, clock=clock)
    for _ in range(5):
        refusals.append(refusal("a"))
        clock.now += 10
    refusals.flush()
    assert [item.times for item in written] == [1]
    clock.now = 70
    refusals.flush()
    last = written[-1]
    assert (last.times, last.duration_us, last.document, last.fields) == (4, 60_000_000, "", ())
    assert (last.client, last.agreement, last.refusal, last.at) == ("a", "civil-affairs", "LIMIT_EXCEEDED", entry().at)


def test_a_new_minute_gives_a_client_its_own_entries_again_and_one_client_takes_none_of_anothers() -> None:
    written: list[log.Entry] = []
    clock = Clock()
    refusals = Refusals(written.append, own=1, window=60.0, clock=clock)
    for client in "aab":
        refusals.append(refusal(client))
    assert [item.client for item in written] == ["a", "b"]
    clock.now = 60
    refusals.append(refusal("a"))
    assert [item.client for item in written] == ["a", "b", "a"]


def test_what_cannot_be_written_stays_counted() -> None:
    def fail(_entry: log.Entry) -> None:
        raise StoreFailed("full", remedy="")

    written: list[log.Entry] = []
    refusals = Refusals(fail)
    refusals.count(refusal("a"))
    refusals.count(refusal("b"))
    with pytest.raises(StoreFailed):
        refusals.flush(whole=True)
    refusals._write = written.append
    refusals.flush(whole=True)
    assert [(item.client, item.times) for item in written] == [("a", 1), ("b", 1)]
