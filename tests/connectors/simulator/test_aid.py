"""Zichuan's counter reckons as its page says: worked through by hand, in fen."""

from __future__ import annotations

import pytest

from connectors.simulator.aid import Counter, decisive, standing


@pytest.mark.parametrize(
    ("categories", "left", "given"),
    [
        ({"dibao"}, 1_000_000, (750_000, 0)),
        ({"dibao"}, 3_000_000, (2_250_000, 175_000)),  # 70 % of what is above 5,000 yuan
        ({"tekun"}, 5_000_000, (3_000_000, 1_050_000)),  # 30,000 yuan at most
        ({"tekun"}, 9_000_000, (3_000_000, 2_000_000)),  # and 20,000 of tilt
        ({"mon_edge"}, 300_000, (0, 0)),
        ({"mon_edge"}, 2_300_001, (1_000_001, 210_000)),  # half a fen rounds up; above 10,000 yuan
        ({"mon_edge", "dibao"}, 1_000_000, (750_000, 0)),
        ({"expend_hard"}, 1_500_000, (300_000, 0)),
        ({"expend_hard", "illness_poor"}, 1_500_000, (300_000, 0)),
    ],
)
def test_a_bill_is_reckoned(categories: set[str], left: int, given: tuple[int, int]) -> None:
    assert Counter().bill(categories, "inpatient", left) == given


def test_the_year_goes_on_through_a_change_of_category() -> None:
    counter = Counter()
    assert counter.bill({"mon_edge"}, "inpatient", 200_000) == (0, 0)
    assert counter.bill({"mon_edge"}, "outpatient", 900_000) is None  # not counted
    assert counter.bill({"mon_edge"}, "outpatient_chronic", 200_000) == (50_000, 0)
    assert counter.bill({"dibao"}, "inpatient", 4_000_000) == (2_950_000, 630_000)  # the limit of 30,000 is the year's
    assert counter.bill({"mon_edge"}, "inpatient", 100_000) == (0, 70_000)


def test_what_the_page_does_not_say_is_not_made_up() -> None:
    counter = Counter()
    assert counter.bill({"orphan"}, "inpatient", 100_000) is None
    assert counter.bill({"dibao"}, "inpatient", 100_000) == (75_000, 0)
    assert counter.bill({"illness_poor"}, "inpatient", 100_000) is None
    assert counter.bill({"dibao"}, "inpatient", 100_000) is None  # what follows the unknown is unknown


def test_the_category_that_counts_is_the_first_of_its_group() -> None:
    assert decisive({"mon_edge", "fanpin_zhipin", "dibao"}) == "dibao"
    assert decisive({"mon_edge", "mon_sudden"}) == "mon_sudden"
    assert (decisive({"stable_out"}), standing({"orphan"})) == (None, None)
