"""What is true, worked out person by person from the departments' records, naively and without any SQL.

It shares no code with the hub. That it finds exactly what the scenarios planted, and nothing else, is tested.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from connectors.simulator import oracle_aid, oracle_payments
from connectors.simulator.money import counting
from connectors.simulator.places import XINJIANG
from connectors.simulator.records import Insured, Monitored, Recipient, Settlement, State
from connectors.simulator.truth import TrueFinding, TrueSpell

EXCLUSIVE = (
    ("dibao", "tekun"), ("dibao", "dibao_edge"), ("mon_edge", "mon_unstable"), ("mon_unstable", "stable_out"),
)  # fmt: skip
EVERYWHERE = frozenset(
    {"tekun", "orphan", "defacto_orphan", "dibao", "fanpin_zhipin", "mon_unstable", "mon_edge", "mon_sudden"}
)
SUBSIDISED = {"37": EVERYWHERE | {"dibao_edge"}, "65": EVERYWHERE | {"stable_out"}}  # province -> categories
KEY_OBJECTS = frozenset({"tekun", "orphan", "defacto_orphan", "dibao", "fanpin_zhipin"})
PERSONAL_PREMIUM = 40_000  # fen, 2025
CEILING = 9_500  # basis points of in-scope inpatient cost (S3, section 4)
SOURCES = {Recipient: "civil_affairs", Monitored: "rural_revitalization"}


class Knowledge:
    """What the hub should know at the end of `states[-1]`, having landed every month of `states`."""

    def __init__(self, states: tuple[State, ...]) -> None:
        self.state = states[-1]
        self.earlier = states[-2] if len(states) > 1 else None
        self.day = self.state.end
        self.deaths = {d.person.number: d.died for s in states for d in s.deaths if d.died <= self.day}
        self.spells: dict[str, list[TrueSpell]] = defaultdict(list)
        self.current: list[Recipient | Monitored] = []  # rows of the latest lists, under their person's own name
        for spell in self._spells(states):
            self.spells[spell.id_number].append(spell)

    def _spells(self, states: tuple[State, ...]) -> Iterator[TrueSpell]:
        for kind, source in SOURCES.items():
            latest: dict[tuple[str, ...], tuple[Recipient | Monitored, date]] = {}
            for state in states:
                rows: Iterable[Recipient | Monitored] = (
                    state.recipients.values() if kind is Recipient else state.monitored.values()
                )
                latest.update({row.key: (row, state.end) for row in rows})
            for row, last_seen in latest.values():
                if row.name != row.person.name:
                    continue  # held until a steward has looked
                if last_seen == self.day:
                    self.current.append(row)
                for category, begin, end in row.spells:
                    if last_seen < self.day:  # absent from the latest complete list
                        end = min(end or self.day, self.day)  # noqa: PLW2901
                    yield TrueSpell(
                        id_number=row.person.number,
                        category=category,
                        valid_from=begin,
                        valid_until=end,
                        region=row.division[:6],
                        certifier=source,
                        household_key=f"{source}:{row.household_number}",
                        certified=row.certified if isinstance(row, Recipient) else row.identified,
                    )

    def held(self, number: str) -> set[str]:
        """The categories a person holds on the month's last day."""
        return {spell.category for spell in self.spells.get(number, ()) if spell.in_force(self.day)}

    def insured(self, number: str) -> bool:
        """Insured somewhere, as resident or employee, on the month's last day?"""
        row = self.state.insured.get(number)
        return row is not None and any(e.in_force(self.day) for e in row.enrolments)


def findings(known: Knowledge) -> set[TrueFinding]:
    """Every finding of the month."""
    found = set(_of_lists(known))
    for number in known.spells.keys() | known.state.insured.keys():
        found.update(_of_person(known, number))
    for number in _above_ceiling(known):
        found.add(_finding("ceiling_exceeded", number))
    before = known.earlier.payments if known.earlier else {}
    absent = oracle_payments.absent(before, known.state, known.deaths, known.spells)
    found.update(_finding("absent_from_payment", number, oracle_payments.LIST) for number in absent)
    dead = oracle_payments.paid_after_death(known.state.payments, known.deaths)
    found.update(_finding("deceased_active", number, oracle_payments.LIST) for number in dead)
    found.update(_finding(*said) for said in oracle_aid.findings(known.spells, visible(known.state)))
    return found


def _finding(kind: str, number: str | None, subject: str = "") -> TrueFinding:
    return TrueFinding(kind=kind, id_number=number, household_key="", subject=subject)


def _of_person(known: Knowledge, number: str) -> Iterator[TrueFinding]:
    held, insured, row = known.held(number), known.insured(number), known.state.insured.get(number)
    if number in known.deaths:
        yield from (_finding("deceased_active", number, category) for category in held)
        if insured:
            yield _finding("deceased_active", number, "enrolment")
    elif held and not insured:
        yield _finding("listed_not_insured", number)
    for a, b in EXCLUSIVE:
        if a in held and b in held:
            yield _finding("category_conflict", number, f"{a}+{b}")
    if row:
        yield from _of_premiums(known, number, row, held)
        yield from (_finding("tag_after_end", number, c) for c in _overdue_tags(known, row, held))


def _of_premiums(known: Knowledge, number: str, row: Insured, held: set[str]) -> Iterator[TrueFinding]:
    paid = [p for p in row.premiums if p.year == 2025]
    payers = [p.payer for p in paid]
    for payer in {payer for payer in payers if payers.count(payer) > 1}:
        yield _finding("subsidy_duplicated", number, payer)
    if sum(p.amount for p in paid) > PERSONAL_PREMIUM:
        yield _finding("subsidy_duplicated", number, "sum")
    resident = [e for e in row.enrolments if e.insutype == "390" and e.in_force(known.day)]
    if resident and not paid and number not in known.deaths and held & SUBSIDISED[resident[0].county[:2]]:
        yield _finding("subsidy_missing", number)


def _overdue_tags(known: Knowledge, row: Insured, held: set[str]) -> set[str]:
    """Categories tagged on the last day whose certification has ended."""
    ended = {
        spell.category
        for spell in known.spells.get(row.person.number, ())
        if spell.valid_until is not None and spell.valid_until <= known.day
    }
    shown = {t.category for t in row.tags if t.begin <= known.day and (t.end is None or t.end > known.day)}
    return (shown & ended) - held


def _of_lists(known: Knowledge) -> Iterator[TrueFinding]:
    households: dict[tuple[str, str], set[str]] = defaultdict(set)
    numbers: dict[str, set[str]] = defaultdict(set)
    for row in known.current:
        source = SOURCES[type(row)]
        if isinstance(row, Monitored):
            numbers[row.person_number].add(row.person.number)
        elif row.end is not None and row.end < known.day.replace(day=1):
            continue  # a closed file is no household any more
        households[row.person.number, source].add(f"{source}:{row.household_number}")
    for (number, _), keys in households.items():
        if len(keys) > 1:
            yield _finding("in_two_households", number, "+".join(sorted(keys)))
    for person_number, people in numbers.items():
        if len(people) > 1:
            yield _finding("person_number_on_two_ids", None, person_number)
    for number in {row.person.number for row in known.state.rows if row.name != row.person.name}:
        yield _finding("name_conflict", number)


def _above_ceiling(known: Knowledge) -> Iterator[str]:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for s in visible(known.state):
        if s.county == XINJIANG and s.setting == "inpatient" and known.held(s.person.number) & KEY_OBJECTS:
            sums[s.person.number][0] += s.funds
            sums[s.person.number][1] += s.scope
    yield from (number for number, (funds, scope) in sums.items() if funds * 10_000 > scope * CEILING)


def visible(state: State) -> list[Settlement]:
    """The settlements of the year that count at the end of a month."""
    return counting(s for s in state.settlements if s.settled.date() <= state.end)


def participation(known: Knowledge, rural: Mapping[str, bool | None]) -> dict[tuple[str, str], tuple[int, int]]:
    """(county, population) -> (listed, insured), by truth.py's definition."""
    counted: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for number, spells in known.spells.items():
        if number in known.deaths:
            continue
        groups = set()
        for spell in spells:
            if spell.in_force(known.day):
                if spell.category != "stable_out" and rural[number]:
                    groups.add((spell.region, "rural_low_income"))
                if spell.category in {"stable_out", "mon_unstable"}:
                    groups.add((spell.region, "out_of_poverty"))
        for group in groups:
            counted[group][0] += 1
            counted[group][1] += known.insured(number)
    return {group: (listed, insured) for group, (listed, insured) in sorted(counted.items())}
