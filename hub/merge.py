"""Merge: spells and rules in force become entitlements, each benefit once, at its highest, with what it outranked.

The rules are in `sql/merge/`, one file a result; a layer of benefits is one file in `sql/merge/price/`, in the order
in which layers pay, and `50_ranked.sql` decides each layer over what its rules give. A later layer may read what an
earlier one decided. Reads `period`, `category_spell`, `insured_place`, `settlement`, `rule_in_force` and `premium`
alone, so a single case is a few one-row relations through the same text.
"""

from __future__ import annotations

from hub.engine import SQL, Engine, statements
from hub.errors import ConfigError
from hub.inputs import Progress, silent

STEPS = tuple(statements(SQL / "merge"))
LAYERS = tuple(statements(SQL / "merge" / "price"))
DECIDE = "ranked"  # the step that is run once a layer
TURN = [name for name, _ in STEPS].index(DECIDE)


def merge(engine: Engine, progress: Progress = silent) -> None:
    """Run the stage: makes `entitlement` and `entitlement_candidate`.

    Raises ConfigError where a determined rule lacks a number it is computed from.
    """
    total = len(STEPS) - 1 + len(LAYERS)
    for done, (name, sql) in enumerate(STEPS[:TURN], start=1):
        engine.run(name, sql)
        progress("merge", done, total)
    if unpriced := engine.rows("unpriced"):
        rules = "; ".join(f"{rule} ({benefit})" for rule, benefit in sorted(unpriced))
        raise ConfigError(
            f"Rules said to be determined lack a number: {rules}",
            remedy="Give each its amount, line, ratio, base and period in config/policy/, or say that it is unknown",
        )
    for done, (benefit, sql) in enumerate(LAYERS, start=TURN + 1):
        engine.run(f"priced_{benefit}", sql)
        engine.view("priced", f"SELECT * FROM priced_{benefit}")
        engine.run(f"ranked_{benefit}", STEPS[TURN][1])
        progress("merge", done, total)
    layers = (f"SELECT '{benefit}' AS benefit, r.* FROM ranked_{benefit} AS r" for benefit, _ in LAYERS)
    engine.view("ranked", " UNION ALL ".join(layers))
    for done, (name, sql) in enumerate(STEPS[TURN + 1 :], start=TURN + len(LAYERS) + 1):
        engine.run(name, sql)
        progress("merge", done, total)
