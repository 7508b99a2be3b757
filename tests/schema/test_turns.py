"""A client has its share of what runs at once, and no more; its own requests wait for each other."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from schema.errors import Busy
from schema.turns import Turns


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_one_client_s_operations_wait_while_another_s_run() -> None:
    async def play() -> None:
        turns, running, go_on = Turns(share=2, waiting=10), [], asyncio.Event()

        async def operation(client: str, name: str) -> None:
            async with turns.of(client):
                running.append(name)
                await go_on.wait()

        tasks = [asyncio.create_task(operation("loud", f"loud {n}")) for n in range(5)]
        await settle()
        tasks.append(asyncio.create_task(operation("quiet", "quiet")))
        await settle()
        assert running == ["loud 0", "loud 1", "quiet"]
        go_on.set()
        await asyncio.gather(*tasks)
        assert running[3:] == ["loud 2", "loud 3", "loud 4"]
        assert turns._lines == {}

    asyncio.run(play())


def test_a_line_that_is_full_refuses_and_whoever_leaves_it_gives_its_place_away() -> None:
    async def play() -> None:
        turns, ran, go_on = Turns(share=1, waiting=2), [], asyncio.Event()

        async def operation(name: str) -> None:
            async with turns.of("c"):
                ran.append(name)
                await go_on.wait()

        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(operation(f"{n}")) for n in range(3)]
        await settle()
        with pytest.raises(Busy):
            await operation("too many")
        tasks[1].cancel()
        await settle()
        go_on.set()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert ran == ["0", "2"]
        assert isinstance(done[1], asyncio.CancelledError)
        assert turns._lines == {}

    asyncio.run(play())


def test_an_operation_that_fails_ends_its_turn() -> None:
    async def play() -> None:
        turns = Turns(share=1, waiting=1)
        for _ in range(3):
            with pytest.raises(ValueError, match="x"):
                async with turns.of("c"):
                    raise ValueError("x")
        assert turns._lines == {}

    asyncio.run(play())


def test_a_turn_handed_to_one_that_is_cancelled_goes_on_to_the_next() -> None:
    async def play() -> None:
        turns, ran = Turns(share=1, waiting=5), []
        first, second, third = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def operation(name: str, until: asyncio.Event) -> None:
            async with turns.of("c"):
                ran.append(name)
                await until.wait()

        tasks = [asyncio.create_task(operation(n, e)) for n, e in (("a", first), ("b", second), ("c", third))]
        await settle()
        first.set()
        await asyncio.sleep(0)  # a ends in this step and hands its place to b, which is cancelled before it runs
        tasks[1].cancel()
        third.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert "c" in ran
        assert turns._lines == {}

    asyncio.run(play())
