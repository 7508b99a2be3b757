"""What the departments give in assistance. Zichuan: as its page of 2025 says, reckoned as a clerk does, bill by bill.

The counter knows a person's year: what was counted so far, what was given. It shares nothing with the hub. For the
other counties no document gives the numbers: what is paid there is of the right order, and nobody can say what is due.
"""

from __future__ import annotations

from dataclasses import dataclass

ZICHUAN = "370302"
CARE = ("inpatient", "outpatient_chronic")
KEY = frozenset({"tekun", "dibao", "fanpin_zhipin"})
EDGE = frozenset({"dibao_edge", "mon_unstable", "mon_edge", "mon_sudden"})
BY_RANK = (
    "tekun", "dibao", "fanpin_zhipin", "dibao_edge", "mon_sudden", "mon_unstable", "mon_edge", "illness_poor",
    "expend_hard",
)  # fmt: skip


def half_up(amount: int, ratio: int) -> int:
    """A ratio in basis points of a non-negative amount."""
    return (amount * ratio + 5_000) // 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A line, a share in basis points and a yearly limit; tilt has a line of its own, None where there is none."""

    line: int
    share: int
    limit: int
    tilt_line: int | None


TERMS = {
    "key": Terms(line=0, share=7_500, limit=3_000_000, tilt_line=500_000),
    "edge": Terms(line=300_000, share=5_000, limit=2_000_000, tilt_line=1_000_000),
    "expend_hard": Terms(line=1_000_000, share=6_000, limit=2_000_000, tilt_line=None),  # on application; assumed line
}
TILT_SHARE, TILT_LIMIT = 7_000, 2_000_000


@dataclass(slots=True, kw_only=True)
class Counter:
    """A person's year at Zichuan's counter, in fen."""

    counted: int = 0
    given: int = 0
    tilt_counted: int = 0
    tilt_given: int = 0
    lost: bool = False  # a bill of the year was nobody's to reckon, and so is what follows

    def bill(self, categories: set[str], setting: str, left: int) -> tuple[int, int] | None:
        """(assistance, tilt) for a bill of which insurance left so much; None where the page says nothing of it."""
        group = standing(categories)
        if setting not in CARE or group is None:
            return None
        if group == "illness_poor":
            self.lost = True
        if self.lost:
            return None
        terms = TERMS[group]
        assistance = min(_step(self.counted, left, terms.line, terms.share), max(terms.limit - self.given, 0), left)
        self.counted += left
        self.given += assistance
        if terms.tilt_line is None:
            return assistance, 0
        rest = left - assistance
        tilt = min(_step(self.tilt_counted, rest, terms.tilt_line, TILT_SHARE), max(TILT_LIMIT - self.tilt_given, 0))
        self.tilt_counted += rest
        self.tilt_given += tilt
        return assistance, tilt


def standing(categories: set[str]) -> str | None:
    """Which of the page's groups somebody belongs to: the one that gives most."""
    if categories & KEY:
        return "key"
    if categories & EDGE:
        return "edge"
    return next((name for name in ("expend_hard", "illness_poor") if name in categories), None)


def decisive(categories: set[str]) -> str | None:
    """The category by which it is given: the first by rank of the group."""
    members = {"key": KEY, "edge": EDGE, "expend_hard": {"expend_hard"}, "illness_poor": {"illness_poor"}}
    group = standing(categories)
    return next((c for c in BY_RANK if c in categories & members[group]), None) if group else None


def _step(before: int, now: int, line: int, share: int) -> int:
    return half_up(max(before + now - line, 0), share) - half_up(max(before - line, 0), share)
