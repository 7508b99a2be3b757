"""Rows sealed at the edge to a key that came later are replayed; what was damaged must be sent again."""

from __future__ import annotations

import json

from connectors.sources.civil_affairs import RECIPIENTS
from hub import keys
from hub.edge.envelope import PublicKey
from hub.edge.file import identifier_headers, seal_file
from tests.hub.landing.lists import HEADER, line


def test_rows_of_a_key_that_came_later_are_replayed(lists, tmp_path):
    path = lists.folder / "keys.json"
    ring = keys.load(str(path))
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"edge": []}))
    clear = tmp_path / "clear.csv"
    clear.write_text("\r\n".join([HEADER, *(line(n) for n in (1, 2, 3))]) + "\r\n", encoding="gb18030", newline="")
    seal_file(
        clear,
        lists.drops / "recipients_202508.csv",
        PublicKey.of(ring.edge[0]),
        identifier_headers([RECIPIENTS]),
        all_of_them=False,
        progress=lambda _: None,
    )
    lists.pull()
    assert set(lists.states().values()) == {"open"}
    path.write_text(json.dumps(told))
    lists.close()
    reports = lists.replay()
    assert sum(r.accepted for r in reports) == 3
    assert set(lists.states().values()) == {"replayed"}
