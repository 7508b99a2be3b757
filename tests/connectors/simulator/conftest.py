"""One world for all tests of the simulator."""

from __future__ import annotations

import pytest

from connectors.simulator.truth import Truth
from connectors.simulator.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return World(1_500)


@pytest.fixture(scope="session")
def truths(world: World) -> dict[str, Truth]:
    return {month: world.truth(month) for month in world.months}
