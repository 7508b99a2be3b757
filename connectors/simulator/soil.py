"""Where dirt lies: which rows are disguised, which are beyond repair, which are sent twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from connectors.simulator.present import Values

StreamName = tuple[str, str]  # source, stream
PERSONS: StreamName = ("medical_insurance", "persons")
SETTLEMENTS: StreamName = ("medical_insurance", "settlements")
RECIPIENTS: StreamName = ("civil_affairs", "recipients")
PAYMENTS: StreamName = ("civil_affairs", "payments")
RELIEF: StreamName = ("civil_affairs", "relief")
DEATHS: StreamName = ("civil_affairs", "deaths")
MONITORED: StreamName = ("rural_revitalization", "monitored")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A row beyond repair: `reason` is the code under which the hub must quarantine it."""

    values: Values
    reason: str
    kind: str


@dataclass(slots=True, kw_only=True)
class Soil:
    """All dirt of a world. Disguises are by stream and row key and last over both months."""

    disguises: dict[StreamName, dict[object, tuple[str, Values]]] = field(default_factory=lambda: defaultdict(dict))
    refused: dict[tuple[StreamName, str], list[Refused]] = field(default_factory=lambda: defaultdict(list))
    repeats: dict[tuple[StreamName, str], list[object]] = field(default_factory=lambda: defaultdict(list))
    echoes: dict[tuple[StreamName, str], list[object]] = field(default_factory=lambda: defaultdict(list))

    def worn(self, stream: StreamName, key: object, values: Values) -> Values:
        """A row as it is sent: under its disguise, if it has one."""
        found = self.disguises[stream].get(key)
        return values | found[1] if found else values

    def refuse(self, stream: StreamName, month: str, clean: Values, kind: str, reason: str, **damage: object) -> None:
        """Send a row with one fault."""
        self.refused[stream, month].append(Refused(values=clean | damage, reason=reason, kind=kind))
