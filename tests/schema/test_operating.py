"""What an operator sees: health, readiness, metrics, logs; none of it holds anything of a person or a request."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from schema import logs
from tests.schema import world
from tests.schema.client import Client, serve

BAIT = {
    "a document that does not parse": {"query": 'query CANARYNAME { person(token: "CANARYTOKEN" '},
    "a field that is not there": {"query": "{ CANARYFIELD }"},
    "a variable of another type": {
        "query": "query Q($m: YearMonth!) { month(month: $m) { state } }",
        "variables": {"m": "CANARYMONTH"},
    },
    "a person by ID number": {
        "query": "query CANARYOPERATION($n: String!) { personByIdNumber(idNumber: $n) { entitlements { benefit } } }",
        "variables": {"n": world.NUMBER},
    },
    "a purpose that is not": {"query": "{ agreement { id } }", "extensions": {"purpose": "CANARYPURPOSE"}},
    "a hash that is not": {"documentId": "CANARYHASH"},
    "a body that is not": {"query": 7, "CANARYKEY": "CANARYVALUE"},
}
MORE = (*world.CANARIES, "tester")


def metrics(client: Client) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for family in text_string_to_metric_families(client.http("GET", "/metrics").text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append(sample)
    return found


def test_metrics_tell_what_an_operator_looks_for(filled: sa.Engine, ring: Any, agreements: Any) -> None:
    client = serve(filled, ring, agreements, threads=3, waiting=5)
    client.ask("auditor", "{ agreement { id } }")
    found = metrics(client)
    value = {name: samples[0].value for name, samples in found.items()}
    assert value["aidgraph_build_info"] == 1
    assert found["aidgraph_build_info"][0].labels["version"]
    assert value["aidgraph_publication"] == 1
    assert value["aidgraph_publication_age_seconds"] > 0
    assert value["aidgraph_operations_room"] == 8
    assert (value["aidgraph_operations_running"], value["aidgraph_store_connections"]) == (0, 0)
    assert (value["aidgraph_log_seconds_count"], value["aidgraph_log_seconds_sum"] > 0) == (1, True)
    assert value["aidgraph_tokens_revoked"] == 0
    assert value["aidgraph_operation_seconds_count"] == 1
    client.app.state.hub.workers.close()


@pytest.mark.parametrize("agreement", ["auditor", "hospital", "civil-affairs"])
def test_no_log_no_metric_and_no_answer_to_an_operator_holds_anything_of_a_person(
    client: Client, agreement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure()
    headers = {"Authorization": f"Bearer {client.token(agreement)}"}
    for body in BAIT.values():
        client.http("POST", "/graphql", json=body, headers=headers)
        client.http("GET", "/graphql", params={k: v for k, v in body.items() if isinstance(v, str)}, headers=headers)
    client.http("POST", "/graphql", content=b"CANARYBODY", headers={"Authorization": "Bearer CANARYTOKEN"})
    told = capsys.readouterr()
    open_to_all = [client.http("GET", path).text for path in ("/metrics", "/health", "/ready", "/")]
    assert told.out == ""
    assert told.err.count('"event"') >= len(BAIT)
    for line in told.err.splitlines():
        assert set(json.loads(line)) <= {"event", "level", "timestamp", "agreement", "outcome", "code", "status"}
    for canary in MORE:
        assert canary not in told.err
        assert not [text for text in open_to_all if canary in text]


def test_what_a_library_logs_is_told_without_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.configure()
    try:
        raise ValueError("CANARYVALUE of a row")
    except ValueError:
        logging.getLogger("sqlalchemy.pool").error("Exception during reset of %r", "CANARYARG", exc_info=True)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    logging.getLogger("uvicorn.error").warning("%d%% of the limit", 80)
    told = capsys.readouterr().err
    lines = [json.loads(line) for line in told.splitlines()]
    assert [(line["logger"], line.get("error"), line["level"]) for line in lines] == [
        ("sqlalchemy.pool", "ValueError", "error"),
        ("uvicorn.error", "ValueError", "error"),
        ("uvicorn.error", None, "warning"),
    ]
    assert lines[0]["place"].startswith("test_operating.py:")
    assert "CANARY" not in told


def test_a_request_that_fails_outside_an_operation_leaves_no_value_in_the_log(
    filled: sa.Engine, ring: Any, agreements: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = serve(filled, ring, agreements)

    def broken(*_: object) -> None:
        raise RuntimeError("CANARYVALUE")

    monkeypatch.setattr(client.app.state.hub.rates, "take", broken)
    reply = client.ask("auditor", "{ agreement { id } }")
    assert (reply.status, "CANARY" in reply.text) == (500, False)
    assert "CANARY" not in capsys.readouterr().err
    client.app.state.hub.workers.close()
