"""Tokens are issued, listed and revoked; a revoked one is refused although it is remembered."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from hub import store
from hub.errors import InputError
from hub.keys import KeyRing
from schema import care, token_ledger
from schema.care import Care
from schema.errors import Busy
from schema.token_ledger import Revocations
from schema.tokens import Claims, Verifier, issue
from tests.schema.client import Client, serve

QUERY = "{ agreement { id } }"


def verified(ring: KeyRing, token: str) -> Claims:
    found = Verifier(ring).verify(token)
    assert found is not None
    return found


def test_a_revoked_token_is_refused_although_it_is_remembered(filled: Any, ring: KeyRing, agreements: Any) -> None:
    client = serve(filled, ring, agreements)
    good, bad = client.token("auditor"), client.token("auditor")

    def status(token: str) -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return client.http("POST", "/graphql", json={"query": QUERY}, headers=headers).status

    assert (status(good), status(bad)) == (200, 200)
    claims = verified(ring, bad)
    assert token_ledger.revoke(filled, [(claims.id, claims.expires)], actor="王", reason="lost") == [claims.id]
    client.app.state.hub.care._next = 0.0  # a second has passed
    assert (status(good), status(bad)) == (200, 401)
    assert "aidgraph_tokens_revoked 1.0" in client.http("GET", "/metrics").text
    client.app.state.hub.workers.close()
    again = serve(filled, ring, agreements)  # another start knows it before its first request
    assert claims.id in again.app.state.hub.verifier._revoked
    again.app.state.hub.workers.close()
    with filled.begin() as connection:
        connection.execute(store.token_revoked.delete())


def test_issue_and_revocation_stand_in_the_access_log_with_their_actor(engine: sa.Engine, ring: KeyRing) -> None:
    claims = verified(ring, issue(ring, agreements=("auditor",), client="county"))
    token_ledger.record(engine, claims, actor="李")
    token_ledger.revoke(engine, [(claims.id, claims.expires)], actor="王", reason="left the office")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(store.access_log).order_by(store.access_log.c.seq)).all()
    told = [json.loads(row.leaf) for row in rows]
    assert [(row["client"], row["role"], row["operation"]) for row in told] == [
        ("李", "operator", f"token issue {claims.id}"),
        ("王", "operator", f"token revoke {claims.id}"),
    ]
    assert told[1]["purpose"] == "left the office"


def test_a_revocation_is_by_a_named_person_for_a_reason_and_happens_once(engine: sa.Engine, ring: KeyRing) -> None:
    claims = verified(ring, issue(ring, agreements=("auditor",), client="county"))
    for actor, reason in (("", "lost"), ("王", " ")):
        with pytest.raises(InputError):
            token_ledger.revoke(engine, [(claims.id, claims.expires)], actor=actor, reason=reason)
    assert token_ledger.revoke(engine, [(claims.id, claims.expires)], actor="王", reason="lost") == [claims.id]
    assert token_ledger.revoke(engine, [(claims.id, claims.expires)], actor="李", reason="again") == []


def test_what_has_ended_is_no_longer_looked_at(engine: sa.Engine) -> None:
    token_ledger.revoke(engine, [("ended", 1), ("not-ended", 2**31 - 1)], actor="王", reason="lost")
    known = Revocations(engine)
    known.look()
    assert known.ids == {"not-ended"}


def test_nothing_is_answered_where_revocations_have_not_been_seen_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    now, fails = [0.0], [True]

    def look() -> None:
        if fails[0]:
            raise sa.exc.OperationalError("", {}, Exception())

    watched = Care([look], lambda: now[0])
    with pytest.raises(Busy):
        asyncio.run(watched.due())
    fails[0] = False
    now[0] += care.EVERY
    asyncio.run(watched.due())
    fails[0] = True
    now[0] += care.LONGEST * care.EVERY
    asyncio.run(watched.due())  # as old as it may be
    now[0] += care.EVERY
    with pytest.raises(Busy):
        asyncio.run(watched.due())


def test_a_signed_token_without_an_id_is_refused(ring: KeyRing) -> None:
    from joserfc import jwt

    from schema.tokens import ALGORITHM, _key

    token = issue(ring, agreements=("auditor",), client="c", lifetime=timedelta(hours=1))
    claims = jwt.decode(token, _key(ring), algorithms=[ALGORITHM]).claims
    del claims["jti"]
    assert Verifier(ring).verify(jwt.encode({"alg": ALGORITHM}, claims, _key(ring), algorithms=[ALGORITHM])) is None


def test_the_client_of_the_tests_has_ids(client: Client) -> None:
    ids = {verified(client.graph.ring, client.token("auditor")).id for _ in range(3)}
    assert len(ids) == 3
