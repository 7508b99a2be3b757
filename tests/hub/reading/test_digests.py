"""Digests seen: what a set of their first 128 bits would say, at any size."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from hub.reading.digests import FULLEST, SMALLEST, Digests, keys

some = st.lists(st.lists(st.sampled_from([f"{n:064x}" for n in range(6)] + ["f" * 32 + f"{n:032x}" for n in range(2)])))


@given(some)
def test_a_digest_is_new_the_first_time_its_first_128_bits_are_seen(pages):
    digests, seen = Digests(), set()
    for page in pages:
        expected = []
        for digest in page:
            expected.append(digest[:32] not in seen)
            seen.add(digest[:32])
        assert digests.add(keys(page)).tolist() == expected
        assert digests.known(keys(page)).all()
    assert len(digests) == len(seen)
    other = keys(["a" * 32, *(f"{n:032x}" for n in range(9))])
    assert digests.known(other).tolist() == [d in seen for d in ["a" * 32, *(f"{n:032x}" for n in range(9))]]


def test_nothing_is_forgotten_or_invented_when_the_table_grows():
    many = [hashlib.sha256(f"{n}".encode()).hexdigest() for n in range(int(5 * FULLEST * SMALLEST))]
    half = len(many) // 2
    digests = Digests(many[:half])
    assert digests.known(keys(many)).tolist() == [True] * half + [False] * (len(many) - half)
    assert digests.add(keys(many)).tolist() == [False] * half + [True] * (len(many) - half)
    assert len(digests) == len(many)
    assert digests.known(keys(many)).all()
