"""The configuration that a case is computed under, and whether the case's own words are known to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hub import config
from hub.assess.case import Case
from hub.config.config import Config


def configured(case: Case, folder: Path, policy: Path | None) -> Config:
    """The configuration, `policy`'s documents in place of its own; of one document alone where the case names one.

    Raises InputError where the case speaks of what the configuration does not know.
    """
    if policy is None:
        known = config.load(folder)
    else:
        speaks = any(True for pattern in ("*.toml", "policy/*.toml") for _ in policy.glob(pattern))
        known = config.overlaid(folder, policy, only=speaks, alone=case.document)
    if case.document and case.document not in known.documents:
        remedy = "Name a file of --policy, or without that one of config/policy/; without .toml"
        raise case.refused("document", message="no such document", remedy=remedy)
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
