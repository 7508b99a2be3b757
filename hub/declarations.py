"""A deployment's own declarations of sources, as a month was computed under them.

They say how landed rows are read (what absence means, whose list it is), so that they are inputs of the month like its
configuration. Their text is recorded with it, of those sources that the month has batches of; a closed month is
rebuilt under what was recorded, whatever the files say today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from connectors import declared
from connectors.base import discover
from hub import store
from hub.deployment import Deployment


def of_batches(deployment: Deployment, batches: Sequence[int]) -> dict[str, str]:
    """The TOML of the deployment's own sources that brought one of these batches, by source."""
    own = declared.texts(deployment.settings.declared, discover())
    b = store.batch.c
    wanted = set(batches)
    with deployment.engine.connect() as connection:
        found = connection.execute(sa.select(b.batch_id, b.source).where(b.source.in_(own)))
        used = {row.source for row in found if row.batch_id in wanted}
    return {name: text for name, text in sorted(own.items()) if name in used}


def as_recorded(deployment: Deployment, inputs: Mapping[str, Any]) -> Deployment:
    """The deployment with its own sources declared as they were recorded for a month. Raises DeclarationError."""
    told: Mapping[str, str] = inputs.get("sources", {})
    recorded = declared.read_texts({f"{name}.toml as recorded": text for name, text in told.items()}, discover())
    today = (source for source in deployment.sources if source.name not in told)
    return replace(deployment, sources=tuple(sorted((*today, *recorded), key=lambda source: source.name)))
