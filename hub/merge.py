"""Merge: spells and rules in force become entitlements, each benefit once, at its highest, and payments by settlement.

1. Persons whose categories, days and place of insurance are the same are in one situation; which rules contend when
   is worked out once a situation (`sql/merge/`).
2. Layers pay in the order of LAYERS, each after what the earlier ones left (`sql/layer/`): what each rule that contends
   gives for the year, who wins, and what the winner pays of each settlement.
3. A rule of the year whose amount follows from a sum is applied to sums; every other rule, and every settlement that
   needs a closer look, is worked out settlement by settlement (`sql/pay/`). Both give the same where both apply.
4. `entitlement`, `entitlement_candidate` and `payment` are read from the numbers that remain (`sql/result/`).

Reads `period`, `person`, `category_spell`, `insured_place`, `settlement`, `rule_in_force`, `rule_tier`, `premium` and,
where a case tells more of its settlements, `settlement_detail` and `other_aid` alone: a single case is a few small
relations through the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pyarrow as pa

from hub.engine import SQL, Engine, schema, statements
from hub.errors import ConfigError
from hub.inputs import Progress, silent
from hub.tables import Table

STEPS = tuple(statements(SQL / "merge"))
LAYER = dict(statements(SQL / "layer"))
PREMIUM = dict(statements(SQL / "layer" / "premium"))["priced"]
PAY = tuple(statements(SQL / "pay"))
AFTER = dict(statements(SQL / "pay" / "after"))
STANDING = dict(statements(SQL / "pay" / "standing"))
DUE = dict(statements(SQL / "pay" / "due"))
DOUBT = dict(statements(SQL / "pay" / "doubt"))
EARLIER = dict(statements(SQL / "layer" / "standing"))
RESULTS = dict(statements(SQL / "result"))
STANDS = frozenset({"claim", "ceiling_cap"})  # steps of the settlement's way that read what earlier layers left
VIEWS = frozenset({"cost", "spell_code", "under_ceiling"})  # steps that are only named, and read where they are used
KEPT = re.compile(r"(?<=FROM |JOIN )(rank|quick|paid|settled|offer|close_standing)\b")  # results a layer keeps
ON_SUMS = {  # whose payments follow from sums: those not worked out one by one; apart, whose rule changes in the year
    "steady": (
        "SELECT s.* FROM standing AS s LEFT JOIN close_payee AS x ON x.person_id = s.person_id "
        "LEFT JOIN turned_payee AS t ON t.person_id = s.person_id WHERE x.person_id IS NULL AND t.person_id IS NULL"
    ),
    "turned": "SELECT s.* FROM standing AS s JOIN turned_payee AS t ON t.person_id = s.person_id",
}
LAST = "SELECT person_id, nth, rule_id, base_amount, line, amount, cap_left, close FROM (\n{}) AS q WHERE rule_id > 0"
OFFER_SHARE = (  # rules of one offer have the same
    "DENSE_RANK() OVER (ORDER BY region NULLS LAST, benefit NULLS LAST, category NULLS LAST, valid_from NULLS LAST)"
)
PRICING = ("layer_measure", "counted", "close_rule", "close_person")  # steps before the rules of a layer are priced
PAYING = ("turning", "turned_account", "close_payee", "turned_payee")  # steps before the winners pay
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
        "special_drug_cost": "BIGINT",  # of the bill, and outside the cost in scope
    },
)
OTHER_AID = Table(
    name="other_aid",
    key=("setl_id", "kind"),
    columns={"setl_id": "VARCHAR", "kind": "VARCHAR", "amount": "BIGINT"},
)
PAID = Table(  # the result of `sql/pay/`: what a rule pays of a settlement by itself
    name="paid",
    key=("person_id", "nth", "rule_id"),
    columns={
        "person_id": "BIGINT",
        "nth": "INTEGER",
        "rule_id": "INTEGER",
        "deducted": "BIGINT",
        "base_amount": "BIGINT",
        "payable": "BIGINT",
        "line": "BIGINT",
        "uncounted": "BIGINT",
        "determined": "BOOLEAN",
        "given": "BIGINT",
        "amount": "BIGINT",
        "cap_left": "BIGINT",
        "reason": "VARCHAR",
    },
)
RANK = Table(  # the result of `sql/layer/40_rank.sql`
    name="rank",
    key=("person_id", "stretch_id", "place"),
    columns={
        "person_id": "BIGINT",
        "stretch_id": "INTEGER",
        "place": "INTEGER",
        "rule_id": "INTEGER",
        "determined": "BOOLEAN",
        "annual_amount": "BIGINT",
        "offer_amount": "BIGINT",
        "remark": "VARCHAR",
        "reason": "VARCHAR",
    },
)
QUICK = Table(  # what results and later steps read of `sql/layer/60_steady.sql` and `62_turned.sql`
    name="quick",
    key=("person_id", "nth"),
    columns={
        "person_id": "BIGINT",
        "nth": "INTEGER",
        "rule_id": "INTEGER",
        "base_amount": "BIGINT",
        "line": "BIGINT",
        "amount": "BIGINT",
        "cap_left": "BIGINT",
        "close": "BOOLEAN",
    },
)
JOINT_CAP = Table(  # the result of `sql/result/85_joint_cap.sql`
    name="joint_cap",
    key=("person_id", "nth", "rule_id"),
    columns={
        "person_id": "BIGINT",
        "nth": "INTEGER",
        "rule_id": "INTEGER",
        "known": "BOOLEAN",
        "amount": "BIGINT",
        "cap_left": "BIGINT",
    },
)
DETAILS = (SETTLEMENT_DETAIL, OTHER_AID)
DEPTH = {"every_settlement": "BOOLEAN"}


def merge(
    engine: Engine,
    progress: Progress = silent,
    details: Mapping[str, pa.Table] | None = None,
    *,
    every_settlement: bool = False,
    persons: pa.Table | None = None,
) -> None:
    """Run the stage: makes `entitlement`, `entitlement_candidate` and `payment`.

    `persons` (person_id) are those to be merged, where only they have changed: what one is due depends on nobody else.
    `details` holds the relations of DETAILS that a case tells. `every_settlement` works out every rule settlement by
    settlement: the same results, slower, and `every_offer` then holds what each rule would have paid of each.
    Raises ConfigError where a determined rule lacks a number it is computed from.
    """
    total = len(STEPS) + len(LAYERS)
    for table in DETAILS:
        engine.register(table.name, (details or {}).get(table.name, schema(table).empty_table()), table.columns)
    _among(engine, persons)
    engine.register("depth", pa.table({"every_settlement": [every_settlement]}), DEPTH)
    for done, (name, sql) in enumerate(STEPS, start=1):
        (engine.view if name in VIEWS else engine.run)(name, sql)
        if name == "unpriced":
            _refuse_unpriced(engine)
        progress("merge", done, total)
    engine.view("speaking", "SELECT DISTINCT benefit FROM ballot")
    speaking = {row[0] for row in engine.rows("speaking")}
    _look_closer(engine, "uninsured_cost")
    for done, benefit in enumerate(LAYERS, start=len(STEPS) + 1):
        engine.view("layer", f"SELECT '{benefit}' AS benefit")
        if benefit == "premium_subsidy":
            _rank(engine, benefit, PREMIUM)
        elif benefit not in speaking and benefit != "medical_assistance":  # what is left after that one is read on
            _silent(engine, benefit)
        else:
            _layer(engine, benefit)
        progress("merge", done, total)
    union(engine, "ranked", {benefit: f"rank_{benefit}" for benefit in SHOWN})
    union(engine, "every_paid", {benefit: f"each_paid_{benefit}" for benefit in STANDING})
    _join_caps(engine)
    for name in ("entitlement", "entitlement_candidate", "payment"):
        engine.view(name, RESULTS[name])


def _join_caps(engine: Engine) -> None:
    """What is paid under caps that several benefits share, where any does."""
    engine.view("spanning", RESULTS["spanning"])
    if engine.rows("spanning"):
        engine.run(JOINT_CAP.name, RESULTS[JOINT_CAP.name])
    else:
        engine.register(JOINT_CAP.name, schema(JOINT_CAP).empty_table(), JOINT_CAP.columns)


def _among(engine: Engine, persons: pa.Table | None) -> None:
    """`spell` and `billed`: the inputs, of all or of these persons."""
    where = ""
    if persons is not None:
        engine.register("among", persons, {"person_id": "BIGINT"})
        where = " WHERE person_id IN (SELECT person_id FROM among)"
    engine.view("spell", f"SELECT * FROM category_spell{where}")
    engine.view("billed", f"SELECT * FROM settlement{where}")


def _refuse_unpriced(engine: Engine) -> None:
    if unpriced := engine.rows("unpriced"):
        rules = "; ".join(f"{rule} ({benefit})" for rule, benefit in sorted(unpriced))
        raise ConfigError(
            f"Rules said to be determined lack a number: {rules}",
            remedy="Give each its amount, line, ratio, base and period in config/policy/, or say that it is unknown",
        )


def _silent(engine: Engine, benefit: str) -> None:
    """A layer of which no rule reaches anybody: the results that it would have, without the work."""
    for table in (RANK, QUICK):
        engine.register(f"{table.name}_{benefit}", schema(table).empty_table(), table.columns)
    for name in ("offer", "paid"):
        engine.register(f"{name}_{benefit}", schema(PAID).empty_table(), PAID.columns)
    for name, sql in (
        ("close_standing", STANDING[benefit]),
        ("settled", AFTER["settled"]),
        ("each_paid", RESULTS["each_paid"]),
        ("ranked", RESULTS["ranked"]),
    ):
        engine.view(f"{name}_{benefit}", _of_layer(sql, benefit))


def _layer(engine: Engine, benefit: str) -> None:
    """Price, decide and pay a layer of payments by settlement."""

    def make(name: str, sql: str) -> None:
        engine.run(name, _of_layer(sql, benefit))

    def keep(name: str, sql: str) -> None:
        engine.view(f"{name}_{benefit}", _of_layer(sql, benefit))

    engine.view("standing", EARLIER.get(benefit, EARLIER["insurance"]))
    for step in PRICING:
        make(step, LAYER[step])
    _look_closer(engine, "close_person")
    keep("close_standing", STANDING[benefit])
    make("due", DUE["offer"])
    _pay(engine, f"offer_{benefit}", benefit, OFFER_SHARE)
    engine.view("earlier_doubt", DOUBT["assistance" if benefit == "tilt" else "none"])
    _rank(engine, benefit, LAYER["priced"])
    engine.view("champion", _of_layer(LAYER["champion"], benefit))
    for step in PAYING:
        make(step, LAYER[step])
    for name, whose in ON_SUMS.items():
        engine.view("on_sums", whose)
        engine.view("won", LAYER["won"])
        make(f"{name}_{benefit}", LAYER[name] if benefit != LAYERS[-1] else LAST.format(LAYER[name]))
    engine.view(f"quick_{benefit}", " UNION ALL ".join(f"SELECT * FROM {name}_{benefit}" for name in ON_SUMS))
    _look_closer(engine, "close_payee")
    make("due", DUE["winner"])
    _pay(engine, f"paid_{benefit}", benefit, "0")
    keep("settled", AFTER["settled"])
    if benefit != LAYERS[-1]:
        make(f"left_close_{benefit}", AFTER["left_close"])
    keep("each_paid", RESULTS["each_paid"])
    keep("ranked", RESULTS["ranked"])
    engine.drop("priced", "due", *PRICING, *PAYING)


def _look_closer(engine: Engine, persons: str) -> None:
    """`close_charge`: the settlements of these persons."""
    engine.run(
        "close_charge",
        "SELECT c.*, v.visit_id, v.total, v.special_drug_cost, v.admitted FROM charge AS c "
        f"JOIN {persons} AS p ON p.person_id = c.person_id LEFT JOIN visit AS v ON v.setl_id = c.setl_id",
    )


def _rank(engine: Engine, benefit: str, price: str) -> None:
    engine.run("priced", _of_layer(price, benefit))
    engine.run(f"rank_{benefit}", LAYER["rank"])


def _pay(engine: Engine, result: str, benefit: str, share: str) -> None:
    """Work out what rules pay of the settlements they are put to (`due`), one by one."""
    engine.view("some_due", "SELECT 1 AS one FROM due LIMIT 1")
    if not engine.rows("some_due"):
        engine.register(result, schema(PAID).empty_table(), PAID.columns)
        return
    engine.view("shares", f"SELECT rule_id, {share} AS share FROM rule")
    for name, sql in PAY:
        engine.run(result if name == PAY[-1][0] else name, _of_layer(sql, benefit) if name in STANDS else sql)
    engine.drop(*(name for name, _ in PAY[:-1]))


def _of_layer(sql: str, benefit: str) -> str:
    """The text with the results that a layer keeps under the layer's own names."""
    return KEPT.sub(rf"\1_{benefit}", sql)


def union(engine: Engine, name: str, layers: Mapping[str, str]) -> None:
    """One view over the tables of several layers, with the layer's benefit."""
    selects = (f"SELECT '{benefit}' AS benefit, l.* FROM {table} AS l" for benefit, table in layers.items())
    engine.view(name, " UNION ALL ".join(selects))
