"""Departments' words on cases: kept once, with their log entry or not at all; seen where the case is seen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from hub import feedback, log, store
from hub.feedback import NEXT, Actor, Problem, State, Word
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.contract import Contract
from schema.tokens import issue
from tests.schema import world
from tests.schema.client import Client, Reply, broken_log, serve
from tests.schema.test_times import second_month

CIVIL, RURAL, AUDITOR = "civil-affairs", "rural-revitalization", "auditor"
CASES = "{ findings(first: 50) { nodes { case kind feedback { state outcome reason department } } } }"
GIVE = """mutation Give($c: ID!, $k: ID!, $s: FeedbackStep!, $o: FeedbackOutcome, $r: FeedbackReason) {
  giveFeedback(case: $c, key: $k, state: $s, outcome: $o, reason: $r) {
    feedback { state outcome reason department } userErrors { code field message } } }"""


@pytest.fixture
def client(engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]) -> Iterator[Client]:
    world.fill(engine, ring, many=1)
    made = tuple(replace(item, history=True, get=True) for item in agreements)
    client = serve(engine, ring, made)
    yield client
    client.app.state.hub.workers.close()


def case(client: Client, agreement: str = CIVIL, place: int = 0, of: str = "findings") -> str:
    query = f"{{ {of}(first: 50) {{ nodes {{ case }} }} }}"
    found: str = client.ask(agreement, query).data[of]["nodes"][place]["case"]
    return found


def ask(client: Client, who: str, query: str, variables: dict[str, Any], agreement: str = CIVIL) -> Reply:
    token = issue(client.graph.ring, agreements=(agreement,), client=who)
    body = {"query": query, "variables": variables}
    return client.http("POST", "/graphql", json=body, headers={"Authorization": f"Bearer {token}"})


def give(client: Client, key: str, state: str = "RECEIVED", agreement: str = CIVIL, **more: Any) -> dict[str, Any]:
    told = {"c": more.pop("on", None) or case(client, agreement), "k": key, "s": state, **more}
    payload: dict[str, Any] = client.ask(agreement, GIVE, told).data["giveFeedback"]
    return payload


def codes(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["code"], error["field"]) for error in payload["userErrors"]]


def rows(client: Client) -> list[Any]:
    with client.engine.connect() as connection:
        return list(connection.execute(sa.select(store.feedback).order_by(store.feedback.c.seq)))


def test_a_word_is_kept_with_who_said_it_and_seen_on_the_case(client: Client) -> None:
    told = give(client, "a")
    said = {"state": "RECEIVED", "outcome": None, "reason": None, "department": "civil_affairs"}
    assert told == {"feedback": said, "userErrors": []}
    assert give(client, "b", "SETTLED", o="ENROLLED")["feedback"]["outcome"] == "ENROLLED"
    nodes = client.ask(CIVIL, CASES).data["findings"]["nodes"]
    assert nodes[0]["feedback"] == [{**said, "state": "SETTLED", "outcome": "ENROLLED"}, said]
    assert all(node["feedback"] == [] for node in nodes[1:])
    first, _ = rows(client)
    told = (first.client, first.role, first.agreement, first.department, first.client_key, first.pub_given)
    assert told == ("tester", "client", CIVIL, "civil_affairs", "a", 1)


def test_a_warning_takes_a_word_too_and_each_department_has_its_own(client: Client) -> None:
    own = case(client, RURAL, of="warnings")
    assert own != case(client, CIVIL, of="warnings")
    assert give(client, "a", "DISPUTED", RURAL, on=own, r="WRONG_AMOUNT")["feedback"]["reason"] == "WRONG_AMOUNT"
    shown = client.ask(RURAL, "{ warnings { nodes { feedback { state department } } } }").data["warnings"]["nodes"]
    assert shown == [{"feedback": [{"state": "DISPUTED", "department": "rural_revitalization"}]}]
    assert codes(give(client, "b", on=own)) == [("NOT_FOUND", "case")]  # another agreement's token


def test_the_word_and_its_log_entry_are_one(client: Client) -> None:
    give(client, "a")
    entry = client.entries()[-1]
    told = json.loads(entry.leaf)
    assert (told["operation"], told["rows"], told["subject_count"], entry.outcome) == ("Give", 1, 1, "answered")
    assert {"Mutation.giveFeedback", "Feedback.state"} <= set(told["fields"])
    assert len(client.entries()) == 2  # that of the case's token before it


@contextmanager
def broken_feedback() -> Iterator[None]:
    def fail(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "INSERT INTO feedback" in statement:
            raise RuntimeError("CANARY")

    event.listen(sa.Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", fail)


@pytest.mark.parametrize(
    ("broken", "code", "logged"),
    [(broken_log, "LOG_UNAVAILABLE", []), (broken_feedback, "FAILED", ["failed"])],
    ids=["log", "feedback"],
)
def test_without_the_log_there_is_no_word_and_without_the_word_no_entry(
    client: Client, broken: Any, code: str, logged: list[str]
) -> None:
    on = case(client)
    with broken():
        reply = client.ask(CIVIL, GIVE, {"c": on, "k": "a", "s": "RECEIVED"})
    assert reply.code == code
    assert "CANARY" not in reply.text
    assert rows(client) == []
    assert [entry.outcome for entry in client.entries()] == ["answered", *logged]
    assert give(client, "a", on=on)["feedback"]


def test_two_words_of_one_document_follow_each_other(client: Client) -> None:
    query = """mutation Q($c: ID!, $k: ID!) { a: giveFeedback(case: $c, key: "1", state: RECEIVED) { ...F }
      b: giveFeedback(case: $c, key: $k, state: IN_PROGRESS) { ...F } }
      fragment F on FeedbackPayload { feedback { state } userErrors { code } }"""
    told = client.ask(CIVIL, query, {"c": case(client), "k": "2"}).data
    assert [told[name]["feedback"]["state"] for name in "ab"] == ["RECEIVED", "IN_PROGRESS"]
    assert len(rows(client)) == 2


def test_a_case_out_of_scope_is_one_that_never_was(client: Client) -> None:
    """By the same statements too."""
    codec = client.app.state.hub.operations.codecs[CIVIL]
    foreign = codec.case(f"f|listed_not_insured|{world.PERSON_IDS + 3}|0||CANARYSUBJECTcivil_affairs")
    never = codec.case(f"f|listed_not_insured|{world.PERSON_IDS + 999}|0||CANARYSUBJECTcivil_affairs")
    seen: list[list[str]] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen[-1].append(statement)

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        bodies = set()
        for token in (foreign, never, "c_none", "", codec.case("w|x")):
            seen.append([])
            bodies.add(client.ask(CIVIL, GIVE, {"c": token, "k": "a", "s": "RECEIVED"}).text)
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
    assert len(bodies) == 1
    assert "NOT_FOUND" in bodies.pop()
    assert seen[0] == seen[1] == seen[2] == seen[3]
    assert rows(client) == []


def test_a_word_is_done_once_by_the_clients_own_key(client: Client) -> None:
    first, again = give(client, "a"), give(client, "a")
    assert first == again
    assert len(rows(client)) == 1
    assert codes(give(client, "a", "IN_PROGRESS")) == [("KEY_REUSED", "key")]
    assert codes(give(client, "")) == codes(give(client, "k" * 101)) == [("KEY_INVALID", "key")]
    other = ask(client, "second", GIVE, {"c": case(client), "k": "a", "s": "IN_PROGRESS"})
    assert codes(other.data["giveFeedback"]) == []  # another client's keys are its own


def test_a_key_sent_many_times_at_once_is_one_word(client: Client) -> None:
    on = case(client)
    body = {"query": GIVE, "variables": {"c": on, "k": "a", "s": "RECEIVED"}}

    async def all_at_once() -> list[Any]:  # on one loop, as a server has it
        transport = httpx.ASGITransport(app=client.app)
        headers = {"Authorization": f"Bearer {client.token(CIVIL)}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as http:
            return [one.json() for one in await asyncio.gather(*(http.post("/graphql", json=body) for _ in range(8)))]

    told = asyncio.run(all_at_once())
    assert told[0]["data"]["giveFeedback"]["feedback"]
    assert all(one == told[0] for one in told)
    assert len(rows(client)) == 1


def test_errors_come_as_data_in_both_languages(client: Client) -> None:
    assert codes(give(client, "a", "SETTLED")) == [("OUTCOME_NEEDED", "outcome")]
    assert codes(give(client, "a", "DISPUTED")) == [("REASON_NEEDED", "reason")]
    assert codes(give(client, "a", o="ENROLLED")) == [("NOT_TAKEN", "state")]
    give(client, "a", "SETTLED", o="ENROLLED")
    wrong = give(client, "b", "IN_PROGRESS")
    assert wrong["feedback"] is None
    (error,) = wrong["userErrors"]
    assert error["code"] == "OUT_OF_ORDER"
    chinese, _, english = error["message"].partition(" · ")
    assert not chinese.isascii()
    assert english.isascii()


def test_a_waiver_needs_two(client: Client) -> None:
    on = case(client)
    request = """mutation W($c: ID!, $k: ID!) { requestWaiver(case: $c, key: $k, reason: MINOR) {
      feedback { state reason } userErrors { code field } } }"""
    confirm = """mutation W($c: ID!, $k: ID!) { confirmWaiver(case: $c, key: $k) {
      feedback { state reason } userErrors { code field } } }"""
    early = ask(client, "first", confirm, {"c": on, "k": "0"}).data["confirmWaiver"]
    assert codes(early) == [("OUT_OF_ORDER", "case")]
    asked = ask(client, "first", request, {"c": on, "k": "1"}).data["requestWaiver"]
    assert asked["feedback"] == {"state": "WAIVER_REQUESTED", "reason": "MINOR"}
    alone = ask(client, "first", confirm, {"c": on, "k": "2"}).data["confirmWaiver"]
    assert (alone["feedback"], codes(alone)) == (None, [("SECOND_PERSON_NEEDED", "case")])
    done = ask(client, "second", confirm, {"c": on, "k": "2"}).data["confirmWaiver"]
    assert done["feedback"] == {"state": "WAIVED", "reason": "MINOR"}
    again = ask(client, "second", confirm, {"c": on, "k": "2"}).data["confirmWaiver"]
    assert again == done
    assert [row.client for row in rows(client)] == ["first", "second"]


def test_a_word_outlives_its_row_and_was_not_known_before_it_was_said(client: Client) -> None:
    give(client, "a")
    second_month(client.engine)
    query = "{ findings(first: 1 %s) { nodes { state feedback { state } } } }"
    give(client, "b", "IN_PROGRESS")
    now = client.ask(CIVIL, query % "").data["findings"]["nodes"]
    assert now == [{"state": "CLEARED", "feedback": [{"state": "IN_PROGRESS"}, {"state": "RECEIVED"}]}]
    then = client.ask(CIVIL, query % ", knownAt: 1").data["findings"]["nodes"]
    assert then == [{"state": "NEW", "feedback": [{"state": "RECEIVED"}]}]


def test_nothing_is_written_by_get(client: Client) -> None:
    told = {"c": case(client), "k": "a", "s": "RECEIVED"}
    reply = client.http(
        "GET", "/graphql", params={"query": GIVE, "variables": json.dumps(told)},
        headers={"Authorization": f"Bearer {client.token(CIVIL)}"},
    )  # fmt: skip
    assert (reply.status, reply.headers["allow"]) == (405, "POST")
    assert rows(client) == []


def test_only_an_agreement_that_lists_it_lets_write(client: Client, agreements: tuple[Agreement, ...]) -> None:
    for agreement in agreements:
        contract = Contract(agreement)
        assert (contract.schema.mutation_type is not None) == ("Mutation" in agreement.fields)
        listed = agreement.fields.get("Mutation", {})
        assert ("confirmWaiver" in contract.sdl) == ("confirmWaiver" in listed)
    reply = client.ask(AUDITOR, 'mutation { giveFeedback(case: "c", key: "a", state: RECEIVED) { __typename } }')
    assert reply.code == "DOCUMENT_REFUSED"
    assert rows(client) == []


WORDS = st.lists(
    st.tuples(
        st.sampled_from(("one", "two")), st.sampled_from("abcd"), st.sampled_from(State),
        st.sampled_from((None, "enrolled")), st.sampled_from((None, "minor")),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=WORDS)
def test_any_words_leave_what_a_simple_model_says(said: list[tuple[str, str, State, str | None, str | None]]) -> None:
    engine = store.connect("sqlite://")
    store.metadata.create_all(engine)
    kept: list[tuple[str, str, State]] = []
    with engine.begin() as connection:
        for client, key, state, outcome, reason in said:
            word = Word(case="c", person_id=1, key=key, state=state, outcome=outcome, reason=reason)
            actor = Actor(client=client, role="client", department="d", agreement="x")
            done = feedback.say(connection, word, actor, at=datetime(2026, 1, 1, tzinfo=UTC))
            last = kept[-1] if kept else None
            right = (outcome is not None) == (state is State.SETTLED)
            right = right and (reason is not None) == (state in (State.DISPUTED, State.WAIVER_REQUESTED))
            right = right and state in NEXT[last[2] if last else None]
            alone = state is State.WAIVED and last is not None and last[0] == client
            if (client, key) in [(who, by) for who, by, _ in kept]:
                assert done == Problem.KEY_REUSED or isinstance(done, int)
            elif right and not alone:
                kept.append((client, key, state))
                assert done == len(kept)
            else:
                assert isinstance(done, Problem)
        assert connection.scalar(sa.select(sa.func.count()).select_from(store.feedback)) == len(kept)
    engine.dispose()


def test_a_word_is_seen_at_once_where_answers_are_kept(
    engine: sa.Engine, ring: KeyRing, agreements: tuple[Agreement, ...]
) -> None:
    world.fill(engine, ring, many=1)
    client = serve(engine, ring, agreements, keep=1 << 20)
    try:
        alone = "{ findings(first: 50) { nodes { kind } } }"
        for query in (CASES, CASES, CASES, alone, alone, alone):
            client.ask(CIVIL, query)
        on = case(client)
        for n, state in enumerate(("RECEIVED", "IN_PROGRESS")):
            for _ in range(2):  # the second is the same word again
                assert give(client, f"k{n}", state, on=on)["feedback"]["state"] == state
            told = client.ask(CIVIL, CASES).data["findings"]["nodes"][0]["feedback"]
            assert [word["state"] for word in told] == [state, "RECEIVED"][: n + 1]
        assert len(rows(client)) == 2
        assert log.verify(client.engine) == []
    finally:
        client.app.state.hub.workers.close()
