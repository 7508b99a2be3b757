"""Pages read by processes beside the hub's become what they become without them."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors.base import Connection, Stream, discover
from connectors.errors import SourceMalformed
from connectors.pages import Page
from connectors.transports import csv_drop
from connectors.transports.http_json import Reading
from hub import store
from hub.edge.envelope import Envelope, PublicKey
from hub.lake import Lake
from hub.land import Landing
from hub.reading import crew
from hub.sealing import Sealer
from tests.hub.landing.test_snapshot import deployment, row  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[3]
CIVIL = next(source for source in discover() if source.name == "civil_affairs")
RECIPIENTS = CIVIL.stream("recipients")
HEAD = [f.names[0] for f in RECIPIENTS.fields]


@dataclass
class Seen:
    """How many pages were read where."""

    here: int = 0
    there: int = 0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Processes from the first row on, each there before it is needed; what they did is counted."""
    counted = Seen()
    started, read = crew._Hand.__init__, crew.Crew.read

    def ready(hand: crew._Hand) -> None:
        started(hand)
        until = time.monotonic() + 60
        while not hand.ready:
            assert time.monotonic() < until
            time.sleep(0.01)

    def counting(self: crew.Crew, pages: Any, reader: Any) -> Iterator[crew.Read]:
        for page, found in read(self, pages, reader):
            counted.here += found is None
            counted.there += found is not None
            yield page, found

    monkeypatch.setattr(crew._Hand, "__init__", ready)
    monkeypatch.setattr(crew.Crew, "read", counting)
    monkeypatch.setattr(crew, "START", 0)
    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.setattr(csv_drop, "BLOCK", 2_000)
    return counted


def landed(deployment, folder: Path, stream: Stream = RECIPIENTS) -> dict[str, Any]:  # noqa: F811
    """What became of the files of a folder, in a store and lake of their own: report, rows, seals, quarantine."""
    engine = store.connect("sqlite://")
    store.metadata.create_all(engine)
    lake = Lake(folder.parent / f"lake{time.monotonic_ns()}")
    codes, ring, linkage = deployment.config.codes, deployment.ring, deployment.linkage
    landing = Landing(engine=engine, lake=lake, linkage=linkage, codes=codes, ring=ring)
    only = replace(CIVIL, streams=(stream,))
    reports = list(landing.pull(only, Connection(folder=str(folder)), lambda *_: None))
    with engine.connect() as connection:
        batches = connection.execute(sa.select(store.batch)).all()
        q = store.quarantine.c
        held = connection.execute(
            sa.select(q.line, q.reason, q.field, q.mac, q.digest).order_by(q.line, q.digest)
        ).all()
    sealer = Sealer(ring, f"{CIVIL.name}/{stream.name}")
    seals = {
        at["line"]: sealer.open(at["sealed"])
        for batch in batches
        for at in lake.read("sealed", batch.sealed_part).to_pylist()
    }
    parts = [batch.parts for batch in batches]
    return {"reports": [asdict(each) for each in reports], "parts": parts, "held": held, "seals": seals}


def written(folder: Path, lines: list[list[str]]) -> Path:
    folder.mkdir()
    text = "\r\n".join(",".join(cells) for cells in [HEAD, *lines])
    (folder / "recipients_202510.csv").write_bytes(text.encode("gb18030"))
    return folder


def cells(order: int, **changes: object) -> list[str]:
    told = row(order, **changes)
    return [str(told.get(f.name, "")) for f in RECIPIENTS.fields]


def dirty() -> list[list[str]]:
    """Rows of all kinds: good, repaired, twice, refused."""
    lines = [cells(order) for order in range(1, 300)]
    lines[40] = cells(41, certno="370302198001010000")
    lines[120] = cells(121, assistance_type="没有这种")
    lines[200] = lines[10]
    lines[230] = cells(231, psn_name='" 张　231"')
    lines[260] = cells(261, certno="")
    return lines


def test_what_processes_read_lands_as_what_one_reads_alone(deployment, tmp_path, seen, monkeypatch) -> None:  # noqa: F811
    folder = written(tmp_path / "files", dirty())
    together = landed(deployment, folder)
    assert seen.there > 10
    monkeypatch.setattr(crew, "cores", lambda: 1)
    before = seen.there
    alone = landed(deployment, folder)
    assert seen.there == before
    assert together == alone
    (report,) = alone["reports"]
    assert (report["duplicates"], report["quarantined"]) == (1, 3)
    assert len(alone["seals"]) == report["accepted"] == 295


@pytest.mark.parametrize("at", [1, 8])
def test_a_process_that_dies_takes_no_row_with_it(deployment, tmp_path, seen, monkeypatch, at: int) -> None:  # noqa: F811
    folder = written(tmp_path / "files", dirty())
    given, pages = crew._Hand.give, []

    def give(hand: crew._Hand, reader: Any, page: Page) -> bool:
        done = given(hand, reader, page)
        pages.append(page)
        if len(pages) == at:
            os.kill(hand._process.pid, signal.SIGKILL)
        return done

    monkeypatch.setattr(crew._Hand, "give", give)
    together = landed(deployment, folder)
    assert seen.there > 0
    monkeypatch.setattr(crew, "cores", lambda: 1)
    assert together == landed(deployment, folder)


def test_an_error_names_its_line_wherever_the_page_was_read(deployment, tmp_path, seen) -> None:  # noqa: F811
    lines = dirty()
    lines[250] = lines[250][:-3]
    with pytest.raises(SourceMalformed, match=r"recipients_202510.csv, line 252: \d+ values under \d+ headers"):
        landed(deployment, written(tmp_path / "files", lines))
    assert seen.there > 0


def test_a_file_sealed_at_the_edge_is_opened_here(deployment, tmp_path, seen) -> None:  # noqa: F811
    envelope = Envelope(PublicKey.of(deployment.ring.edge[0]))
    names = [f.name for f in RECIPIENTS.fields]
    clear, at = dirty()[:60], names.index("certno")
    sealed = [list(line) for line in clear]
    for number, line in enumerate(sealed, 2):
        line[at] = envelope.seal(line[at], HEAD[at], number, last=number == len(sealed) + 1) if line[at] else ""
    together = landed(deployment, written(tmp_path / "sealed", sealed))
    assert seen.there == 0
    assert seen.here > 2
    assert together["parts"][0][""] == landed(deployment, written(tmp_path / "clear", clear))["parts"][0][""]
    assert seen.there > 0


def test_where_no_process_can_be_started_all_is_read_here(deployment, tmp_path, seen, monkeypatch) -> None:  # noqa: F811
    folder = written(tmp_path / "files", dirty())
    together = landed(deployment, folder)

    def refused(*_: object, **__: object) -> None:
        raise BlockingIOError

    monkeypatch.setattr(subprocess, "Popen", refused)
    before = seen.there
    assert landed(deployment, folder) == together
    assert seen.there == before > 0


def test_a_process_that_still_starts_is_ended_at_once() -> None:
    hand = crew._Hand()
    hand.end()
    assert hand._process.returncode == -signal.SIGKILL
    assert not hand.ready


def test_a_pull_over_http_is_read_by_a_copy_of_its_reader() -> None:
    reading = Reading(RECIPIENTS)
    rows = [b'{"certno": "1", "psn_name": "a"}', b'{"psn_name": "b", "x": 1}']
    assert dict(pickle.loads(pickle.dumps(reading))(rows)) == dict(reading(rows))  # noqa: S301


def test_the_processes_end_with_their_pull_and_with_their_hub(tmp_path) -> None:
    code = (
        "import time; from hub.reading import crew\n"
        "hands = [crew._Hand() for _ in range(2)]\n"
        "while not all(hand.ready for hand in hands): time.sleep(0.01)\n"
        "print(*(hand._process.pid for hand in hands), flush=True)\n"
        "hands[0].end(); print('ended', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) as hub:
        assert hub.stdout is not None
        ended, left = map(int, hub.stdout.readline().split())
        assert hub.stdout.readline() == "ended\n"
        assert not Path(f"/proc/{ended}").exists()
        assert Path(f"/proc/{left}").exists()
        hub.kill()
    until = time.monotonic() + 30
    while _runs(left):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
