"""Dirt of domain.md D that only a hub can name: what it must record beside a row, and how it must name a refusal.

What the simulator plants is compared with the truth in tests/test_main_job.py.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.pages import Page
from hub.lake import Lake
from hub.reading import contract, identity
from hub.reading.batch import Batch
from hub.reading.contract import INVISIBLE, STEPS, Contract
from hub.reading.identity import Linkage, Number, Refused
from hub.reading.page_reader import PageReader
from hub.reading.rows import RowReader
from hub.sealing import Sealer
from tests.hub.reading.test_batch import STREAM, Codes, number

DAY = date(2025, 11, 30)
GOOD = number(1)
SEX = "1"  # what its 17th digit says
OLD_GB18030 = ("a8bc", "fe59", "fe61", "fe66", "fe67", "fe6d", "fe7e", "fe90", "fea0", "a6d9", "a6f3", "fe51", "fe91")


@pytest.fixture
def under(config_folder: Path) -> Contract:
    return contract.read(config_folder, "v1")


@pytest.fixture
def linkage(config_folder, ring) -> Linkage:
    return identity.load(config_folder, "v1", ring)


@pytest.fixture
def land(linkage, ring, tmp_path):
    """Land rows: the batch, and what it wrote of them."""

    def land(*rows: dict[str, object]) -> tuple[Batch, list[dict[str, object]]]:
        lake, sealer = Lake(tmp_path), Sealer(ring, "office/people")
        batch = Batch(reader=PageReader(RowReader(STREAM, Codes(), linkage, DAY), sealer), lake=lake, known=())
        batch.take(
            batch.reader.read(Page.of([row(key=str(at), **given) for at, given in enumerate(rows)], range(len(rows))))
        )
        parts, _ = batch.finish()
        return batch, pq.read_table(lake.path("rows", parts[""])).to_pylist()

    return land


def row(**changes: object) -> dict[str, object]:
    return {"certno": GOOD, "psn_name": "张三", "kind": "01"} | changes


def normalise(raw: object, under: Contract) -> Number:
    return identity.normalise(raw, "resident_id", under)


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({}, None),
        ({"certno": number(1, county="379901")}, "county_unknown"),
        ({"certno": number(1, county="379901").lower() + " "}, "county_unknown"),
        ({"certno": number(1, county="810000")}, None),  # a permit's first digits are no county
        ({"certno": number(1, birth="20251201")}, "birth_in_future"),
        ({"certno": number(1, birth="20251130")}, None),
        ({"gend": "2"}, "sex_differs"),
        ({"gend": SEX}, None),
        ({"gend": "9"}, None),  # not said
        ({"brdy": "1980-01-02"}, "birth_differs"),
        ({"brdy": "1980-01-01"}, None),
        ({"brdy": ""}, None),
    ],
)
def test_a_number_that_is_odd_and_right_is_accepted_with_a_warning(land, changes, warning):
    batch, (landed,) = land(changes)
    assert landed["id_warnings"] == warning
    assert batch.warnings == ({warning: 1} if warning else {})
    assert landed["name_repairs"] is None


REPAIRED = [
    ("张三", None),
    ("阿卜杜·买买提", None),
    ("阿卜杜•买买提", "dots"),
    ("阿卜杜．买买提", "full_width,dots"),
    ("张 三", "white_space"),
    (" 张三\u3000", "white_space"),
    ("张\u200b三", "white_space"),
    ("\u00a0阿卜杜•买 买提", "white_space,dots"),
    ("Ａnn", "full_width,lower_case"),
    ("张\ue81e", "private_places"),
]


@pytest.mark.parametrize(("name", "repairs"), REPAIRED)
def test_a_repair_of_a_name_is_recorded(land, name, repairs):
    batch, (landed,) = land({"psn_name": name})
    assert landed["name_repairs"] == repairs
    assert landed["id_repairs"] is None
    assert batch.repairs == Counter(f"name_{word}" for word in (repairs or "").split(",") if word)


def test_repairs_of_names_and_of_numbers_are_told_apart_row_by_row(land):
    batch, landed = land(*({"psn_name": name, "certno": f" {GOOD}"} for name, _ in REPAIRED))
    assert [row["name_repairs"] for row in landed] == [repairs for _, repairs in REPAIRED]
    assert {row["id_repairs"] for row in landed} == {"white_space"}
    assert batch.repairs["white_space"] == len(REPAIRED)
    assert batch.repairs["name_white_space"] == 4


@pytest.mark.parametrize(
    "tail",
    [
        "（有效期2015.01.01-2035.01.01）",
        "(有效期：长期)",
        "，有效期至2030年",
        ",有效期至2030年",
        "【 有效期长期】",
        "有效期",
    ],
)
def test_a_validity_tail_is_cut_off_with_its_bracket(under, tail):
    made = normalise(GOOD + tail, under)
    assert (made.number, made.repairs) == (GOOD, ("validity_tail",))


@pytest.mark.parametrize("level", "1234")
@pytest.mark.parametrize("kind", "1234567")
def test_a_disability_certificate_ends_in_a_type_and_a_level(under, kind, level):
    made = normalise(f"{GOOD}{kind}{level}", under)
    assert (made.number, made.grade) == (GOOD, "disability_certificate")
    again = normalise(f"{GOOD}{kind}{level}b2", under)
    assert (again.number, again.grade) == (GOOD, "reissued_certificate")


@pytest.mark.parametrize("tail", [".0", "00", "93", "45", "05", "A1", "85B1", "43B0", "4312", "43.0", "43BB", "四三"])
def test_what_else_stands_behind_a_number_is_refused(under, tail):
    with pytest.raises(Refused) as refused:
        normalise(GOOD + tail, under)
    assert refused.value.reason == "id_characters"


@pytest.mark.parametrize(
    "word", ["无", "--", "－－", "—", "不详", "暂无", " 暂 无 ", "NULL", "null", "None", "\u00a0", "'"]
)
def test_a_word_for_no_number_is_told_as_no_number(land, under, word):
    with pytest.raises(Refused) as refused:
        normalise(word, under)
    assert refused.value.reason == "id_absent"
    batch, landed = land({"certno": word})
    assert landed == []
    assert [(held.reason, held.field) for held in batch.held] == [("id_absent", "certno")]


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u3000", "\u2003", "\u200b", "\t"])
def test_white_space_of_any_width_is_white_space_and_nothing_else(under, space):
    assert normalise(f"{GOOD[:6]}{space}{GOOD[6:]}{space}", under).repairs == ("white_space",)


@given(st.text(max_size=12))
def test_white_space_left_to_its_step_changes_no_text(text):
    """Full width and white space come to what they came to when full width made spaces of wide spaces, too."""
    apart = STEPS["white_space"](STEPS["full_width"](text))
    assert apart == INVISIBLE.sub("", unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize("code", OLD_GB18030)
def test_a_character_at_its_private_place_is_the_character(under, linkage, code):
    old = bytes.fromhex(code).decode("gb18030")  # as files of 2000's mapping are decoded
    assert unicodedata.category(old) == "Co"
    name, repairs = linkage.named("张" + old)
    assert repairs[0] == "private_places"
    assert not any(unicodedata.category(character) == "Co" for character in name)


def test_each_private_place_of_2000_is_known_and_by_its_later_character(under, linkage):
    """The 24 two-byte characters of GB 18030-2005 at private places, and the one that moved in 2005."""
    rows = [bytes((high, low)) for high in (0xA6, 0xA8, 0xFE) for low in range(0x40, 0xFF) if low != 0x7F]
    old = [made for pair in rows if re.fullmatch("[\ue000-\uf8ff]", made := pair.decode("gb18030", "replace"))]
    moved = [character for character in old if linkage.name(character) != character]
    assert len(moved) == 25
    assert linkage.name("\ue81e\ue864\ue816") == "\u9fb4\u9fbb\U00020087"
