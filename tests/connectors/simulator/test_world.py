"""The world is reproducible, its people are sound, and its truth is exact and complete."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from connectors.simulator import disguise, places, plant_numbers
from connectors.simulator.aid import ZICHUAN
from connectors.simulator.deliveries import clock
from connectors.simulator.oracle import visible
from connectors.simulator.people import check_character
from connectors.simulator.places import COUNTIES, SHANDONG
from connectors.simulator.records import Settlement
from connectors.simulator.soil import PERSONS, SETTLEMENTS
from connectors.simulator.truth import Truth
from connectors.simulator.world import World

KINDS = {
    "listed_not_insured", "subsidy_missing", "subsidy_duplicated", "category_conflict", "tag_after_end",
    "deceased_active", "name_conflict", "person_number_on_two_ids", "in_two_households", "ceiling_exceeded",
    "assistance_missing", "assistance_not_applied", "assistance_newly_due", "assistance_underpaid",
    "assistance_overpaid", "assistance_doubled",
}  # fmt: skip
ONCE = {"absent_from_payment"}  # needs a list before: never in the first month, and said once
REASONS = {
    "required_missing", "unknown_code", "bad_date", "bad_amount", "bad_number", "bad_flag", "bad_division",
    "id_absent", "id_spreadsheet", "id_check_digit", "id_length", "id_characters", "id_birth",
}  # fmt: skip


def sent(world: World, folder: Path) -> dict[str, object]:
    """Everything a world sends, files as bytes."""
    found: dict[str, object] = {}
    for month in world.months:
        found |= {path.name: path.read_bytes() for path in world.write_drops(folder, month)}
        found[f"persons {month}"] = world.deliveries.page(PERSONS, month, 1, 1_000, None)
        window = world.deliveries.window(month)
        found[f"settlements {month}"] = world.deliveries.page(SETTLEMENTS, month, 1, 1_000, window)
    return found


def test_the_same_seed_sends_the_same_bytes(tmp_path: Path) -> None:
    first, again, other = World(400, seed=7), World(400, seed=7), World(400, seed=8)
    assert sent(first, tmp_path / "a") == sent(again, tmp_path / "b")
    assert sent(first, tmp_path / "a") != sent(other, tmp_path / "c")
    assert first.truth("2025-11") == again.truth("2025-11")


@pytest.mark.parametrize(("persons", "seed"), [(400, 1), (700, 2), (1_500, 3), (4_500, 4)])
def test_what_is_planted_is_what_is_true_and_nothing_else(persons: int, seed: int) -> None:
    world = World(persons, seed)
    assert world.persons == persons
    for month in world.months:
        assert set(world.truth(month).findings) == world.planted[month]


def test_every_kind_of_finding_is_new_persisting_and_cleared(world: World) -> None:
    october, november = (world.planted[month] for month in world.months)
    for found, kinds in (
        (october & november, KINDS), (november - october, KINDS | ONCE), (october - november, KINDS),
    ):  # fmt: skip
        assert {finding.kind for finding in found} == kinds


def test_a_world_too_small_for_its_scenarios_is_refused() -> None:
    with pytest.raises(ValueError, match="the scenarios alone bring"):
        World(20)


def test_id_numbers_are_valid_unique_and_say_birth_and_sex(world: World) -> None:
    people = [person for household in world.households for person in household.members]
    assert len({person.number for person in people}) == len(people) == 1_500
    known = places.read()
    counties = set(known.births["37"]) | set(known.births["65"])
    for person in people:
        assert check_character(person.number[:17]) == person.number[17]
        assert person.number[6:14] == f"{person.birth:%Y%m%d}"
        assert "21"[int(person.number[16]) % 2] == person.sex
        usual = person.number[:6] in counties and person.birth < date(2025, 10, 1)
        assert usual or person.number in {p.number for p in world.odd}
    assert len(world.odd) == len(plant_numbers.ODD)


def test_households_live_in_real_townships_of_the_four_counties(world: World) -> None:
    known = places.read()
    assert {household.county for household in world.households} == set(COUNTIES)
    assert all(household.township in known.townships[household.county] for household in world.households)
    kashgar = [h.members[0].name for h in world.households if h.county == "653121"]
    assert sum("·" in name for name in kashgar) > len(kashgar) / 2


def test_about_sixty_percent_hold_some_category_in_overlapping_kinds(truths: dict[str, Truth]) -> None:
    for truth in truths.values():
        day = date.fromisoformat(f"{truth.month}-28")
        held = Counter(spell.id_number for spell in truth.spells if spell.in_force(day))
        assert 0.5 < len(held) / 1_500 < 0.7
        assert sum(count > 1 for count in held.values()) > 20


def test_absence_from_the_newer_list_ends_a_spell_on_that_lists_day(truths: dict[str, Truth]) -> None:
    october, november = (
        {(s.id_number, s.category, s.household_key, s.valid_from): s.valid_until for s in truths[month].spells}
        for month in ("2025-10", "2025-11")
    )
    ends = Counter(november[key] for key in october if key in november and november[key] != october[key])
    assert ends[date(2025, 11, 30)] > 0, "by absence"
    assert ends[date(2025, 11, 1)] > 0, "by an end month written in the list"
    assert ends[date(2025, 11, 8)] > 0, "by a risk removed"
    assert date(2025, 10, 31) not in october.values(), "the first list ends nothing"


def test_the_two_months_differ_in_every_way_that_matters(truths: dict[str, Truth]) -> None:
    october, november = truths["2025-10"], truths["2025-11"]
    known = {s.setl_id for s in october.settlements}
    late = [s for s in november.settlements if s.setl_id not in known and s.settled < date(2025, 11, 1)]
    assert late, "settlements recorded late"
    assert known - {s.setl_id for s in november.settlements}, "settlements taken back"
    deaths = [p for p in november.persons if p.death and p.death > date(2025, 11, 1)]
    assert deaths
    homes = {p.id_number: p.residence for p in october.persons}
    moved = [(homes[p.id_number], p.residence) for p in november.persons if homes.get(p.id_number) != p.residence]
    assert any(old[:6] != new[:6] and old[:6] in SHANDONG for old, new in moved), "to another county"
    assert any(old[:6] == new[:6] and len(old) == 9 for old, new in moved), "to another township"


def test_the_platforms_identities_hold_in_every_settlement(world: World) -> None:
    settlements = world.states["2025-11"].settlements
    assert sum(s.total < 0 for s in settlements) > 3
    for s in settlements:
        assert s.total == s.own + s.over + s.first + s.scope
        sign = 1 if s.total > 0 else -1
        assert all(
            sign * part >= 0 for part in (s.own, s.over, s.first, s.scope, s.basic, s.serious, s.assistance, s.tilt)
        )
        assert abs(s.funds) <= abs(s.scope)
        assert s.admitted <= s.discharged <= s.settled.date()
        assert s.settled < clock(world.states[s.seen])


def test_the_funds_pay_at_most_93_percent_unless_a_scenario_or_a_page_says_so(world: World) -> None:
    planted = {f.id_number for found in world.planted.values() for f in found if f.kind == "ceiling_exceeded"}
    positive = [s for s in world.states["2025-11"].settlements if s.person.number not in planted and s.total > 0]
    usual = [s for s in positive if s.county != ZICHUAN]
    assert max(s.funds / s.scope for s in usual) < 0.931
    assert any(s.tilt for s in positive)
    assert any(s.serious for s in usual)


def test_a_persons_stays_overlap_only_where_a_scenario_orders_it(world: World) -> None:
    planted = {f.id_number for found in world.planted.values() for f in found if f.kind == "assistance_doubled"}
    stays: dict[str, list[Settlement]] = {}
    for s in visible(world.states["2025-11"]):
        if s.setting == "inpatient" and s.person.number not in planted:
            stays.setdefault(s.person.number, []).append(s)
    pairs = [pair for mine in stays.values() for pair in combinations(sorted(mine, key=lambda s: s.discharged), 2)]
    assert pairs
    assert all(first.discharged <= second.admitted for first, second in pairs)


def test_heavy_costs_cross_the_warning_lines(world: World) -> None:
    burden: Counter[str] = Counter()
    for s in world.states["2025-10"].settlements:
        burden[s.person.number] += s.scope - s.basic - s.serious
    assert sum(fen > 200_000 for fen in burden.values()) > 10
    assert sum(fen > 4_200_000 for fen in burden.values()) >= 1


def test_deliveries_add_up_and_every_reason_code_is_planted(truths: dict[str, Truth]) -> None:
    for truth in truths.values():
        for d in truth.deliveries:
            assert d.read == d.accepted + d.duplicates + sum(d.quarantined.values())
        assert {reason for reasons in truth.quarantine.values() for reason in reasons} == REASONS
        fates = Counter({(d.source, d.stream, d.fate): 0 for d in truth.dirt})
        for dirt in truth.dirt:
            assert dirt.count > 0, dirt
            fates[dirt.source, dirt.stream, dirt.fate] += dirt.count
        for key, reasons in truth.quarantine.items():
            assert {reason: fates[(*key, reason)] for reason in reasons} == dict(reasons)


def test_disguises_of_every_kind_are_worn(truths: dict[str, Truth]) -> None:
    worn = {dirt.kind for dirt in truths["2025-10"].dirt if dirt.fate == "accepted"}
    tables = (
        disguise.NUMBERS, disguise.GUARDS, disguise.LONG, disguise.SERIALS, disguise.NAMES, disguise.SPACED,
        disguise.DATES, disguise.AMOUNTS, disguise.DOUBTS, disguise.PAUSES,
    )  # fmt: skip
    assert worn == {kind for table in tables for kind in table}
    told = (disguise.REPAIRS, disguise.NAME_REPAIRS, disguise.WARNINGS, disguise.GRADES)
    assert {kind for table in told for kind in table} <= worn


def test_what_the_hub_must_record_of_numbers_is_told(truths: dict[str, Truth]) -> None:
    for truth in truths.values():
        assert all(sum(d.grades.values()) == d.accepted >= sum(d.repairs.values()) for d in truth.deliveries)
        assert {grade for d in truth.deliveries for grade in d.grades} == {
            "verified_form", "legacy_15", "disability_certificate", "reissued_certificate", "hmt_permit",
            "foreign_permanent",
        }  # fmt: skip
        assert {r for d in truth.deliveries for r in d.repairs} == set(disguise.REPAIRS.values())
        assert {r for d in truth.deliveries for r in d.name_repairs} == set(disguise.NAME_REPAIRS.values())
        assert {w for d in truth.deliveries for w in d.warnings} == {
            "county_unknown", "birth_in_future", *disguise.WARNINGS.values()
        }  # fmt: skip


def test_one_county_misses_99_percent_and_the_others_do_not(truths: dict[str, Truth]) -> None:
    rates = {
        p.county: p.insured / p.listed for p in World(6_000).truth("2025-11").participation if "low" in p.population
    }
    assert rates["370911"] < 0.99
    assert all(rate >= 0.99 for county, rate in rates.items() if county != "370911")
    for truth in truths.values():
        assert all(0 < p.insured <= p.listed for p in truth.participation)
        assert len(truth.participation) == 8


def test_the_truth_can_be_written_as_json(truths: dict[str, Truth]) -> None:
    told = json.loads(json.dumps(truths["2025-11"].dump(), ensure_ascii=False))
    assert told["month"] == "2025-11"
    assert len(told["persons"]) == len(truths["2025-11"].persons)
    assert told["persons"][0]["birth"] == truths["2025-11"].persons[0].birth.isoformat()


def test_the_divisions_have_four_levels_and_every_parent_exists() -> None:
    lines = [line for line in places.DIVISIONS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines[0] == "code,name,parent"
    rows = [line.split(",") for line in lines[1:]]
    parents = {code: parent for code, _, parent in rows}
    assert Counter(len(code) for code in parents) == {2: 31, 4: 342, 6: 2_978, 9: 41_352}
    assert all(name for _, name, _ in rows)
    assert all(
        (parent == "") if len(code) == 2 else code.startswith(parent) and parent in parents
        for code, parent in parents.items()
    )
