"""Source code lists: what a source's code means to the hub, for the nation and, before it, for a province.

Files are config/mappings/<place>/<source>.toml: `province = "37"` ("" is the nation), then a table a code list.
Where a province has a list of its own, only its codes are known there: the same code may mean another thing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from hub.policy.keys import HOSPITAL_LEVELS, PAYERS
from hub.policy.section import Section
from hub.policy.toml import Problem, Toml

NONE = "none"  # a code that means no category
MEANINGS: dict[str, tuple[str, ...]] = {
    "psn_cert_type": ("resident_id", "hmt_permit", "foreign_permanent"),
    "gend": ("1", "2", "0"),
    "psn_insu_stas": ("normal", "paused", "ended"),
    "subsidy_payer": PAYERS,
    "med_type": ("inpatient", "outpatient_chronic", "outpatient"),
    "hosp_lv": HOSPITAL_LEVELS,
    "fund_pay_type": ("basic", "serious_illness", "medical_assistance", "tilt", "other"),
    "urban_rural": ("rural", "urban"),
    "household_type": ("out_of_poverty", "ordinary"),
    "monitored_type": ("mon_unstable", "mon_edge", "mon_sudden", NONE),
}
CATEGORIES = ("psn_idet_type", "assistance_type")  # lists whose codes mean a category


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Every code list: (list, province) -> code -> value."""

    lists: Mapping[tuple[str, str], Mapping[str, str]]

    def value(self, name: str, province: str, code: str, /) -> str | None:
        """What a code means to the hub; None where it is not in the list."""
        found = self.lists.get((name, province)) or self.lists.get((name, ""), {})
        return found.get(code)

    def known(self, name: str, province: str, code: str, /) -> bool:
        """Is the code in the list of the province, or of the nation where the province has none?"""
        return self.value(name, province, code) is not None

    def digest(self, names: Iterable[str], /) -> str:
        """A digest of what these lists hold, in every province: another one where a code was added or changed."""
        wanted = set(names)
        held = [(key, sorted(codes.items())) for key, codes in sorted(self.lists.items()) if key[0] in wanted]
        return hashlib.sha256(repr(held).encode()).hexdigest()

    def table(self) -> pa.Table:
        """code_map(list, province, code, value)."""
        rows = [
            {"list": name, "province": province, "code": code, "value": value}
            for (name, province), codes in sorted(self.lists.items())
            for code, value in sorted(codes.items())
        ]
        schema = pa.schema([(column, pa.string()) for column in ("list", "province", "code", "value")])
        return pa.Table.from_pylist(rows, schema=schema)


def parse(
    files: Iterable[Toml], categories: Iterable[str], divisions: frozenset[str], problems: list[Problem]
) -> Codes:
    """The code lists of all mapping files; what does not fit is noted as a problem."""
    lists: dict[tuple[str, str], dict[str, str]] = {}
    held = (*categories, NONE)
    for toml in files:
        section = Section(toml, problems)
        said = section.raw("province", required=True, remedy='Add province = "37", or province = "" for the nation')
        province = said if isinstance(said, str) else "-"
        if "province" in section and province and (province not in divisions or len(province) != 2):
            section.refuse("province", "is no province", 'Use two digits, or "" for the nation')
        for name in section.keys:
            if name == "province":
                continue
            if name not in MEANINGS and name not in CATEGORIES and name != "insutype":
                section.refuse(
                    name, "is no code list", f"Use one of: {', '.join(sorted((*MEANINGS, *CATEGORIES, 'insutype')))}"
                )
            part = section.table(name)
            if (name, province) in lists:
                section.refuse(name, "stands in two files of one province", "Keep a code list in one file")
            codes = lists.setdefault((name, province), {})
            for code in part.keys if part else ():
                choices = (code,) if name == "insutype" else held if name in CATEGORIES else MEANINGS.get(name, ())
                codes[code] = part.text(code, choices=choices) if part else ""
        section.finish()
    return Codes(lists=lists)
