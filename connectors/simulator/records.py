"""What each department holds about a person, before it is written down: one frozen noun a kind of row.

`person` is who the row is about; `name` is the name in the row, which may be another's.
Money is integer fen; `until` and `end` are None where open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from connectors.simulator.people import Person

Spell = tuple[str, date, date | None]  # category, from, until (half-open)


def month_after(day: date) -> date:
    """The first of the following month."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A row of civil affairs: `begin` and `end` are months (their first days), the end month included."""

    person: Person
    name: str
    category: str
    rural: bool
    household_number: str
    covered: bool
    begin: date
    end: date | None
    certified: date
    division: str

    @property
    def key(self) -> tuple[str, ...]:
        return (self.category, self.household_number, self.person.number, self.begin.isoformat())

    @property
    def spells(self) -> tuple[Spell, ...]:
        """What the row certifies of the person: nothing where it does not cover them."""
        until = month_after(self.end) if self.end else None
        return ((self.category, self.begin, until),) if self.covered else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitored:
    """A row of the monitoring system. `monitored`: mon_unstable, mon_edge, mon_sudden or None."""

    person: Person
    name: str
    household_number: str
    person_number: str
    division: str
    ex_poor: bool
    monitored: str | None = None
    identified: date | None = None
    removed: date | None = None  # the day the risk was removed
    back: bool = False  # back in poverty
    out_year: int | None = None

    @property
    def key(self) -> tuple[str, ...]:
        return (self.person_number, self.person.number)

    @property
    def spells(self) -> tuple[Spell, ...]:
        """Monitored or back in poverty from identification until the risk is removed; stably out otherwise."""
        found: list[Spell] = []
        if self.monitored and self.identified:
            found.append((self.monitored, self.identified, self.removed))
        if self.back and self.identified:
            found.append(("fanpin_zhipin", self.identified, self.removed))
        if self.ex_poor and not self.back:
            if self.monitored is None and self.out_year:
                found.append(("stable_out", date(self.out_year + 1, 1, 1), None))
            elif self.removed:
                found.append(("stable_out", self.removed, None))
        return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """`status`: normal, paused or ended; `until` where not normal."""

    insutype: str
    status: str
    since: date
    until: date | None
    county: str

    def in_force(self, day: date) -> bool:
        """Insured on that day?"""
        return self.status == "normal" and self.since <= day


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An identity that medical insurance shows for a person."""

    category: str
    begin: date
    end: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Premium:
    """A premium subsidy received."""

    year: int
    payer: str
    amount: int
    paid: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Insured:
    """A row of the medical platform's register of persons."""

    person: Person
    psn_no: str
    enrolments: tuple[Enrolment, ...]
    tags: tuple[Tag, ...] = ()
    premiums: tuple[Premium, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A settled stay or visit. Amounts in fen; those of a refund are negative. `seen`: the month it first shows."""

    setl_id: str
    visit: str
    init_setl_id: str | None
    person: Person
    psn_no: str
    insutype: str
    county: str
    setting: str  # inpatient | outpatient_chronic | outpatient
    level: str
    hospital: str
    admitted: date
    discharged: date
    settled: datetime
    seen: str
    own: int  # fully own-paid
    over: int  # over the limit
    first: int  # first paid by the person
    scope: int
    deductible: int
    basic: int
    serious: int
    assistance: int
    tilt: int
    account: int

    @property
    def total(self) -> int:
        return self.own + self.over + self.first + self.scope

    @property
    def funds(self) -> int:
        """What all funds paid."""
        return self.basic + self.serious + self.assistance + self.tilt


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A death as civil affairs registers it."""

    person: Person
    died: date
    registered: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Relief:
    """Temporary relief paid."""

    person: Person
    payment_number: str
    amount: int
    paid: date
    division: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Assistance paid for a month (its first day). Amount in fen."""

    person: Person
    category: str
    rural: bool
    household_number: str
    month: date
    amount: int
    paid: date
    division: str

    @property
    def key(self) -> tuple[str, str]:
        return (self.household_number, self.person.number)


@dataclass(slots=True, kw_only=True)
class State:
    """What the departments hold at the end of a month. `deaths`, `relief` and `payments` are that month's file only.

    `waiting`: whose row of the payment list cannot be read, though their number can.
    """

    month: str
    end: date
    recipients: dict[tuple[str, ...], Recipient] = field(default_factory=dict)
    monitored: dict[tuple[str, ...], Monitored] = field(default_factory=dict)
    insured: dict[str, Insured] = field(default_factory=dict)
    settlements: list[Settlement] = field(default_factory=list)
    deaths: list[Death] = field(default_factory=list)
    relief: list[Relief] = field(default_factory=list)
    payments: dict[tuple[str, str], Payment] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    homes: dict[str, str] = field(default_factory=dict)  # ID number -> township

    @property
    def rows(self) -> list[Recipient | Monitored]:
        """Every row of the two lists that certify."""
        return [*self.recipients.values(), *self.monitored.values()]
