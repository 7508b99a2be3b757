"""The command line, run in this process."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from schema.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch, capsys) -> Run:
    """Run the command line: (exit code, standard output, standard error)."""
    for name in ("DATA", "CONFIG", "STORE", "LAKE", "KEYS"):
        monkeypatch.delenv(f"AIDGRAPH_{name}", raising=False)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["aidgraph", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        told = capsys.readouterr()
        assert "Traceback" not in told.err
        return int(stopped.value.code or 0), told.out, told.err

    return run
