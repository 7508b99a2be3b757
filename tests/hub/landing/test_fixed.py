"""Fixed at the source: a later delivery brings the same person's same row, accepted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.errors import InputError
from hub.landing.quarantine import State, decide, state_of
from tests.hub.landing.lists import STRANGE, Lists, line, number

RELIEF = "发放流水号,姓名,身份证号,救助金额,发放日期,区划代码"


@pytest.fixture
def lists(tmp_path, config_folder, store_url) -> Iterator[Lists]:
    made = Lists(tmp_path / "hub", config_folder, store_url)
    yield made
    made.close()


def paid(order: int, amount: str = "500.00", certno: str | None = None) -> str:
    return f"LS{order},张{order},{certno or number(order)},{amount},2025-08-09,370302001"


def test_a_corrected_row_of_the_next_list_closes_the_open_one(lists):
    lists.land("202508", [line(1), line(2), line(3, certified="2025-02-30")])
    lists.land("202509", [line(1), line(2), line(3, certified="2025-02-28")])
    assert lists.states() == {(1, 4): "fixed_at_source"}


def test_what_cannot_be_compared_stays_open(lists):
    """A damaged number names nobody, and a key that cannot be read is no key: another row proves nothing."""
    lists.land("202508", [line(1), line(2), line(3, certno="3.70302E+17"), line(4, kind=STRANGE)])
    lists.land("202509", [line(1), line(2), line(3), line(4)])
    assert lists.states() == {(1, 4): "open", (1, 5): "open"}
    with lists.open() as deployment:
        assert decide(deployment.engine, 1, [4], State.FIXED, actor="王", reason="the county says so") == 1
    assert lists.states() == {(1, 4): "fixed_at_source", (1, 5): "open"}


def test_another_row_of_the_person_closes_nothing(lists):
    lists.land("202508", [line(1), line(2), line(3, certified="2025-02-30")])
    lists.land("202509", [line(1), line(2), line(3, kind="特困人员")])
    assert lists.states() == {(1, 4): "open"}


def test_an_incremental_pull_and_a_confirmed_list_close_rows_too(lists):
    from hub.landing.confirm import confirm

    lists.drop("202508", [paid(1), paid(2, amount="五百元")], "relief", RELIEF)
    lists.pull()
    lists.drop("202509", [paid(2)], "relief", RELIEF)
    lists.pull()
    assert lists.states() == {(1, 3): "fixed_at_source"}
    people = [line(n) for n in range(10)]
    lists.land("202508", [*people, line(20, certified="2025-02-30")])
    assert lists.land("202509", [line(20)]).state == "held"
    assert lists.states()[3, 12] == "open"
    with lists.open() as deployment:
        confirm(deployment, 4, actor="王", reason="the county closed")
    assert lists.states()[3, 12] == "fixed_at_source"


def test_an_older_list_that_comes_late_closes_nothing(lists):
    lists.land("202509", [line(1), line(2), line(3, certified="2025-02-30")])
    lists.land("202508", [line(1), line(2), line(3)])
    assert lists.states() == {(1, 4): "open"}


def test_a_word_is_taken_back_and_what_has_landed_is_not_waived(lists):
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(4, kind=STRANGE)])
    with lists.open() as deployment:
        engine = deployment.engine
        assert decide(engine, 1, [], State.WAIVED, actor="王", reason="test rows") == 2
        assert decide(engine, 1, [4], State.OPEN, actor="李", reason="not a test row") == 1
        for lines, state, actor in (([5], State.WAIVED, "王"), ([9], State.WAIVED, "王"), ([4], State.WAIVED, "")):
            with pytest.raises(InputError):
                decide(engine, 1, lines, state, actor=actor, reason="x")
    assert lists.states() == {(1, 4): "open", (1, 5): "waived"}
    lists.learn()
    assert [r.accepted for r in lists.replay()] == [1]
    with lists.open() as deployment, pytest.raises(InputError, match="Line 4 of batch 1 is replayed"):
        decide(deployment.engine, 1, [4], State.WAIVED, actor="王", reason="x")


def test_the_state_is_that_of_the_last_change():
    assert state_of([]) is State.OPEN
    assert state_of([State.WAIVED, State.OPEN, State.REPLAYED]) is State.REPLAYED
