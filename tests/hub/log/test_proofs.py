"""The tree without reading it all, and proofs that an outsider checks with the public key and a script of their own."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import checkpoint as notes
from hub import keys, log, store
from hub.errors import InputError
from hub.log import tree as trees
from hub.log.entry import row_of
from hub.store import access_log, access_log_node
from tests.hub.log.entries import entry
from tests.outsider import check_proof

ORIGIN = "aidgraph.test/log"
SCRIPT = Path(check_proof.__file__)


def fill(engine: sa.Engine, count: int, start: int = 0) -> list[bytes]:
    """Entries in one transaction, their leaf hashes."""
    rows = [row_of(entry(rows=start + n, subjects=frozenset({n}))) for n in range(count)]
    with engine.begin() as connection:
        connection.execute(access_log.insert(), [row._asdict() for row in rows])
    return [row.leaf_hash for row in rows]


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 4, so that three levels stand over a hundred entries."""
    monkeypatch.setattr(trees, "BLOCK", 4)
    monkeypatch.setattr("hub.log.verification.BLOCK", 4)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[sa.Engine, list[bytes]]:
    engine = store.connect(f"sqlite:///{tmp_path_factory.mktemp('log') / 'store.sqlite'}")
    store.metadata.create_all(engine)
    hashes = fill(engine, 90)
    with engine.begin() as connection:
        connection.execute(sa.delete(access_log).where(access_log.c.seq.in_([1, 7, 40])))  # seqs have gaps
    return engine, [leaf for n, leaf in enumerate(hashes, 1) if n not in {1, 7, 40}]


@settings(max_examples=40)
@given(st.integers(0, 87), st.integers(0, 87))
def test_a_head_over_any_part_is_that_of_its_leaves(logs: tuple[sa.Engine, list[bytes]], one: int, other: int) -> None:
    engine, hashes = logs
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "BLOCK", 4)
        trees.extend(engine)
        with engine.connect() as connection:
            tree = trees.Tree(connection)
            start, end = sorted((one, other))
            assert tree.size == len(hashes) == 87
            assert tree.head(start, end) == notes.merkle_root(hashes[start:end])[1]
            fold = tree.fold(start)
            for leaf in hashes[start:]:
                fold.join(1, leaf)
            assert fold.head() == notes.merkle_root(hashes)[1]


@settings(max_examples=30)
@given(st.integers(0, 86), st.integers(0, 87))
def test_every_proof_holds_and_holds_for_nothing_else(
    logs: tuple[sa.Engine, list[bytes]], ring: keys.KeyRing, index: int, old: int
) -> None:
    engine, hashes = logs
    key = notes.verifier_key(ring, ORIGIN)
    seqs = [seq for seq in range(1, 91) if seq not in {1, 7, 40}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "BLOCK", 4)
        proof = log.inclusion(engine, ring, ORIGIN, seqs[index])
        assert (proof["index"], hashlib.sha256(b"\0" + proof["leaf"].encode()).digest()) == (index, hashes[index])
        assert f"number {index + 1} of the 87" in check_proof.check(key, json.dumps(proof))
        with pytest.raises(ValueError, match="does not hold"):
            check_proof.check(key, json.dumps({**proof, "index": (index + 1) % 87}))
        head = notes.Checkpoint(origin=ORIGIN, size=old, root=notes.merkle_root(hashes[:old])[1])
        grown = log.consistency(engine, ring, ORIGIN, notes.sign(head, ring), head)
        assert f"begins with the {old} that" in check_proof.check(key, json.dumps(grown))
        forged = notes.Checkpoint(origin=ORIGIN, size=old, root=bytes(32))
        with pytest.raises(ValueError, match="does not hold"):
            check_proof.check(key, json.dumps({**grown, "old": notes.sign(forged, ring)}))


def made(engine: sa.Engine, ring: keys.KeyRing) -> tuple[str, list[str]]:
    """The key, and one proof of each kind, as `aidgraph log prove` prints them."""
    fill(engine, 5)
    note = log.checkpoint(engine, ring, ORIGIN)
    old = notes.open_note(note, notes.verifier_key(ring, ORIGIN))
    fill(engine, 4)
    proofs = [log.inclusion(engine, ring, ORIGIN, 4), log.consistency(engine, ring, ORIGIN, note, old)]
    return notes.verifier_key(ring, ORIGIN), [json.dumps(proof, ensure_ascii=False) for proof in proofs]


def test_the_script_checks_a_proof_by_itself(engine: sa.Engine, ring: keys.KeyRing, tmp_path: Path) -> None:
    key, proofs = made(engine, ring)
    assert not any(room in SCRIPT.read_text().partition('"""\n')[2] for room in ("hub", "schema", "connectors"))

    def run(text: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-O", str(SCRIPT), key]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False, cwd=tmp_path)

    for proof, word in zip(proofs, ("number 4 of the 9", "9 entries begins with the 5"), strict=True):
        told = run(proof)
        assert (told.returncode, word in told.stdout) == (0, True), told.stderr
        assert run(proof.replace("civil", "devil").replace('proof": ["', 'proof": ["00')).returncode == 1


def test_every_flipped_byte_of_a_proof_and_of_the_key_is_refused(engine: sa.Engine, ring: keys.KeyRing) -> None:
    if engine.dialect.name == "postgresql":
        pytest.skip("the same bytes as on SQLite")
    key, proofs = made(engine, ring)
    cases = [(key, text, place) for text in proofs for place in range(len(text.encode()))]
    cases += [(key, "", place) for place in range(len(key))]
    for given_key, text, place in cases:
        flipped = bytearray((text or given_key).encode())
        flipped[place] ^= 1
        changed = flipped.decode("utf-8", errors="replace")
        with pytest.raises(Exception):  # noqa: B017, PT011  whatever it is, the script ends with an error
            check_proof.check(given_key if text else changed, changed if text else proofs[0])


def test_no_proof_of_what_is_not_there(engine: sa.Engine, ring: keys.KeyRing) -> None:
    fill(engine, 3)
    with pytest.raises(InputError):
        log.inclusion(engine, ring, ORIGIN, 4)
    ahead = notes.Checkpoint(origin=ORIGIN, size=9, root=bytes(32))
    with pytest.raises(InputError, match="taken away"):
        log.consistency(engine, ring, ORIGIN, "", ahead)


@pytest.mark.usefixtures("small_blocks")
def test_a_checkpoint_reads_the_blocks_and_not_their_entries(engine: sa.Engine, ring: keys.KeyRing) -> None:
    hashes = fill(engine, 70)
    first = log.checkpoint(engine, ring, ORIGIN)
    with engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(access_log_node)) == 17 + 4 + 1
        connection.execute(sa.update(access_log).where(access_log.c.seq == 2).values(leaf_hash=bytes(32)))
    assert log.checkpoint(engine, ring, ORIGIN) == first
    size, root = notes.merkle_root(hashes)
    assert first.split("\n")[1:3] == [str(size), base64.b64encode(root).decode()]
    with engine.begin() as connection:
        connection.execute(sa.delete(access_log_node))
    assert log.checkpoint(engine, ring, ORIGIN) != first
