"""How an ID number becomes the MAC that the store knows: at once, under the linkage contract."""

from __future__ import annotations

from pathlib import Path

from hub.keys import KeyRing
from hub.reading import identity
from schema.serving import NO_MAC, lookup_by

FIRST = "37030219600304123"


def test_every_spelling_of_a_number_finds_the_same_alias(config_folder: Path, ring: KeyRing) -> None:
    linkage = identity.load(config_folder, "v1", ring)
    number = FIRST + identity.check_digit(FIRST)
    lookup = lookup_by(linkage)
    expected = linkage.identify(number).mac
    full_width = "".join(chr(ord(character) + 0xFEE0) for character in number)
    for text in (number, f" {number} ", number.lower(), full_width, FIRST[:6] + FIRST[8:]):
        assert lookup(text, "resident_id") == expected


def test_a_number_that_cannot_be_one_finds_nobody_and_raises_nothing(config_folder: Path, ring: KeyRing) -> None:
    lookup = lookup_by(identity.load(config_folder, "v1", ring))
    for text in ("", "王建国", "1" * 500, "370302196003041230", "3.70302E+17", "370302199013411234"):
        assert lookup(text, "resident_id") == NO_MAC
