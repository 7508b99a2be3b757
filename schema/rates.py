"""How often a client may ask under an agreement, and how the log tells of those who ask more often.

1. A client may ask `limits.rate` operations at once, and gets them back evenly over a minute (a token bucket).
2. The first refusal is an entry of the log of its own; those after it are counted, and told by one entry a minute.
3. Before there is an agreement, a client's refused requests are counted likewise, by the widest of its agreements.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from schema.errors import RateLimited
from schema.tokens import Claims

MINUTE = 60.0
ROUNDING = 1e-6  # of an operation: who waits as long as told is not refused for a float's last digit
CLIENTS = 10_000  # buckets; the one that was not asked of for longest is forgotten first: it has filled again


@dataclass(slots=True, kw_only=True)
class _Bucket:
    """`left` operations at a time `at`; `refused` since the last entry of the log, which was at `told`."""

    claims: Claims
    left: float
    at: float
    refused: int = 0
    told: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """So many refusals of a client under an agreement ("": before there was one) that no entry tells of yet."""

    agreement: str
    claims: Claims
    times: int


class Rates:
    """The buckets of one application; safe to share between threads. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._lost: list[Repeats] = []  # of buckets forgotten
        self._lock = Lock()

    def take(self, agreement: str, claims: Claims, rate: int) -> None:
        """Count one operation. Raises RateLimited with the seconds until there is another."""
        now = self._clock()
        with self._lock:
            bucket = self._bucket(agreement, claims, rate, now)
            bucket.left = min(float(rate), bucket.left + (now - bucket.at) * rate / MINUTE)
            bucket.at = now
            if bucket.left >= 1 - ROUNDING:
                bucket.left -= 1
                return
            first = bucket.told is None
            if first:
                bucket.told = now
            else:
                bucket.refused += 1
            raise RateLimited((1 - bucket.left) * MINUTE / rate, first=first)

    def repeats(self, *, all_of_them: bool = False) -> list[Repeats]:
        """What the log has yet to tell, of those last told of a minute ago or more; they count as told with this."""
        now = self._clock()
        with self._lock:
            found, self._lost = self._lost, []
            for (agreement, _), bucket in self._buckets.items():
                if bucket.told is None or (now - bucket.told < MINUTE and not all_of_them):
                    continue
                if bucket.refused:
                    found.append(Repeats(agreement=agreement, claims=bucket.claims, times=bucket.refused))
                bucket.told = now if bucket.refused else None
                bucket.refused = 0
        return found

    def _bucket(self, agreement: str, claims: Claims, rate: int, now: float) -> _Bucket:
        key = (agreement, claims.client)
        if key not in self._buckets:
            self._buckets[key] = _Bucket(claims=claims, left=float(rate), at=now)
            if len(self._buckets) > CLIENTS:
                (former, _), gone = self._buckets.popitem(last=False)
                if gone.refused:
                    self._lost.append(Repeats(agreement=former, claims=gone.claims, times=gone.refused))
        self._buckets.move_to_end(key)
        return self._buckets[key]
