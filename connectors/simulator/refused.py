"""Rows beyond repair, each with one fault and the reason code under which the hub must quarantine it.

They are about persons of no household, or settlements that count nowhere, so that the truth does not change. One
certificate is beyond repair in October and corrected in November.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from connectors.simulator import cases, present
from connectors.simulator.making import NOVEMBER, OCTOBER, Making
from connectors.simulator.people import Household, Person, check_character
from connectors.simulator.places import SHANDONG
from connectors.simulator.present import Values
from connectors.simulator.records import Death, Enrolment, Insured, Payment, Relief
from connectors.simulator.soil import DEATHS, MONITORED, PAYMENTS, PERSONS, RECIPIENTS, RELIEF, SETTLEMENTS, Soil


def numbers(number: str) -> dict[str, tuple[str, str]]:
    """Kind of damage -> (what is left of a valid ID number, the reason code)."""
    seventeen = number[:17]
    wrong = next(d for d in "123456789" if d != number[17])
    unborn = number[:10] + "1332" + number[14:17]
    parsed = next(
        n
        for n in (_parsed(number, order) for order in range(1, 1_000))
        if check_character(n[:17]) != n[17] and n[-3:] != "000"
    )
    zeros = next(n for n in (number[:14] + d + "000" for d in "0123456789") if check_character(n[:17]) != "0")
    return {
        "wrong check digit": (seventeen + wrong, "id_check_digit"),
        "parsed as a float": (parsed, "id_check_digit"),
        "17 characters": (seventeen, "id_length"),
        "letter inside": (number[:6] + "A" + number[7:], "id_characters"),
        "impossible birth": (unborn + check_character(unborn), "id_birth"),
        "spreadsheet exponent": (f"{number[0]}.{number[1:6]}E+17", "id_spreadsheet"),
        "spreadsheet zeros": (zeros, "id_spreadsheet"),
        "no number": ("", "id_absent"),
    }


def _parsed(number: str, order: int) -> str:
    """What a reader of tables makes of a number that it takes for a float: eighteen digits, wrong in the last two."""
    seventeen = f"{number[:14]}{order:03d}"
    return f"{float(seventeen + check_character(seventeen).replace('X', '0')):.0f}"


def correct_later(making: Making, soil: Soil) -> None:
    """A certificate whose number is damaged in October's list and right in November's."""
    household = making.settle_in(making.people.household(ages=[61], rural=True), certain=True)
    row = cases.recipient(making.rng, household, household.members[0], "dibao", begin=date(2022, 2, 1))
    making.put(row, months=(NOVEMBER,))
    damaged, reason = numbers(row.person.number)["wrong check digit"]
    soil.refuse(RECIPIENTS, OCTOBER, present.recipient(row, making.places), "corrected later", reason, certno=damaged)


def _stranger(making: Making) -> tuple[Household, Person]:
    """Somebody of no household, where a row needs one."""
    county = making.rng.choice(SHANDONG)
    person = making.people.stranger(county)
    township = making.rng.choice(making.places.townships[county])
    return Household(serial=making.branch(), township=township, rural=True, members=(person,)), person


def civil(making: Making, soil: Soil, month: str) -> None:
    rng, end = making.rng, making.last_day(month)

    def clean() -> Values:
        household, person = _stranger(making)
        return present.recipient(cases.recipient(rng, household, person, "dibao_edge"), making.places)

    def paid() -> Values:
        household, person = _stranger(making)
        number = f"LS{household.county}{household.serial:08d}"
        row = Relief(
            person=person, payment_number=number, amount=50_000, paid=end.replace(day=9), division=household.township
        )
        return present.relief(row)

    def dead() -> Values:
        household, person = _stranger(making)
        return present.death(Death(person=person, died=end.replace(day=2), registered=end), household.township)

    for kind in numbers(making.people.stranger("370302").number):
        values = clean()
        number, reason = numbers(str(values["certno"]))[kind]
        soil.refuse(RECIPIENTS, month, values, kind, reason, certno=number)
    faults: Iterable[tuple[str, str, Values]] = (
        ("no name", "required_missing", {"psn_name": ""}),
        ("no begin", "required_missing", {"begin_month": ""}),
        ("unknown category", "unknown_code", {"assistance_type": "其他困难"}),
        ("unknown area", "unknown_code", {"urban_rural": "混合"}),
        ("month 13", "bad_date", {"begin_month": "2025-13"}),
        ("month as a serial in text", "bad_date", {"end_month": "45962"}),
        ("30 February", "bad_date", {"certified": "2025-02-30"}),
        ("day as a serial in text", "bad_date", {"certified": "44713"}),
        ("a month for a day", "bad_date", {"certified": "202511"}),
        ("township in words", "bad_division", {"division": "昆仑镇人民政府"}),
        ("township office in words", "bad_division", {"division": "般阳路街道办事处"}),
        ("doubtful flag", "bad_flag", {"covered": "也许"}),
        ("letter in a division", "bad_division", {"division": "37030A001"}),
    )
    for kind, reason, damage in faults:
        soil.refuse(RECIPIENTS, month, clean(), kind, reason, **damage)
    soil.refuse(RELIEF, month, paid(), "amount in words", "bad_amount", amount="三百元")
    soil.refuse(RELIEF, month, paid(), "no amount", "required_missing", amount="--")
    soil.refuse(RELIEF, month, paid(), "a third of a fen", "bad_amount", amount="33.333")
    soil.refuse(RELIEF, month, paid(), "31 September", "bad_date", paid="2025-09-31")
    soil.refuse(RELIEF, month, paid(), "no payment number", "required_missing", payment_number="")
    soil.refuse(DEATHS, month, dead(), "month 0", "bad_date", died="2025-00-10")
    soil.refuse(DEATHS, month, dead(), "no day", "required_missing", died="0000-00-00")
    values = dead()
    soil.refuse(DEATHS, month, values, "17 characters", "id_length", certno=str(values["certno"])[:17])


def payments(making: Making, soil: Soil, month: str) -> None:
    """Rows of the payment list, about persons of no household."""
    first = making.last_day(month).replace(day=1)

    def clean() -> Values:
        household, person = _stranger(making)
        row = Payment(
            person=person, category="dibao", rural=True, household_number=f"JZ{household.county}{household.serial:07d}",
            month=first, amount=64_000, paid=first, division=household.township,
        )  # fmt: skip
        return present.payment(row)

    for kind in ("spreadsheet exponent", "spreadsheet zeros", "parsed as a float"):
        values = clean()
        number, reason = numbers(str(values["certno"]))[kind]
        soil.refuse(PAYMENTS, month, values, kind, reason, certno=number)
    soil.refuse(PAYMENTS, month, clean(), "no amount", "required_missing", amount="--")
    soil.refuse(PAYMENTS, month, clean(), "month 13", "bad_date", paid_month="202513")
    soil.refuse(PAYMENTS, month, clean(), "no month", "required_missing", paid_month="0")


def monitored(making: Making, soil: Soil, month: str) -> None:
    def clean() -> Values:
        household, _ = _stranger(making)
        return present.monitored(cases.rural_rows(making.rng, household, "mon_edge")[0])

    for kind in ("wrong check digit", "spreadsheet exponent", "spreadsheet zeros"):
        values = clean()
        number, reason = numbers(str(values["certno"]))[kind]
        soil.refuse(MONITORED, month, values, kind, reason, certno=number)
    values = clean()
    damaged = float(str(values["certno"])[:17] + "0")
    soil.refuse(MONITORED, month, values, "spreadsheet number", "id_spreadsheet", certno=damaged)
    faults: Iterable[tuple[str, str, Values]] = (
        ("year in words", "bad_number", {"out_of_poverty_year": "二〇一七"}),
        ("unknown type", "unknown_code", {"monitored_type": "风险户"}),
        ("no household type", "required_missing", {"household_type": ""}),
        ("doubtful flag", "bad_flag", {"risk_removed": "不确定"}),
        ("letter in a division", "bad_division", {"division": "37O302"}),
        ("month 13", "bad_date", {"identified": "2024-13-05"}),
    )
    for kind, reason, damage in faults:
        soil.refuse(MONITORED, month, clean(), kind, reason, **damage)


def persons(making: Making, soil: Soil, month: str) -> None:
    def clean() -> Values:
        household, person = _stranger(making)
        cover = Enrolment(insutype="390", status="normal", since=date(2020, 1, 1), until=None, county=household.county)
        return present.insured(Insured(person=person, psn_no=f"37{household.serial:024d}", enrolments=(cover,)))

    def with_cover(**damage: object) -> Values:
        values = clean()
        covers = values["insuinfo"]
        return values | {"insuinfo": [cover | damage for cover in covers] if isinstance(covers, list) else []}

    tag: Values = {"psn_idet_type": "99", "begntime": "2024-01-01 00:00:00", "endtime": ""}
    premium: Values = {"insu_year": 2025, "payer": "1", "subsidy_amt": 150.0, "pay_date": "2024-12-02"}
    soil.refuse(PERSONS, month, clean(), "unknown identity type", "unknown_code", idetinfo=[tag])
    soil.refuse(PERSONS, month, with_cover(insutype="777"), "unknown insurance", "unknown_code")
    soil.refuse(PERSONS, month, with_cover(insuplc_admdvs="37O302"), "letter in a division", "bad_division")
    soil.refuse(PERSONS, month, clean(), "30 February", "bad_date", brdy="1990-02-30")
    soil.refuse(PERSONS, month, clean(), "no person number", "required_missing", psn_no="")
    worded = premium | {"subsidy_amt": "一百五"}
    soil.refuse(PERSONS, month, clean(), "amount in words", "bad_amount", subsidyinfo=[worded])
    year = premium | {"insu_year": "二〇二五"}
    soil.refuse(PERSONS, month, clean(), "year in words", "bad_number", subsidyinfo=[year])
    for kind in ("wrong check digit", "letter inside"):
        values = clean()
        number, reason = numbers(str(values["certno"]))[kind]
        soil.refuse(PERSONS, month, values, kind, reason, certno=number)


def settlements(making: Making, soil: Soil) -> None:
    """Settlements of real persons that cannot be read: October's are sent again in November's window."""
    clean = iter(s for s in making.october.settlements if s.total > 0)
    numbered = 0

    def take(day: int, month: int = 10) -> Values:
        nonlocal numbered
        numbered += 1
        source = next(clean)
        mark = f"S{source.county}9{numbered:09d}"
        when = datetime(2025, month, day, 10, 30)  # noqa: DTZ001 - the platform's wall clock
        return present.settlement(replace(source, setl_id=mark, visit="M" + mark[1:], init_setl_id=None, settled=when))

    unknown: Values = {"fund_pay_type": "777777", "fund_payamt": 1.0}
    exponent = numbers("370302199001010014")["spreadsheet exponent"][0]
    for month, day in ((OCTOBER, 20), (NOVEMBER, 20)):
        number = int(month[-2:])
        soil.refuse(SETTLEMENTS, month, take(day, number), "unknown care", "unknown_code", med_type="9921")
        soil.refuse(SETTLEMENTS, month, take(day, number), "amount unreadable", "bad_amount", medfee_sumamt="1.2.3")
        if month == OCTOBER:
            values = take(day)
            soil.refuse(SETTLEMENTS, month, values, "unknown fund", "unknown_code", setldetail=[unknown])
            soil.refuse(SETTLEMENTS, month, take(day), "no discharge", "required_missing", enddate="")
            soil.refuse(SETTLEMENTS, month, take(day), "spreadsheet exponent", "id_spreadsheet", certno=exponent)
