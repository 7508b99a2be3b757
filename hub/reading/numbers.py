"""ID numbers of 18 characters: their check digit, and a whole column of them read at once.

The check digit is that of GB 11643-1999 (ISO 7064 MOD 11-2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LENGTH = 18
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
HMT_REGIONS = ("81", "82", "83")
FOREIGN = "9"

# 17 digits times this: weighted sum, county, year, month, day, order; exact in float32 (below 2^24), and fast.
_PLACES = np.zeros((17, 6), np.float32)
_PLACES[:, 0] = WEIGHTS
_PLACES[0:6, 1] = [100_000, 10_000, 1_000, 100, 10, 1]
_PLACES[6:10, 2] = [1_000, 100, 10, 1]
_PLACES[10:12, 3] = [10, 1]
_PLACES[12:14, 4] = [10, 1]
_PLACES[16, 5] = 1
_CHECK = np.frombuffer(CHECK.encode(), np.uint8)
_PLAIN = np.array([not f"{n:02}".startswith((*HMT_REGIONS, FOREIGN)) for n in range(100)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a column of numbers says; where `good` is False nothing of it counts.

    `good`: a resident's number in verified form. `birth` in days since 1970-01-01, `sex` 1 male, 2 female.
    """

    good: NDArray[np.bool_]
    county: NDArray[np.int32]
    birth: NDArray[np.int32]
    sex: NDArray[np.int8]


def check_digit(first17: str) -> str:
    """The 18th character for the first 17 digits."""
    return CHECK[sum(w * int(d) for w, d in zip(WEIGHTS, first17, strict=True)) % 11]


def read(joined: bytes) -> Said:
    """A column of numbers of 18 ASCII characters, joined. What is not good here may still be good otherwise."""
    matrix = np.frombuffer(joined, np.uint8).reshape(-1, LENGTH)
    digits = matrix[:, :17] - np.uint8(ord("0"))  # wraps: what is no digit is above 9
    total, county, year, month, day, order = (digits @ _PLACES).astype(np.int32).T
    good = (digits <= 9).all(axis=1) & (_CHECK[total % 11] == matrix[:, 17])
    good &= (month >= 1) & (month <= 12) & (day >= 1) & (year >= 1)
    good &= _PLAIN[county // 10_000 % 100]
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    birth = months.astype("datetime64[D]") + (day - 1)
    good &= birth.astype("datetime64[M]") == months
    sex = np.where(order % 2 == 1, 1, 2).astype(np.int8)
    return Said(good=good, county=county, birth=birth.astype(np.int64).astype(np.int32), sex=sex)
