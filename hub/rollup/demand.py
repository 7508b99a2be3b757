"""What an agreement asks of the roll-ups: the rows it reaches, and the fewest persons that a cell may show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pyarrow as pa

SCOPE = {"list": "VARCHAR", "code": "VARCHAR"}
LISTS = ("divisions", "categories", "benefits", "findings", "addressees", "certifiers", "referred_to")
VERSION = 3  # of the method: cells of another version are made anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Row scope as an agreement has it (None is all) and the smallest cell, in persons."""

    divisions: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    benefits: tuple[str, ...] | None = None
    findings: tuple[str, ...] | None = None
    addressees: tuple[str, ...] | None = None
    certifiers: tuple[str, ...] | None = None
    referred_to: str | None = None  # one department, whose referrals of the month alone are counted
    smallest_cell: int

    @property
    def key(self) -> str:
        """Its name in the store: equal demands have the same."""
        told = {name: sorted(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return hashlib.sha256(json.dumps([VERSION, told], sort_keys=True).encode()).hexdigest()[:32]

    def scope(self) -> pa.Table:
        """The relation `scope`: the codes of each list, an empty one where all are meant."""
        return pa.Table.from_pylist(
            [{"list": name, "code": code} for name, code in self._codes()],
            schema=pa.schema([(name, pa.string()) for name in SCOPE]),
        )

    def shows(self, division: str) -> bool:
        """Whether all of a division lies in the scope, so that its total is the division's own."""
        return self.divisions is None or any(division.startswith(code) for code in self.divisions)

    def _codes(self) -> Iterator[tuple[str, str]]:
        for name in LISTS:
            codes: tuple[str, ...] | str | None = getattr(self, name)
            for code in ("",) if codes is None else (codes,) if isinstance(codes, str) else codes:
                yield name, code
