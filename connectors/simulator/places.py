"""The four demo counties with their real townships, and the counties a person may have been born in."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import connectors

COUNTIES = {"370302": 0.35, "370902": 0.18, "370911": 0.25, "653121": 0.22}  # and their shares of the households
SHANDONG = ("370302", "370902", "370911")
XINJIANG = "653121"
DIVISIONS = Path(connectors.__file__).parents[1] / "config" / "divisions.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Townships (9 digits) of each demo county, counties (6 digits) of each demo province, and all their names."""

    townships: Mapping[str, tuple[str, ...]]
    births: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    def address(self, township: str) -> str:
        """County and township in words."""
        return self.names[township[:6]] + self.names[township]


def read(path: Path | None = None) -> Places:
    """The places in a divisions file: `code,name,parent`, lines that begin with # skipped."""
    names = dict(_codes(path or DIVISIONS))
    provinces = {county[:2] for county in COUNTIES}
    return Places(
        townships={c: tuple(sorted(n for n in names if len(n) == 9 and n[:6] == c)) for c in COUNTIES},
        births={p: tuple(sorted(n for n in names if len(n) == 6 and n[:2] == p)) for p in provinces},
        names=names,
    )


def _codes(path: Path) -> Iterator[tuple[str, str]]:
    provinces = tuple({county[:2] for county in COUNTIES})
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(line for line in file if not line.startswith("#")):
            if row["code"].startswith(provinces):
                yield row["code"], row["name"]
