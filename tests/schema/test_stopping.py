"""A server that is told to stop finishes what runs, takes nothing new, and exits 0 within a limit."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub import store
from schema import stopping
from schema.stopping import Statements, within
from tests.schema.server import Server

QUERY = "{ persons(first: 1) { nodes { sex } } }"


def test_told_to_stop_it_finishes_what_runs_and_exits_0(tmp_path: Path) -> None:
    answers: list[httpx.Response] = []
    with Server(tmp_path / "data") as server:
        assert server.ask("civil-affairs", QUERY).status_code == 200
        with server.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # the log waits, and the answer with it
            asking = threading.Thread(target=lambda: answers.append(server.ask("civil-affairs", QUERY)))
            asking.start()
            time.sleep(1)
            server.process.send_signal(signal.SIGTERM)
            while True:
                try:
                    httpx.get(f"{server.url}/health", timeout=1)
                except httpx.TransportError:
                    break  # nothing new is taken
                time.sleep(0.05)
            assert server.process.poll() is None
            connection.rollback()
        asking.join(20)
        assert [answer.status_code for answer in answers] == [200]
        assert server.process.wait(20) == 0
        with server.engine.connect() as connection:
            outcomes = connection.scalars(sa.select(store.access_log.c.outcome)).all()
        assert outcomes == ["answered", "answered"]
        assert "leaked" not in server.log.read_text()  # as libraries say of what is not collected at the end
        told = [json.loads(line) for line in server.log.read_text().splitlines() if line.startswith("{")]
        assert {line["event"] for line in told} == {"operation"}


def test_what_does_not_end_is_cancelled_and_then_left(engine: sa.Engine) -> None:
    """A statement that would run for hours is cancelled on each database, and the work that waits for it ends."""
    statements = Statements()
    statements.watch(engine)
    hours = {
        "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n",
        "postgresql": "SELECT pg_sleep(7200)",
    }[engine.dialect.name]
    ended: list[str] = []

    def work() -> None:
        try:
            with engine.connect() as connection:
                connection.exec_driver_sql(hours)
        except sa.exc.OperationalError as error:
            ended.append(type(error.orig).__name__)

    within(0.3, work, statements.cancel)
    assert len(ended) == 1
    assert statements._used == set()


def test_what_cannot_be_cancelled_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    left: list[int] = []
    monkeypatch.setattr(stopping.os, "_exit", left.append)
    monkeypatch.setattr(stopping, "TRIES", 1)
    go_on = threading.Event()
    tries: list[Any] = []
    within(0.05, lambda: go_on.wait(30) and None, lambda: tries.append(1))
    go_on.set()
    assert (left, tries) == ([0], [1])
