"""Harmless dirt: the same number, name or day written another way. The hub must read each as if it were clean."""

from __future__ import annotations

from collections.abc import Callable

from connectors.simulator.names import DOT
from connectors.simulator.present import Values

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
LOOK_ALIKE = "•‧∙⋅・．"

Disguise = Callable[[Values], Values | None]  # the fields it rewrites; None where it cannot


def _number(rewrite: Callable[[str], str | None]) -> Disguise:
    def disguise(values: Values) -> Values | None:
        number = rewrite(str(values["certno"]))
        return {"certno": number} if number else None

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
    "15-digit number": _number(lambda n: n[:6] + n[8:17] if n[6:8] == "19" else None),
    "lower-case x": _number(lambda n: n.lower() if n.endswith("X") else None),
    "full-width digits": _number(lambda n: n.translate(FULL_WIDTH)),
    "trailing spaces": _number(lambda n: n + "  "),
}
GUARDS: dict[str, Disguise] = {
    "leading apostrophe": _number(lambda n: "'" + n),
    "formula guard": _number(lambda n: f'="{n}"'),
}
LONG: dict[str, Disguise] = {
    "20 characters": _number(lambda n: n + "43"),
    "22 characters": _number(lambda n: n + "43B1"),
}
NAMES: dict[str, Disguise] = {f"look-alike dot U+{ord(dot):04X}": _dot(dot) for dot in LOOK_ALIKE}
SPACED: dict[str, Disguise] = {"space inside a name": _han_space}
DATES: dict[str, Disguise] = {
    "month without a dash": lambda v: {"begin_month": str(v["begin_month"]).replace("-", "")},
    "month in words": lambda v: {"begin_month": str(v["begin_month"]).replace("-", "年") + "月"},
    "day with slashes": lambda v: {"certified": str(v["certified"]).replace("-", "/")},
}
