"""The configuration that a case is computed under, and whether the case's own words are known to it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hub import config
from hub.assess.case import Case
from hub.config.config import Config
from hub.errors import ConfigError


def configured(case: Case, folder: Path, policy: Path | None) -> Config:
    """The configuration, with the policy files added; of one document alone where the case names one.

    Raises InputError where the case speaks of what the configuration does not know.
    """
    _named(case, [folder / "policy", *([policy, policy / "policy"] if policy else [])])
    known = config.load(folder) if policy is None else _overlaid(folder, policy, alone=case.document)
    _vocabulary(case, known)
    return replace(known, documents={case.document: known.documents[case.document]}) if case.document else known


def county(case: Case, known: Config) -> str:
    """The six digits where the case is."""
    return six(case.region or known.documents[case.document].region)


def six(region: str) -> str:
    """A region as six digits: one above the county stands for itself."""
    return region.ljust(6, "0")


def years(case: Case, known: Config) -> list[int]:
    """The benefit years of its settlements; without any, the last in which a category or the one document began."""
    begun = [held.valid_from for held in case.categories]
    if case.document:
        begun.append(known.documents[case.document].valid_from)
    return sorted({stay.discharged.year for stay in case.stays}) or [max(begun).year]


def _named(case: Case, folders: Iterable[Path]) -> None:
    """The one document is there: asked first, since alone it need not agree with the others."""
    if case.document and case.document not in {path.stem for folder in folders for path in folder.glob("*.toml")}:
        raise case.refused(
            "document", message="no such document", remedy="Name a file of config/policy/ or of --policy, without .toml"
        )


def _vocabulary(case: Case, known: Config) -> None:
    if case.region and case.region not in known.divisions:
        raise case.refused("region", message="no such division", remedy="Use the 2, 4 or 6 digits of divisions.csv")
    for place, held in enumerate(case.categories):
        at = ("categories", place)
        if held.code not in known.categories:
            raise case.refused(
                *at, message="a code is no category", remedy=f"Use one of: {', '.join(sorted(known.categories))}"
            )
        if held.region and held.region not in known.divisions:
            raise case.refused(
                *at, message="a region is no division", remedy="Use the 2, 4 or 6 digits of divisions.csv"
            )
    spoken = known.documents[case.document].region if case.document else ""
    places = [place for place in (case.region, *(held.region for held in case.categories)) if place]
    if case.region and not any(place.startswith(spoken) for place in places):
        raise case.refused(
            "document",
            message=f"speaks of {spoken}, and the case is elsewhere",
            remedy="Leave region out, or name one within it",
        )


def _overlaid(folder: Path, policy: Path, *, alone: str) -> Config:
    """The configuration in `folder` with the files of `policy` laid over it; of `alone` only, if it is among them."""
    files = sorted([*policy.glob("*.toml"), *policy.glob("policy/*.toml")]) if policy.is_dir() else []
    tables = sorted(policy.glob("tables/*.toml"))
    if not files and not tables:
        raise ConfigError(
            f"There is no policy file in {policy}",
            remedy="Give a folder that holds policy documents (*.toml), or tables (tables/*.toml)",
        )
    with tempfile.TemporaryDirectory() as made:
        root = Path(made) / "config"
        shutil.copytree(folder, root, ignore=shutil.ignore_patterns("__pycache__"))
        chosen = [file for file in files if file.stem == alone]
        if chosen:
            shutil.rmtree(root / "policy")
            (root / "policy").mkdir()
        for file in chosen or files:
            shutil.copyfile(file, root / "policy" / file.name)
        for file in tables:
            shutil.copyfile(file, root / "tables" / file.name)
        try:
            return config.load(root)
        except ConfigError as error:
            raise ConfigError(error.message.replace(str(root), str(policy)), remedy=error.remedy) from None
