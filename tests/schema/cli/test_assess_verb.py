"""`aidgraph assess`: the answer's form is the pinned one, for machines and for people; no store and no keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "cases"
ZICHUAN = """region = "370302"
insutype = "390"
categories = [{ code = "dibao", from = 2025-01-01, region = "370302" }]
[[settlement]]
id = "S1"
admitted = 2025-03-01
discharged = 2025-03-09
setting = "inpatient"
scope = 50000.00
basic_paid = 34790.00
serious_illness_paid = 0.00
"""


@pytest.fixture
def case(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text(ZICHUAN, encoding="utf-8")
    return path


def test_the_answer_has_the_pinned_form(run, case):
    code, out, err = run("assess", case, "--json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert set(answer) == {"settlements", "premium_subsidy", "warnings", "totals"}
    (settlement,) = answer["settlements"]
    assert set(settlement) == {
        "id", "basic_paid", "serious_illness_paid", "medical_assistance", "tilt", "other_aid", "self_in_scope",
        "self_total", "layers", "outranked",
    }  # fmt: skip
    assert settlement["medical_assistance"] == "11407.50"  # (50,000 - 34,790) x 75 %
    assert settlement["tilt"] == "0.00"  # 3,802.50 is left, under the line of 5,000
    assert settlement["self_in_scope"] == "3802.50"
    (assistance,) = [layer for layer in settlement["layers"] if layer["benefit"] == "medical_assistance"]
    assert (assistance["document"], assistance["ratio"], assistance["cap_left"]) == ("zichuan-2025", "0.75", "18592.50")
    assert "undetermined" in answer["premium_subsidy"]["amount"]
    assert set(answer["totals"]) == {
        "basic_paid", "serious_illness_paid", "medical_assistance", "tilt", "self_in_scope", "self_total",
    }  # fmt: skip


def test_a_person_reads_layers_and_each_reason_once(run, case):
    code, out, err = run("assess", case)
    assert (code, out) == (0, "")
    assert "11407.50" in err
    assert "不确定 undetermined (1)" in err
    assert err.count("province's amount is not in the report") == 1


def test_a_policy_folder_replaces_what_config_says(run):
    folder = CASES / "w02_yubei"
    code, out, _ = run("assess", folder / "case.toml", "--policy", folder / "policy", "--json")
    assert code == 0
    assert json.loads(out)["settlements"][0]["tilt"] == "937.80"


@pytest.mark.parametrize(
    ("found", "written", "key"),
    [
        ('insutype = "390"', 'insutype = "777"', "insutype"),
        ("discharged = 2025-03-09", "", "discharged"),
        ("scope = 50000.00", "scope = 50000.001", "scope"),
        ("scope = 50000.00", "scope = 50000.00\nhobby = 1", "hobby"),
        ('code = "dibao"', 'code = "rich"', "code"),
        ("[[settlement]]", "[[settlement", ""),
    ],
)
def test_a_bad_case_is_refused_with_line_and_key(run, case, found, written, key):
    case.write_text(ZICHUAN.replace(found, written), encoding="utf-8")
    code, out, err = run("assess", case)
    assert (code, out) == (4, "")
    assert "case.toml" in err
    assert key in err


def test_a_case_that_is_not_there_is_an_input_error(run, tmp_path):
    assert run("assess", tmp_path / "none.toml")[0] == 4


def test_a_person_reads_what_lines_and_ceilings_are_passed(run, case, tmp_path):
    policy = """
number = "-"
title = "-"
title_en = "-"
issuer = "-"
region = "37"
from = 2025-01-01
address = "https://example.test/"
grade = "R"
checked = 2026-11-21
[[rule]]
id = "line"
benefit = "warning"
categories = ["dibao"]
line = 3000
base = "after_basic_and_serious_illness"
addressee = ["civil_affairs"]
article = "第六条"
[[rule]]
id = "aid"
benefit = "medical_assistance"
categories = ["dibao"]
line = 0
ratio = { unknown = "lost" }
cap = "none"
article = "第五条"
[[rule]]
id = "most"
benefit = "ceiling"
categories = ["dibao"]
settings = ["inpatient"]
ratio = 0.60
article = "第七条 [own]"
"""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "one.toml").write_text(policy, encoding="utf-8")
    case.write_text(ZICHUAN.replace("region", 'document = "one"\nregion', 1), encoding="utf-8")
    code, _, err = run("assess", case, "--policy", tmp_path / "new")
    assert code == 0
    told = " ".join(err.split())
    assert "预警 warning: the burden of 15210.00 passes the line of 3000.00 (one: 第六条)" in told
    assert "超过上限 ceiling: the layers pay 不确定 undetermined (1), at most 30000.00 (one: 第七条 [own])" in told
    assert err.count("unknown: lost") == 1


def test_an_id_is_never_read_as_markup(run, case):
    case.write_text(ZICHUAN.replace('"S1"', '"[/b] [red]S1"'), encoding="utf-8")
    code, _, err = run("assess", case)
    assert code == 0
    assert "[/b] [red]S1" in err
