"""A row that goes to quarantine is still on its list: the person's spells do not end for a clerk's typing error."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from connectors.base import discover
from hub import keys, months, settings, store, tables
from hub.deployment import open_deployment
from hub.land import Landing
from hub.reading.identity import check_digit

HEADER = "救助类别,城乡类别,救助证号,姓名,身份证号,与户主关系,是否保障对象,起始保障年月,终止保障年月,认定日期,区划代码"
OPEN = date.fromisoformat(tables.OPEN)


def number(order: int) -> str:
    head = f"37030219800101{order:03d}"
    return head + check_digit(head)


def line(order: int, kind: str = "农村低保", certno: str | None = None) -> str:
    return f"{kind},农村,Z{order},张{order},{certno or number(order)},户主,是,2025-01,3000-12,2025-01-10,370302001"


@pytest.fixture
def drops(tmp_path: Path) -> Path:
    folder = tmp_path / "drops"
    folder.mkdir()
    return folder


def spells(tmp_path: Path, drops: Path, *snapshots: list[str]) -> dict[int, date]:
    """Until when each person's 低保 runs after these monthly lists, by the person's order number."""
    keys.save(keys.make(), tmp_path / "keys.json")
    (tmp_path / "aidgraph.toml").write_text(
        f'keys = "{tmp_path / "keys.json"}"\n[source.civil_affairs]\nfolder = "{drops}"\n'
    )
    source = next(source for source in discover() if source.name == "civil_affairs")
    with open_deployment(settings.load(data=tmp_path, environment={})) as deployment:
        landing = Landing(
            engine=deployment.engine,
            lake=deployment.lake,
            linkage=deployment.linkage,
            codes=deployment.config.codes,
            ring=deployment.ring,
        )
        for month, rows in enumerate(snapshots, 8):
            path = drops / f"recipients_2025{month:02d}.csv"
            path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="gb18030")
            list(landing.pull(source, deployment.settings.connection(source.name), lambda *_: None))
            months.compute(deployment, f"2025-{month:02d}", lambda *_: None)
        t = store.published["category_spell"]
        with deployment.engine.connect() as connection:
            known = dict(connection.execute(sa.select(store.alias.c.person_id, store.alias.c.mac)).all())
            rows = connection.execute(sa.select(t.c.person_id, t.c.valid_until).where(t.c.pub_until.is_(None))).all()
        orders = {deployment.linkage.identify(number(order)).mac: order for order in range(10)}
    return {orders[known[row.person_id]]: row.valid_until for row in rows}


def test_absence_ends_a_spell_and_a_quarantined_row_does_not(tmp_path, drops):
    found = spells(tmp_path, drops, [line(1), line(2), line(3)], [line(1, kind="没有的类别"), line(2)])
    assert found == {1: OPEN, 2: OPEN, 3: date(2025, 9, 30)}


def test_it_is_kept_for_as_long_as_the_row_stands_in_the_lists_and_no_longer(tmp_path, drops):
    bad = line(1, kind="没有的类别")
    found = spells(tmp_path, drops, [line(1), line(2)], [bad, line(2)], [bad, line(2)], [line(2)])
    assert found == {1: date(2025, 11, 30), 2: OPEN}


def test_a_spell_that_had_ended_is_not_brought_back_by_a_later_quarantined_row(tmp_path, drops):
    found = spells(tmp_path, drops, [line(1), line(2)], [line(2)], [line(1, kind="没有的类别"), line(2)])
    assert found == {1: date(2025, 9, 30), 2: OPEN}


def test_a_row_whose_number_cannot_be_read_protects_nobody(tmp_path, drops):
    found = spells(tmp_path, drops, [line(1), line(2)], [line(1, certno="3.70302E+17"), line(2)])
    assert found == {1: date(2025, 9, 30), 2: OPEN}
