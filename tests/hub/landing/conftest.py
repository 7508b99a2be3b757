"""Lists that departments drop, on SQLite or on each database in turn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.landing.lists import Lists


@pytest.fixture
def lists(tmp_path: Path, config_folder: Path) -> Iterator[Lists]:
    made = Lists(tmp_path / "hub", config_folder, f"sqlite:///{tmp_path / 'store.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def anywhere(tmp_path: Path, config_folder: Path, store_url: str) -> Iterator[Lists]:
    """On each database in turn."""
    made = Lists(tmp_path / "hub", config_folder, store_url)
    yield made
    made.close()
