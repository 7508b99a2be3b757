"""How often a client may ask under an agreement.

1. A client may ask `limits.rate` operations at once, and gets them back evenly over a minute (a token bucket).
2. Before there is an agreement, a client's refused requests are counted likewise, by the widest of its agreements.
3. What is refused here is counted, and the log tells of it once a minute (hub/log/flood.py).
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


@dataclass(slots=True)
class _Bucket:
    """`left` operations at a time `at`."""

    left: float
    at: float


class Rates:
    """The buckets of one application; safe to share between threads. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()
        self._lock = Lock()

    def take(self, agreement: str, claims: Claims, rate: int) -> None:
        """Count one operation. Raises RateLimited with the seconds until there is another."""
        now, key = self._clock(), (agreement, claims.client)
        with self._lock:
            bucket = self._buckets.get(key)
            if bucket is None:
                bucket = self._buckets[key] = _Bucket(float(rate), now)
                if len(self._buckets) > CLIENTS:
                    self._buckets.popitem(last=False)
            self._buckets.move_to_end(key)
            bucket.left = min(float(rate), bucket.left + (now - bucket.at) * rate / MINUTE)
            bucket.at = now
            if bucket.left < 1 - ROUNDING:
                raise RateLimited((1 - bucket.left) * MINUTE / rate)
            bucket.left -= 1
