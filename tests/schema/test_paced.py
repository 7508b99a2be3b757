"""Heavy work that is asked for at will leaves half of the time to others."""

from __future__ import annotations

import pytest

from schema.paced import Paced


class Clock:
    """A clock that work and sleep move on."""

    def __init__(self) -> None:
        self.time = self.cpu = self.slept = 0.0

    def work(self, seconds: float) -> None:
        self.time += seconds
        self.cpu += seconds

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.slept += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def paced(clock: Clock) -> Paced:
    return Paced(longest=5, spent=lambda: clock.cpu, now=lambda: clock.time, sleep=clock.sleep)


def test_between_two_lies_a_rest_as_long_as_the_first(clock: Clock, paced: Paced) -> None:
    with paced:
        clock.work(3)
    assert clock.slept == 0  # nobody waits for their own
    with paced:
        assert clock.slept == 3
        clock.work(1)
    clock.time += 0.25
    with paced:
        assert clock.slept == 3.75


def test_what_lies_back_is_rested_for_and_no_rest_is_longer_than_the_longest(clock: Clock, paced: Paced) -> None:
    with paced:
        clock.work(60)
    clock.time += 4
    with paced:
        assert clock.slept == 1
    clock.time += 100
    with paced:
        assert clock.slept == 1


def test_work_that_fails_is_rested_for_too(clock: Clock, paced: Paced) -> None:
    def fails() -> None:
        with paced:
            clock.work(2)
            raise ValueError("told")

    with pytest.raises(ValueError, match="told"):
        fails()
    with paced:
        assert clock.slept == 2


def test_waiting_is_no_work(clock: Clock, paced: Paced) -> None:
    with paced:
        clock.time += 2  # another thread had the processor
    with paced:
        assert clock.slept == 0
