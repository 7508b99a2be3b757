"""A configuration folder in order, for each test its own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from config_folders import DIVISIONS, INCOME, PREMIUM, SHIPPED, Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "config")
    made.write("divisions.csv", DIVISIONS)
    for name in ("categories.toml", "pooling_areas.toml"):
        shutil.copy(SHIPPED / name, made.path / name)
    made.write("tables/premium.toml", PREMIUM)
    made.write("tables/income.toml", INCOME)
    made.write("mappings/nation/a.toml", 'province = ""\n[gend]\n"1" = "1"\n[psn_idet_type]\n"9" = "none"\n')
    made.write("mappings/shandong/a.toml", 'province = "37"\n[psn_idet_type]\n"01" = "dibao"\n"02" = "tekun"\n')
    return made
