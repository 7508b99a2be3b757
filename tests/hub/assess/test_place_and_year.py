"""Where a case is, which years it has, which policy files count, and the premium subsidy."""

from __future__ import annotations

from typing import Any

import pytest
from case_files import DIBAO, HEAD, Folder, given, held, paying, rule, stay

from hub.errors import ConfigError, InputError

OPEN = 'categories = [{ code = "dibao", from = 2019-01-01 }]\n'
NINGXIA = HEAD.replace("370302", "640105")  # no shipped document of the region or above it but the nation's
HALF, MOST = paying("dibao", "0.70"), paying("dibao", "0.90")


def premium(category: str, amount: str, more: str = "", insutype: str = "390") -> str:
    return rule("premium_subsidy", category, f'amount = {amount}\ninsutypes = ["{insutype}"]\n{more}')


@pytest.mark.parametrize("place", ["37", "3703", "370302"])
@pytest.mark.parametrize("region", ["nation", "37", "3703", "370302"])
def test_a_document_reaches_its_region_and_what_lies_within(run: Any, region: str, place: str) -> None:
    within = place.startswith(region.removeprefix("nation"))
    if within:
        assert given(run(HALF, f'region = "{place}"\n' + DIBAO + stay("A", 100), region)) == ["70.00"]
    held_there = DIBAO.replace("}", f', region = "{place}" }}')  # insured in the document's region
    certified = paying("dibao", "0.50", "tilt", 'whose_region = "certified"')
    answer = run(HALF + certified, held_there + stay("A", 100), region)
    assert (given(answer), given(answer, "tilt")) == (["70.00"], ["15.00" if within else None])


def test_optional_keys_may_be_missing(run: Any) -> None:
    answer = run(HALF, '[[settlement]]\nid = "A"\ndischarged = 2025-03-01\nscope = 100\n')
    assert answer == {
        "settlements": [
            {
                "id": "A", "basic_paid": None, "serious_illness_paid": None, "medical_assistance": None, "tilt": None,
                "other_aid": "0.00", "self_in_scope": "100.00", "self_total": "100.00", "layers": [], "outranked": [],
            }
        ],
        "premium_subsidy": None,
        "warnings": [],
        "totals": {
            "basic_paid": None, "serious_illness_paid": None, "medical_assistance": None, "tilt": None,
            "self_in_scope": "100.00", "self_total": "100.00",
        },
    }  # fmt: skip


def test_each_benefit_year_begins_anew(run: Any) -> None:
    policy = paying("dibao", "0.70").replace('"none"', "50")
    answer = run(policy, OPEN + stay("B", 100, "2026-01-01") + stay("A", 100, "2025-12-31"))
    assert [row["id"] for row in answer["settlements"]] == ["A", "B"]
    assert given(answer) == ["50.00", "50.00"]
    assert answer["totals"]["medical_assistance"] == "100.00"


def test_a_stay_over_the_turn_of_the_year_is_of_the_year_of_discharge(run: Any) -> None:
    cross = stay("A", 100, "2025-01-05", "admitted = 2024-12-20")
    assert given(run(HALF, OPEN + cross)) == ["70.00"]
    assert given(run(HALF, held(("dibao", "2025-01-01", "2026-01-01")) + cross)) == [None]


def test_a_refund_takes_back_a_settlement_of_the_year_before(run: Any) -> None:
    back = '[[settlement]]\nid = "R"\ndischarged = 2026-01-10\nscope = -100\ntotal = -100\n'
    answer = run(HALF, OPEN + stay("A", 100, "2025-12-31") + back + stay("B", 100, "2025-12-31"))
    assert given(answer) == ["0.00", "70.00", "0.00"]
    assert answer["totals"]["self_total"] == "30.00"


# --- premium subsidy ---


def test_the_premium_subsidy_is_the_greatest_of_the_last_year(run: Any) -> None:
    both = held(("dibao", "2025-01-01", "2026-01-01"), ("tekun", "2025-06-01", "2026-01-01"))
    assert run(premium("dibao", "150") + premium("tekun", "280"), both)["premium_subsidy"] == {
        "amount": "280.00", "category": "tekun", "document": "test-2025", "article": "1",
    }  # fmt: skip
    fading = rule(
        "premium_subsidy",
        "stable_out",
        'insutypes = ["390"]\nschedule = [{ year = 2025, amount = 90.5 }, { year = 2026, amount = 45 }]',
    )
    case = 'categories = [{ code = "stable_out", from = 2024-01-01 }]\n'
    assert run(fading, case + stay("A", 1) + stay("B", 1, "2026-02-02"))["premium_subsidy"]["amount"] == "45.00"
    assert run(fading, case)["premium_subsidy"]["amount"] == "90.50"  # no settlement: the year the document begins


def test_the_premium_subsidy_is_of_one_insurance(run: Any) -> None:
    employee = 'insutype = "310"\n' + DIBAO
    assert run(premium("dibao", "150"), employee)["premium_subsidy"] is None
    assert run(premium("dibao", "150", insutype="310"), employee)["premium_subsidy"]["amount"] == "150.00"


def test_a_premium_subsidy_on_application_waits_for_one(run: Any) -> None:
    asked = premium("dibao", "150") + premium("tekun", '{ unknown = "lost" }', "on_application = true")
    both = held(("dibao", "2025-01-01", "2026-01-01"), ("tekun", "2025-01-01", "2026-01-01"))
    assert run(asked, "applied = false\n" + both)["premium_subsidy"]["amount"] == "150.00"
    alone = premium("dibao", "150", "on_application = true")
    assert run(alone, "applied = false\n" + DIBAO)["premium_subsidy"]["amount"] == "0.00"
    assert run(alone, "applied = true\n" + DIBAO)["premium_subsidy"]["amount"] == "150.00"
    assert run(alone, DIBAO)["premium_subsidy"]["amount"] == "150.00"


# --- policy folders ---

ALONE = 'document = "new-2025"\n' + DIBAO + stay("A", 100)


@pytest.mark.parametrize("name", ["new-2025.toml", "policy/new-2025.toml"])
def test_documents_stand_in_the_folder_or_in_its_policy(folder: Folder, name: str) -> None:
    assert given(folder.ask(ALONE, {name: NINGXIA + HALF})) == ["70.00"]


def test_documents_of_a_policy_folder_stand_in_place_of_the_shipped_ones(folder: Folder) -> None:
    there = 'region = "370302"\n' + DIBAO + stay("A", 100)
    answer = folder.ask(there, {"new-2025.toml": HEAD + HALF})
    assert (given(answer), given(answer, "tilt"), answer["premium_subsidy"]) == (["70.00"], [None], None)
    with pytest.raises(InputError, match=r"case\.toml:1: document: no such document"):
        folder.ask('document = "zichuan-2025"\n' + DIBAO, {"new-2025.toml": HEAD + HALF})


def test_a_document_of_the_same_id_takes_the_place_of_a_shipped_one(folder: Folder) -> None:
    zichuan = {"zichuan-2025.toml": HEAD + MOST}
    assert given(folder.ask('region = "370302"\n' + DIBAO + stay("A", 100), zichuan)) == ["90.00"]
    alone = folder.ask('document = "zichuan-2025"\n' + DIBAO + stay("A", 100), zichuan)
    assert given(alone) == ["90.00"]
    assert given(alone, "tilt") == [None]


def test_tables_are_added_with_documents_or_alone(folder: Folder) -> None:
    table = (
        'title = "t"\ntitle_en = "t"\nby = ["insutype"]\n[[row]]\narea = "nation"\nyear = 2025\ninsutype = "390"\n'
        'value = 999\naddress = "https://example.test/"\ngrade = "R"\nchecked = 2026-11-01\narticle = "1"\n'
    )
    tekun = 'region = "370302"\ncategories = [{ code = "tekun", from = 2025-01-01 }]\n'
    assert folder.ask(tekun, {"tables/premium.toml": table})["premium_subsidy"]["amount"] == "999.00"
    with_document = {"new-2025.toml": NINGXIA + premium("dibao", '"full"')}
    assert folder.ask(ALONE, with_document)["premium_subsidy"]["amount"] == "999.00"


def test_a_folder_without_policy_files_is_refused(folder: Folder) -> None:
    for files in ({}, {"readme.md": "-"}):
        with pytest.raises(ConfigError, match="There is no policy f"):
            folder.ask(ALONE.replace("new-2025", "zichuan-2025"), files)
    folder.write("policy/new-2025.toml", NINGXIA + HALF)
    with pytest.raises(ConfigError, match="There is no policy f"):
        folder.ask(ALONE.replace("new-2025", "zichuan-2025"), {}, "policy/new-2025.toml")
