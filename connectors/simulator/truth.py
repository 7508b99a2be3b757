"""What is true of a world at the end of a month, as the hub should know it: nouns only, made in `oracle`.

Definitions, where the hub could read them otherwise:

1. A spell is what accepted rows certify, under the person's own name: a row in quarantine or under another name
   certifies nothing. One that a later complete list no longer holds ends on that list's day.
2. The participation of a county counts living persons by the county of their spells: `rural_low_income` holds any
   category but stable_out and is rural; `out_of_poverty` holds stable_out or mon_unstable (the lists do not tell
   which of those back in poverty were poor before). Insured anywhere, as resident or employee, counts.
3. A finding is of the state on the month's last day, except sums over the year (subsidies, the ceiling).
4. Deliveries are counted as pulled in order: October's month first, then November's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePerson:
    """`residence`: township where a department's file says it, else the county of insurance."""

    id_number: str
    name: str
    sex: str
    birth: date
    residence: str
    rural: bool | None
    death: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueSpell:
    """Half-open; `valid_until` is None where open. `household_key` is source:number."""

    id_number: str
    category: str
    valid_from: date
    valid_until: date | None
    region: str  # county
    certifier: str
    household_key: str
    certified: date | None = None  # the day; None where nobody tells it

    def in_force(self, day: date) -> bool:
        """Is the category held on that day?"""
        return self.valid_from <= day and (self.valid_until is None or day < self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueEnrolment:
    """`valid_until` is None where status is normal."""

    id_number: str
    insutype: str
    status: str
    valid_from: date
    valid_until: date | None
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueSettlement:
    """A settlement that counts: not a refund and not taken back. Amounts in fen."""

    setl_id: str
    id_number: str
    settled: date
    setting: str
    total: int
    scope: int
    basic_paid: int
    serious_illness_paid: int
    medical_assistance_paid: int
    tilt_paid: int


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TrueFinding:
    """`id_number` is None where the finding is not of a person."""

    kind: str
    id_number: str | None
    household_key: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueDelivery:
    """What one month's delivery of a stream comes to: read = accepted + quarantined + duplicates.

    The others are of accepted rows: what was repaired in the ID number and in the name, the steps in order, joined by
    commas; what is odd about the number, likewise (rows without any are left out); the form in which the number came.
    """

    source: str
    stream: str
    read: int
    accepted: int
    duplicates: int
    quarantined: Mapping[str, int]  # reason code -> rows
    repairs: Mapping[str, int]
    name_repairs: Mapping[str, int]
    warnings: Mapping[str, int]
    grades: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueParticipation:
    """Distinct living persons of a population listed in a county, and insured."""

    county: str
    population: str  # rural_low_income | out_of_poverty
    listed: int
    insured: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dirt:
    """One planted fault. `fate`: accepted (repaired), duplicate, or the quarantine's reason code."""

    source: str
    stream: str
    kind: str
    fate: str
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Everything that is true at the end of a month; lists are in a fixed order."""

    month: str
    persons: tuple[TruePerson, ...]
    spells: tuple[TrueSpell, ...]
    enrolments: tuple[TrueEnrolment, ...]
    settlements: tuple[TrueSettlement, ...]
    findings: tuple[TrueFinding, ...]
    participation: tuple[TrueParticipation, ...]
    deliveries: tuple[TrueDelivery, ...]
    dirt: tuple[Dirt, ...]

    @property
    def quarantine(self) -> dict[tuple[str, str], Mapping[str, int]]:
        """Reason codes and counts by (source, stream); streams without any are left out."""
        return {(d.source, d.stream): d.quarantined for d in self.deliveries if d.quarantined}

    def dump(self) -> dict[str, Any]:
        """As JSON has it: lists and objects, days as ISO text."""
        found: dict[str, Any] = _plain(asdict(self))
        return found


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
