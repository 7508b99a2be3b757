"""A world in the making: two months' states, and what the scenarios want done to them once insurance is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from random import Random

from connectors.simulator.money import Pays
from connectors.simulator.people import Household, People, Person
from connectors.simulator.places import SHANDONG, Places
from connectors.simulator.records import Death, Insured, Monitored, Payment, Recipient, Relief, State
from connectors.simulator.truth import TrueFinding

OCTOBER = "2025-10"
NOVEMBER = "2025-11"
MONTHS = (OCTOBER, NOVEMBER)

Amendment = Callable[[Insured], Insured | None]  # None: not in the register at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A stay that a scenario wants settled: `ratio` (basis points) is what the funds are to pay of its scope.

    `again`: it is settled a second time on this day. `finding`: the kind that is to come out of it (of the second one)
    in the months of `found`; `refunded` is of the last one.
    """

    person: Person
    on: date
    total: int
    seen: str
    ratio: int | None = None
    refunded: str | None = None  # the month in which it is taken back
    days: int | None = None  # its length
    pays: Pays | None = None
    again: date | None = None
    finding: str | None = None
    found: tuple[str, ...] = ()


class Making:
    """Puts households into the departments' files; scenarios then change one month or the other."""

    def __init__(self, *, rng: Random, places: Places) -> None:
        self.rng = rng
        self.places = places
        self.people = People(rng, places)
        self.october = State(month=OCTOBER, end=date(2025, 10, 31))
        self.november = State(month=NOVEMBER, end=date(2025, 11, 30))
        self.households: list[Household] = []
        self.residents: set[str] = set()  # must be insured as residents where they live
        self.quiet: set[str] = set()  # have no settlements but those ordered
        self.amendments: list[tuple[str, str, Amendment]] = []  # month, ID number
        self.orders: list[Order] = []
        self.findings: dict[str, set[TrueFinding]] = {month: set() for month in MONTHS}
        self.unpaid: set[tuple[str, str]] = set()  # month, ID number: certified, and not on the month's payment list
        self.paid: list[tuple[str, Payment]] = []  # month: paid without being certified
        self.illegible: list[str] = []  # ID numbers whose row of November's payment list cannot be read
        self._branches = 0

    @property
    def states(self) -> tuple[State, State]:
        return self.october, self.november

    def last_day(self, month: str) -> date:
        """The month's last day."""
        return next(state.end for state in self.states if state.month == month)

    def settle_in(self, household: Household, *, certain: bool = False) -> Household:
        """A household lives where it lives in both months; `certain`: insured there as residents."""
        self.households.append(household)
        for state in self.states:
            state.homes.update({p.number: household.township for p in household.members})
        if certain:
            self.residents.update(p.number for p in household.members)
            self.quiet.update(p.number for p in household.members)
        return household

    def put(self, *rows: Recipient | Monitored, months: tuple[str, ...] = MONTHS) -> None:
        """File rows in the given months; a row with the same key is replaced."""
        for state in self.states:
            if state.month in months:
                for row in rows:
                    if isinstance(row, Recipient):
                        state.recipients[row.key] = row
                    else:
                        state.monitored[row.key] = row

    def drop(self, *rows: Recipient | Monitored, months: tuple[str, ...]) -> None:
        """Take rows out of the given months."""
        for state in self.states:
            if state.month in months:
                for row in rows:
                    (state.recipients if isinstance(row, Recipient) else state.monitored).pop(row.key)

    def died(self, person: Person, day: date) -> None:
        """Register a death in the file of its month (October's holds the year so far)."""
        state = self.october if day < date(2025, 11, 1) else self.november
        state.deaths.append(Death(person=person, died=day, registered=day))

    def relieve(self, row: Recipient, number: int) -> None:
        """Pay temporary relief to a recipient, in October's file or November's."""
        state = self.states[number % 2]
        state.relief.append(
            Relief(
                person=row.person,
                payment_number=f"LS{row.division[:6]}{number:08d}",
                amount=self.rng.randint(3, 40) * 10_000,
                paid=state.end.replace(day=self.rng.randint(2, 26)),
                division=row.division,
            )
        )

    def amend(self, person: Person, change: Amendment, *, months: tuple[str, ...] = MONTHS) -> None:
        """Change a person's row in the insurance register, once it is made."""
        self.amendments += [(month, person.number, change) for month in months]

    def expect(
        self,
        kind: str,
        person: Person | None,
        *,
        subject: str = "",
        months: tuple[str, ...] = MONTHS,
    ) -> None:
        """This finding must come out in these months."""
        number = person.number if person else None
        for month in months:
            self.findings[month].add(TrueFinding(kind=kind, id_number=number, household_key="", subject=subject))

    def branch(self) -> int:
        """A number no household has: for second files of one family."""
        self._branches += 1
        return 9_000_000 + self._branches

    def shandong(self) -> str:
        """One of the demo counties of Shandong."""
        return self.rng.choice(SHANDONG)
