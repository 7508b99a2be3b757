"""Whose rows: the ID numbers and names of a page made MACs, grades, warnings and masks, a column at a time.

Numbers in verified form are read together (`numbers.read`) and only hashed one by one; every other number goes
through `Linkage.identify`, and every name that is not of plain Chinese characters through `Linkage.name`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import compress
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hub.reading import numbers
from hub.reading.columns import Column
from hub.reading.identity import OWN_FORM, Linkage, Refused

PLAIN = re.compile(r"[\u4e00-\u9fff\u00b7]*")  # no step of a contract changes such a name
TRIMMED = "white_space"  # the repair that trimming a field is, too
EPOCH = date(1970, 1, 1).toordinal()
SEXES = pa.array([None, "1", "2"])
NO_BIRTH = np.iinfo(np.int32).min


@dataclass(slots=True, kw_only=True)
class Persons:
    """Whose each row is. `refused`: place -> reason code; the other columns hold None there.

    `birth` in days since 1970-01-01 (NO_BIRTH: none), `sex` 0 unknown, `county` -1 where the number says none.
    """

    macs: list[str | None]
    grades: list[str | None]
    repairs: list[str | None]
    birth: NDArray[np.int32]
    sex: NDArray[np.int8]
    county: NDArray[np.int32]
    refused: dict[int, str]


def identify(column: Sequence[object], certificates: Sequence[str | None] | str, linkage: Linkage) -> Persons:
    """The persons of a column of ID numbers; `certificates` one a row (None: unreadable), or one for all."""
    count = len(column)
    places, joined = _eighteen(column, certificates, linkage)
    said = numbers.read(joined)
    found = Persons(
        macs=[None] * count,
        grades=[None] * count,
        repairs=[None] * count,
        birth=np.full(count, NO_BIRTH, np.int32),
        sex=np.zeros(count, np.int8),
        county=np.full(count, -1, np.int32),
        refused={},
    )
    if len(places) == count and said.good.all():
        found.birth, found.sex, found.county = said.birth, said.sex, said.county
        found.macs[:] = linkage.macs(list(column), "resident_id")  # type: ignore[arg-type]
        found.grades = ["verified_form"] * count
        return found
    mask = np.zeros(count, np.bool_)
    mask[np.array(places, np.int64)[said.good]] = True
    for whole, part in ((found.birth, said.birth), (found.sex, said.sex), (found.county, said.county)):
        whole[mask] = part[said.good]
    macs, grades = np.full(count, None, object), np.full(count, None, object)
    macs[mask] = linkage.macs(list(compress(column, mask.tolist())), "resident_id")  # type: ignore[arg-type]
    grades[mask] = "verified_form"
    found.macs, found.grades = macs.tolist(), grades.tolist()
    for at in np.flatnonzero(~mask).tolist():
        _one(at, column[at], certificates if isinstance(certificates, str) else certificates[at], linkage, found)
    return found


def _eighteen(
    column: Sequence[object], certificates: Sequence[str | None] | str, linkage: Linkage
) -> tuple[Sequence[int], bytes]:
    """The places of what may be numbers in verified form, and their characters joined."""
    kinds = {certificates} if isinstance(certificates, str) else set(certificates)
    if not linkage.plain or not kinds <= OWN_FORM:
        return [], b""
    if set(map(type, column)) == {str}:
        texts = cast("Sequence[str]", column)
        places = [at for at, length in enumerate(map(len, texts)) if length == numbers.LENGTH]
        joined = "".join(texts if len(places) == len(texts) else [texts[at] for at in places])
        if joined.isascii():
            return places, joined.encode()
    places = [at for at, raw in enumerate(column) if type(raw) is str and len(raw) == numbers.LENGTH and raw.isascii()]
    return places, "".join([column[at] for at in places]).encode()  # type: ignore[misc]


def _one(at: int, raw: object, certificate: str | None, linkage: Linkage, found: Persons) -> None:
    if certificate is None:
        found.refused[at] = "bad_text"
        return
    try:
        identity = linkage.identify(raw, certificate)
    except Refused as refused:
        found.refused[at] = refused.reason
        return
    found.macs[at], found.grades[at] = identity.mac, identity.grade
    found.repairs[at] = ",".join(identity.repairs) or None
    found.sex[at] = int(identity.sex or 0)
    if identity.birth:
        found.birth[at] = identity.birth.toordinal() - EPOCH
    if identity.county:
        found.county[at] = int(identity.county)


def names(column: Column, given: Sequence[object] | None, linkage: Linkage) -> tuple[list[str], list[str | None]]:
    """Names in their one form, '' where there is none, and what was repaired in each; `given` as they came."""
    told: list[str] = [str(name) if name is not None else "" for name in column.values]
    repairs: list[str | None] = [None] * len(told)
    if given is not None and column.values is not given:
        for at in [at for at, (raw, name) in enumerate(zip(given, told, strict=True)) if raw != name]:
            if told[at] and isinstance(given[at], str):
                repairs[at] = TRIMMED
    if PLAIN.fullmatch("".join(told)):
        return told, repairs
    for at in [at for at, plain in enumerate(map(PLAIN.fullmatch, told)) if plain is None]:
        told[at], steps = linkage.named(told[at])
        if repairs[at]:
            steps = (TRIMMED, *(step for step in steps if step != TRIMMED))
        repairs[at] = ",".join(steps) or None
    return told, repairs


def days(array: NDArray[np.int32]) -> pa.Array:
    """Days since 1970-01-01 as an Arrow column, None for NO_BIRTH."""
    return pa.array(array, pa.int32(), mask=array == NO_BIRTH).view(pa.date32())


class Warner:
    """What looks odd about a number beside its row, as codes of identity.WARNINGS."""

    def __init__(self, counties: frozenset[str], today: date) -> None:
        self._known = np.zeros(1_000_000, np.bool_)
        self._known[[int(county) for county in counties]] = True
        self._today = today.toordinal() - EPOCH

    def warn(self, found: Persons, sex: NDArray[np.int8] | None, birth: pa.Array | None) -> list[str | None]:
        """The warnings of each row, joined by commas. `sex` and `birth` as the row declares them, where it does."""
        flags = {
            "county_unknown": (found.county >= 0) & ~self._known[found.county],
            "birth_in_future": found.birth > self._today,
        }
        if sex is not None:
            flags["sex_differs"] = (sex > 0) & (found.sex > 0) & (sex != found.sex)
        if birth is not None:
            declared = birth.view(pa.int32()).fill_null(NO_BIRTH).to_numpy()
            both = (declared != NO_BIRTH) & (found.birth != NO_BIRTH)
            flags["birth_differs"] = both & (declared != found.birth)
        warnings: list[str | None] = [None] * len(found.macs)
        for code, flag in flags.items():
            for at in np.flatnonzero(flag).tolist():
                warnings[at] = f"{warnings[at]},{code}" if warnings[at] else code
        return warnings
