"""Match: landed rows become persons, households, spells, enrolments, subsidies and settlements.

The rules are in `sql/match/`, one file a result. Reads `batch`, `repeats`, `alias`, `decision`, `period`, the config
relations and every landed relation; makes the state tables of hub/tables.py up to `settlement`, and on the way
`linked` (whose each row is), `cover` and `insured_place`.
"""

from __future__ import annotations

from hub.engine import SQL, Engine, statements
from hub.errors import ConfigError, InputError
from hub.inputs import (
    ALIAS,
    BATCH,
    CONFIG,
    DECISION,
    GONE_LINE,
    PERIOD,
    QUARANTINED,
    REPEATS,
    MonthInputs,
    Progress,
    landed_relations,
    nobody,
    period,
    repeats,
    sighting_sql,
    silent,
)

STEPS = tuple(statements(SQL / "match"))


def load(engine: Engine, inputs: MonthInputs) -> None:
    """Make every input relation known to the engine, empty where nothing has come yet."""
    sources = inputs.sources
    engine.register("period", period(inputs.month), PERIOD)
    engine.register("batch", inputs.batches, BATCH)
    engine.register("alias", inputs.alias, ALIAS)
    engine.register("decision", inputs.decisions, DECISION)
    engine.register("quarantined", inputs.quarantined if inputs.quarantined is not None else nobody(), QUARANTINED)
    for name, columns in CONFIG.items():
        engine.register(name, inputs.config[name], columns)
    engine.register("repeats", repeats(inputs.bases), REPEATS)
    relations = landed_relations(sources) | {"gone_line": GONE_LINE}
    if strange := sorted({part.relation for part in inputs.landed} - set(relations)):
        raise InputError(
            f"The lake holds batches that no source declares: {', '.join(strange)}",
            remedy="Put the source's file back into connectors/sources/ or the deployment's folder sources",
        )
    for name, columns in relations.items():
        engine.landed(name, columns, [part for part in inputs.landed if part.relation == name])
    engine.view("sighting", sighting_sql(sources))


def match(engine: Engine, progress: Progress = silent) -> None:
    """Run the stage. Raises ConfigError where config/mappings/ no longer knows a code that rows were landed with."""
    for done, (name, sql) in enumerate(STEPS, start=1):
        engine.run(name, sql)
        progress("match", done, len(STEPS))
    if unread := engine.rows("unread"):
        words = "; ".join(
            f"{records} rows: {name} {code} of province {place or 'any'}" for name, place, code, records in unread
        )
        raise ConfigError(
            f"Landed rows carry what config and aliases no longer know: {words}",
            remedy="Put the codes back into config/mappings/; a code may get another meaning, but not vanish",
        )
