"""What each stream sends for a month, row by row, and what must come of it.

Rows are presented only when they are asked for. Clean rows come first, rows beyond repair last, repeats at the end;
of the platform's lists the first page is served once more, as offset paging does when a list shifts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time
from functools import partial

from connectors.simulator import disguise, present
from connectors.simulator.making import OCTOBER
from connectors.simulator.places import Places
from connectors.simulator.present import Values
from connectors.simulator.records import State
from connectors.simulator.soil import (
    DEATHS,
    MONITORED,
    PAYMENTS,
    PERSONS,
    RECIPIENTS,
    RELIEF,
    SETTLEMENTS,
    Soil,
    StreamName,
)
from connectors.simulator.truth import Dirt, TrueDelivery
from connectors.sources import medical_insurance
from connectors.transports.http_envelope import HttpEnvelope

FILES = (RECIPIENTS, PAYMENTS, RELIEF, DEATHS, MONITORED)
Row = tuple[object, Callable[[], Values]]
Window = tuple[datetime, datetime]  # both ends inclusive


def clock(state: State) -> datetime:
    """What the platform's clock shows when a month is shown: late in the evening of its last day."""
    return datetime.combine(state.end, time(22))


def envelope(stream: StreamName) -> HttpEnvelope:
    """The transport by which a stream of the platform is pulled."""
    transport = medical_insurance.SOURCE.stream(stream[1]).transport
    if not isinstance(transport, HttpEnvelope):
        raise TypeError(transport)
    return transport


class Deliveries:
    """Everything that the departments of a world send."""

    def __init__(self, *, states: dict[str, State], soil: Soil, places: Places) -> None:
        self._states = states
        self._soil = soil
        self._places = places
        self._made: dict[tuple[StreamName, str], list[Row]] = {}
        self._listed = {row.person.number for state in states.values() for row in state.rows}

    def page(
        self, stream: StreamName, month: str, number: int, size: int, window: Window | None
    ) -> tuple[list[Values], int, int]:
        """A page of the platform: rows, how many different rows there are, and how many pages."""
        clean, refused = self._clean(stream, month, window), self._refused(stream, month, window)
        count = len(clean) + len(refused)
        pages = -(-count // size)
        if number == pages + 1 and count:
            here = clean[:size]
            return [self._soil.worn(stream, key, make()) for key, make in here], count, pages + 1
        first, last = (number - 1) * size, number * size
        rows = [self._soil.worn(stream, key, make()) for key, make in clean[first:last]]
        rows += refused[max(first - len(clean), 0) : max(last - len(clean), 0)]
        return rows, count, pages + bool(count)

    def lines(self, stream: StreamName, month: str) -> Iterator[Values]:
        """The lines of a file."""
        clean = self._clean(stream, month, None)
        for key, make in clean:
            yield self._soil.worn(stream, key, make())
        yield from self._refused(stream, month, None)
        made = dict(clean)
        for key in self._soil.repeats[stream, month]:
            yield self._soil.worn(stream, key, made[key]())
        for key in self._soil.echoes[stream, month]:
            values = made[key]()
            yield values | self._soil.worn(stream, key, values) | {"certno": f"'{values['certno']}"}

    def window(self, month: str) -> Window:
        """The settlements' window when the months are pulled one after the other."""
        since = None if month == OCTOBER else self._states[OCTOBER].end
        return envelope(SETTLEMENTS).window(since, clock(self._states[month]))

    def counts(self, month: str) -> Iterator[TrueDelivery]:
        """What must come of the month's delivery of every stream."""
        for stream in (PERSONS, SETTLEMENTS):
            window = self.window(month) if stream == SETTLEMENTS else None
            clean, refused = self._clean(stream, month, window), self._soil.refused[stream, month]
            repeated = min(len(clean), envelope(stream).page_size)
            accepted, again = clean, 0
            if stream == SETTLEMENTS and month != OCTOBER:  # what October's pull has landed comes once more
                earlier = {key for key, _ in self._clean(stream, OCTOBER, None)}
                accepted = [row for row in clean if row[0] not in earlier]
                again = len(clean) - len(accepted)
                refused_again = len(self._refused(stream, month, window)) - len(refused)
                repeated += refused_again
            yield self._delivery(stream, month, accepted, repeated + again, [r.reason for r in refused])
        for stream in FILES:
            clean, refused = self._clean(stream, month, None), self._soil.refused[stream, month]
            repeats = len(self._soil.repeats[stream, month]) + len(self._soil.echoes[stream, month])
            yield self._delivery(stream, month, clean, repeats, [r.reason for r in refused])

    def dirt(self, month: str) -> Iterator[Dirt]:
        """What was planted in the month's deliveries, and its fate."""
        for stream in (PERSONS, SETTLEMENTS, *FILES):
            window = self.window(month) if stream == SETTLEMENTS else None
            clean = self._clean(stream, month, window)
            worn = self._soil.disguises[stream]
            kinds = Counter(worn[key][0] for key, _ in clean if key in worn)
            yield from (_dirt(stream, kind, "accepted", count) for kind, count in kinds.items())
            reasons = Counter((r.kind, r.reason) for r in self._soil.refused[stream, month])
            yield from (_dirt(stream, kind, reason, count) for (kind, reason), count in reasons.items())
            if stream in FILES:
                repeats = len(self._soil.repeats[stream, month])
                yield _dirt(stream, "line sent twice", "duplicate", repeats)
                if echoes := len(self._soil.echoes[stream, month]):
                    yield _dirt(stream, "line sent twice, once under a guard", "duplicate", echoes)
            else:
                yield _dirt(stream, "page served twice", "duplicate", min(len(clean), envelope(stream).page_size))

    def _delivery(
        self, stream: StreamName, month: str, accepted: list[Row], duplicates: int, reasons: list[str]
    ) -> TrueDelivery:
        worn = self._soil.disguises[stream]
        rows = [(worn[key][0] if key in worn else "", str(make()["certno"])) for key, make in accepted]
        kinds = [kind for kind, _ in rows]
        return TrueDelivery(
            source=stream[0],
            stream=stream[1],
            read=len(accepted) + duplicates + len(reasons),
            accepted=len(accepted),
            duplicates=duplicates,
            quarantined=_counted(reasons),
            repairs=_counted(disguise.REPAIRS.get(kind, "") for kind in kinds),
            name_repairs=_counted(disguise.NAME_REPAIRS.get(kind, "") for kind in kinds),
            warnings=_counted(",".join(self._odd(kind, number, month)) for kind, number in rows),
            grades=_counted(disguise.GRADES.get(kind) or disguise.grade(number) for kind, number in rows),
        )

    def _odd(self, kind: str, number: str, month: str) -> Iterator[str]:
        """What the hub must warn of in a row whose clean number this is."""
        if disguise.grade(number) == "verified_form" and number[:6] not in self._places.names:
            yield "county_unknown"
        if number[6:14] > f"{self._states[month].end:%Y%m%d}":
            yield "birth_in_future"
        if kind in disguise.WARNINGS:
            yield disguise.WARNINGS[kind]

    def _clean(self, stream: StreamName, month: str, window: Window | None) -> list[Row]:
        if (stream, month) not in self._made:
            self._made[stream, month] = list(self._rows(stream, self._states[month]))
        if window is None:
            return self._made[stream, month]
        begin, end = window
        inside = {s.setl_id for s in self._states[month].settlements if begin <= s.settled <= end}
        return [row for row in self._made[stream, month] if row[0] in inside]

    def _refused(self, stream: StreamName, month: str, window: Window | None) -> list[Values]:
        """This month's rows beyond repair, and those of the month before that fall into the window again."""
        if window is None:
            return [r.values for r in self._soil.refused[stream, month]]
        begin, end = (f"{day:%Y-%m-%d %H:%M:%S}" for day in window)
        months = [m for m in self._states if m <= month]
        found = (r.values for m in months for r in self._soil.refused[stream, m])
        return [values for values in found if begin <= str(values["setl_time"]) <= end]

    def _rows(self, stream: StreamName, state: State) -> Iterator[Row]:
        """Each row's key, and how to present it."""
        match stream:
            case ("medical_insurance", "persons"):
                for record in sorted(state.insured.values(), key=lambda r: r.psn_no):
                    yield record.person.number, partial(present.insured, record)
            case ("medical_insurance", "settlements"):
                yield from ((s.setl_id, partial(present.settlement, s)) for s in state.settlements)
            case ("civil_affairs", "recipients"):
                yield from (
                    (k, partial(present.recipient, r, self._places)) for k, r in sorted(state.recipients.items())
                )
            case ("rural_revitalization", "monitored"):
                yield from ((k, partial(present.monitored, r)) for k, r in sorted(state.monitored.items()))
            case ("civil_affairs", "deaths"):
                for death in state.deaths:
                    home = state.homes[death.person.number]
                    division = home if death.person.number in self._listed else home[:6]
                    yield death.person.number, partial(present.death, death, division)
            case ("civil_affairs", "payments"):
                yield from ((k, partial(present.payment, p)) for k, p in sorted(state.payments.items()))
            case ("civil_affairs", "relief"):
                yield from ((r.payment_number, partial(present.relief, r)) for r in state.relief)
            case _:
                raise KeyError(stream)


def _dirt(stream: StreamName, kind: str, fate: str, count: int) -> Dirt:
    return Dirt(source=stream[0], stream=stream[1], kind=kind, fate=fate, count=count)


def _counted(words: Iterable[str]) -> dict[str, int]:
    """How often each word comes; '' does not count."""
    return dict(sorted(Counter(filter(None, words)).items()))
