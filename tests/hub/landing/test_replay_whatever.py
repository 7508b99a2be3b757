"""Whatever is landed, replayed, waived or opened again, in whatever order, and wherever a replay is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub import store
from hub.landing.quarantine import State, decide
from tests.hub.landing.lists import STRANGE, Lists, line

NUMBERS = count()
ROOT = Path(__file__).parents[3]

a_row = st.builds(
    line,
    st.integers(1, 6),
    kind=st.sampled_from(["农村低保", "农村低保", STRANGE, "特困人员"]),
    certno=st.sampled_from([None, None, None, "3.70302E+17"]),
    certified=st.sampled_from(["2025-01-10", "2025-02-30"]),
)


turns = st.one_of(
    st.tuples(st.just("land"), st.lists(a_row, min_size=1, max_size=8)),
    st.tuples(st.just("replay"), st.sampled_from([None, "unknown_code", "bad_date"])),
    st.tuples(st.just("decide"), st.sampled_from([State.WAIVED, State.FIXED, State.OPEN])),
    st.tuples(st.just("learn"), st.none()),
)


def play(lists: Lists, month: int, what: str, how: Any) -> None:
    """One turn of those who work with the hub."""
    if what == "land":
        lists.drop(f"2025{month:02d}", how)
        lists.pull()
    elif what == "replay":
        lists.replay(reason=how)
    elif what == "learn":
        lists.learn()
    else:
        with lists.open() as deployment:
            decide(deployment.engine, 1, [], how, actor="王", reason="x")


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(a_row, min_size=1, max_size=8), st.lists(turns, max_size=8, unique_by=str))
def test_no_row_is_ever_lost_or_in_two_places(tmp_path, config_folder, first, played):
    folder = tmp_path / f"hub{next(NUMBERS)}"
    lists = Lists(folder, config_folder, f"sqlite:///{folder / 'store.sqlite'}")
    for month, (what, how) in enumerate([("land", first), *played], 1):
        play(lists, month, what, how)
        lists.states()
        lists.conserved()
    lists.close()


KILLED = """
import os, signal, sys
from pathlib import Path
from typing import Any
import sqlalchemy as sa
from hub.landing import replay
from hub import settings
from hub.deployment import open_deployment
from hub.inputs import silent
from hub.lake import Writer
from hub.landing.quarantine import Filter

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

point, data = sys.argv[1], Path(sys.argv[2])
with open_deployment(settings.load(data=data, environment={})) as deployment:
    if point == "file":
        Writer.finish = die
    elif point == "files":
        replay._Replay._commit = die
    elif point == "commit":
        sa.event.listen(deployment.engine, "commit", die)
    for _ in replay.replay(deployment, Filter(), silent, actor="x", reason="x"):
        die()
"""


@pytest.mark.slow
@pytest.mark.parametrize(("point", "committed"), [("file", 0), ("files", 0), ("commit", 0), ("after", 1)])
def test_a_replay_killed_outright_is_wholly_done_or_not_at_all(tmp_path, config_folder, point, committed):
    lists = Lists(tmp_path / "hub", config_folder, f"sqlite:///{tmp_path / 'store.sqlite'}")
    lists.land("202508", [line(1), line(2), line(3, kind=STRANGE), line(4, certified="2025-02-30")])
    lists.land("202509", [line(1), line(2), line(3, kind=STRANGE)])
    lists.learn()
    ended = subprocess.run([sys.executable, "-c", KILLED, point, lists.folder], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(lists.query(sa.select(store.batch.c.batch_id))) == 2 + committed
    lists.conserved()
    lists.replay()
    assert lists.states() == {(1, 4): "replayed", (1, 5): "open"}  # what stands in both lists waits once
    assert len(lists.query(sa.select(store.batch.c.batch_id))) == 3
    lists.conserved()
    lists.close()
