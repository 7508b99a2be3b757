"""What agreements ask of the roll-ups: their scope and smallest cell, as hub/rollup/ takes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from hub.rollup import Demand
from schema.agreement import Agreement, load_all
from schema.catalogue import catalogue
from schema.graph.aggregate import Aggregate

if TYPE_CHECKING:
    from hub.deployment import Deployment


def demand(agreement: Agreement) -> Demand:
    """The demand of an agreement."""
    return Demand(**asdict(agreement.scope), smallest_cell=agreement.smallest_cell)


def demands(agreements: Iterable[Agreement]) -> list[Demand]:
    """The demands of the agreements that list any aggregate; equal ones once."""
    found = {made.key: made for item in agreements if _aggregates(item) for made in [demand(item)]}
    return [found[key] for key in sorted(found)]


def ensure(deployment: Deployment) -> int:
    """Make the cells that the published months lack for the agreements of today; how many cubes were made.

    Raises Locked, ConfigError.
    """
    from hub.rollup import cells

    with deployment.lake.lock():
        return cells.ensure(deployment, demands(load_all(deployment.settings.config)))


def _aggregates(agreement: Agreement) -> bool:
    return any(
        isinstance(catalogue()[kind][name].spec, Aggregate)
        for kind, names in agreement.fields.items()
        for name in names
    )
