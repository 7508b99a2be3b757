"""The access log: canonical leaves, the Merkle tree, signed checkpoints, and what tampering looks like."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub import checkpoint as notes
from hub import keys, log
from hub.errors import InputError
from hub.store import access_log, access_subject

ORIGIN = "aidgraph.test/log"
ENTRY = log.Entry(
    at=datetime(2025, 11, 30, 8, 0, 0, 123456, UTC),
    client="ca-370302",
    role="clerk",
    agreement="civil-affairs",
    purpose="assistance",
    outcome="answered",
    document="ab" * 32,
    operation="Needy",
    fields=("Person.name", "Query.persons"),
    withheld=("Person.name mask:surname",),
    rows=2,
    subjects=frozenset({70, 3, 12}),
)


def fill(engine: sa.Engine, count: int) -> None:
    for n in range(count):
        log.append(engine, replace(ENTRY, rows=n, subjects=frozenset(range(n))))


def test_canonical_json_is_that_of_rfc_8785() -> None:
    value = {
        "\u20ac": "€",
        "\r": "\r\n",
        "\ufb33": 1,
        "1": True,
        "\U0001f600": None,
        "\x80": [],
        "ö": '\u0007"\\/\x7f',
    }
    expected = '{"\\r":"\\r\\n","1":true,"\x80":[],"ö":"\\u0007\\"\\\\/\x7f","€":"€","😀":null,"\ufb33":1}'
    assert log.canonical(value).decode() == expected


@pytest.mark.parametrize("value", [1.5, 2**53, {"a": object()}, {1: "a"}, b"bytes", datetime(2025, 1, 1, tzinfo=UTC)])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        log.canonical(value)


def naive_root(hashes: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\x01" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


@given(st.integers(0, 70))
def test_the_streamed_tree_head_is_the_recursive_one(size: int) -> None:
    hashes = [notes.leaf_hash(str(n).encode()) for n in range(size)]
    assert notes.merkle_root(iter(hashes)) == (size, naive_root(hashes))


def test_the_tree_heads_of_rfc_6962s_own_test_vectors() -> None:
    leaves = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    heads = [notes.merkle_root(map(notes.leaf_hash, leaves[:n]))[1].hex() for n in (1, 2, 3)]
    assert heads == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    ]


def test_an_entry_is_kept_whole_and_holds_no_person(engine: sa.Engine) -> None:
    seq = log.append(engine, ENTRY)
    with engine.connect() as connection:
        row = connection.execute(sa.select(access_log)).one()
    told = json.loads(row.leaf)
    assert row.seq == seq
    assert bytes(row.leaf) == log.canonical(told)
    assert (told["version"], told["at"], told["subject_count"]) == (2, "2025-11-30T08:00:00.123456Z", 3)
    assert log.unpack(bytes(row.subjects)) == (3, 12, 70)
    assert log.verify(engine) == []


def test_the_same_subjects_never_give_the_same_digest(engine: sa.Engine) -> None:
    log.append(engine, ENTRY)
    log.append(engine, ENTRY)
    with engine.connect() as connection:
        leaves = connection.scalars(sa.select(access_log.c.leaf)).all()
    assert len({json.loads(leaf)["subjects"] for leaf in leaves}) == 2


def test_a_checkpoint_is_verified_with_the_public_key_alone(engine: sa.Engine, ring: keys.KeyRing) -> None:
    fill(engine, 5)
    note = log.checkpoint(engine, ring, ORIGIN)
    signed = notes.open_note(note, notes.verifier_key(ring, ORIGIN))
    assert (signed.origin, signed.size) == (ORIGIN, 5)
    fill(engine, 3)
    assert log.verify(engine, signed) == []


def test_every_flipped_byte_of_a_checkpoint_is_refused(ring: keys.KeyRing) -> None:
    key = notes.verifier_key(ring, ORIGIN)
    note = notes.sign(notes.Checkpoint(origin=ORIGIN, size=3, root=bytes(32)), ring).encode()
    for place in range(len(note)):
        flipped = bytearray(note)
        flipped[place] ^= 1
        text = flipped.decode("utf-8", errors="replace")
        with pytest.raises(InputError):
            notes.open_note(text, key)


def test_another_hubs_checkpoint_is_refused(ring: keys.KeyRing) -> None:
    note = notes.sign(notes.Checkpoint(origin=ORIGIN, size=3, root=bytes(32)), keys.make())
    with pytest.raises(InputError):
        notes.open_note(note, notes.verifier_key(ring, ORIGIN))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"client": "someone-else"}, "a column says something else"),
        ({"subjects": bytes(16) + bytes(8)}, "the subjects are not those"),
        ({"leaf": b"{}"}, "the leaf hash is not"),
        ({"leaf": b"{}", "leaf_hash": notes.leaf_hash(b"{}")}, "not canonical JSON of a known version"),
    ],
)
def test_a_changed_entry_is_seen(engine: sa.Engine, change: dict[str, object], problem: str) -> None:
    fill(engine, 3)
    with engine.begin() as connection:
        connection.execute(sa.update(access_log).where(access_log.c.seq == 2).values(**change))
    assert [problem in found for found in log.verify(engine)] == [True]


def test_entries_taken_away_or_replaced_are_seen_by_the_checkpoint(engine: sa.Engine, ring: keys.KeyRing) -> None:
    fill(engine, 4)
    signed = notes.open_note(log.checkpoint(engine, ring, ORIGIN), notes.verifier_key(ring, ORIGIN))
    with engine.begin() as connection:
        connection.execute(sa.delete(access_log).where(access_log.c.seq == 4))
    assert "taken away" in log.verify(engine, signed)[0]
    log.append(engine, ENTRY)
    assert "not those the checkpoint was signed over" in log.verify(engine, signed)[0]


def test_the_index_of_persons_follows_the_log_and_is_the_same_twice(engine: sa.Engine) -> None:
    fill(engine, 4)
    last = log.index_subjects(engine)
    assert log.index_subjects(engine) == last
    fill(engine, 2)
    log.index_subjects(engine, after=last)
    with engine.connect() as connection:
        found = connection.execute(
            sa.select(access_subject.c.person_id, access_subject.c.seq).order_by(
                access_subject.c.seq, access_subject.c.person_id
            )
        ).all()
    assert [tuple(row) for row in found] == [(0, 2), (0, 3), (1, 3), (0, 4), (1, 4), (2, 4), (0, 6)]
