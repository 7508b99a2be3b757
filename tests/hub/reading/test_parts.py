"""A page read in parts says what it says when it is read at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from connectors.pages import Lists, Page, Unread
from connectors.simulator import soil
from connectors.simulator.world import World
from connectors.sources.medical_insurance import PERSONS
from hub import config
from hub.keys import KeyRing
from hub.reading import identity, page_reader
from hub.reading.page_reader import PageReader, ReadPage
from hub.reading.raw_digests import RawDigests
from hub.reading.rows import RowReader
from hub.sealing import Sealer


@pytest.fixture
def reader(config_folder: Path, ring: KeyRing) -> PageReader:
    codes, linkage = config.load(config_folder).codes, identity.load(config_folder, "v1", ring)
    rows = RowReader(PERSONS, codes, linkage, date(2025, 10, 31))
    return PageReader(rows, Sealer(ring, "a/b"), RawDigests(PERSONS, "a", ring))


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    """Rows with lists in them; some refused, one with a field that nobody declared."""
    made, _, _ = World(400).deliveries.page(soil.PERSONS, "2025-10", 1, 100, None)
    made[3] = made[3] | {"brdy": "不详"}
    made[40] = made[40] | {"certno": "370302198001010000", "hobby": "棋"}
    made[41] = made[41] | {"insuinfo": []}
    made[60] = {name: value for name, value in made[60].items() if name != "insuinfo"}
    made[42] = made[42] | {"insuinfo": [*made[42]["insuinfo"], {"insutype": "没有"}]}
    return made


def by_column(lists: Sequence[Any]) -> Lists:
    """A column of lists as a transport may keep it; some rows have none at all."""
    items = [item for each in lists for item in each or ()]
    columns = {
        name: [item.get(name) for item in items] for name in dict.fromkeys(name for item in items for name in item)
    }
    absent = frozenset(at for at, each in enumerate(lists) if each is None)
    return Lists([len(each or ()) for each in lists], columns, absent)


def said(read: ReadPage, sealer: Sealer) -> dict[str, object]:
    """What a page says, its seals opened, and what each item of its lists belongs to."""
    keep = np.arange(len(read.table)) % 3 > 0
    table, children, sealed = read.fresh(keep)
    return {
        "read": read.read,
        "rows": read.table.to_pylist(),
        "children": [child.table.to_pylist() for child in read.children],
        "owners": [child.owner.tolist() for child in read.children],
        "kept": [table.to_pylist(), [child.to_pylist() for child in children], len(sealed)],
        "keys": [half.tolist() for half in read.keys],
        "sealed": [sealer.open(blob.as_py()) for blob in read.sealed],
        "held": [(held.line, held.reason, held.field, held.digest, held.mac) for held in read.held],
        "held sealed": [sealer.open(held.sealed) for held in read.held],
        "undeclared": read.undeclared,
        "raw": read.raw,
    }


@pytest.mark.parametrize("part", [1, 7, 50, 99])
@pytest.mark.parametrize("kind", ["columns", "lists by column", "texts, unread", "texts, read before"])
def test_in_parts_a_page_says_what_it_says_at_once(part, kind, rows, reader, ring, monkeypatch) -> None:
    def page() -> Page:
        if kind == "columns":
            return Page.of(rows, range(1, 101))
        if kind == "lists by column":
            given = dict(Page.of(rows, range(1, 101)).columns)
            return Page(lines=range(1, 101), columns=given | {"insuinfo": by_column(given["insuinfo"])})
        texts = [str(at).encode() for at in range(100)]
        columns = Unread(texts, lambda some: Page.of([rows[int(at)] for at in some], range(len(some))).columns)
        if kind == "texts, read before":
            assert columns["certno"]
        return Page(lines=range(1, 101), columns=columns)

    sealer = Sealer(ring, "a/b")
    monkeypatch.setattr(page_reader, "PART", part)
    parts = said(reader.read(page()), sealer)
    monkeypatch.setattr(page_reader, "PART", 100)
    whole = said(reader.read(page()), sealer)
    assert parts == whole
    assert [held[0] for held in whole["held"]] == [4, 41, 42, 43, 61]
    assert whole["undeclared"] == {"hobby"}
    assert len(whole["rows"]) == 95
    assert sum(map(len, whole["children"])) > 95


def test_a_page_without_rows_says_nothing(reader) -> None:
    read = reader.read(Page(lines=[], columns={}))
    assert (read.read, len(read.table), read.held, read.raw) == (0, 0, [], [])
    assert isinstance(read.sealed, pa.Array)
