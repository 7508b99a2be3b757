"""Dirt: rows as they really arrive. What can be repaired is, what cannot is refused, and each fate is known.

1. Disguises leave a row's meaning (see disguise). 2. Rows beyond repair are rows of their own (see refused).
3. Repeats are whole lines sent twice; echoes are sent again with a guard before the number.
   A page of the platform is served twice in every pull (see deliveries).
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from connectors.simulator import disguise, present, refused
from connectors.simulator.making import MONTHS, OCTOBER, Making
from connectors.simulator.present import Values
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


def plant(making: Making, soil: Soil, rng: Random, times: int) -> None:
    """Plant every kind of dirt, disguises and repeats `times` times."""
    _disguise(making, soil, rng, times)
    for month in MONTHS:
        _repeat(making, soil, rng, month, times)
        refused.civil(making, soil, month)
        refused.payments(making, soil, month)
        refused.monitored(making, soil, month)
        refused.persons(making, soil, month)
    refused.settlements(making, soil)


def _disguise(making: Making, soil: Soil, rng: Random, times: int) -> None:
    october = making.october
    text = disguise.NUMBERS | disguise.NAMES
    streams: tuple[tuple[StreamName, dict[object, Values], Mapping[str, disguise.Disguise]], ...] = (
        (
            RECIPIENTS,
            {key: present.recipient(row, making.places) for key, row in october.recipients.items()},
            text | disguise.GUARDS | disguise.SPACED | disguise.DATES,
        ),
        (
            MONITORED,
            {key: present.monitored(row) for key, row in october.monitored.items()},
            text | disguise.GUARDS | disguise.LONG | disguise.SERIALS,
        ),
        (
            PERSONS,
            {key: present.insured(row) for key, row in october.insured.items()},
            text | disguise.DOUBTS | disguise.PAUSES,
        ),
        (
            PAYMENTS,
            {key: present.payment(row) for key, row in october.payments.items()},
            text | disguise.GUARDS | disguise.AMOUNTS,
        ),
        (SETTLEMENTS, {s.setl_id: present.settlement(s) for s in october.settlements}, text),
    )
    for stream, rows, kinds in streams:
        keys = rng.sample(sorted(rows, key=str), len(rows))
        for kind, rewrite in kinds.items():
            fit = ((key, new) for key in keys if key not in soil.disguises[stream] and (new := rewrite(rows[key])))
            for (key, new), _ in zip(fit, range(times), strict=False):
                soil.disguises[stream][key] = (kind, new)


def _repeat(making: Making, soil: Soil, rng: Random, month: str, times: int) -> None:
    state = making.october if month == OCTOBER else making.november
    soil.repeats[RECIPIENTS, month] = list(rng.sample(sorted(state.recipients), 2 * times))
    soil.repeats[MONITORED, month] = list(rng.sample(sorted(state.monitored), 2 * times))
    soil.repeats[PAYMENTS, month] = list(rng.sample(sorted(state.payments), 2 * times))
    soil.echoes[PAYMENTS, month] = list(rng.sample(sorted(state.payments), times))
    soil.echoes[RECIPIENTS, month] = list(rng.sample(sorted(state.recipients), times))
    soil.repeats[DEATHS, month] = [state.deaths[0].person.number]
    if state.relief:
        soil.repeats[RELIEF, month] = [state.relief[0].payment_number]
