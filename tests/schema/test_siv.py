"""Texts that are sealed together are what the library seals one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from hypothesis import given, settings
from hypothesis import strategies as st

from schema.siv import Siv

SIZES = st.one_of(st.integers(1, 15), st.sampled_from([16, 32, 48, 64, 160]))


@settings(max_examples=50)
@given(st.binary(min_size=64, max_size=64), SIZES, st.integers(0, 9), st.none() | st.binary(max_size=50), st.data())
def test_each_text_is_sealed_as_the_library_seals_it(
    key: bytes, size: int, count: int, bound: bytes | None, data: st.DataObject
) -> None:
    texts = data.draw(st.lists(st.binary(min_size=size, max_size=size), min_size=count, max_size=count))
    one = AESSIV(key)
    alone = b"".join(one.encrypt(text, None if bound is None else [bound]) for text in texts)
    assert Siv(key).sealed(b"".join(texts), size, bound) == alone


def test_a_text_that_does_not_fill_its_blocks_is_refused() -> None:
    with pytest.raises(ValueError, match="blocks"):
        Siv(bytes(range(64))).sealed(bytes(17), 17)


def test_threads_share_a_key() -> None:
    key, texts = bytes(range(64)), [bytes([n]) * 8 for n in range(200)]
    siv, one = Siv(key), AESSIV(key)
    expected = b"".join(one.encrypt(text, None) for text in texts)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: siv.sealed(b"".join(texts), 8), range(200)))
    assert set(found) == {expected}
