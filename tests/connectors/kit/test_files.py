"""Every source that drops files, found by walking the folder, with every way of spoiling one.

Either every row lands once, or the file is refused with a remedy and nothing of it lands; the whole file, sent again
under the same name, then brings everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from kit_hub import Hub, Kit, make

from connectors.base import Connection, Stream, discover
from connectors.errors import SourceError
from connectors.kit import files, rows
from hub.errors import InputError

NOW = datetime(2025, 10, 31, 22)  # noqa: DTZ001 - a department's wall clock
ROWS = 6
DROPPED = {
    f"{source.name}.{stream.name}": (source, stream)
    for source in discover()
    for stream in source.streams
    if files.is_file(stream)
}


@pytest.fixture(scope="module")
def kit(tmp_path_factory) -> Kit:
    return make(tmp_path_factory.mktemp("kit"))


@pytest.fixture(params=DROPPED.values(), ids=DROPPED.keys())
def dropped(request, kit, tmp_path) -> Iterator[tuple[Hub, files.Cells, Path]]:
    """A hub, the cells of a whole file, and where the file goes."""
    source, stream = request.param
    cells = files.table(stream, [rows.make(stream, kit.known, n, NOW) for n in range(1, ROWS + 1)])
    folder = tmp_path / "drops"
    folder.mkdir()
    hub = Hub(kit, source, stream, tmp_path)
    yield hub, cells, folder / files.name(stream, "202510")
    hub.engine.dispose()


def pull(hub: Hub, path: Path) -> Exception | None:
    return hub.pull(Connection(folder=str(path.parent)))


def assert_whole(hub: Hub, stream: Stream, *, batches: int = 1) -> None:
    """Each row of the file counts once."""
    found = hub.batches()
    assert len(found) == batches
    counted = found[-1] if stream.complete else sum(found[1:], start=found[0])
    assert len(counted) == ROWS if stream.key != ("mac",) else sum(counted.values()) == ROWS
    assert set(counted.values()) == {1}


def refused_then_whole(hub: Hub, cells: files.Cells, path: Path, *, judged: bool = False) -> None:
    """`judged`: its rows may also be read and found wanting, each of them."""
    error = pull(hub, path)
    if error is None and judged:
        assert sum(len(batch) for batch in hub.batches()) == 0
    else:
        assert isinstance(error, SourceError | InputError)
        assert path.name in str(error)
        assert error.remedy
        assert "张某" not in str(error)
        assert hub.batches() == []
        assert hub.held() == 0
    files.write(hub.stream, cells, path)
    assert pull(hub, path) is None
    assert_whole(hub, hub.stream, batches=len(hub.batches()))


def test_a_whole_file_lands_once_under_whatever_name(dropped) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, cells, path)
    assert pull(hub, path) is None
    path.with_name(files.name(hub.stream, "202510", "copy")).write_bytes(path.read_bytes())
    assert pull(hub, path) is None
    assert_whole(hub, hub.stream)


@pytest.mark.parametrize("name", files.HARMLESS)
def test_what_is_harmless_changes_nothing(dropped, name) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, files.HARMLESS[name](hub.stream, cells), path)
    assert pull(hub, path) is None
    assert_whole(hub, hub.stream)


@pytest.mark.parametrize("name", files.SPOILT)
def test_a_spoilt_table_is_refused_whole(dropped, name) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, files.SPOILT[name](hub.stream, cells), path)
    refused_then_whole(hub, cells, path, judged=name in {"required column renamed", "required column gone"})


@pytest.mark.parametrize("name", files.SPOILT_BYTES)
def test_spoilt_bytes_are_refused_whole(dropped, name) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, cells, path)
    path.write_bytes(files.SPOILT_BYTES[name](path.read_bytes()))
    refused_then_whole(hub, cells, path)


def test_a_file_cut_at_the_end_of_a_line_is_told_by_the_manifest_beside_it(dropped) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, cells, path)
    told = {"file": path.name, "rows": ROWS, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(told))
    files.write(hub.stream, cells[:-2], path)
    assert "SHA-256" in str(pull(hub, path))
    assert hub.reports == []
    files.write(hub.stream, cells, path)
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps(told | {"rows": ROWS - 2, "sha256": ""}))
    assert f"{ROWS} rows" in str(pull(hub, path))
    path.with_name(f"{path.name}.manifest.json").write_text(json.dumps({"file": path.name, "rows": ROWS}))
    assert pull(hub, path) is None
    assert_whole(hub, hub.stream)


def test_a_file_read_while_it_was_written_is_read_again_when_it_is_whole(dropped) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, cells[:3], path)
    assert pull(hub, path) is None
    files.write(hub.stream, cells, path)
    assert pull(hub, path) is None
    assert_whole(hub, hub.stream, batches=2)


def test_a_list_of_nobody_after_a_full_one_ends_nothing(dropped) -> None:
    hub, cells, path = dropped
    files.write(hub.stream, cells, path)
    assert pull(hub, path) is None
    files.write(hub.stream, cells[:1], path.with_name(files.name(hub.stream, "202511")))
    pull(hub, path)
    assert_whole(hub, hub.stream, batches=1 if hub.stream.complete else 2)
