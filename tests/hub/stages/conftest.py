"""A fresh world for each test of the stages."""

from __future__ import annotations

from pathlib import Path

import pytest
from world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An empty world."""
    return World(folder=tmp_path)
