"""ID numbers: one form, one MAC; what is damaged is refused by name and never echoed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import ConfigError
from hub.keys import KeyRing
from hub.reading import identity
from hub.reading.contract import INVISIBLE, STEPS, read
from hub.reading.identity import Refused, check_digit, mask_name, normalise
from hub.reading.numbers import read as numbers_of
from hub.reading.persons import EPOCH

SEVENTEEN = "37030219620214301"
GOOD = SEVENTEEN + check_digit(SEVENTEEN)
DAMAGED = next(f"{GOOD[:14]}{n}000" for n in range(10) if check_digit(f"{GOOD[:14]}{n}00") != "0")


@pytest.fixture
def linkage(config_folder: Path, ring: KeyRing) -> identity.Linkage:
    return identity.load(config_folder, "v1", ring)


def numbers() -> st.SearchStrategy[str]:
    """Well-formed ID numbers."""
    return st.builds(
        lambda county, birth, order: (head := f"{county}{birth:%Y%m%d}{order:03d}") + check_digit(head),
        st.sampled_from(["370302", "653121", "110101"]),
        st.dates(date(1900, 1, 1), date(2025, 12, 31)),
        st.integers(0, 999),
    )


def test_a_published_number_has_the_check_digit_of_the_standard():
    assert check_digit("11010519491231002") == "X"  # the example in GB 11643-1999


@given(numbers(), st.data())
def test_every_spelling_of_a_number_gives_the_same_mac(config_folder, ring, number, data):
    linkage = identity.load(config_folder, "v1", ring)
    full_width = number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    spellings = [
        number.lower(),
        f"  {number}\u3000",
        f"'{number}",
        f'="{number}"',
        full_width,
        number + "有效期至2030年",
        number + "43",
        number + "43B1",
        number + "有效期至2030年)",
        number + "（有效期：长期）",
        f"\u00a0{number}",
    ]
    spelling = data.draw(st.sampled_from(spellings))
    assert linkage.identify(spelling).mac == linkage.identify(number).mac


@given(numbers().filter(lambda n: n[6:8] == "19"))
def test_a_legacy_number_of_15_digits_is_the_same_person(config_folder, ring, number):
    linkage = identity.load(config_folder, "v1", ring)
    legacy = number[:6] + number[8:17]
    assert linkage.identify(legacy).mac == linkage.identify(number).mac
    assert linkage.identify(int(legacy)).grade == "legacy_15"


@given(numbers(), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_refused(config_folder, number, place, shift):
    wrong = number[:place] + str((int(number[place]) + shift) % 10) + number[place + 1 :]
    with pytest.raises(Refused):
        normalise(wrong, "resident_id", read(config_folder, "v1"))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "id_absent"),
        ("  ", "id_absent"),
        ("3.70302E+17", "id_spreadsheet"),
        (float(int(GOOD[:17] + "0")), "id_spreadsheet"),
        (DAMAGED, "id_spreadsheet"),
        (GOOD[:17] + ("0" if GOOD[17] != "0" else "1"), "id_check_digit"),
        (GOOD[:16], "id_length"),
        ("37030A" + GOOD[6:], "id_characters"),
        ((head := "37030219621314301") + check_digit(head), "id_birth"),
    ],
)
def test_what_cannot_be_an_id_number_is_refused_with_its_reason_and_without_its_value(linkage, raw, reason):
    with pytest.raises(Refused) as refused:
        linkage.identify(raw)
    assert refused.value.reason == reason
    assert "3703" not in str(refused.value)


def test_permits_of_hong_kong_macao_and_taiwan_have_a_grade_and_a_certificate_type_of_their_own(linkage):
    head = "81000019900101001"
    number = normalise(head + check_digit(head), "resident_id", linkage.contract)
    assert (number.grade, number.certificate) == ("hmt_permit", "hmt_permit")


def test_the_mac_is_hmac_sha256_of_type_and_number_under_the_derived_key(linkage, ring):
    expected = hmac.new(ring.derive("mac", "v1"), f"resident_id|{GOOD}".encode(), hashlib.sha256).hexdigest()
    assert linkage.identify(GOOD).mac == f"{ring.key_id}.{expected}"


def test_sm3_serves_in_place_of_sha256(linkage, ring):
    made = identity.Linkage(replace(linkage.contract, mac="hmac-sm3"), ring)
    expected = hmac.new(ring.derive("mac", "v1"), f"resident_id|{GOOD}".encode(), "sm3").hexdigest()
    assert made.identify(GOOD).mac.endswith(expected)


def test_look_alike_dots_in_names_are_one_dot(linkage):
    forms = {linkage.name(f"阿卜杜{dot}买买提") for dot in "·•‧∙⋅・．･"}
    assert forms == {"阿卜杜·买买提"}


def test_a_masked_name_shows_one_character_and_not_its_length():
    assert {mask_name("张三"), mask_name("张三丰")} == {"张*"}


@given(numbers(), st.text(alphabet="\u4e00\u9fff金丝雀·", max_size=30))
def test_no_step_changes_a_number_in_verified_form_or_a_plain_chinese_name(config_folder, number, name):
    for steps, text in ((STEPS, number), (STEPS | dict(read(config_folder, "v1").name_steps), name)):
        assert {step: apply(text) for step, apply in steps.items()} == dict.fromkeys(steps, text)
    assert not INVISIBLE.search(name)


@given(st.lists(st.one_of(numbers(), st.text(alphabet="0123456789X", min_size=18, max_size=18)), max_size=20))
def test_a_column_of_numbers_says_what_each_of_them_says(config_folder, ring, column):
    linkage = identity.load(config_folder, "v1", ring)
    said = numbers_of("".join(column).encode())
    for at, number in enumerate(column):
        try:
            one = linkage.identify(number)
        except Refused:
            assert not said.good[at]
        else:
            assert said.good[at] == (one.grade == "verified_form")
            if said.good[at]:
                told = (str(said.sex[at]), date.fromordinal(EPOCH + said.birth[at]), f"{said.county[at]:06}")
                assert told == (one.sex, one.birth, one.county)


@pytest.mark.parametrize(
    ("written", "instead", "named"),
    [
        ('"white_space",    ', '"white_spaces",    ', "white_spaces"),
        ('take = "whole"', 'take = "all"', "take"),
        ('encoding = "utf-8"', 'encoding = "utf-16"', "encoding"),
        ('mac = "hmac-sha256"', 'mac = "md5"', "mac"),
        ("[declared]", "salt = 1\n[declared]", "salt"),
        ("{certificate}|{number}", "{certificate}|{name}", "name"),
    ],
)
def test_a_contract_that_says_what_the_hub_does_not_know_is_refused(
    config_folder, ring, tmp_path, written, instead, named
):
    text = (config_folder / "linkage" / "v1.toml").read_text()
    (tmp_path / "linkage").mkdir()
    (tmp_path / "linkage" / "v1.toml").write_text(text.replace(written, instead))
    (tmp_path / "divisions.csv").write_text("code,name\n370302,淄川区\n")
    assert written in text
    with pytest.raises(ConfigError, match=named):
        identity.load(tmp_path, "v1", ring)


def test_the_steps_are_done_in_the_order_of_the_contract(linkage, ring):
    steps = {name: linkage.contract.number_steps[name] for name in ("lower_case",)}
    fewer = identity.Linkage(replace(linkage.contract, number_steps=steps), ring)
    assert fewer.identify(GOOD).mac == linkage.identify(GOOD).mac
    with pytest.raises(Refused):
        fewer.identify(f" {GOOD}")


def test_a_contract_that_is_not_there_is_a_config_error(tmp_path, ring):
    with pytest.raises(ConfigError, match=r"v9\.toml"):
        identity.load(tmp_path, "v9", ring)
