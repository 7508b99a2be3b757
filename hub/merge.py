"""Merge: spells and rules in force become entitlements, each benefit once, at its highest, and payments by settlement.

The rules are in `sql/merge/`, one file a result. Layers pay in the order of LAYERS. A layer is priced (what each rule
that reaches a person gives, `sql/merge/price/`), decided (`50_ranked.sql`) and, where it pays settlements, paid: the
same statements (`sql/pay/`) compute what every rule would offer and what the winners really pay. A later layer reads
what an earlier one paid. Reads `period`, `category_spell`, `insured_place`, `settlement`, `rule_in_force`,
`rule_tier`, `premium` and, where a case tells more of its settlements, `settlement_detail` and `other_aid` alone: a
single case is a few small relations through the same text.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from hub.engine import SQL, Engine, schema, statements
from hub.errors import ConfigError
from hub.inputs import Progress, silent
from hub.tables import Table

STEPS = tuple(statements(SQL / "merge"))
PRICES = dict(statements(SQL / "merge" / "price"))
PAY = tuple(statements(SQL / "pay"))
STANDING = dict(statements(SQL / "pay" / "standing"))
DUE = dict(statements(SQL / "pay" / "due"))
DOUBT = dict(statements(SQL / "pay" / "doubt"))
DECIDE = "ranked"  # the step that is run once a layer
TURN = [name for name, _ in STEPS].index(DECIDE)
LAYERS = ("premium_subsidy", *STANDING)
SHOWN = ("premium_subsidy", "medical_assistance", "tilt")  # the benefits that entitlements speak of

SETTLEMENT_DETAIL = Table(  # what a case file tells of a settlement beyond the table `settlement`; NULL is unknown
    name="settlement_detail",
    key=("setl_id",),
    columns={
        "setl_id": "VARCHAR",
        "referral": "BOOLEAN",
        "in_region": "BOOLEAN",
        "designated": "BOOLEAN",
        "applied": "BOOLEAN",
    },
)
OTHER_AID = Table(
    name="other_aid",
    key=("setl_id", "kind"),
    columns={"setl_id": "VARCHAR", "kind": "VARCHAR", "amount": "BIGINT"},
)
DETAILS = (SETTLEMENT_DETAIL, OTHER_AID)


def merge(engine: Engine, progress: Progress = silent, details: Mapping[str, pa.Table] | None = None) -> None:
    """Run the stage: makes `entitlement`, `entitlement_candidate` and `payment`.

    `details` holds the relations of DETAILS that a case tells. Raises ConfigError where a determined rule lacks a
    number it is computed from.
    """
    total = len(STEPS) - 1 + len(LAYERS)
    for table in DETAILS:
        engine.register(table.name, (details or {}).get(table.name, schema(table).empty_table()), table.columns)
    for done, (name, sql) in enumerate(STEPS[:TURN], start=1):
        engine.run(name, sql)
        progress("merge", done, total)
    if unpriced := engine.rows("unpriced"):
        rules = "; ".join(f"{rule} ({benefit})" for rule, benefit in sorted(unpriced))
        raise ConfigError(
            f"Rules said to be determined lack a number: {rules}",
            remedy="Give each its amount, line, ratio, base and period in config/policy/, or say that it is unknown",
        )
    for done, benefit in enumerate(LAYERS, start=TURN + 1):
        if benefit in PRICES:
            _decide(engine, benefit, PRICES[benefit])
        else:
            _layer(engine, benefit)
        progress("merge", done, total)
    union(engine, "ranked", {benefit: f"ranked_{benefit}" for benefit in SHOWN})
    union(engine, "every_paid", {benefit: f"paid_{benefit}" for benefit in STANDING})
    for done, (name, sql) in enumerate(STEPS[TURN + 1 :], start=TURN + len(LAYERS) + 1):
        engine.run(name, sql)
        progress("merge", done, total)


def _layer(engine: Engine, benefit: str) -> None:
    """Price, decide and pay a layer of payments by settlement."""
    engine.view("layer", f"SELECT '{benefit}' AS benefit")
    engine.run(f"standing_{benefit}", STANDING[benefit])
    engine.view("standing", f"SELECT * FROM standing_{benefit}")
    _pay(
        engine, f"offer_{benefit}", DUE["offer"], "DENSE_RANK() OVER (ORDER BY region NULLS LAST, category NULLS LAST)"
    )
    engine.view("offer", f"SELECT * FROM offer_{benefit}")
    engine.view("earlier_doubt", DOUBT["assistance" if benefit == "tilt" else "none"])
    _decide(engine, benefit, PRICES["layer"])
    engine.view("ranked_layer", f"SELECT * FROM ranked_{benefit}")
    _pay(engine, f"paid_{benefit}", DUE["winner"], "0")
    engine.view("paid", f"SELECT * FROM paid_{benefit}")
    engine.run(f"settled_{benefit}", PAY[-1][1])


def _decide(engine: Engine, benefit: str, price: str) -> None:
    engine.run(f"priced_{benefit}", price)
    engine.view("priced", f"SELECT * FROM priced_{benefit}")
    engine.run(f"ranked_{benefit}", STEPS[TURN][1])


def _pay(engine: Engine, result: str, due: str, share: str) -> None:
    """Compute what rules pay of the settlements they are put to."""
    engine.run("due", due)
    engine.view("shares", f"SELECT rule_id, {share} AS share FROM rule")
    for name, sql in PAY[:-2]:
        engine.run(name, sql)
    engine.run(result, PAY[-2][1])


def union(engine: Engine, name: str, layers: Mapping[str, str]) -> None:
    """One view over the tables of several layers, with the layer's benefit."""
    selects = (f"SELECT '{benefit}' AS benefit, l.* FROM {table} AS l" for benefit, table in layers.items())
    engine.view(name, " UNION ALL ".join(selects))
