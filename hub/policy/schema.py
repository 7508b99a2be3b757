"""The JSON Schema of a policy document, made from the same table that reads it: `aidgraph policy schema`.

TOML's dates are strings of format "date" here. What documents must agree on with each other is for `aidgraph check`.
"""

from __future__ import annotations

from typing import Any

from hub.policy import keys
from hub.policy.bounds import BOUNDS
from hub.policy.citation import GRADES
from hub.policy.document import MODES
from hub.policy.values import COSTS, YEARS_BACK, Kind

TEXT = {"type": "string", "minLength": 1}
DAY = {"type": "string", "format": "date"}
LIST = {"type": "array", "items": TEXT, "uniqueItems": True}
SOURCE = {"address": TEXT, "grade": {"enum": list(GRADES)}, "checked": DAY}
SHARE = {
    "type": "object",
    "properties": {
        "share": {"type": "number", "minimum": 0},
        "of": {
            "anyOf": [
                {**TEXT, "description": "a table of config/tables; of a line that is paid above: scope or total"},
                {"type": "number", "description": "yuan"},
            ],
        },
        "area": {**TEXT, "description": "county, prefecture, province, nation, local, or a division's code"},
        "least": {"type": "number", "minimum": 0, "description": "yuan; of a share of the cost"},
        "most": {"type": "number", "minimum": 0, "description": "yuan; of a share of the cost"},
        "round_to": {"type": "number", "exclusiveMinimum": 0, "description": "yuan; absent: to the fen"},
        "year": {"anyOf": [{"enum": list(YEARS_BACK)}, {"type": "integer"}]},
    },
    "required": ["share", "of"],
    "if": {"properties": {"of": {"type": "string", "not": {"enum": list(COSTS)}}}},
    "then": {"required": ["area", "year"]},
    "additionalProperties": TEXT,
}


def schema() -> dict[str, Any]:
    """The schema of one file of config/policy/."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "policy document",
        "type": "object",
        "additionalProperties": False,
        "required": ["number", "title", "title_en", "issuer", "region", "from", *SOURCE],
        "properties": {
            **dict.fromkeys(("number", "title", "title_en", "issuer", "note"), TEXT),
            "region": {"type": "string", "pattern": "^(nation|[0-9]{2}|[0-9]{4}|[0-9]{6})$"},
            "from": DAY,
            "until": {**DAY, "description": "the first day no longer in force"},
            **SOURCE,
            "serves": {**LIST, "description": "categories of which each benefit of the document must speak"},
            "merge": {
                "type": "object",
                "additionalProperties": False,
                "required": ["article"],
                "properties": {"mode": {"enum": list(MODES)}, "rank": LIST, "article": TEXT},
            },
            "rule": {"type": "array", "items": {"oneOf": [_rule(benefit) for benefit in sorted(keys.BENEFITS)]}},
        },
    }


def _rule(benefit: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
        "benefit": {"const": benefit},
        "categories": {**LIST, "minItems": 1, "description": "codes, @group, or * alone for everyone"},
        "article": TEXT,
        "from": DAY,
        "until": DAY,
        "note": TEXT,
        **SOURCE,
    }
    for number in keys.NUMBERS:
        if benefit in number.benefits:
            properties[number.name] = {**_graded(number.kind), "description": number.text, "examples": [number.example]}
    for choice in keys.CHOICES:
        if benefit in choice.benefits:
            numbers = [int(word) for word in choice.choices if choice.many and word.isdigit()]
            one: dict[str, Any] = {"enum": [*choice.choices, *numbers]}
            shape = {"type": "array", "items": one, "uniqueItems": True} if choice.many else one
            properties[choice.name] = {**shape, "description": choice.text}
    if benefit in keys.PAID:
        tier = {
            "type": "object",
            "additionalProperties": False,
            "required": ["above", "ratio"],
            "properties": {"above": _plain(Kind.MONEY), "ratio": _plain(Kind.RATIO)},
        }
        properties["tiers"] = {"type": "array", "items": tier}
        lines = {"type": "array", "items": _graded(Kind.MONEY), "minItems": 1}
        properties["stay_lines"] = {**lines, "description": "the line of the first, second, ... admission of the year"}
        properties["line_group"] = {**TEXT, "description": "rules of one document with the same name share their line"}
        properties["cap_group"] = {**TEXT, "description": "rules of one document with the same name share group_cap"}
    for bound in BOUNDS:
        if benefit in bound.benefits:
            kind = {"type": "number"} if bound.money else {"type": "integer", "maximum": bound.most}
            properties[bound.name] = {**kind, "minimum": 0, "description": bound.text, "examples": [bound.example]}
    if benefit in keys.WARNING:
        properties["addressee"] = {**LIST, "minItems": 1}
    if benefit in keys.SUBSIDY:
        properties["cap_by"] = {**TEXT, "description": "the category whose amount is the most that is paid"}
        year = {
            "type": "object",
            "additionalProperties": False,
            "required": ["year"],
            "properties": {"year": {"type": "integer"}, "share": _plain(Kind.RATIO), "amount": _graded(Kind.SUBSIDY)},
            "oneOf": [{"required": ["share"]}, {"required": ["amount"]}],
        }
        properties["schedule"] = {"type": "array", "items": year}
    if benefit in keys.AID | keys.SUBSIDY:
        properties["on_application"] = {"type": "boolean", "default": False}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "benefit", "categories", "article"],
        "properties": properties,
        "allOf": [{"oneOf": [{"required": [key]} for key in alternatives]} for alternatives in keys.NEEDED[benefit]],
    }


def _plain(kind: Kind) -> dict[str, Any]:
    return {"type": "number", "minimum": 0, **({"maximum": 1} if kind is Kind.RATIO else {})}


def _graded(kind: Kind) -> dict[str, Any]:
    number = _plain(kind) if kind is Kind.RATIO else {"anyOf": [_plain(kind), SHARE]}
    words = {Kind.CAP: ["none"], Kind.SUBSIDY: ["full"]}.get(kind, [])
    grades = [
        {"type": "object", "additionalProperties": False, "required": [grade], "properties": {grade: inner}}
        for grade, inner in (("floor", number), ("ceiling", number), ("unknown", TEXT))
    ]
    return {"anyOf": [number, *([{"enum": words}] if words else []), *grades]}
