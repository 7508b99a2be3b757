"""A department of a known kind, connected by one TOML file: its rows are spells of a computed month."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

import hub
from connectors.errors import DeclarationError
from hub import keys, months, settings, store
from hub.deployment import Deployment, open_deployment
from hub.errors import InputError
from hub.land import BatchReport, Landing
from hub.reading.identity import check_digit

CONFIG = Path(hub.__file__).parents[1] / "config"
HEADERS = "救助类别,证编号,姓名,身份证号,是否保障对象,起始保障年月,终止保障年月,区划代码\r\n"
CSV = """name = "jiangyin"
title = "江阴市社会救助对象"
title_en = "Jiangyin social assistance"
department = "civil_affairs"
legal_basis = "医保办发〔2022〕21号"

[[streams]]
name = "recipients"
feeds = "civil_affairs.recipients"
transport = { kind = "csv", pattern = "dibao_*.csv", encoding = "gb18030" }
fields = [{ name = "household_number", headers = ["证编号"] }]
"""
VIEW = """name = "yixing"
title = "宜兴市社会救助对象"
title_en = "Yixing social assistance"
department = "civil_affairs"
legal_basis = "医保办发〔2022〕21号"

[[streams]]
name = "grants"
feeds = "civil_affairs.recipients"
transport = { kind = "sql", view = "grants" }
"""


def number(order: int) -> str:
    head = f"32028119800101{order:03d}"
    return head + check_digit(head)


def line(order: int, household: str, kind: str = "农村低保") -> str:
    return f"{kind},{household},张三,{number(order)},是,2025-01,3000-12,320281\r\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A deployment's folder with two sources of its own."""
    for folder in ("data/sources", "drop", "shipped"):
        (tmp_path / folder).mkdir(parents=True)
    folder = tmp_path / "data"
    keys.save(keys.make(), folder / "keys.json")
    shutil.copytree(CONFIG, folder / "config")
    (folder / "sources" / "jiangyin.toml").write_text(CSV, encoding="utf-8")
    (folder / "sources" / "yixing.toml").write_text(VIEW, encoding="utf-8")
    (folder / "aidgraph.toml").write_text(
        f'keys = "{folder / "keys.json"}"\nconfig = "{folder / "config"}"\n'
        f'[source.civil_affairs]\nfolder = "{tmp_path / "shipped"}"\n'
        f'[source.jiangyin]\nfolder = "{tmp_path / "drop"}"\n'
        f'[source.yixing]\ndatabase = "sqlite:///{tmp_path / "grants.sqlite"}"\n'
    )
    return folder


@pytest.fixture
def deployment(data: Path) -> Iterator[Deployment]:
    with open_deployment(settings.load(data=data, environment={})) as opened:
        yield opened


def grants(data: Path, *orders: int) -> None:
    """The database of the other department, as it is now."""
    engine = sa.create_engine(f"sqlite:///{data.parent / 'grants.sqlite'}")
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS grants"))
        names = HEADERS.strip().replace("证编号", "低保证号").split(",")
        columns = [sa.Column(name, sa.Text) for name in names]
        table = sa.Table("grants", sa.MetaData(), *columns)
        table.create(connection)
        for order in orders:
            connection.execute(
                table.insert().values(dict(zip(names, line(order, "H1").strip().split(","), strict=True)))
            )
    engine.dispose()


def pull(deployment: Deployment, *names: str) -> list[BatchReport]:
    landing = Landing(
        engine=deployment.engine,
        lake=deployment.lake,
        linkage=deployment.linkage,
        codes=deployment.config.codes,
        ring=deployment.ring,
    )
    return [
        report
        for source in deployment.sources
        if source.name in names
        for report in landing.pull(source, deployment.settings.connection(source.name), lambda *_: None)
    ]


def spells(deployment: Deployment, month: str) -> list[tuple[object, ...]]:
    months.compute(deployment, month, lambda *_: None)
    with deployment.engine.connect() as connection:
        found = connection.scalar(sa.select(store.month.c.tables).where(store.month.c.month == month))
    rows = deployment.lake.read("derived", found["category_spell"]).to_pylist()
    return sorted((row["source"], row["household_key"], row["category"], row["valid_until"]) for row in rows)


OPEN = date(9999, 12, 31)


def test_rows_of_a_csv_and_of_a_view_that_feed_a_known_kind_are_spells_of_the_month(
    data: Path, deployment: Deployment
) -> None:
    shipped = HEADERS.replace("证编号", "低保证号") + line(1, "H1", "城市低保")
    (data.parent / "shipped" / "recipients_202511.csv").write_bytes(shipped.encode("gb18030"))
    (data.parent / "drop" / "dibao_202511.csv").write_bytes((HEADERS + line(2, "H1") + line(3, "H2")).encode("gb18030"))
    grants(data, 4)
    reports = pull(deployment, "civil_affairs", "jiangyin", "yixing")
    assert [(r.source, r.stream, r.accepted, r.notes) for r in reports] == [
        ("civil_affairs", "recipients", 1, ()),
        ("jiangyin", "recipients", 2, ()),
        ("yixing", "grants", 1, ()),
    ]
    # One household number at three departments is three households.
    month = f"{reports[-1].as_of:%Y-%m}"
    assert spells(deployment, month) == [
        ("civil_affairs", "civil_affairs:H1", "dibao", OPEN),
        ("jiangyin", "jiangyin:H1", "dibao", OPEN),
        ("jiangyin", "jiangyin:H2", "dibao", OPEN),
        ("yixing", "yixing:H1", "dibao", OPEN),
    ]


def test_absence_from_one_departments_list_ends_what_that_list_said_and_nothing_else(
    data: Path, deployment: Deployment
) -> None:
    drop = data.parent / "drop"
    (data.parent / "shipped" / "recipients_202510.csv").write_bytes(
        (HEADERS.replace("证编号", "低保证号") + line(1, "H1")).encode("gb18030")
    )
    (drop / "dibao_202510.csv").write_bytes((HEADERS + line(2, "H1") + line(3, "H2")).encode("gb18030"))
    (drop / "dibao_202511.csv").write_bytes((HEADERS + line(3, "H2")).encode("gb18030"))
    pull(deployment, "civil_affairs", "jiangyin")
    assert spells(deployment, "2025-11") == [
        ("civil_affairs", "civil_affairs:H1", "dibao", OPEN),
        ("jiangyin", "jiangyin:H1", "dibao", date(2025, 11, 30)),
        ("jiangyin", "jiangyin:H2", "dibao", OPEN),
    ]


def test_two_households_are_two_within_one_department_only(data: Path, deployment: Deployment) -> None:
    shipped = HEADERS.replace("证编号", "低保证号") + line(1, "H1") + line(2, "H1")
    (data.parent / "shipped" / "recipients_202511.csv").write_bytes(shipped.encode("gb18030"))
    both = HEADERS + line(1, "H9") + line(3, "H2") + line(3, "H3")
    (data.parent / "drop" / "dibao_202511.csv").write_bytes(both.encode("gb18030"))
    pull(deployment, "civil_affairs", "jiangyin")
    spells(deployment, "2025-11")
    with deployment.engine.connect() as connection:
        made = connection.scalar(sa.select(store.month.c.tables).where(store.month.c.month == "2025-11"))
    found = deployment.lake.read("derived", made["finding"]).to_pylist()
    twice = [(row["subject"], row["addressee"]) for row in found if row["kind"] == "in_two_households"]
    assert twice == [("jiangyin:H2+jiangyin:H3", "civil_affairs")]


def test_a_source_whose_file_was_taken_away_is_missed_by_name(data: Path, deployment: Deployment) -> None:
    (data.parent / "drop" / "dibao_202511.csv").write_bytes((HEADERS + line(2, "H1")).encode("gb18030"))
    pull(deployment, "jiangyin")
    (data / "sources" / "jiangyin.toml").unlink()
    with (
        open_deployment(settings.load(data=data, environment={})) as without,
        pytest.raises(InputError, match=r"jiangyin\.recipients, which no source declares"),
    ):
        months.compute(without, "2025-11", lambda *_: None)


def test_a_closed_month_is_rebuilt_under_the_declarations_it_was_computed_with(
    data: Path, deployment: Deployment
) -> None:
    drop = data.parent / "drop"
    (drop / "dibao_202510.csv").write_bytes((HEADERS + line(2, "H1") + line(3, "H2")).encode("gb18030"))
    (drop / "dibao_202511.csv").write_bytes((HEADERS + line(3, "H2")).encode("gb18030"))
    (data / "sources" / "unused.toml").write_text(CSV.replace("jiangyin", "unused"), encoding="utf-8")
    pull(deployment, "jiangyin")
    months.compute(deployment, "2025-11", lambda *_: None)
    months.compute(deployment, "2025-12", lambda *_: None)
    with deployment.engine.connect() as connection:
        inputs = connection.scalar(sa.select(store.month.c.inputs).where(store.month.c.month == "2025-11"))
    assert inputs["sources"] == {"jiangyin": CSV}
    said = data / "sources" / "jiangyin.toml"
    said.write_text(CSV.replace("fields", 'semantics = "payment"\nfields'), encoding="utf-8")
    for change in (lambda: None, said.unlink):
        change()
        with open_deployment(settings.load(data=data, environment={})) as later:
            assert months.compute(later, "2025-11", lambda *_: None).outcome == "verified"


def test_a_wrong_declaration_stops_the_hub_before_any_work(data: Path) -> None:
    (data / "sources" / "jiangyin.toml").write_text(CSV.replace("pattern", "patern"), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"jiangyin\.toml, line 10"):
        open_deployment(settings.load(data=data, environment={}))
