"""Two hubs that share a lake or a store refuse each other; a killed one leaves nothing that blocks."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.errors import Locked
from hub.lake import Lake
from hub.locking import held
from tests.hub.landing.lists import Lists, line

HOLD = """
import sys, time
from pathlib import Path
from hub import store
from hub.lake import Lake
from hub.locking import held
with held(store.connect(sys.argv[1]), Lake(Path(sys.argv[2]))):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Lake, Lake]:
    return Lake(tmp_path / "one"), Lake(tmp_path / "two")


@pytest.fixture
def killed(store_url: str, engine: sa.Engine, two: tuple[Lake, Lake]) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the first lake and the store, until it is killed."""
    command = [sys.executable, "-c", HOLD, store_url, str(two[0].root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_store_is_held_by_one_run_whatever_its_lake_and_a_killed_run_holds_nothing(killed, engine, two):
    for lake, said in zip(two, ("the lake", "the store"), strict=True):
        with pytest.raises(Locked, match=f"Another run works on {said}"), held(engine, lake):
            pass
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with ExitStack() as stack:
        for _ in range(100):  # a server notices a closed connection when it gets to it
            try:
                stack.enter_context(held(engine, two[1]))
                break
            except Locked:
                engine.dispose()
        else:
            pytest.fail("a killed run still holds the store")


def test_a_store_is_free_again_after_a_run_that_failed(engine, two):
    with pytest.raises(ZeroDivisionError), held(engine, two[0]):
        raise ZeroDivisionError
    with held(engine, two[1]):
        pass


def test_a_store_that_names_files_of_one_lake_refuses_a_hub_with_another(lists_anywhere: Lists, tmp_path):
    lists_anywhere.land("202509", [line(1)])
    with lists_anywhere.open() as deployment:
        with deployment.lock():
            pass
        with pytest.raises(Locked, match="belongs to another lake") as refused, held(deployment.engine, Lake(tmp_path)):
            pass
        assert refused.value.exit_code == 6


@pytest.fixture
def lists_anywhere(tmp_path: Path, config_folder: Path, store_url: str) -> Iterator[Lists]:
    made = Lists(tmp_path / "hub", config_folder, store_url)
    yield made
    made.close()
