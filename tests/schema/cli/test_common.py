"""What all verbs show alike: bars that fit a terminal of 100 columns."""

from __future__ import annotations

import io
from itertools import count

from rich.console import Console

from schema.cli import common


def test_a_bar_shows_rate_and_remaining_time_within_a_hundred_columns(monkeypatch):
    out = io.StringIO()
    seconds = count()
    console = Console(
        file=out,
        width=100,
        force_terminal=True,
        color_system=None,
        get_time=lambda: float(next(seconds)),
        _environ={"TERM": "xterm"},
    )
    monkeypatch.setattr(common, "console", console)
    with common.bars() as report:
        for done in range(0, 9_900_000, 300_000):
            report("medical_insurance.settlements", done, 10_000_000)
        report("civil_affairs.recipients", 1_000, None)
    frames = [line for line in out.getvalue().replace("\r", "\n").splitlines() if "settlements" in line]
    assert "9600000/10000000" in frames[-1]
    assert "/s" in frames[-1]
    assert "剩余 " in frames[-1]
    unknown = [line for line in out.getvalue().replace("\r", "\n").splitlines() if "recipients" in line]
    assert "1000/?" in unknown[-1]
    assert "剩余" not in unknown[-1]
