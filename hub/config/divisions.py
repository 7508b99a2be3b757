"""Administrative divisions: code and name, from province (2 digits) to township (9)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from hub.policy.toml import Problem

LEVELS = {2: 1, 4: 2, 6: 3, 9: 4}
REMEDY = "Make divisions.csv anew from its source, as its head says"


@dataclass(frozen=True, kw_only=True)
class Divisions:
    """The divisions by code. `table` is the relation the engine joins."""

    names: Mapping[str, str]

    def __contains__(self, code: str) -> bool:
        return code in self.names

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def counties(self) -> tuple[str, ...]:
        """Every county, in order."""
        return tuple(sorted(code for code in self.names if len(code) == 6))

    @cached_property
    def table(self) -> pa.Table:
        """division(code, name, level, parent, county, city, province): NULL above a division's own level."""
        codes = sorted(self.names)
        up = {length: [code[:length] if len(code) >= length else None for code in codes] for length in (6, 4, 2)}
        parents = {2: None, 4: 2, 6: 4, 9: 6}
        return pa.table(
            {
                "code": codes,
                "name": [self.names[code] for code in codes],
                "level": pa.array([LEVELS[len(code)] for code in codes], pa.int32()),
                "parent": pa.array(
                    [code[:end] if (end := parents[len(code)]) else None for code in codes], pa.string()
                ),
                "county": pa.array(up[6], pa.string()),
                "city": pa.array(up[4], pa.string()),
                "province": pa.array(up[2], pa.string()),
            }
        )


def read(root: Path, problems: list[Problem]) -> Divisions:
    """divisions.csv: lines that begin with # are its source; then a header with `code` and `name`."""
    path = root / "divisions.csv"
    if not path.is_file():
        problems.append(Problem(file=path.name, line=1, key="-", message="is missing", remedy=REMEDY))
        return Divisions(names={})
    try:
        path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        problems.append(Problem(file=path.name, line=1, key="-", message="is not UTF-8", remedy="Save it as UTF-8"))
        return Divisions(names={})
    names: dict[str, str] = {}
    code_at, name_at = -1, -1
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.reader(file), 1):
            if not row or row[0].startswith("#"):
                continue
            if code_at < 0:
                if "code" not in row or "name" not in row:
                    problems.append(
                        Problem(
                            file=path.name,
                            line=line,
                            key="code",
                            message="the header lacks code or name",
                            remedy=REMEDY,
                        )
                    )
                    return Divisions(names={})
                code_at, name_at = row.index("code"), row.index("name")
                continue
            code = row[code_at]
            if len(code) not in LEVELS or not code.isdecimal() or code in names:
                told = "stands twice" if code in names else "is not 2, 4, 6 or 9 digits"
                problems.append(Problem(file=path.name, line=line, key="code", message=f"{code} {told}", remedy=REMEDY))
            names[code] = row[name_at]
    return Divisions(names=names)
