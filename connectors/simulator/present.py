"""How each department writes a record down: raw values by field name, in its own words and codes.

The words and codes are the departments'; the hub reads them through config/mappings/. Identity types differ by
province. Amounts on the wire are yuan.
"""

from __future__ import annotations

from datetime import date

from connectors.simulator.people import Person
from connectors.simulator.places import Places
from connectors.simulator.records import Death, Enrolment, Insured, Monitored, Payment, Recipient, Relief, Settlement

Values = dict[str, object]

IDENTITY = {
    "37": {
        "tekun": "01", "orphan": "02", "defacto_orphan": "03", "dibao": "04", "dibao_edge": "05", "fanpin_zhipin": "06",
        "mon_unstable": "07", "mon_edge": "08", "mon_sudden": "09", "stable_out": "10", "illness_poor": "11",
        "expend_hard": "12",
    },
    "65": {
        "dibao": "01", "tekun": "02", "orphan": "03", "defacto_orphan": "04", "stable_out": "05", "mon_edge": "06",
        "mon_sudden": "07", "mon_unstable": "08", "fanpin_zhipin": "09", "illness_poor": "10",
        "expend_hard": "11", "dibao_edge": "12",
    },
}  # fmt: skip
STATUS = {"normal": "1", "paused": "2", "ended": "3"}
PAYER = {
    "medical_insurance": "1", "civil_affairs": "2", "rural_revitalization": "3", "finance": "4", "village": "5",
    "charity": "6",
}  # fmt: skip
CARE = {"inpatient": "21", "outpatient_chronic": "14", "outpatient": "11"}
ASSISTANCE = {
    "tekun": "特困人员", "orphan": "孤儿", "defacto_orphan": "事实无人抚养儿童", "dibao_edge": "低保边缘家庭成员",
    "illness_poor": "因病致贫重病患者", "expend_hard": "支出型困难家庭",
}  # fmt: skip
MONITORED = {"mon_unstable": "脱贫不稳定户", "mon_edge": "边缘易致贫户", "mon_sudden": "突发严重困难户"}


def insured(record: Insured) -> Values:
    """A row of interface 1101. An open end is empty, null or a far day, as platforms have it."""
    codes = IDENTITY[record.enrolments[0].county[:2]]
    person = record.person
    return {
        "psn_no": record.psn_no,
        "psn_cert_type": "01",
        "certno": person.number,
        "psn_name": person.name,
        "gend": person.sex,
        "naty": "01" if person.ethnic == "汉族" else "05",
        "brdy": person.birth.isoformat(),
        "tel": person.phone,
        "insuinfo": [_enrolment(person, e) for e in record.enrolments],
        "idetinfo": [
            {
                "psn_idet_type": codes[tag.category],
                "psn_type_lv": "",
                "memo": "",
                "begntime": f"{tag.begin} 00:00:00",
                "endtime": f"{tag.end} 23:59:59" if tag.end else ("", None, "9999-12-31 00:00:00")[tag.begin.day % 3],
            }
            for tag in record.tags
        ],
        "subsidyinfo": [
            {
                "insu_year": p.year,
                "payer": PAYER[p.payer],
                "subsidy_amt": p.amount / 100,
                "pay_date": p.paid.isoformat(),
            }
            for p in record.premiums
        ],
    }


def _enrolment(person: Person, enrolment: Enrolment) -> Values:
    return {
        "insutype": enrolment.insutype,
        "psn_type": "1101" if enrolment.insutype == "310" else "1501" if person.age >= 18 else "1401",
        "psn_insu_stas": STATUS[enrolment.status],
        "psn_insu_date": enrolment.since.isoformat(),
        "paus_insu_date": enrolment.until.isoformat() if enrolment.until else "",
        "insuplc_admdvs": enrolment.county,
    }


def settlement(record: Settlement) -> Values:
    """A row of interface 5261 with its fund lines."""
    basic, serious = ("310100", "330100") if record.insutype == "310" else ("390100", "390200")
    lines = ((basic, record.basic), (serious, record.serious), ("610100", record.assistance), ("610102", record.tilt))
    personal = record.total - record.funds
    return {
        "setl_id": record.setl_id,
        "mdtrt_id": record.visit,
        "init_setl_id": record.init_setl_id or "",
        "psn_no": record.psn_no,
        "psn_cert_type": "01",
        "certno": record.person.number,
        "psn_name": record.person.name,
        "insutype": record.insutype,
        "insuplc_admdvs": record.county,
        "med_type": CARE[record.setting],
        "fixmedins_code": record.hospital,
        "hosp_lv": record.level,
        "begndate": record.admitted.isoformat(),
        "enddate": record.discharged.isoformat(),
        "setl_time": f"{record.settled:%Y-%m-%d %H:%M:%S}",
        "medfee_sumamt": record.total / 100,
        "fulamt_ownpay_amt": record.own / 100,
        "overlmt_selfpay": record.over / 100,
        "preselfpay_amt": record.first / 100,
        "inscp_scp_amt": record.scope / 100,
        "act_pay_dedc": record.deductible / 100,
        "hifp_pay": record.basic / 100,
        "hifmi_pay": record.serious / 100,
        "maf_pay": record.assistance / 100,
        "fund_pay_sumamt": record.funds / 100,
        "psn_part_amt": personal / 100,
        "acct_pay": record.account / 100 if record.account else "",
        "psn_cash_pay": (personal - record.account) / 100,
        "setldetail": [{"fund_pay_type": kind, "fund_payamt": paid / 100} for kind, paid in lines if paid],
    }


def recipient(row: Recipient, places: Places) -> Values:
    """A line of civil affairs' list."""
    number = int(row.person.number[:17])
    return {
        "assistance_type": _assistance(row.category, rural=row.rural),
        "urban_rural": "农村" if row.rural else "城市",
        "household_number": row.household_number,
        "psn_name": row.name,
        "certno": row.person.number,
        "relation": row.person.relation,
        "covered": "是" if row.covered else "否",
        "begin_month": f"{row.begin:%Y-%m}",
        "end_month": f"{row.end:%Y-%m}" if row.end else ("3000-12", "")[row.begin.month % 2],
        "certified": row.certified.isoformat(),
        "division": row.division,
        "address": f"{places.address(row.division)}{number % 9 + 1}组{number % 80 + 1}号",
        "account": _account(row.person),
        "phone": row.person.phone,
    }


def _assistance(category: str, *, rural: bool) -> str:
    dibao = "农村低保" if rural else "城市低保"
    return dibao if category == "dibao" else ASSISTANCE[category]


def _account(person: Person) -> str:
    return f"62284{int(person.number[:17]) * 7_919 % 10**14:014d}"


def payment(row: Payment) -> Values:
    """A line of the assistance paid."""
    return {
        "assistance_type": _assistance(row.category, rural=row.rural),
        "household_number": row.household_number,
        "psn_name": row.person.name,
        "certno": row.person.number,
        "paid_month": f"{row.month:%Y%m}",
        "amount": f"{row.amount / 100:.2f}",
        "paid": f"{row.paid:%Y-%m-%d}",
        "division": row.division,
        "account": _account(row.person),
    }


def relief(row: Relief) -> Values:
    """A line of the relief paid."""
    return {
        "payment_number": row.payment_number,
        "psn_name": row.person.name,
        "certno": row.person.number,
        "amount": f"{row.amount / 100:,.2f}",
        "paid": f"{row.paid:%Y%m%d}",
        "division": row.division,
    }


def death(row: Death, division: str) -> Values:
    """A line of the deaths registered."""
    return {
        "psn_name": row.person.name,
        "certno": row.person.number,
        "died": row.died.isoformat(),
        "registered": row.registered.isoformat(),
        "division": division,
    }


def monitored(row: Monitored) -> Values:
    """A row of the monitoring system's export; days are days, a year is a number."""
    return {
        "division": row.division,
        "household_number": row.household_number,
        "person_number": row.person_number,
        "psn_name": row.name,
        "certno": row.person.number,
        "relation": row.person.relation,
        "naty_name": row.person.ethnic,
        "household_type": "脱贫户" if row.ex_poor else "一般农户",
        "monitored_type": MONITORED[row.monitored] if row.monitored else ("无", "")[len(row.name) % 2],
        "risk_removed": _flag(row.monitored is not None, row.removed),
        "identified": row.identified or "",
        "removed": row.removed or "",
        "back_in_poverty": "是" if row.back else "否",
        "out_of_poverty_year": row.out_year or "",
        "phone": row.person.phone,
    }


def _flag(asked: bool, day: date | None) -> str:
    return ("是" if day else "否") if asked else ""
