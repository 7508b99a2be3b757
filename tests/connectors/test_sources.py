"""The declared sources, and the code lists they rely on."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from connectors import sound
from connectors.base import Sealed, Stream, discover
from connectors.simulator import present
from connectors.transports import headers

MAPPINGS = Path(__file__).parents[2] / "config" / "mappings"
STREAMS = [stream for source in discover() for stream in source.streams]


def codes(province: str) -> dict[str, dict[str, str]]:
    """Every list that a province's rows are read by: its own before the nation's."""
    found: dict[str, dict[str, str]] = {}
    told = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(MAPPINGS.glob("*/*.toml"))]
    for lists in sorted(told, key=lambda lists: str(lists["province"])):
        if lists["province"] in ("", province):
            found |= {name: values for name, values in lists.items() if name != "province"}
    return found


def test_the_three_departments_are_found_by_walking_the_folder() -> None:
    assert [source.name for source in discover()] == ["civil_affairs", "medical_insurance", "rural_revitalization"]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_stream_is_declared_soundly(stream: Stream) -> None:
    names = [f.name for f in stream.fields]
    assert len(set(names)) == len(names)
    said = Counter(headers.plain(name) for f in stream.fields for name in f.names)
    said.update({headers.plain(name) for name in stream.ignored})
    assert max(said.values()) == 1, "a header names one field, or none"
    assert sum(f.sealed is Sealed.ID_NUMBER for f in stream.fields) == 1
    assert set(stream.key) - {"mac"} <= set(names)
    assert list(sound.problems(stream)) == []


@pytest.mark.parametrize("province", ["37", "65"])
def test_every_coded_field_has_its_list_in_every_demo_province(province: str) -> None:
    fields = [f for s in STREAMS for f in (*s.fields, *(g for child in s.children for g in child.fields))]
    assert {f.codes for f in fields if f.codes} <= codes(province).keys()


@pytest.mark.parametrize("province", ["37", "65"])
def test_the_departments_words_mean_what_they_say(province: str) -> None:
    lists = codes(province)
    for category, code in present.IDENTITY[province].items():
        assert lists["psn_idet_type"][code] == category
    for word, said in ((present.STATUS, "psn_insu_stas"), (present.PAYER, "subsidy_payer"), (present.CARE, "med_type")):
        assert all(lists[said][code] == value for value, code in word.items())
    assert all(lists["assistance_type"][word] == category for category, word in present.ASSISTANCE.items())
    assert all(lists["monitored_type"][word] == category for category, word in present.MONITORED.items())


def test_the_provinces_number_identities_differently() -> None:
    shandong, xinjiang = present.IDENTITY["37"], present.IDENTITY["65"]
    assert shandong.keys() == xinjiang.keys()
    assert all(shandong[category] != xinjiang[category] for category in shandong)
