"""Harmless dirt: the same number, name, day or amount written another way. The hub must read each as if it were clean.

What the hub must record beside it is in REPAIRS, NAME_REPAIRS, WARNINGS and GRADES; nothing else is recorded of a row
that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from connectors.simulator.names import DOT
from connectors.simulator.present import Values

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
LOOK_ALIKE = "•‧∙⋅・．･●"
OPEN = ("3000-12", "")  # how a clean row says that nothing has ended
EPOCH = date(1899, 12, 30)  # of spreadsheets

Disguise = Callable[[Values], Values | None]  # the fields it rewrites; None where it cannot


def _number(rewrite: Callable[[str], str | None]) -> Disguise:
    def disguise(values: Values) -> Values | None:
        number = rewrite(str(values["certno"]))
        return {"certno": number} if number else None

    return disguise


def _legacy(number: str) -> str | None:
    """The 15 digits that a number had before 1999."""
    return number[:6] + number[8:17] if number[6:8] == "19" else None


def _legacy_as_a_number(values: Values) -> Values | None:
    """A spreadsheet keeps 15 digits exactly."""
    number = _legacy(str(values["certno"]))
    return {"certno": float(number)} if number else None


def _pauses(word: str) -> Disguise:
    """The day on which nothing has paused, as a platform may fill it."""

    def disguise(values: Values) -> Values | None:
        covers = values["insuinfo"]
        if not isinstance(covers, list) or any(cover["paus_insu_date"] for cover in covers):
            return None
        return {"insuinfo": [cover | {"paus_insu_date": word} for cover in covers]}

    return disguise


def _dot(look_alike: str) -> Disguise:
    def disguise(values: Values) -> Values | None:
        name = str(values["psn_name"])
        return {"psn_name": name.replace(DOT, look_alike)} if DOT in name else None

    return disguise


def _han_space(values: Values) -> Values | None:
    name = str(values["psn_name"])
    return {"psn_name": f"{name[0]} {name[1]}"} if len(name) == 2 else None


NUMBERS: dict[str, Disguise] = {
    "15-digit number": _number(_legacy),
    "lower-case x": _number(lambda n: n.lower() if n.endswith("X") else None),
    "full-width digits": _number(lambda n: n.translate(FULL_WIDTH)),
    "trailing spaces": _number(lambda n: n + "  "),
    "ideographic space": _number(lambda n: n + "\u3000"),
    "invisible characters": _number(lambda n: "\u200b" + n[:6] + "\u2060" + n[6:] + "\ufeff\u200e"),
    "grouped digits": _number(lambda n: f"{n[:6]} {n[6:14]} {n[14:]}"),
    "validity tail": _number(lambda n: f"{n}有效期至2035.06.01"),
    "validity tail after a space": _number(lambda n: f"{n} 有效期限：长期"),
}
GUARDS: dict[str, Disguise] = {
    "leading apostrophe": _number(lambda n: "'" + n),
    "formula guard": _number(lambda n: f'="{n}"'),
    "everything at once": _number(
        lambda n: "'" + n.lower().translate(FULL_WIDTH) + " 有效期" if n[-1] == "X" else None
    ),
}
LONG: dict[str, Disguise] = {
    "20 characters": _number(lambda n: n + "43"),
    "22 characters": _number(lambda n: n + "43B1"),
}
NAMES: dict[str, Disguise] = {f"look-alike dot U+{ord(dot):04X}": _dot(dot) for dot in LOOK_ALIKE}
SPACED: dict[str, Disguise] = {"space inside a name": _han_space}
SERIALS: dict[str, Disguise] = {
    "15 digits as a number": _legacy_as_a_number,
    "day as a serial": lambda v: {"identified": (d - EPOCH).days} if isinstance(d := v["identified"], date) else None,
}
AMOUNTS: dict[str, Disguise] = {
    "yen sign": lambda v: {"amount": f"¥{v['amount']}"},
    "full-width yen sign": lambda v: {"amount": f"￥ {v['amount']}"},
    "thousands comma": lambda v: {"amount": f"{float(str(v['amount'])):,.2f}"} if len(str(v["amount"])) > 6 else None,
    "yuan behind": lambda v: {"amount": f"{v['amount']}元"},
    "full-width amount": lambda v: {"amount": str(v["amount"]).translate(FULL_WIDTH).replace(".", "．")},
}
DOUBTS: dict[
    str, Disguise
] = {  # of the platform's own fields against the number: the number counts, and a warning is due
    "sex against the number": lambda v: {"gend": {"1": "2", "2": "1"}[str(v["gend"])]},
    "birth against the number": lambda v: {"brdy": f"{int(str(v['brdy'])[:4]) - 1}{str(v['brdy'])[4:]}"},
}
DATES: dict[str, Disguise] = {
    "open month as 0": lambda v: {"end_month": "0"} if v["end_month"] in OPEN else None,
    "open month as 0000-00-00": lambda v: {"end_month": "0000-00-00"} if v["end_month"] in OPEN else None,
    "open month as 9999": lambda v: {"end_month": "9999-12"} if v["end_month"] in OPEN else None,
    "open month as 999912": lambda v: {"end_month": "999912"} if v["end_month"] in OPEN else None,
    "day of eight digits": lambda v: {"certified": str(v["certified"]).replace("-", "")},
    "day in words": lambda v: {"certified": "{}年{}月{}日".format(*str(v["certified"]).split("-"))},
    "month without a dash": lambda v: {"begin_month": str(v["begin_month"]).replace("-", "")},
    "month in words": lambda v: {"begin_month": str(v["begin_month"]).replace("-", "年") + "月"},
    "day with slashes": lambda v: {"certified": str(v["certified"]).replace("-", "/")},
}
PAUSES: dict[str, Disguise] = {f"no pause as {word}": _pauses(word) for word in ("0", "0000-00-00", "9999-12-31")}

REPAIRS: dict[str, str] = {  # kind -> what the hub must record with the row's identity, in order
    "lower-case x": "lower_case",
    "full-width digits": "full_width",
    "trailing spaces": "white_space",
    "ideographic space": "white_space",
    "invisible characters": "white_space",
    "grouped digits": "white_space",
    "validity tail": "validity_tail",
    "validity tail after a space": "validity_tail,white_space",
    "leading apostrophe": "spreadsheet_guard",
    "formula guard": "spreadsheet_guard",
    "everything at once": "validity_tail,full_width,white_space,spreadsheet_guard,lower_case",
    "15 digits as a number": "spreadsheet_number",
}
NAME_REPAIRS: dict[str, str] = dict.fromkeys(NAMES, "dots") | {
    f"look-alike dot U+{ord('．'):04X}": "full_width,dots",
    f"look-alike dot U+{ord('･'):04X}": "full_width,dots",
    "space inside a name": "white_space",
}
WARNINGS: dict[str, str] = {"sex against the number": "sex_differs", "birth against the number": "birth_differs"}
GRADES: dict[str, str] = {  # kind -> the grade that the number's form asks for
    "15-digit number": "legacy_15",
    "15 digits as a number": "legacy_15",
    "20 characters": "disability_certificate",
    "22 characters": "reissued_certificate",
}


def grade(number: str) -> str:
    """The grade of a clean number of 18 characters."""
    if number[:2] in {"81", "82", "83"}:
        return "hmt_permit"
    return "foreign_permanent" if number[0] == "9" else "verified_form"
