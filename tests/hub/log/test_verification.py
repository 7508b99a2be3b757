"""Verification begins where the last one ended, and finds what was done before it, or asks for more."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub import checkpoint as notes
from hub import keys, log
from hub.errors import InputError
from hub.log import tree as trees
from hub.log.entry import canonical, leaf_of, pack
from hub.log.verification import read
from hub.store import access_log, access_log_node, access_log_verified
from tests.hub.log.entries import entry
from tests.hub.log.test_proofs import ORIGIN, fill


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "BLOCK", 4)
    monkeypatch.setattr("hub.log.verification.BLOCK", 4)


@pytest.fixture
def verified(engine: sa.Engine, ring: keys.KeyRing) -> notes.Checkpoint:
    """A log of 22 entries, verified and signed."""
    fill(engine, 22)
    log.keep_verified(engine, ring, ORIGIN, log.examine(engine))
    found = log.last_verified(engine, ring, ORIGIN)
    assert found is not None
    return found


def change(engine: sa.Engine, statement: sa.Update | sa.Delete) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


def test_only_what_follows_is_read_again(engine: sa.Engine, ring: keys.KeyRing, verified: notes.Checkpoint) -> None:
    assert (verified.size, log.examine(engine, since=verified, sample=0).read) == (22, 2)
    fill(engine, 9)
    found = log.examine(engine, since=verified, sample=2)
    assert (found.problems, found.size, found.read) == ([], 31, 2 + 9 + 8)
    log.keep_verified(engine, ring, ORIGIN, found)
    again = log.last_verified(engine, ring, ORIGIN)
    assert again is not None
    assert (again.size, again.root) == (31, log.examine(engine).head)


def test_an_old_entry_that_was_changed_is_found_by_the_sample_or_by_all(
    engine: sa.Engine, verified: notes.Checkpoint
) -> None:
    for seq in (1, 4, 19, 21):
        change(engine, sa.update(access_log).where(access_log.c.seq == seq).values(client="someone-else"))
        told = [f"entry {seq}: a column says something else than the leaf"]
        assert log.examine(engine, since=verified, sample=5).problems == told
        assert log.verify(engine) == told
        change(engine, sa.update(access_log).where(access_log.c.seq == seq).values(client=entry().client))


def test_an_old_entry_that_was_taken_away_is_found(engine: sa.Engine, verified: notes.Checkpoint) -> None:
    change(engine, sa.delete(access_log).where(access_log.c.seq == 6))
    assert log.examine(engine, since=verified, sample=5).problems == [
        "the entries up to 8 are not those the tree was built of"
    ]
    assert log.verify(engine, verified) != []


def test_entries_cut_off_at_the_end_are_found(engine: sa.Engine, verified: notes.Checkpoint) -> None:
    change(engine, sa.delete(access_log).where(access_log.c.seq > 15))
    assert "taken away" in str(log.examine(engine, since=verified).problems)
    assert "taken away" in str(log.verify(engine))  # its nodes tell it even without a checkpoint


def test_nodes_that_were_changed_do_not_hash_to_what_was_signed(engine: sa.Engine, verified: notes.Checkpoint) -> None:
    change(engine, sa.update(access_log_node).where(access_log_node.c.level == 1).values(hash=bytes(32)))
    assert "not those the checkpoint was signed over" in str(log.examine(engine, since=verified, sample=0).problems)
    assert "level 1 is not that of its blocks" in str(log.verify(engine))


def test_a_changed_block_is_found_whoever_made_the_row_fit_its_hash(
    engine: sa.Engine, verified: notes.Checkpoint
) -> None:
    made = entry(client="someone-else")
    leaf = leaf_of(made, b"")
    values = {"leaf": leaf, "leaf_hash": notes.leaf_hash(leaf), "client": made.client}
    change(engine, sa.update(access_log).where(access_log.c.seq == 3).values(**values))
    told = "the entries up to 4 are not those the tree was built of"
    assert told in log.examine(engine, since=verified, sample=5).problems
    assert told in log.verify(engine)
    change(engine, sa.delete(access_log_node))
    assert "not those the checkpoint was signed over" in str(log.verify(engine, verified))


def test_a_checkpoint_kept_elsewhere_may_be_older_or_newer_than_the_last_verification(
    engine: sa.Engine, verified: notes.Checkpoint
) -> None:
    fill(engine, 8)
    with engine.connect() as connection:
        hashes = connection.scalars(sa.select(access_log.c.leaf_hash).order_by(access_log.c.seq)).all()
    for size in (0, 1, 3, 4, 17, 20, 22, 25, 30):
        kept = notes.Checkpoint(origin=ORIGIN, size=size, root=notes.merkle_root(map(bytes, hashes[:size]))[1])
        assert log.examine(engine, kept, since=verified).problems == []
        assert log.examine(engine, kept).problems == []
        forged = notes.Checkpoint(origin=ORIGIN, size=size, root=bytes(32))
        assert len(log.examine(engine, forged, since=verified).problems) == 1
        assert len(log.examine(engine, forged).problems) == 1


def test_a_verification_that_ended_with_a_whole_block_is_compared_too(engine: sa.Engine) -> None:
    fill(engine, 12)
    forged = notes.Checkpoint(origin=ORIGIN, size=8, root=bytes(32))
    assert log.examine(engine, since=forged, sample=0).problems == [
        "the first 8 entries are not those the checkpoint was signed over"
    ]


def test_what_was_verified_is_believed_only_if_it_is_signed(
    engine: sa.Engine, ring: keys.KeyRing, verified: notes.Checkpoint
) -> None:
    note = notes.sign(verified, keys.make())
    change(engine, sa.update(access_log_verified).values(note=note))
    with pytest.raises(InputError):
        log.last_verified(engine, ring, ORIGIN)


def test_what_does_not_hold_is_not_signed(engine: sa.Engine, ring: keys.KeyRing) -> None:
    fill(engine, 2)
    change(engine, sa.update(access_log).values(client="x"))
    with pytest.raises(InputError):
        log.keep_verified(engine, ring, ORIGIN, log.examine(engine))
    assert log.last_verified(engine, ring, ORIGIN) is None


LEAF = leaf_of(entry(client='二"\\\x7f\u2028€😀'), pack([1], bytes(16)))


@settings(max_examples=60)
@given(st.integers(0, len(LEAF) - 1), st.integers(0, 255))
def test_a_leaf_is_read_only_in_its_canonical_form(place: int, byte: int) -> None:
    assert read(LEAF) is not None
    changed = LEAF[:place] + bytes([byte]) + LEAF[place + 1 :]
    told = read(changed)
    assert told is None or canonical(told) == changed


@pytest.mark.parametrize(
    "change",
    [
        (b'"rows":2', b'"rows":2.0'), (b'"rows":2', b'"rows":true'), (b'"rows":2', b'"rows":02'),
        (b'"rows":2', b'"rows":9007199254740992'), (b'"rows":2,', b""), (b'"version":2', b'"version":1'),
        (b'"fields":["', b'"fields":[1,"'), (b'"rows":2', b'"rows": 2'), (b'"rows":2', b'"rows":2,"rows":2'),
        (b'"rows":2', b'"rowt":2'), (b'"version":2', b'"version":3'),
    ],
)  # fmt: skip
def test_another_form_of_a_leaf_is_none(change: tuple[bytes, bytes]) -> None:
    changed = LEAF.replace(*change)
    assert changed != LEAF
    assert read(changed) is None


def test_leaves_of_the_first_version_are_still_read() -> None:
    told = read(LEAF)
    assert told is not None
    first = {name: value for name, value in told.items() if name != "times"} | {"version": 1}
    assert read(canonical(first)) == first
