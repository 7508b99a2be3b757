"""The insurance register, made from what the departments have certified: enrolments, identity tags, subsidies.

Each person's luck is drawn from a generator of their own, so that both months say the same of them unless
something happened. Unless a scenario says otherwise, whoever holds a category is insured, tagged and subsidised.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from connectors.simulator.making import Making
from connectors.simulator.oracle import SUBSIDISED, Knowledge
from connectors.simulator.people import Person
from connectors.simulator.places import SHANDONG
from connectors.simulator.records import Enrolment, Insured, Premium, State, Tag, month_after
from connectors.simulator.truth import TrueSpell

LEFT = date(2025, 11, 12)  # when those who are absent from November's lists were told to be off
FULL = frozenset({"tekun", "orphan", "defacto_orphan"})
NEW_YEAR = date(2025, 1, 1)


def enrol_all(making: Making, seed: int) -> None:
    """Make both months' registers, then apply the scenarios' amendments."""
    october, november = making.states
    knowledge = (Knowledge((october,)), Knowledge((october, november)))
    persons = [person for household in making.households for person in household.members]
    for serial, person in enumerate(persons, 1):
        ever = bool(knowledge[1].spells.get(person.number))
        homes = (october.homes[person.number], november.homes[person.number])
        for known in knowledge:
            record = _record(making, person, serial, known, homes, ever=ever, luck=Random(f"{seed}/{person.number}"))
            before = october.insured.get(person.number)
            if record and before and any(p.year == 2025 for p in before.premiums):
                record = replace(record, premiums=before.premiums)
            if record:
                known.state.insured[person.number] = record
    for month, number, change in making.amendments:
        register = october.insured if month == october.month else november.insured
        amended = change(register[number])
        if amended is None:
            del register[number]
        else:
            register[number] = amended


def _record(
    making: Making, person: Person, serial: int, known: Knowledge, homes: tuple[str, str], *, ever: bool, luck: Random
) -> Insured | None:
    chosen = person.number in making.residents
    insured, employed, elsewhere = luck.random(), luck.random(), luck.random()
    if not (chosen or ever or insured < 0.96):
        return None
    county, other = homes[0][:6], luck.choice(SHANDONG)
    moved = known.state.month == making.november.month and homes[0][:6] != homes[1][:6]
    born = person.birth if person.birth < known.state.end else date(2000, 1, 1)  # a number may say a day to come
    since = max(date(luck.randint(2016, 2024), 1, 1), month_after(born))
    if not chosen and county in SHANDONG and homes[0][:6] == homes[1][:6] and elsewhere < 0.01:
        county = other
    if not chosen and 20 <= person.age < 60 and employed < (0.1 if ever else 0.3):
        began = date(luck.randint(2008, 2023), luck.randint(1, 12), 1)
        enrolments = [Enrolment(insutype="310", status="normal", since=began, until=None, county=county)]
        if luck.random() < 0.3:
            before = date(2006, 1, 1)
            enrolments.insert(0, Enrolment(insutype="390", status="ended", since=before, until=began, county=county))
    else:
        enrolments = [Enrolment(insutype="390", status="normal", since=since, until=None, county=county)]
        if moved:
            gone = date(2025, 11, 1)
            enrolments = [replace(enrolments[0], status="ended", until=gone)]
            enrolments.append(Enrolment(insutype="390", status="normal", since=gone, until=None, county=homes[1][:6]))
    spells = known.spells.get(person.number, [])
    premiums = tuple(_premiums(spells, enrolments, known.state, luck))
    tags = tuple(_tags(spells, known.state, luck.random() < 0.03 and not chosen))
    death = known.deaths.get(person.number)
    if death:
        enrolments = [e if e.until else replace(e, status="ended", until=death) for e in enrolments]
        tags = tuple(replace(t, end=min(t.end or death, death)) for t in tags)
    return Insured(
        person=person,
        psn_no=f"{county[:2]}{serial:024d}",
        enrolments=tuple(enrolments),
        tags=tags,
        premiums=premiums,
    )


def _tags(spells: Iterable[TrueSpell], state: State, late: bool) -> list[Tag]:
    """One tag a spell, closed before the spell's end."""
    if late:
        return []  # certified, and not yet shown
    tags = set()
    for spell in spells:
        end = spell.valid_until
        if end == state.end:
            end = LEFT
        elif end is not None:
            end -= timedelta(days=1)
        tags.add(Tag(category=spell.category, begin=spell.valid_from, end=end))
    return sorted(tags, key=lambda tag: (tag.begin, tag.category))


def _premiums(spells: list[TrueSpell], enrolments: list[Enrolment], state: State, luck: Random) -> list[Premium]:
    """The lawful subsidies: in full for some, else a fixed amount that others may top up to the premium."""
    province = enrolments[-1].county[:2]
    helper, day = luck.random(), luck.randint(0, 60)
    due = [s for s in spells if s.category in SUBSIDISED[province] and (s.valid_until or state.end) > NEW_YEAR]
    if enrolments[-1].insutype != "390" or not due:
        return []
    begun = min(s.valid_from for s in due)
    paid = (
        date(2024, 11, 20) + timedelta(days=day)
        if begun < NEW_YEAR
        else min(begun + timedelta(days=5 + day // 4), state.end)
    )
    fixed, top_up = (15_000, 25_000) if province == "37" else (24_000, 10_000)
    found = []
    if begun < date(2023, 11, 1):
        found.append(Premium(year=2024, payer="medical_insurance", amount=fixed, paid=date(2023, 12, 8)))
    if FULL & {s.category for s in due}:
        return [*found, Premium(year=2025, payer="medical_insurance", amount=40_000, paid=paid)]
    found.append(Premium(year=2025, payer="medical_insurance", amount=fixed, paid=paid))
    for limit, payer, amount in (
        (0.2, "finance" if province == "37" else "rural_revitalization", top_up),
        (0.3, "village", 10_000),
        (0.35, "charity", 5_000),
    ):
        if helper < limit:
            found.append(Premium(year=2025, payer=payer, amount=amount, paid=paid))
            break
    return found
