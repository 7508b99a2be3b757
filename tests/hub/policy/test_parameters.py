"""Parameters: exact, floor, ceiling, unknown; integers of fen and basis points, exactly or not at all."""

from __future__ import annotations

import tomllib
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.policy.values import (
    BadValueError,
    Ceiling,
    Exact,
    Floor,
    Kind,
    Share,
    Unknown,
    Word,
    basis_points,
    fen,
    half_up,
    parameter,
    respects,
)
from hub.policy.written import written

INCOME = {"share": Decimal("0.25"), "of": "income", "area": "prefecture", "population": "all", "year": "previous"}
SHARE = Share(bp=2500, table="income", area="prefecture", year="previous", where=(("population", "all"),))


def read(text: str) -> object:
    return tomllib.loads(f"value = {text}", parse_float=Decimal)["value"]


@given(st.integers(min_value=0, max_value=10**14))
def test_every_amount_of_fen_can_be_written_in_yuan_and_read_back(amount):
    assert fen(read(f"{amount // 100}.{amount % 100:02d}")) == amount


@given(st.integers(min_value=0, max_value=10_000))
def test_every_basis_point_can_be_written_as_a_fraction_and_read_back(bp):
    assert basis_points(read(f"{bp // 10_000}.{bp % 10_000:04d}")) == bp


@pytest.mark.parametrize(("text", "amount"), [("1148.29", 114829), ("0.29", 29), ("4.35", 435), ("400", 40000)])
def test_yuan_that_a_binary_float_would_miss_are_exact(text, amount):
    assert fen(read(text)) == amount


@pytest.mark.parametrize(("text", "bp"), [("0.57", 5700), ("0.07", 700), ("0.6667", 6667), ("1", 10000)])
def test_fractions_that_a_binary_float_would_miss_are_exact(text, bp):
    assert basis_points(read(text)) == bp


@given(st.integers(min_value=-(10**14), max_value=10**14), st.integers(min_value=0, max_value=20_000))
def test_half_up_is_half_away_from_zero(amount, bp):
    exact = Decimal(amount) * bp / 10_000
    assert half_up(amount, bp) == exact.quantize(Decimal(1), ROUND_HALF_UP)


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("3000.005", Kind.MONEY, "part of a fen"),
        ("-1", Kind.MONEY, "0 yuan or more"),
        ("true", Kind.MONEY, "not an amount"),
        ("nan", Kind.MONEY, "0 yuan or more"),
        ("inf", Kind.CAP, "0 yuan or more"),
        ("70", Kind.RATIO, "fraction from 0 to 1"),
        ("1.01", Kind.RATIO, "fraction from 0 to 1"),
        ("0.66667", Kind.RATIO, "hundredth of a percent"),
        ("nan", Kind.RATIO, "not a fraction"),
        ('"0.7"', Kind.RATIO, "no value of this key"),
        ('"none"', Kind.MONEY, "no value of this key"),
        ('"full"', Kind.CAP, "no value of this key"),
        ('"none"', Kind.SUBSIDY, "no value of this key"),
        ('{ unknown = "" }', Kind.MONEY, "without a reason"),
        ("{ unknown = 3 }", Kind.MONEY, "without a reason"),
        ("{ floor = 1.2 }", Kind.RATIO, "fraction from 0 to 1"),
        ('{ ceiling = "none" }', Kind.CAP, "no number"),
        ("{ about = 3000 }", Kind.MONEY, "a share without"),
        ("{ floor = 0.7, ceiling = 0.8 }", Kind.RATIO, "no value of this key"),
        ('{ share = 0.25, of = "income", area = "prefecture" }', Kind.MONEY, "without year"),
        ('{ share = 0.25, of = "income", area = "37", year = "last" }', Kind.MONEY, "none of"),
        ('{ share = 0.25, of = "income", area = "37", year = 2024, round_to = 0 }', Kind.MONEY, "rounded to 0"),
        ('{ share = 0.25, of = 28753, area = "37" }', Kind.MONEY, "share of an amount, with area"),
        ("{ share = 0.25, of = true }", Kind.MONEY, "not an amount"),
        ('{ share = 0.25, of = "income", area = 37, year = 2024 }', Kind.MONEY, "not text"),
        ('{ share = 0.25, of = "income", area = "37", year = 2024 }', Kind.RATIO, "no value of this key"),
        ("[1]", Kind.MONEY, "not an amount"),
    ],
)
def test_what_is_no_value_is_refused_with_a_remedy(text, kind, message):
    with pytest.raises(BadValueError, match=message) as refused:
        parameter(read(text), kind)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("3000", Kind.MONEY, Exact(value=300_000)),
        ("0", Kind.MONEY, Exact(value=0)),
        ('"none"', Kind.CAP, Exact(value=Word.NO_CAP)),
        ('"full"', Kind.SUBSIDY, Exact(value=Word.FULL)),
        ("{ floor = 0.70 }", Kind.RATIO, Floor(value=7000)),
        ("{ ceiling = 20000 }", Kind.CAP, Ceiling(value=2_000_000)),
        ('{ unknown = "lost" }', Kind.RATIO, Unknown(reason="lost")),
    ],
)
def test_a_bare_value_is_exact_and_a_grade_is_named(text, kind, expected):
    assert parameter(read(text), kind) == expected


def test_a_share_names_its_table_area_year_and_row():
    assert parameter(INCOME, Kind.MONEY) == Exact(value=SHARE)
    assert parameter({"ceiling": INCOME}, Kind.MONEY) == Ceiling(value=SHARE)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("{ share = 0.10, of = 28753 }", 287_530),
        ("{ share = 0.05, of = 8084 }", 40_420),
        ("{ share = 0.10, of = 25797, round_to = 1 }", 258_000),  # 揭医保〔2024〕74号: 2579.70 is 2580
        ("{ share = 0.25, of = 25797, round_to = 1 }", 644_900),  # and 6449.25 is 6449
        ("{ share = 4.00, of = 11584, round_to = 10000 }", 5_000_000),
    ],
)
def test_a_share_of_an_amount_that_the_article_tells_is_the_amount_it_comes_to(text, amount):
    assert parameter(read(text), Kind.CAP) == Exact(value=amount)


@pytest.mark.parametrize(
    ("value", "bound", "kept"),
    [
        (7000, Floor(value=7000), True),
        (6999, Floor(value=7000), False),
        (2_000_001, Ceiling(value=2_000_000), False),
        (Word.NO_CAP, Floor(value=3_000_000), True),
        (Word.NO_CAP, Ceiling(value=2_000_000), False),
        (0, Ceiling(value=SHARE), True),
        (100, Ceiling(value=SHARE), None),
        (SHARE, Ceiling(value=SHARE), True),
        (
            Share(bp=2501, table="income", area="prefecture", year="previous", where=SHARE.where),
            Ceiling(value=SHARE),
            False,
        ),
        (Share(bp=1, table="income", area="37", year="previous", where=SHARE.where), Ceiling(value=SHARE), None),
    ],
)
def test_a_bound_is_kept_broken_or_cannot_be_compared(value, bound, kept):
    assert respects(value, bound) is kept


def test_a_parameter_is_written_as_people_write_it():
    assert written(Floor(value=7050), Kind.RATIO) == "not less than 70.5 %"
    assert written(Exact(value=300_000), Kind.MONEY) == "3000.00"
    assert written(Exact(value=Word.NO_CAP), Kind.CAP) == "no cap"
    assert written(Exact(value=SHARE), Kind.MONEY) == "25 % of income (prefecture, previous, all)"
    assert written(Unknown(reason="lost"), Kind.CAP) == "unknown: lost"
