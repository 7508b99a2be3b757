"""Bearer tokens: who a caller is, and which agreement they act under."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
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
from tests.schema.client import Client, Reply

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


def test_of_agreements_that_follow_each_other_the_one_in_force_is_meant(held: dict[str, Agreement]) -> None:
    old = replace(held["auditor"], id="auditor-2024", valid_from=date(2024, 1, 1), valid_until=date(2025, 8, 1))
    known, both = {**held, old.id: old}, claims_of("auditor-2024", "auditor", "auditor")
    for purpose in (None, "audit"):
        assert choose(both, purpose, known, TODAY).id == "auditor"
        assert choose(both, purpose, known, date(2025, 7, 31)).id == "auditor-2024"
    with pytest.raises(AgreementRefused, match="not in force"):
        choose(both, None, known, date(2023, 12, 31))


def test_a_purpose_is_not_guessed_from_what_is_in_force(held: dict[str, Agreement]) -> None:
    ended = {**held, "hospital": replace(held["hospital"], valid_until=date(2025, 8, 2))}
    with pytest.raises(AgreementRefused, match="name the purpose"):
        choose(claims_of("hospital", "auditor"), None, ended, TODAY)


def test_two_departments_agreements_of_one_purpose_need_two_tokens(held: dict[str, Agreement]) -> None:
    other = replace(held["hospital"], id="clinic", purpose="audit")
    with pytest.raises(AgreementRefused, match="a token for one of them"):
        choose(claims_of("clinic", "auditor"), "audit", {**held, "clinic": other}, TODAY)


@pytest.fixture
def asking(client: Client) -> Callable[..., Reply]:
    """Ask as the holder of two agreements, or of those named; the purpose in the extensions and in the header."""

    def ask(
        purpose: Any = None, header: str | None = None, holds: tuple[str, ...] = ("auditor", "civil-affairs"),
        query: str = "{ agreement { id purpose } }", by_get: bool = False,
    ) -> Reply:  # fmt: skip
        headers = {
            "Authorization": f"Bearer {client.token(*holds)}",
            **({"X-Purpose": header} if header is not None else {}),
        }
        body: dict[str, Any] = {"query": query}
        if purpose is not None:
            body["extensions"] = {"purpose": purpose}
        if by_get:
            told = {key: value if key == "query" else json.dumps(value) for key, value in body.items()}
            return client.http("GET", "/graphql", params=told, headers=headers)
        return client.http("POST", "/graphql", json=body, headers=headers)

    return ask


def test_the_purpose_comes_in_a_header_or_in_the_extensions(asking: Callable[..., Reply]) -> None:
    auditor = {"agreement": {"id": "auditor", "purpose": "audit"}}
    assert asking("audit").data == auditor
    assert asking("audit", by_get=True).data == auditor
    assert asking(None, "audit", by_get=True).data == auditor
    assert asking(None, "assistance-certification").data["agreement"]["id"] == "civil-affairs"
    assert asking("audit", "audit").data == auditor
    assert asking(None, None, ("auditor",)).data == auditor


@pytest.mark.parametrize("by_get", [False, True])
@pytest.mark.parametrize(
    ("purpose", "header"),
    [
        (None, None),
        ("audit", "assistance-certification"),
        ("", None),
        (None, ""),
        (None, "point-of-care"),
        ("AUDIT", None),
    ],
)
def test_a_purpose_that_is_missing_or_not_clear_is_refused_and_logged(
    client: Client, asking: Callable[..., Reply], purpose: str | None, header: str | None, by_get: bool
) -> None:
    before = len(client.entries())
    reply = asking(purpose, header, by_get=by_get)
    assert (reply.status, reply.code) == (403, "AGREEMENT_REFUSED")
    assert "auditor" not in reply.text
    assert "data" not in reply.json
    (entry,) = client.entries()[before:]
    assert (entry.outcome, entry.agreement, entry.purpose) == ("refused", "", "")


def test_each_purpose_has_its_own_graph_tokens_and_entries(client: Client, asking: Callable[..., Reply]) -> None:
    """What one purpose shows is not there under the other, and a person has another token."""
    query = "{ findings(first: 1) { nodes { subject person { token } } } }"
    audit = asking("audit", query=query).data["findings"]["nodes"][0]
    assert audit["subject"]
    refused = asking("assistance-certification", query=query)
    assert refused.errors[0]["message"] == "Cannot query field 'subject' on type 'Finding'."
    other = asking("assistance-certification", query=query.replace("subject ", "")).data["findings"]["nodes"][0]
    assert audit["person"]["token"] != other["person"]["token"]
    assert [entry.purpose for entry in client.entries()[-3:]] == ["audit", *["assistance-certification"] * 2]


def test_an_agreement_that_has_ended_answers_nothing(changed: Any) -> None:
    client = changed("auditor", valid_until=date(2025, 9, 1))
    reply = client.ask("auditor", "{ agreement { id } }")
    assert (reply.status, reply.errors[0]["message"]) == (403, "The agreement is not in force")
