"""Bearer tokens: who a caller is, and which agreement they act under."""

from __future__ import annotations

import base64
import json
import time
from datetime import date, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from hub import keys
from hub.errors import InputError
from hub.keys import KeyRing
from schema.agreement import Agreement
from schema.errors import AgreementRefused
from schema.tokens import Claims, Verifier, choose, issue
from tests.schema.client import Client

TODAY = date(2025, 11, 30)


def test_a_token_says_who_and_what(ring: KeyRing) -> None:
    token = issue(ring, agreements=("auditor", "hospital"), client="ca-370302", role="clerk")
    claims = Verifier(ring).verify(token)
    assert claims is not None
    assert (claims.client, claims.role, claims.agreements) == ("ca-370302", "clerk", ("auditor", "hospital"))


def part(token: str, place: int) -> dict[str, Any]:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def test_every_changed_character_of_a_token_is_refused(ring: KeyRing) -> None:
    token, verifier = issue(ring, agreements=("auditor",), client="c"), Verifier(ring)
    for place in range(0, len(token) - 1, 3):  # the last character's low bits carry nothing
        other = "A" if token[place] != "A" else "B"
        assert verifier.verify(token[:place] + other + token[place + 1 :]) is None


def test_tokens_of_other_keys_and_other_algorithms_are_refused(ring: KeyRing) -> None:
    verifier = Verifier(ring)
    claims = part(issue(ring, agreements=("auditor",), client="c"), 1)
    assert verifier.verify(issue(keys.make(), agreements=("auditor",), client="c")) is None
    secret = OctKey.import_key(b"0" * 32)
    assert verifier.verify(jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])) is None
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert verifier.verify(f"{none}.{body}.") is None


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "other"},
        {"sub": 1},
        {"agreements": "auditor"},
        {"agreements": [1]},
        {"exp": "soon"},
        {"exp": None},
        {"role": None},
    ],
)
def test_a_signed_token_that_is_not_of_our_form_is_refused(ring: KeyRing, change: dict[str, Any]) -> None:
    from schema.tokens import ALGORITHM, _key

    claims = {**part(issue(ring, agreements=("auditor",), client="c"), 1), **change}
    token = jwt.encode({"alg": ALGORITHM}, claims, _key(ring), algorithms=[ALGORITHM])
    assert Verifier(ring).verify(token) is None


def test_a_token_ends_even_when_it_is_remembered(ring: KeyRing, monkeypatch: pytest.MonkeyPatch) -> None:
    token, verifier = issue(ring, agreements=("auditor",), client="c", lifetime=timedelta(minutes=5)), Verifier(ring)
    assert verifier.verify(token) is not None
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 301)
    assert verifier.verify(token) is None


@pytest.mark.parametrize(
    "told",
    [
        {"agreements": ()},
        {"client": ""},
        {"client": "x" * 101},
        {"lifetime": timedelta(0)},
        {"lifetime": timedelta(days=400)},
    ],
)
def test_a_token_that_makes_no_sense_is_not_issued(ring: KeyRing, told: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        issue(ring, **{"agreements": ("auditor",), "client": "c", **told})


@pytest.fixture
def held(agreements: tuple[Agreement, ...]) -> dict[str, Agreement]:
    return {agreement.id: agreement for agreement in agreements}


def claims_of(*agreements: str) -> Claims:
    return Claims(client="c", role="r", agreements=agreements, expires=0)


def test_one_agreement_needs_no_purpose(held: dict[str, Agreement]) -> None:
    assert choose(claims_of("hospital"), None, held, TODAY).id == "hospital"


def test_several_agreements_need_a_purpose(held: dict[str, Agreement]) -> None:
    both = claims_of("hospital", "auditor")
    assert choose(both, "audit", held, TODAY).id == "auditor"
    with pytest.raises(AgreementRefused, match="name the purpose"):
        choose(both, None, held, TODAY)


def test_a_purpose_that_is_no_agreements_is_refused(held: dict[str, Agreement]) -> None:
    for claims, purpose in (
        (claims_of("hospital"), "audit"),
        (claims_of("gone"), None),
        (claims_of(), None),
        (claims_of("hospital"), ""),
    ):
        with pytest.raises(AgreementRefused, match="no agreement"):
            choose(claims, purpose, held, TODAY)


def test_an_agreement_not_yet_or_no_longer_in_force_is_refused(held: dict[str, Agreement]) -> None:
    auditor = held["auditor"]
    for day, good in (
        (auditor.valid_from - timedelta(days=1), False),
        (auditor.valid_from, True),
        (auditor.valid_until - timedelta(days=1), True),
        (auditor.valid_until, False),
    ):
        if good:
            assert choose(claims_of("auditor"), None, held, day) is auditor
        else:
            with pytest.raises(AgreementRefused, match="not in force"):
                choose(claims_of("auditor"), None, held, day)


def test_the_purpose_comes_in_a_header_or_in_the_extensions(client: Client) -> None:
    token = client.token("auditor", "civil-affairs")
    query = "{ agreement { id } }"

    def ask(purpose: str | None, header: str | None) -> Any:
        body: dict[str, Any] = {"query": query}
        if purpose is not None:
            body["extensions"] = {"purpose": purpose}
        headers = {"Authorization": f"Bearer {token}", **({"X-Purpose": header} if header is not None else {})}
        return client.http("POST", "/graphql", json=body, headers=headers)

    assert ask("audit", None).data == {"agreement": {"id": "auditor"}}
    assert ask(None, "assistance-certification").data == {"agreement": {"id": "civil-affairs"}}
    assert ask("audit", "audit").data == {"agreement": {"id": "auditor"}}
    for purpose, header in ((None, None), ("audit", "assistance-certification"), ("", None), (None, "point-of-care")):
        assert (ask(purpose, header).status, ask(purpose, header).code) == (403, "AGREEMENT_REFUSED")


def test_an_agreement_that_has_ended_answers_nothing(changed: Any) -> None:
    client = changed("auditor", valid_until=date(2025, 9, 1))
    reply = client.ask("auditor", "{ agreement { id } }")
    assert (reply.status, reply.errors[0]["message"]) == (403, "The agreement is not in force")
