"""`aidgraph seal`: on a department's machine, with the public key alone; the hub finds the same persons."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
import sqlalchemy as sa
import xlsxwriter
from python_calamine import CalamineWorkbook

from connectors.simulator.world import World
from connectors.transports.xlsx_drop import is_subtotal
from hub import keys, settings, store
from hub.deployment import open_deployment
from hub.edge.envelope import SEALED, PublicKey
from hub.reading.identity import check_digit
from tests.faults import Points

MONTH = "2025-10"
JOB = "from schema.cli import main; main()"
PUBLIC = PublicKey.of(bytes(range(32))).text
NUMBER = "37030219800101001" + check_digit("37030219800101001")
HEADER = "序号,身份证号,姓名,备注"


def alone(folder: Path, *arguments: object) -> dict[str, object]:
    """Run the command line as a process of its own in an empty folder, without any setting of the hub."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDGRAPH_")}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    folder.mkdir()
    command = [sys.executable, "-c", JOB, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    assert list(folder.iterdir()) == []
    told: dict[str, object] = json.loads(done.stdout)
    return told


def a_hub(folder: Path, key_file: Path, drops: Path) -> Path:
    folder.mkdir()
    lines = [f'keys = "{key_file}"']
    for name in ("civil_affairs", "rural_revitalization"):
        lines += [f"[source.{name}]", f'folder = "{drops / name}"']
    (folder / "aidgraph.toml").write_text("\n".join(lines))
    return folder


def landed(data: Path) -> dict[str, pa.Table]:
    """The pseudonymous rows of every stream, without the lines on which they stood."""
    with open_deployment(settings.load(data=data, environment={})) as deployment:
        with deployment.engine.connect() as connection:
            batches = connection.execute(sa.select(store.batch)).all()
        return {b.stream: deployment.lake.read("rows", b.parts[""]).drop_columns("line") for b in batches}


def test_sealed_or_clear_the_same_persons_land_from_csv_and_from_xlsx(run, tmp_path):
    key_file, drops, sent = tmp_path / "keys.json", tmp_path / "clear", tmp_path / "sealed"
    keys.save(keys.make(), key_file)
    hubs = [a_hub(tmp_path / name, key_file, folder) for name, folder in (("a", drops), ("b", sent))]
    code, public, _ = run("--data", hubs[0], "keys", "public")
    assert code == 0
    (tmp_path / "hub.pub").write_text(public)
    World(300).write_drops(drops, MONTH)
    for number, source in enumerate(sorted(path for path in drops.rglob("*.*") if path.is_file())):
        out = sent / source.relative_to(drops)
        out.parent.mkdir(parents=True, exist_ok=True)
        if number < 2:  # two as a department would, the others in this process because that is quicker
            alone(tmp_path / f"empty{number}", "seal", source, out, "--to", tmp_path / "hub.pub", "--json")
        else:
            assert run("seal", source, out, "--to", public.strip())[0] == 0
        told = json.loads(out.with_name(f"{out.name}.manifest.json").read_text())
        assert told["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    pulled = [run("--data", data, "pull", "civil_affairs", "rural_revitalization", "--json") for data in hubs]
    clear, sealed = [
        [{k: v for k, v in batch.items() if k != "batch"} for batch in json.loads(out)["batches"]]
        for _, out, _ in pulled
    ]
    assert [code for code, *_ in pulled] == [0, 0]
    assert sum(batch["quarantined"] for batch in clear) > 0
    assert sealed == clear
    assert landed(hubs[1]) == landed(hubs[0])
    assert {"recipients", "monitored"} <= landed(hubs[0]).keys()


def a_file(folder: Path, *lines: str, encoding: str = "gb18030", header: str = HEADER) -> Path:
    path = folder / "recipients_202510.csv"
    path.write_text("\r\n".join((header, *lines)) + "\r\n", encoding=encoding, newline="")
    return path


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_identifiers_are_sealed_and_everything_else_stays(run, tmp_path, encoding):
    source = a_file(tmp_path, f"1,{NUMBER},张三,甲", f'2,{NUMBER},,"乙\n丙"', encoding=encoding)
    out = tmp_path / "out.csv"
    code, told, err = run("seal", source, out, "--to", PUBLIC, "--json")
    assert code == 0, err
    text = out.read_bytes().decode("utf-8-sig")
    assert text.splitlines()[0] == HEADER
    assert NUMBER not in text
    assert "张三" not in text
    assert text.count(SEALED) == 3
    assert '"乙\n丙"' in text
    report = json.loads(told)
    assert (report["rows"], report["sealed"], report["clear"]) == (2, ["身份证号", "姓名"], ["序号", "备注"])
    manifest = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert manifest == {"file": "out.csv", "rows": 2, "sha256": hashlib.sha256(out.read_bytes()).hexdigest()}


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ([f"1,{NUMBER},张三,户主{NUMBER}。"], (), "column 4, headed 备注, holds an ID number"),
        ([f"1,{NUMBER},张三"], (), "3 values under 4 headers"),
        ([f"1,{NUMBER},张三,甲,{NUMBER}"], (), "5 values under 4 headers"),
        ([f'1,"{NUMBER},张三,甲'], (), "quotes"),
        ([f"1,{NUMBER},张三,甲"], ("--header", "序号,身份证号,,备注"), "column 3 has values and no header"),
        (["1,x,y,z"], ("--columns", "身份证号,卡号"), "no header row"),
        (["1,x,y,z"], ("--stream", "weather.rain"), "no stream weather.rain"),
        (["1,aidsealed:v1:x:y,y,z"], (), "sealed already"),
    ],
)
def test_what_would_leave_an_identifier_clear_refuses_the_file(run, tmp_path, lines, options, message):
    header, options = (options[1], ()) if "--header" in options else (HEADER, options)
    code, out, err = run(
        "seal", a_file(tmp_path, *lines, header=header), tmp_path / "out.csv", "--to", PUBLIC, *options
    )
    assert (code, out) == (4, "")
    assert message in err
    assert NUMBER not in err
    assert "张三" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recipients_202510.csv"]


def test_columns_of_ones_own_naming_are_sealed(run, tmp_path):
    source = a_file(tmp_path, f"1,{NUMBER},张三,甲", header="序号,公民编码,称谓,备注")
    assert run("seal", source, tmp_path / "o.csv", "--to", PUBLIC)[0] == 4
    assert (
        run("seal", source, tmp_path / "o.csv", "--to", PUBLIC, "--columns", "公民编码，称谓")[0] == 4
    )  # one name, not two
    assert run("seal", source, tmp_path / "o.csv", "--to", PUBLIC, "--columns", "公民编码, 称谓")[0] == 0
    assert (tmp_path / "o.csv").read_text(encoding="utf-8").count(SEALED) == 2


def test_columns_that_look_like_identifiers_are_sealed_though_no_stream_wants_them(run, tmp_path):
    source = a_file(
        tmp_path, f"1,{NUMBER},李四,13800000000,居民身份证", header="序号,身份证号,监护人姓名,户联系电话,证件类型"
    )
    code, told, _ = run(
        "seal", source, tmp_path / "o.csv", "--to", PUBLIC, "--stream", "civil_affairs.relief", "--json"
    )
    assert code == 0
    assert json.loads(told)["clear"] == ["序号", "证件类型"]


def test_a_file_is_never_overwritten_and_a_bad_key_is_told(run, tmp_path):
    source = a_file(tmp_path, f"1,{NUMBER},张三,甲")
    assert run("seal", source, source, "--to", PUBLIC)[0] == 4
    assert run("seal", source, tmp_path / "o.csv", "--to", PUBLIC[:-2])[0] == 5
    assert run("seal", tmp_path / "none.csv", tmp_path / "o.csv", "--to", PUBLIC)[0] == 2


def test_the_key_pair_is_rotated_in_its_file_and_old_key_files_are_told_how(run, tmp_path):
    path = tmp_path / "keys.json"
    assert run("keys", "make", path)[0] == 0
    data = tmp_path / "data"
    data.mkdir()
    (data / "aidgraph.toml").write_text(f'keys = "{path}"\n')
    first = run("--data", data, "keys", "public")[1]
    assert run("keys", "rotate-edge", path)[1] != first
    code, told, _ = run("--data", data, "keys", "public", "--json")
    assert code == 0
    assert len(json.loads(told)["opened"]) == 2
    old = json.loads(path.read_text())
    del old["edge"]
    path.write_text(json.dumps(old))
    code, _, err = run("--data", data, "keys", "public")
    assert code == 5
    assert "rotate-edge" in err


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_disk_that_is_full_or_a_folder_that_is_not_there_is_told(run, tmp_path, suffix):
    source = a_file(tmp_path, f"1,{NUMBER},张三,甲")
    code, _, err = run("seal", source, tmp_path / "none" / f"o.{suffix}", "--to", PUBLIC)
    assert code == 3
    assert "no such file or folder" in err
    with Points(fail=1, kind="full"):
        code, _, err = run("seal", source, tmp_path / f"o.{suffix}", "--to", PUBLIC)
    assert code == 75
    assert "Free space" in err
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
    assert run("seal", source, tmp_path / f"o.{suffix}", "--to", PUBLIC)[0] == 0


def test_rows_without_an_identifier_and_of_sums_stay_as_they_are(run, tmp_path):
    source = a_file(tmp_path, f"1,{NUMBER},张三,甲", "2,,,乙", "合计,,合计,2")
    out = tmp_path / "o.csv"
    assert run("seal", source, out, "--to", PUBLIC)[0] == 0
    assert out.read_text(encoding="utf-8-sig").splitlines()[2:] == ["2,,,乙", "合计,,合计,2"]


def test_a_workbook_s_lines_of_sums_are_known_to_the_hub_and_not_counted(run, tmp_path):
    """The manifest counts what the hub will read: a line of sums with a count in it is one, an ID number never is."""
    source, out = tmp_path / "recipients_202510.xlsx", tmp_path / "sent_202510.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet()
        for line, cells in enumerate((HEADER.split(","), (1, NUMBER, "张三", "甲"), ("", "", "合计:1人", ""))):
            sheet.write_row(line, 0, cells)
        sheet.write_row(3, 0, ("", f"合计{NUMBER[:17]}0", "李四", ""))
    assert run("seal", source, out, "--to", PUBLIC, "--json")[0] == 0
    rows = CalamineWorkbook.from_path(out).get_sheet_by_index(0).to_python()
    assert [is_subtotal(cells) for cells in rows[1:]] == [False, True, False]
    assert rows[3][1].startswith(SEALED)
    assert json.loads((tmp_path / "sent_202510.xlsx.manifest.json").read_text())["rows"] == 2
