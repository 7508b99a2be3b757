"""Who and what the hub should know of a world at the end of a month, from the departments' records."""

from __future__ import annotations

from connectors.simulator.oracle import Knowledge, visible
from connectors.simulator.people import Person
from connectors.simulator.records import Monitored, Recipient, State
from connectors.simulator.truth import TrueEnrolment, TruePerson, TrueSettlement


def persons_of(known: Knowledge, states: tuple[State, ...]) -> tuple[TruePerson, ...]:
    """Everyone of whom some department has sent an acceptable row, in order of ID number."""
    people: dict[str, Person] = {}
    civil: dict[str, Recipient] = {}
    listed: dict[str, Monitored] = {}
    for state in states:
        for row in state.rows:
            if row.name == row.person.name:
                people[row.person.number] = row.person
                if isinstance(row, Recipient):
                    civil[row.person.number] = row
                else:
                    listed[row.person.number] = row
        people.update({number: record.person for number, record in state.insured.items()})
        people.update({death.person.number: death.person for death in state.deaths})
    return tuple(
        _person(person, civil.get(number), listed.get(number), known) for number, person in sorted(people.items())
    )


def _person(person: Person, civil: Recipient | None, listed: Monitored | None, known: Knowledge) -> TruePerson:
    record = known.state.insured.get(person.number)
    placed = civil or listed
    residence = placed.division if placed else record.enrolments[-1].county if record else ""
    return TruePerson(
        id_number=person.number,
        name=person.name,
        sex=person.sex,
        birth=person.birth,
        residence=residence,
        rural=civil.rural if civil else True if listed else None,
        death=known.deaths.get(person.number),
    )


def enrolments_of(state: State) -> tuple[TrueEnrolment, ...]:
    """Every enrolment in the register, in order of ID number and start."""
    return tuple(
        TrueEnrolment(
            id_number=number,
            insutype=e.insutype,
            status=e.status,
            valid_from=e.since,
            valid_until=e.until,
            region=e.county,
        )
        for number, record in sorted(state.insured.items())
        for e in record.enrolments
    )


def settlements_of(state: State) -> tuple[TrueSettlement, ...]:
    """The settlements that count, in order of id."""
    return tuple(
        TrueSettlement(
            setl_id=s.setl_id,
            id_number=s.person.number,
            settled=s.settled.date(),
            setting=s.setting,
            total=s.total,
            scope=s.scope,
            basic_paid=s.basic,
            serious_illness_paid=s.serious,
            medical_assistance_paid=s.assistance,
            tilt_paid=s.tilt,
        )
        for s in visible(state)
    )
