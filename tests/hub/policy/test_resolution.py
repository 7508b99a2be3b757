"""Which rule is in force: against a model that looks at every day by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.amounts import Amounts, amounts
from hub.policy.citation import Citation, Source
from hub.policy.complete import completed
from hub.policy.document import Document, Merge
from hub.policy.resolve import resolve
from hub.policy.rule import Rule, Tier
from hub.policy.table import Figure, Table
from hub.policy.toml import Toml
from hub.policy.values import Ceiling, Exact, Floor, Share, Unknown, Word, premium_share

START, END = date(2025, 1, 1), date(2025, 2, 10)
REGIONS = ("", "37", "3703", "370302")
CATEGORIES = ("dibao", "tekun", "x_own")
SOURCE = Source(address="http://example.test", grade="G", checked=date(2026, 1, 1))
NOWHERE = Toml(file="-", data={}, lines={})


def rule(**given) -> Rule:
    made = {
        "key": "d/r",
        "index": 0,
        "document": "d",
        "region": "",
        "benefit": "medical_assistance",
        "categories": ("dibao",),
        "valid_from": START,
        "valid_until": END,
        "citation": Citation(article="1", source=SOURCE),
        "tiers": (),
        "numbers": {"line": Exact(value=0), "ratio": Exact(value=7000), "cap": Exact(value=Word.NO_CAP)},
        "settings": (),
        "insutypes": (),
        "conditions": (),
        "addressees": (),
        "base": "scope",
        "period": "year",
        "whose_region": "insured",
        "effect": "",
        "on_application": False,
        "note": "",
    }
    return Rule(**{**made, **given})


def document(**given) -> Document:
    made = {
        "id": "d",
        "file": "policy/d.toml",
        "number": "1",
        "title": "文",
        "title_en": "text",
        "issuer": "某局",
        "region": "",
        "valid_from": START,
        "valid_until": END,
        "source": SOURCE,
        "note": "",
        "rules": (),
        "merge": None,
        "toml": NOWHERE,
    }
    return Document(**{**made, **given})


days = st.integers(min_value=-5, max_value=(END - START).days + 5).map(lambda n: START + timedelta(days=n))
periods = st.tuples(days, days).filter(lambda pair: pair[0] < pair[1])
some_categories = st.lists(st.sampled_from(CATEGORIES), min_size=1, unique=True).map(tuple)
merges = st.none() | st.builds(
    Merge,
    mode=st.sampled_from(("", "per_benefit", "by_category")),
    rank=st.permutations(CATEGORIES).map(lambda order: tuple(order[:2])) | st.just(()),
    article=st.just("1"),
)


@st.composite
def document_sets(draw):
    """Documents of one county's chain; at most one that ranks in a region, since `check` refuses two."""
    made, ranking = [], set()
    for number in range(draw(st.integers(min_value=0, max_value=5))):
        region = draw(st.sampled_from(REGIONS))
        outer = draw(periods)
        rules = []
        for index in range(draw(st.integers(min_value=0, max_value=3))):
            inner = draw(periods)
            start, end = max(outer[0], inner[0]), min(outer[1], inner[1])
            if start < end:
                rules.append(
                    rule(
                        key=f"d{number}/r{index}",
                        document=f"d{number}",
                        region=region,
                        categories=draw(some_categories),
                        benefit=draw(st.sampled_from(("medical_assistance", "tilt"))),
                        valid_from=start,
                        valid_until=end,
                    )
                )
        merge = draw(merges) if region not in ranking else None
        ranking.add(region)
        made.append(
            document(
                id=f"d{number}",
                region=region,
                valid_from=outer[0],
                valid_until=outer[1],
                rules=tuple(rules),
                merge=merge,
            )
        )
    return made


def on_day(documents, day):
    """The model: for each benefit and category, the keys of the deciding and the overridden rules, rank and mode."""
    current = [d for d in documents if d.valid_from <= day < d.valid_until]
    order, mode, of_order, of_mode = [], "per_benefit", -1, -1
    for d in current:
        if d.merge and d.merge.rank and len(d.region) > of_order:
            order, of_order = list(d.merge.rank), len(d.region)
        if d.merge and d.merge.mode and len(d.region) > of_mode:
            mode, of_mode = d.merge.mode, len(d.region)
    order += [category for category in sorted(CATEGORIES) if category not in order]
    found = {}
    for benefit in ("medical_assistance", "tilt"):
        for category in CATEGORIES:
            speaking = [
                r for d in current for r in d.rules
                if r.benefit == benefit and category in r.categories and r.valid_from <= day < r.valid_until
            ]  # fmt: skip
            if speaking:
                local = max(len(r.region) for r in speaking)
                deciding = {r.key for r in speaking if len(r.region) == local}
                overridden = {r.key for r in speaking if len(r.region) < local}
                found[benefit, category] = (deciding, overridden, order.index(category) + 1, mode)
    return found


@given(document_sets())
def test_every_day_is_decided_as_if_looked_at_by_itself(documents):
    resolved = resolve(documents, CATEGORIES, START, END)
    for offset in range((END - START).days):
        day = START + timedelta(days=offset)
        there = [item for item in resolved if item.valid_from <= day < item.valid_until]
        shown = {
            (item.benefit, item.category): (
                {r.key for r in item.rules},
                {r.key for r in item.overridden},
                item.rank,
                item.mode,
            )
            for item in there
        }
        assert len(shown) == len(there)
        assert shown == on_day(documents, day)


@given(document_sets(), st.randoms())
def test_the_order_of_documents_does_not_matter(documents, random):
    shuffled = list(documents)
    random.shuffle(shuffled)
    assert resolve(shuffled, CATEGORIES, START, END) == resolve(documents, CATEGORIES, START, END)


@given(document_sets())
def test_intervals_stay_within_the_year_and_are_as_long_as_they_can_be(documents):
    resolved = resolve(documents, CATEGORIES, START, END)
    for first, second in pairwise(resolved):
        if (first.benefit, first.category) == (second.benefit, second.category):
            assert first.valid_until <= second.valid_from
            assert not first.continues(second)
    assert all(START <= item.valid_from < item.valid_until <= END for item in resolved)


INCOME = (("population", "all"),)
QUARTER = Share(bp=2500, table="income", area="prefecture", year="previous", where=INCOME)


def table(value, *, name="income", year=2024, area="3703", where=INCOME, floor_counts=False) -> Table:
    figure = Figure(area=area, year=year, where=where, value=value, citation=None)
    by = tuple(key for key, _ in where)
    return Table(
        name=name,
        file="-",
        title="表",
        title_en="table",
        by=by,
        floor_counts=floor_counts,
        toml=NOWHERE,
        figures={(area, year, where): figure},
    )


def of(numbers, tables=(), **given) -> Amounts:
    full = {"line": Exact(value=0), "ratio": Exact(value=7000), "cap": Exact(value=Word.NO_CAP), **numbers}
    return amounts(rule(numbers=full, **given), {t.name: t for t in tables}, REGIONS[::-1], 2025)


def test_zero_no_cap_and_no_number_are_three_things():
    seventy = (Tier(above=0, bp=7000),)
    assert of({}) == Amounts(line=0, ratio=7000, tiers=seventy, cap=None)
    assert of({"cap": Exact(value=0)}) == Amounts(line=0, ratio=7000, tiers=seventy, cap=0)
    assert of({"cap": Unknown(reason="lost")}).reasons == ("cap: unknown: lost",)


def test_a_share_is_rounded_half_up_to_the_fen():
    assert of({"line": Exact(value=QUARTER)}, [table(Exact(value=4_231_702))]).line == 1_057_926  # 1,057,925.5 fen


def test_a_share_is_rounded_half_up_to_whole_yuan_where_the_document_says_so():
    whole = Exact(value=replace(QUARTER, unit=100))
    assert [of({"line": whole}, [table(Exact(value=income))]).line for income in (19_800, 20_199, 20_200)] == [
        5_000, 5_000, 5_100,
    ]  # fmt: skip


def test_previous_same_and_named_years_are_counted_from_the_benefit_year():
    for year, share_year in ((2023, "before_previous"), (2024, "previous"), (2025, "same"), (2020, 2020)):
        line = Exact(value=replace(QUARTER, year=share_year))
        assert of({"line": line}, [table(Exact(value=400), year=year)]).line == 100
        assert of({"line": line}, [table(Exact(value=400), year=year + 1)]).line is None


@pytest.mark.parametrize(
    ("numbers", "tables", "reason"),
    [
        ({"ratio": Floor(value=7000)}, [], "ratio: not less than 70 %, and no rule gives the value itself"),
        ({"cap": Ceiling(value=2_000_000)}, [], "cap: not more than 20000.00, and no rule gives the value itself"),
        ({"line": Unknown(reason="the page is torn")}, [], "line: unknown: the page is torn"),
        (
            {"line": Exact(value=QUARTER)},
            [table(Unknown(reason="not read"))],
            "line: income of 3703 (2024, all) is unknown: not read",
        ),
        (
            {"line": Exact(value=QUARTER)},
            [table(Exact(value=1), area="3709")],
            "line: income has no figure of 3703 (2024, all)",
        ),
        ({"line": Exact(value=QUARTER)}, [table(Floor(value=1))], "line: income of 3703 (2024, all) is only bounded"),
    ],
)
def test_what_cannot_be_determined_says_why(numbers, tables, reason):
    found = of(numbers, tables)
    assert found.reasons == (reason,)
    assert getattr(found, reason.split(":")[0]) is None


def test_conditions_and_tiers_leave_a_rule_determined():
    tiers = (Tier(above=0, bp=6000), Tier(above=1_000_000, bp=7000))
    numbers = {"line": Exact(value=200_000), "cap": Exact(value=Word.NO_CAP)}
    found = amounts(rule(numbers=numbers, tiers=tiers, conditions=("referral",)), {}, REGIONS, 2025)
    assert found == Amounts(line=200_000, ratio=6000, tiers=tiers)


def test_tiers_that_count_from_the_line_are_given_from_the_first_fen():
    tiers = (Tier(above=0, bp=6000), Tier(above=1_000_000, bp=7000))
    numbers = {"line": Exact(value=200_000), "cap": Exact(value=Word.NO_CAP)}
    found = amounts(rule(numbers=numbers, tiers=tiers, tiers_from="line"), {}, REGIONS, 2025)
    assert found.tiers == (Tier(above=200_000, bp=6000), Tier(above=1_200_000, bp=7000))


EVERYONE = {"line": Exact(value=1_400_001), "ratio": Exact(value=9800), "cap": Exact(value=1)}
SPECIAL = {"line_factor": Exact(value=5000), "ratio_bonus": Exact(value=500), "cap": Exact(value=Word.NO_CAP)}


def serious(name, numbers, **given) -> Rule:
    return rule(key=f"d/{name}", benefit="serious_illness", numbers=numbers, **given)


def special(everyone, numbers=SPECIAL) -> Amounts:
    return amounts(serious("special", numbers), {}, REGIONS, 2025, everyone)


def test_a_factor_and_points_are_applied_to_everyones_rule_and_its_cap_is_not():
    found = special(serious("all", EVERYONE))
    assert found == Amounts(line=700_001, ratio=10_000, tiers=(Tier(above=0, bp=10_000),))


def test_points_raise_each_of_everyones_tiers_and_the_thresholds_follow_its_own_line():
    tiers = (Tier(above=0, bp=6000), Tier(above=100, bp=7000))
    numbers = {"line": Exact(value=1000), "cap": Exact(value=1)}
    assert special(serious("all", numbers, tiers=tiers)).tiers == (Tier(above=0, bp=6500), Tier(above=100, bp=7500))
    from_line = serious("all", numbers, tiers=tiers, tiers_from="line")
    assert special(from_line).tiers == (Tier(above=500, bp=6500), Tier(above=600, bp=7500))


def test_a_rule_that_changes_everyones_is_undetermined_where_that_is_unknown_or_absent():
    unknown = serious("all", {**EVERYONE, "line": Unknown(reason="torn")})
    assert special(unknown).reasons == ("line of d/all: unknown: torn",)
    assert special(None).reasons == ("line_factor and ratio_bonus: no rule for everyone is in force here",)
    assert special(serious("all", EVERYONE), {**SPECIAL, "ratio_bonus": Unknown(reason="lost")}).reasons == (
        "ratio_bonus: unknown: lost",
    )


def cases(*everyone, **given):
    rules = (serious("special", SPECIAL, **given), *everyone)
    found = resolve([document(rules=rules)], CATEGORIES, START, END)
    (item,) = [item for item in found if item.category == "dibao"]
    return [(case.key, case.other and case.other.key, case.insutypes) for case in item.cases()]


def test_a_rule_is_taken_with_each_of_everyones_rules_that_it_meets():
    resident = serious("res", EVERYONE, categories=("*",), insutypes=("390",))
    employee = serious("emp", EVERYONE, categories=("*",), insutypes=("310",))
    assert cases() == [("d/special", None, ())]
    assert cases(resident, insutypes=("390",)) == [("d/special", "d/res", ("390",))]
    assert cases(resident, employee) == [
        ("d/special+emp", "d/emp", ("310",)),
        ("d/special+res", "d/res", ("390",)),
    ]
    assert cases(resident) == [("d/special+res", "d/res", ("390",)), ("d/special+none", None, ("310",))]


def test_an_interval_ends_where_everyones_rule_changes():
    middle = date(2025, 1, 20)
    before = serious("before", EVERYONE, categories=("*",), valid_until=middle)
    after = serious("after", EVERYONE, categories=("*",), valid_from=middle)
    found = resolve([document(rules=(serious("special", SPECIAL), before, after))], CATEGORIES, START, END)
    assert [(item.valid_from, item.cases()[0].other.key) for item in found if item.category == "dibao"] == [
        (START, "d/before"),
        (middle, "d/after"),
    ]


def reached(own, *everyone):
    """What a category's rules and everyone's reach of care, by rule, where the category's rules have these reaches."""
    rules = [basic(f"own{number}", **reach) for number, reach in enumerate(own)]
    others = [basic(f"all{number}", categories=("*",), **reach) for number, reach in enumerate(everyone)]
    found = resolve([document(rules=(*rules, *others))], CATEGORIES, START, END)
    (item,) = [item for item in found if item.category == "dibao"]
    assert all(case.rule.reach == (case.settings, case.insutypes, case.hospital_levels) for case in item.cases())
    return {case.key: (case.settings, case.insutypes, case.hospital_levels) for case in item.cases()}


def basic(name, **given) -> Rule:
    return rule(key=f"d/{name}", benefit="basic_insurance", **given)


STAYS, THIRD, RESIDENTS = {"settings": ("inpatient",)}, {"hospital_levels": ("3",)}, {"insutypes": ("390",)}
REST = ("0", "1", "2", "4")  # the levels beside the third


def test_everyones_insurance_goes_on_for_the_care_of_which_a_category_says_nothing():
    low = {"hospital_levels": ("1", "2")}
    assert reached([THIRD], low, THIRD) == {"d/own0": ((), (), ("3",)), "d/all0": ((), (), ("1", "2"))}
    assert reached([THIRD], {}) == {"d/own0": ((), (), ("3",)), "d/all0": ((), (), REST)}
    assert reached([{}], low, THIRD) == {"d/own0": ((), (), ())}
    assert reached([STAYS | THIRD], STAYS) == {
        "d/own0": (("inpatient",), (), ("3",)),
        "d/all0": (("inpatient",), (), REST),
    }
    outside = ("outpatient_chronic", "outpatient", "major_illness")
    assert reached([STAYS | THIRD], {}) == {
        "d/own0": (("inpatient",), (), ("3",)),
        "d/all0": (outside, (), ()),
        "d/all0+2": (("inpatient",), (), REST),
    }


def test_everyones_rule_is_not_repeated_for_an_insurance_of_which_the_category_says_nothing():
    assert reached([RESIDENTS | THIRD], {}) == {
        "d/own0": ((), ("390",), ("3",)),
        "d/all0": ((), ("390",), REST),
    }
    assert reached([RESIDENTS], {"insutypes": ("310",)}) == {"d/own0": ((), ("390",), ())}


def test_everyones_insurance_goes_on_for_the_other_ages_and_bands_of_cost():
    everyone = rule(key="d/all", benefit="basic_insurance")
    left = completed([(((), (), ()), (60, 80), (0, None))], [everyone])
    assert [(key, part.ages, part.costs, part.reach) for key, part in left] == [
        ("d/all", (0, 60), (0, None), ((), (), ())),
        ("d/all+2", (80, None), (0, None), ((), (), ())),
    ]
    below = completed([(((), (), ("3",)), (0, None), (100, None))], [everyone])
    assert [(part.hospital_levels, part.costs) for _, part in below] == [(REST, (0, None)), (("3",), (0, 100))]


def test_assistance_is_not_completed():
    found = resolve([document(rules=(rule(**THIRD),))], CATEGORIES, START, END)
    assert [case.key for item in found for case in item.cases()] == ["d/r"]


def subsidy(amount, tables):
    return amounts(
        rule(benefit="premium_subsidy", numbers={"amount": amount}, insutypes=("390",)),
        {t.name: t for t in tables},
        REGIONS[::-1],
        2025,
    )


RESIDENT = (("insutype", "390"),)


def scheduled(schedule, year=2025, other=None, **given) -> Amounts:
    made = rule(benefit="premium_subsidy", numbers={}, schedule=schedule, insutypes=("390",), **given)
    premium = table(Exact(value=40_000), name="premium", year=year, area="", where=RESIDENT)
    return amounts(made, {"premium": premium}, REGIONS[::-1], year, other)


def test_a_schedule_gives_each_year_its_share_of_the_premium_or_its_amount_and_no_other_year_any():
    schedule = {2025: Exact(value=premium_share(5000, "390")), 2026: Exact(value=12_000)}
    assert scheduled(schedule).amount == 20_000
    assert scheduled(schedule, 2026).amount == 12_000
    assert scheduled(schedule, 2027).reasons == ("schedule: says nothing of 2027",)


def test_temporary_aid_is_not_above_the_amount_of_the_category_that_caps_it():
    def capping(value):
        return rule(key="d/cap", benefit="premium_subsidy", numbers={"amount": value}, insutypes=("390",))

    own = {2025: Exact(value=20_000)}
    assert scheduled(own, other=capping(Exact(value=15_000)), cap_by="stable_out").amount == 15_000
    assert scheduled(own, other=capping(Exact(value=Word.FULL)), cap_by="stable_out").amount == 20_000
    unknown = scheduled(own, other=capping(Unknown(reason="lost")), cap_by="stable_out")
    assert (unknown.amount, unknown.reasons) == (None, ("d/cap: amount: unknown: lost",))
    assert scheduled(own, cap_by="stable_out").reasons == ("cap_by: no rule for stable_out is in force here",)


def test_what_is_unknown_of_special_drugs_leaves_the_rest_determined():
    found = amounts(
        serious("all", {**EVERYONE, "special_drug_line": Exact(value=0), "special_drug_cap": Unknown(reason="lost")}),
        {}, REGIONS, 2025,
    )  # fmt: skip
    assert (found.special_drug_line, found.special_drug_cap, found.reasons) == (0, None, ())


def test_full_is_the_premium_of_the_most_local_area_that_has_one():
    nation = table(Exact(value=40_000), name="premium", year=2025, area="", where=RESIDENT)
    city = replace(
        nation,
        figures={
            **nation.figures,
            ("3703", 2025, RESIDENT): replace(
                nation.figures["", 2025, RESIDENT], area="3703", value=Exact(value=42_000)
            ),
        },
    )
    assert subsidy(Exact(value=Word.FULL), [nation]) == Amounts(amount=40_000, full=True)
    assert subsidy(Exact(value=Word.FULL), [city]) == Amounts(amount=42_000, full=True)


def test_a_minimum_counts_as_the_figure_only_where_the_table_says_so_and_is_shown_as_presumed():
    bound = table(Floor(value=40_000), name="premium", year=2025, area="", where=RESIDENT)
    assert subsidy(Exact(value=Word.FULL), [bound]).reasons == (
        "amount: premium of nation (2025, 390) is only bounded",
    )
    counted = subsidy(Exact(value=Word.FULL), [replace(bound, floor_counts=True)])
    assert counted.amount == 40_000
    assert counted.presumed == ("premium of nation (2025, 390) is presumed to be the minimum, 400.00",)
