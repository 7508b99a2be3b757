"""Assess: what one case is due, layer by layer, through the SQL of months. No store, no keys.

case reads the file, configured what is in force, inputs makes the relations of a benefit year (that of discharge), year
runs the SQL over them, answer shapes what it found as pins.md writes it. No rule is computed in Python.
"""

from __future__ import annotations

from pathlib import Path

from hub.assess.answer import Answer, answer
from hub.assess.case import read_case
from hub.assess.configured import configured, years
from hub.assess.year import run

__all__ = ["assess"]


def assess(path: Path, folder: Path, policy: Path | None = None) -> Answer:
    """The answer to a case file under the configuration `folder`, its policy files added to or replaced by `policy`.

    Raises InputError where the case file, ConfigError where a policy file says what cannot be.
    """
    case = read_case(path)
    known = configured(case, folder, policy)
    return answer([run(case, known, year) for year in years(case, known)])
