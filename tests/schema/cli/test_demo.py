"""`aidgraph demo` and what it leaves: every other verb works in its folder, and the printed queries answer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from hub import settings
from hub.deployment import open_deployment
from schema.app import create_app
from schema.cli.demo import AGREEMENTS, example_queries
from schema.serving import graph_of
from tests.schema.client import Client

SMALL = ("--persons", "400", "--no-serve", "--json")


def test_the_demo_plays_the_whole_job_and_leaves_a_folder_that_serves_every_verb(run, tmp_path):
    data = tmp_path / "data"
    code, out, err = run("--data", data, "demo", *SMALL)
    assert code == 0
    made = json.loads(out)
    assert list(made) == ["persons", "batches", "entitlements", "findings", "warnings", "tokens", "url"]
    assert set(made["tokens"]) == set(AGREEMENTS)
    assert all(b["read"] == b["accepted"] + b["quarantined"] + b["duplicates"] > 0 for b in made["batches"])
    assert len(made["batches"]) == 14
    assert made["persons"] > 300
    assert made["entitlements"] > 0
    assert made["warnings"] > 0
    assert made["findings"]["listed_not_insured"] > 0
    assert "Published" in err
    _verbs(run, data)
    _queries(data, made["tokens"])
    _served(data, made["tokens"]["auditor"])
    assert run("--data", data, "log", "verify")[0] == 0
    code, again, _ = run("--data", data, "demo", *SMALL)  # its own folder is made anew
    assert code == 0
    assert json.loads(again)["findings"] == made["findings"]


def _verbs(run, data: Path) -> None:
    streams = json.loads(run("--data", data, "sources", "--json")[1])["streams"]
    assert all(stream["batches"] == 2 and stream["accepted"] > 0 for stream in streams)
    held = json.loads(run("--data", data, "quarantine", "list", "--json")[1])["quarantine"]
    assert {"id_spreadsheet", "unknown_code", "bad_date"} <= {row["reason"] for row in held}
    places = json.loads(run("--data", data, "quarantine", "show", "1", "--json")[1])
    assert places["source"] == "civil_affairs"
    assert {row["state"] for row in places["rows"]} == {"open"}
    months = json.loads(run("--data", data, "month", "list", "--json")[1])["months"]
    assert [(m["month"], m["state"]) for m in months] == [("2025-10", "closed"), ("2025-11", "open")]
    assert json.loads(run("--data", data, "month", "compute", "2025-10", "--json")[1])["outcome"] == "verified"
    _review(run, data)
    assert run("--data", data, "month", "show", "2025-11")[0] == 0
    assert run("--data", data, "pull")[0] == 75  # the simulated departments have gone


def _review(run, data: Path) -> None:
    """A decision applies with the next computation, and taking it back brings the state before it back."""
    before = json.loads(run("--data", data, "month", "compute", "2025-11", "--json")[1])
    assert before["outcome"] == "unchanged"
    cases = [row["case"] for row in json.loads(run("--data", data, "review", "list", "--json")[1])["review"]]
    told = ("--actor", "steward", "--reason", "seen at the counter")
    assert run("--data", data, "review", "decide", cases[0], "maybe", *told)[0] == 4
    assert run("--data", data, "review", "decide", "none", "same", *told)[0] == 4
    for judgement in ("same", "undecided"):
        assert [run("--data", data, "review", "decide", case, judgement, *told)[0] for case in cases] == [0] * len(
            cases
        )
        after = json.loads(run("--data", data, "month", "compute", "2025-11", "--json")[1])
        assert (after["digest"] == before["digest"]) == (judgement == "undecided")


def _queries(data: Path, tokens: dict[str, str]) -> None:
    with open_deployment(settings.load(data=data, environment={})) as deployment:
        graph = graph_of(deployment)
        client = Client(create_app(graph), graph)
        for agreement, query in example_queries().items():
            headers = {"Authorization": f"Bearer {tokens[agreement]}"}
            reply = client.http("POST", "/graphql", json={"query": query}, headers=headers)
            (connection,) = reply.data.values()
            assert connection["nodes"], agreement
        assert client.ask("hospital", example_queries()["civil-affairs"]).code == "DOCUMENT_REFUSED"
        client.app.state.hub.workers.close()


def _served(data: Path, token: str) -> None:
    """`aidgraph serve` as a process of its own: a real server on a real port, and it stops when told to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-c",
        "from schema.cli import main; main()",
        "--data",
        str(data),
        "serve",
        "--port",
        str(port),
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDGRAPH_")}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **quiet) as server:
        try:
            hub = httpx.Client(base_url=f"http://127.0.0.1:{port}", transport=httpx.HTTPTransport(retries=8))
            with hub:
                assert hub.get("/ready").status_code == 200
                query = {"query": "{ agreement { id } }"}
                refused = hub.post("/graphql", json=query)
                assert (refused.status_code, refused.content) == (401, b"")
                assert refused.headers["www-authenticate"] == "Bearer"
                answer = hub.post("/graphql", json=query, headers={"Authorization": f"Bearer {token}"})
                assert answer.json() == {"data": {"agreement": {"id": "auditor"}}}
        finally:
            server.terminate()
            server.wait(30)


def test_a_port_that_is_taken_is_told_before_any_work(run, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = run("--data", tmp_path / "data", "demo", "--port", port)
    assert code == 4
    assert "--port" in err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("persons", ["10", "x"])
def test_a_world_too_small_is_a_usage_error(run, tmp_path, persons):
    assert run("--data", tmp_path / "data", "demo", "--persons", persons, "--no-serve")[0] == 2
