"""A folder of its own for each case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from case_files import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def run(folder: Folder) -> Any:
    return folder.alone
