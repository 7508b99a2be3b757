"""Keys: kept from others, never overwritten, never printed."""

from __future__ import annotations

import pytest

from hub import keys
from hub.errors import KeysError


def test_a_saved_ring_loads_from_its_file_and_from_the_variable_itself(tmp_path):
    ring = keys.make()
    keys.save(ring, tmp_path / "keys.json")
    assert keys.load(str(tmp_path / "keys.json")) == ring == keys.load(ring.dump())


def test_without_keys_the_hub_says_how_to_make_them():
    with pytest.raises(KeysError, match="aidgraph keys make"):
        keys.load(None)


def test_a_file_that_others_can_read_is_refused(tmp_path):
    path = tmp_path / "keys.json"
    keys.save(keys.make(), path)
    path.chmod(0o640)
    with pytest.raises(KeysError, match="chmod 600"):
        keys.load(str(path))


def test_a_key_file_is_never_overwritten(tmp_path):
    keys.save(keys.make(), tmp_path / "keys.json")
    with pytest.raises(KeysError, match="never overwritten"):
        keys.save(keys.make(), tmp_path / "keys.json")


@pytest.mark.parametrize(
    "text", ["{}", "{", '{"key_id": "k1", "master": "AA==", "token_seed": "AA==", "log_seed": "AA=="}']
)
def test_what_is_not_a_key_file_is_refused_without_echo(text):
    with pytest.raises(KeysError):
        keys.load(text if text.startswith("{") else None)


def test_a_ring_does_not_print_its_secrets():
    ring = keys.make()
    assert ring.master.hex() not in repr(ring)
    assert "master" not in repr(ring)


def test_keys_of_different_purposes_and_contexts_are_unrelated():
    ring = keys.make()
    made = {
        ring.derive("mac"),
        ring.derive("name"),
        ring.derive("seal"),
        ring.derive("person-token", "a"),
        ring.derive("person-token", "b"),
    }
    assert len(made) == 5
    assert ring.derive("mac") == keys.load(ring.dump()).derive("mac")
