"""What a rule of each benefit may say: one table that reads, refuses, describes and documents the keys.

CALCULATED names the parameters of each benefit that become amounts; the other keys say whom and what they reach.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.policy.values import Kind

AID = frozenset({"medical_assistance", "tilt"})
TILT = frozenset({"tilt"})
SERIOUS = frozenset({"serious_illness"})
INSURANCE = SERIOUS | {"basic_insurance"}
PAID = AID | INSURANCE
SUBSIDY = frozenset({"premium_subsidy"})
WARNING = frozenset({"warning"})
CEILING = frozenset({"ceiling"})
PARTICIPATION = frozenset({"participation"})
BENEFITS = PAID | SUBSIDY | WARNING | CEILING | PARTICIPATION

OTHER_AID = ("temporary_relief", "commercial", "charity", "mutual_aid", "other")  # what else may have helped

INSUTYPES = ("310", "390")  # employees, residents
PERIODS = ("year", "half_year", "quarter", "month", "stay")
SETTINGS = ("inpatient", "outpatient_chronic", "outpatient", "major_illness")
HOSPITAL_LEVELS = ("0", "1", "2", "3", "4")  # 0 below level 1 (乡镇卫生院, 社区), 4 above level 3 (省属三级)
ORDINARY_LEVELS = ("1", "2", "3")

BASES = ("scope", "after_basic_and_serious_illness", "after_all_three")
ABOVE_BASIC = "above_basic"  # the cost that basic insurance did not count because of its cost_cap
WHOLE_BILL = {base: "total" if base == "scope" else f"total_{base}" for base in BASES}

CONTRARY = {"referral": "no_referral", "in_region": "out_of_region", "designated": "not_designated"}
CONDITIONS = (*CONTRARY, *CONTRARY.values())
CAP_REACHED = "cap_reached"  # medical assistance has reached its cap

PAYERS = ("medical_insurance", "civil_affairs", "rural_revitalization", "finance", "village", "charity")

EVERYONE = "*"  # every insured person, whatever category
FOR_EVERYONE = INSURANCE | WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A parameter: a key whose value is exact, a floor, a ceiling or unknown."""

    name: str
    kind: Kind
    benefits: frozenset[str]
    text: str
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A key whose value is one word, or a list of words, of a closed list."""

    name: str
    choices: tuple[str, ...]
    benefits: frozenset[str]
    text: str
    many: bool = False
    default: Mapping[str, str] = field(default_factory=dict)  # benefit -> what an absent key means


NUMBERS = (
    Number(
        name="amount", kind=Kind.SUBSIDY, benefits=SUBSIDY,
        text='yuan a year; "full" is the whole personal premium; a share of the premium',
        example='amount = { share = 0.60, of = "premium", area = "local", year = "same", insutype = "390" }',
    ),
    Number(
        name="line", kind=Kind.MONEY, benefits=PAID | WARNING,
        text="yuan from which the rule works (起付线, 预警线); 0 is no line",
        example='line = { share = 0.25, of = "disposable_income", area = "37", population = "all", year = "previous" }',
    ),
    Number(
        name="line_factor", kind=Kind.RATIO, benefits=SERIOUS,
        text="fraction of everyone's line that remains for these categories",
        example="line_factor = 0.50",
    ),
    Number(
        name="ratio", kind=Kind.RATIO, benefits=PAID | CEILING | PARTICIPATION,
        text="fraction paid above the line; of a ceiling or participation: the limit or target",
        example="ratio = { floor = 0.70 }",
    ),
    Number(
        name="ratio_bonus", kind=Kind.RATIO, benefits=SERIOUS,
        text="points added to each of everyone's tiers",
        example="ratio_bonus = 0.05",
    ),
    Number(
        name="cap", kind=Kind.CAP, benefits=PAID,
        text='most yuan paid in a period; "none" where there is no cap',
        example='cap = "none"',
    ),
    Number(
        name="group_cap", kind=Kind.MONEY, benefits=PAID,
        text="most yuan paid in a period by all rules of the cap_group together",
        example='cap_group = "inpatient-and-chronic"\ngroup_cap = 90000',
    ),
    Number(
        name="lines_most", kind=Kind.MONEY, benefits=PAID,
        text="most yuan borne below lines in a year, by all rules of the document's benefit that say so together",
        example="lines_most = 3000",
    ),
    Number(
        name="cost_cap", kind=Kind.MONEY, benefits=PAID,
        text="most yuan of cost that count in the cap's period; what is above is paid nothing",
        example="cost_cap = 100000",
    ),
    Number(
        name="first_own", kind=Kind.RATIO, benefits=PAID,
        text="fraction of the cost that the person pays first, before the line (先自付)",
        example="first_own = 0.10",
    ),
    Number(
        name="least_ratio", kind=Kind.RATIO, benefits=PAID,
        text="fraction of a stay's counted cost, line included, that is paid at least (保底)",
        example="least_ratio = 0.45",
    ),
    Number(
        name="pay", kind=Kind.MONEY, benefits=PAID,
        text="a fixed amount in place of ratio, once in the line's period, when the cost passes the line",
        example="pay = 2000",
    ),
    Number(
        name="pay_per_day", kind=Kind.MONEY, benefits=PAID,
        text="a fixed amount in place of ratio for each day of the stay, when the cost passes the line",
        example="pay_per_day = 15",
    ),
    Number(
        name="cost_per_day", kind=Kind.MONEY, benefits=PAID,
        text="most yuan of cost that count for each day of the stay",
        example="cost_per_day = 180",
    ),
    Number(
        name="special_drug_line", kind=Kind.MONEY, benefits=SERIOUS,
        text="line for special drugs (特药); 0 is no line",
        example="special_drug_line = 0",
    ),
    Number(
        name="special_drug_ratio", kind=Kind.RATIO, benefits=SERIOUS,
        text="fraction paid of special drugs above their line",
        example="special_drug_ratio = 0.60",
    ),
    Number(
        name="special_drug_cap", kind=Kind.CAP, benefits=SERIOUS,
        text='most yuan a year paid for special drugs; "none" where there is no cap',
        example="special_drug_cap = 200000",
    ),
)  # fmt: skip

KINDS = {number.name: number.kind for number in NUMBERS}

CHOICES = (
    Choice(
        name="settings", choices=SETTINGS, many=True,
        benefits=PAID | WARNING | CEILING, text="kinds of care the rule reaches; absent: all",
    ),
    Choice(
        name="insutypes", choices=INSUTYPES, many=True, benefits=BENEFITS,
        text="insurance the rule reaches: 310 employees, 390 residents; absent: both",
    ),
    Choice(
        name="hospital_levels", choices=HOSPITAL_LEVELS, many=True, benefits=PAID,
        text="levels of hospital the rule reaches; absent: all",
    ),
    Choice(
        name="base", choices=BASES, benefits=PAID - SERIOUS,
        default={
            "basic_insurance": "scope", "tilt": "after_all_three",
            "medical_assistance": "after_basic_and_serious_illness",
        },
        text="in-scope cost the rule counts: all, or what earlier layers left",
    ),
    Choice(
        name="base", choices=(*BASES, ABOVE_BASIC), benefits=SERIOUS, default={"serious_illness": "scope"},
        text="in-scope cost the rule counts: what is left, or what basic insurance did not count for its cost_cap",
    ),
    Choice(
        name="base", choices=(*BASES, *(WHOLE_BILL[base] for base in BASES)), benefits=WARNING,
        text="the cost a warning looks at: in scope, or the whole bill, all or what the layers left",
    ),
    Choice(
        name="period", choices=("year", "stay"), benefits=PAID | WARNING | CEILING,
        default=dict.fromkeys(BENEFITS, "year"), text="line and cap count per benefit year or per stay",
    ),
    Choice(
        name="line_period", choices=PERIODS, benefits=PAID,
        text="what the line counts over; absent: period, or the stay with stay_lines",
    ),
    Choice(
        name="tiers_period", choices=PERIODS, benefits=PAID, text="what the tiers count over; absent: line_period",
    ),
    Choice(
        name="cap_period", choices=PERIODS, benefits=PAID, text="what cap and cost_cap count over; absent: period",
    ),
    Choice(
        name="group_cap_period", choices=PERIODS, benefits=PAID, default=dict.fromkeys(PAID, "year"),
        text="what group_cap counts over",
    ),
    Choice(
        name="whose_region", choices=("insured", "certified"), benefits=AID | SUBSIDY,
        default=dict.fromkeys(BENEFITS, "insured"),
        text="the rule of the place where the person is insured, or where the category is held",
    ),
    Choice(
        name="conditions", choices=CONDITIONS, many=True, benefits=PAID - TILT,
        text="all needed besides the category: referral in order (or no_referral), treated in the region (or "
        "out_of_region), a designated institution (or not_designated)",
    ),
    Choice(
        name="conditions", choices=(*CONDITIONS, CAP_REACHED), many=True, benefits=TILT,
        text="as of the other benefits; and that medical assistance has reached its cap",
    ),
    Choice(
        name="tiers_from", choices=("cost", "line"), benefits=PAID, default=dict.fromkeys(PAID, "cost"),
        text="above in tiers counts from the first yuan of the cost, or from the line",
    ),
    Choice(
        name="day", choices=("admission", "discharge"), benefits=PAID, default=dict.fromkeys(PAID, "admission"),
        text="the day of a stay whose category counts",
    ),
    Choice(
        name="deducts", choices=OTHER_AID, many=True, benefits=PAID,
        text="other aid that is taken off before the line",
    ),
    Choice(
        name="counts", choices=OTHER_AID, many=True, benefits=PAID | CEILING,
        text="other aid that counts as paid in the ratio of a ceiling; absent: none",
    ),
    Choice(
        name="denominator", choices=("scope", "total"), benefits=CEILING, default={"ceiling": "scope"},
        text="what a ceiling is a share of: in-scope cost or the whole bill",
    ),
    Choice(
        name="tops_up", choices=PAYERS, benefits=SUBSIDY, default={"premium_subsidy": ""},
        text="who pays the rest of the personal premium, beyond the amount; absent: the person",
    ),
    Choice(
        name="cadence", choices=("real_time", "daily", "weekly", "ten_days", "monthly", "quarterly"), benefits=WARNING,
        default={"warning": ""}, text="how often the document has the cost compared",
    ),
    Choice(
        name="effect", choices=("finding", "cap"), benefits=CEILING, default={"ceiling": "finding"},
        text="what passing the ceiling does: a finding, or assistance and tilt are cut to it (cap)",
    ),
)  # fmt: skip

RATES = ("ratio", "tiers", "pay", "pay_per_day")

# Each inner tuple: one of these must be given. A document that is silent says { unknown = "the document is silent" }.
NEEDED: dict[str, tuple[tuple[str, ...], ...]] = {
    "premium_subsidy": (("amount", "schedule"),),
    "basic_insurance": (RATES,),
    "serious_illness": (("line", "line_factor", "stay_lines"), (*RATES, "ratio_bonus"), ("cap",)),
    "medical_assistance": (("line", "stay_lines"), RATES, ("cap",)),
    "tilt": (("line", "stay_lines"), RATES, ("cap",)),
    "warning": (("line",), ("base",), ("addressee",)),
    "ceiling": (("ratio",), ("settings",)),
    "participation": (("ratio",),),
}

# How a document says that there is none of a key that must be given.
NONE = {"line": "line = 0", "cap": 'cap = "none"'}

CALCULATED: dict[str, tuple[str, ...]] = {
    "premium_subsidy": ("amount",),
    **dict.fromkeys(
        sorted(PAID),
        (
            "line",
            "ratio",
            "cap",
            "group_cap",
            "lines_most",
            "cost_cap",
            "first_own",
            "least_ratio",
            "pay",
            "pay_per_day",
            "cost_per_day",
        ),
    ),
    "warning": ("line",),
    "ceiling": ("ratio",),
    "participation": ("ratio",),
}
