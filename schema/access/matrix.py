"""Who sees what: a row for each field, a column for each agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from schema.access import words
from schema.agreement import Agreement
from schema.catalogue import catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A field with its names, and the effect it has under each agreement that lists it."""

    type: str
    field: str
    zh: str
    en: str
    effects: dict[str, str]


def matrix(agreements: Sequence[Agreement], kinds: Sequence[str] = ()) -> list[Row]:
    """A row for each field that an agreement lists, by type as the graph has them; `kinds` are the types wanted."""
    rows = []
    for kind, names in catalogue().items():
        for name in names if not kinds or kind in kinds else ():
            told = {item.id: item.fields[kind][name] for item in agreements if name in item.fields.get(kind, {})}
            if told:
                zh, en = words.titled(kind, name)
                rows.append(Row(type=kind, field=name, zh=zh, en=en, effects=told))
    return rows
