"""A world: persons, what the departments hold about them in two months, and the truth.

`World(persons, seed)` is a pure function of its arguments: the same seed gives the same bytes. About 60 % of the
persons hold some category. Scenarios (lawful changes, planted findings) come first and bring their own households;
families left to chance fill the world up to `persons`.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from connectors.simulator import (
    care,
    cases,
    change,
    dirt,
    drops,
    insurance,
    oracle,
    payments,
    places,
    plant_assistance,
    plant_identity,
    plant_insurance,
    plant_names,
    plant_numbers,
    refused,
    register,
)
from connectors.simulator.deliveries import Deliveries
from connectors.simulator.making import MONTHS, NOVEMBER, OCTOBER, Making
from connectors.simulator.records import Recipient, State
from connectors.simulator.soil import Soil
from connectors.simulator.truth import TrueParticipation, TrueSpell, Truth


class World:
    """The departments over 2025-10 and 2025-11. `months` are in order; `truth(month)` is exact."""

    months = MONTHS

    def __init__(self, persons: int, seed: int = 1, divisions: Path | None = None) -> None:
        making = Making(rng=Random(f"{seed}/people"), places=places.read(divisions))
        soil = Soil()
        times = max(1, persons // 4_000)
        change.change(making, times)
        plant_identity.plant(making, times)
        plant_insurance.plant(making, times, shortfall=persons // 400)
        plant_assistance.plant(making, times)
        payments.plant(making, times)
        plant_names.plant(making, times)
        self.odd = tuple(plant_numbers.plant(making))
        refused.correct_later(making, soil)
        if making.people.count > persons:
            raise ValueError(f"the scenarios alone bring {making.people.count} persons: ask for more than {persons}")
        _fill(making, persons)
        payments.pay_all(making, soil)
        insurance.enrol_all(making, seed)
        self.states: dict[str, State] = {state.month: state for state in making.states}
        self._knowledge = {
            OCTOBER: oracle.Knowledge((making.october,)),
            NOVEMBER: oracle.Knowledge((making.october, making.november)),
        }
        care.settle_all(making, self._knowledge[NOVEMBER].spells, seed)
        dirt.plant(making, soil, Random(f"{seed}/dirt"), times)
        self.deliveries = Deliveries(states=self.states, soil=soil, places=making.places)
        self.planted = {month: frozenset(found) for month, found in making.findings.items()}
        self.households = tuple(making.households)

    def truth(self, month: str) -> Truth:
        """Everything that is true at the end of a month ("2025-10" or "2025-11")."""
        known, state = self._knowledge[month], self.states[month]
        persons = register.persons_of(known, tuple(s for m, s in self.states.items() if m <= month))
        rates = oracle.participation(known, {person.id_number: person.rural for person in persons})
        return Truth(
            month=month,
            persons=persons,
            spells=tuple(sorted((s for spells in known.spells.values() for s in spells), key=_order)),
            enrolments=register.enrolments_of(state),
            settlements=register.settlements_of(state),
            findings=tuple(sorted(oracle.findings(known), key=lambda f: (f.kind, f.id_number or "", f.subject))),
            participation=tuple(
                TrueParticipation(county=county, population=population, listed=listed, insured=insured)
                for (county, population), (listed, insured) in rates.items()
            ),
            deliveries=tuple(self.deliveries.counts(month)),
            dirt=tuple(self.deliveries.dirt(month)),
        )

    def write_drops(self, folder: Path, month: str) -> list[Path]:
        """Write the files of a month, a folder a source: recipients, relief, deaths (CSV), monitored (XLSX)."""
        return drops.write(self.deliveries, folder, month)

    @property
    def persons(self) -> int:
        """How many persons live in it."""
        return sum(len(household.members) for household in self.households)


def _fill(making: Making, persons: int) -> None:
    """Families left to chance, until there are as many persons as asked for. Each month somebody is paid relief."""
    rng = making.rng
    paid = 0
    while making.people.count < persons:
        room = persons - making.people.count
        rural = rng.random() < 0.75
        kinds = cases.RURAL if rural else cases.URBAN
        kind = rng.choices(tuple(kinds), tuple(kinds.values()))[0] if room >= 2 else "plain"
        household = making.people.household(ages=cases.ages_for(rng, kind), rural=rural, at_most=min(room, 6))
        making.settle_in(household)
        for row in cases.file(making, household, kind, varied=True):
            if isinstance(row, Recipient) and row.covered and (rng.random() < 0.02 or paid < len(MONTHS)):
                making.relieve(row, paid)
                paid += 1


def _order(spell: TrueSpell) -> tuple[str, str, str, str]:
    return spell.id_number, spell.category, spell.household_key, spell.valid_from.isoformat()
