"""`rule_in_force` and `rule_tier`: for each county, what decides each benefit and category on each interval.

Counties with the same documents and the same figures share one block of rows, so a nation is as quick as a city.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa

from hub.policy.amounts import SPECIAL_DRUGS, Amounts, amounts
from hub.policy.document import Document
from hub.policy.keys import AID, PAID
from hub.policy.resolve import Case, InForce, chain, resolve
from hub.policy.rule import Rule
from hub.policy.table import Known, Table
from hub.policy.values import BP, PREMIUM, Exact, Parameter, Word, premium_share

RULE_IN_FORCE = pa.schema(
    [
        ("region", pa.string()),
        ("benefit", pa.string()),
        ("category", pa.string()),
        ("valid_from", pa.date32()),
        ("valid_until", pa.date32()),
        ("rule_key", pa.string()),
        ("document", pa.string()),
        ("article", pa.string()),
        ("rank", pa.int32()),
        ("mode", pa.string()),
        ("determined", pa.bool_()),
        ("undetermined_reason", pa.string()),
        ("whose_region", pa.string()),
        ("on_application", pa.bool_()),
        ("amount", pa.int64()),
        ("full", pa.bool_()),
        ("line", pa.int64()),
        ("ratio", pa.int32()),
        ("cap", pa.int64()),
        ("settings", pa.string()),
        ("base", pa.string()),
        ("period", pa.string()),
        ("addressee", pa.string()),
        ("insutypes", pa.string()),
        ("conditions", pa.string()),
        ("hospital_levels", pa.string()),
        ("deducts", pa.string()),
        ("counts", pa.string()),
        ("cap_group", pa.string()),
        ("group_cap", pa.int64()),
        ("day", pa.string()),
        ("rounding", pa.string()),
        ("effect", pa.string()),
        ("denominator", pa.string()),
        ("tops_up", pa.string()),
        ("refers_to", pa.string()),
        ("cadence", pa.string()),
        ("line_period", pa.string()),
        ("tiers_period", pa.string()),
        ("cap_period", pa.string()),
        ("group_cap_period", pa.string()),
        ("tiers_from", pa.string()),
        ("stay_lines", pa.string()),
        ("lines_most", pa.int64()),
        ("line_group", pa.string()),
        ("line_share", pa.int32()),
        ("line_of", pa.string()),
        ("line_least", pa.int64()),
        ("line_most", pa.int64()),
        ("least_ratio", pa.int32()),
        ("cost_cap", pa.int64()),
        ("first_own", pa.int32()),
        ("pay", pa.int64()),
        ("pay_per_day", pa.int64()),
        ("cost_per_day", pa.int64()),
        ("cost_from", pa.int64()),
        ("cost_below", pa.int64()),
        ("age_from", pa.int32()),
        ("age_below", pa.int32()),
        ("look_back", pa.int32()),
    ]
)
RULE_TIER = pa.schema(
    [
        ("region", pa.string()),
        ("benefit", pa.string()),
        ("category", pa.string()),
        ("valid_from", pa.date32()),
        ("rule_key", pa.string()),
        ("above", pa.int64()),
        ("ratio", pa.int32()),
    ]
)
PREMIUMS = pa.schema([("region", pa.string()), ("year", pa.int32()), ("insutype", pa.string()), ("amount", pa.int64())])
ORDER = ("region", "benefit", "category", "valid_from", "rule_key")
SPECIAL_DRUG_BASE = "special_drugs"
OF_ORDINARY_COST = (  # what a rule says of its ordinary cost, and not of special drugs
    "group_cap", "line_period", "tiers_period", "cap_period", "group_cap_period", "lines_most", "line_share", "line_of",
    "line_least", "line_most", "least_ratio", "cost_cap", "first_own", "pay", "pay_per_day", "cost_per_day",
    "cost_from", "cost_below",
)  # fmt: skip
PLAIN = ("lines_most", "least_ratio", "cost_cap", "first_own", "pay", "pay_per_day", "cost_per_day")
ROUNDING = "half_up"  # to the fen, after each layer


def rules(
    documents: Iterable[Document],
    tables: Mapping[str, Table],
    categories: Iterable[str],
    counties: Iterable[str],
    year: int,
    look_backs: Mapping[str, int] | None = None,
) -> dict[str, pa.Table]:
    """Both relations of some counties and a benefit year, ordered by region, benefit, category, day and rule.

    `look_backs`: the months of each category that counts back, where its rules do not say.
    """
    names = sorted(categories)
    by_region: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_region[document.region].append(document)
    resolved: dict[tuple[str, ...], list[InForce]] = {}
    groups: dict[tuple[tuple[str, ...], tuple[Amounts, ...]], list[str]] = defaultdict(list)
    for county in sorted(set(counties)):
        there = [document for region in chain(county) for document in by_region.get(region, ())]
        ids = tuple(document.id for document in there)
        if ids not in resolved:
            resolved[ids] = resolve(there, names, date(year, 1, 1), date(year + 1, 1, 1))
        groups[ids, _amounts(resolved[ids], tables, county, year)].append(county)
    blocks = [(members, _block(resolved[ids], figures, look_backs or {})) for (ids, figures), members in groups.items()]
    return {
        name: _of_counties([(members, block[name]) for members, block in blocks], schema)
        for name, schema in (("rule_in_force", RULE_IN_FORCE), ("rule_tier", RULE_TIER))
    }


def _of_counties(blocks: Iterable[tuple[list[str], list[dict[str, object]]]], schema: pa.Schema) -> pa.Table:
    """Each block of rows once for each of its counties."""
    inner = pa.schema([column for column in schema if column.name != "region"])
    parts = [schema.empty_table()]
    for members, rows in blocks:
        block = pa.concat_tables([pa.Table.from_pylist(rows, schema=inner)] * len(members))
        region = pa.array([county for county in members for _ in rows], pa.string())
        parts.append(block.append_column("region", region).select(schema.names))
    order = (*ORDER, "above") if "above" in schema.names else ORDER
    return pa.concat_tables(parts).sort_by([(name, "ascending") for name in order])


def premium(tables: Mapping[str, Table], counties: Iterable[str], year: int) -> pa.Table:
    """The personal premium of each county, year and insurance, where it is known."""
    rows = []
    table = tables.get(PREMIUM)
    wheres = sorted({where for _, of_year, where in table.figures if of_year == year}) if table else []
    for county in sorted(set(counties)):
        for where in wheres:
            share = premium_share(BP, dict(where)["insutype"])
            found = table.share(share, chain(county), year) if table else None
            if isinstance(found, Known):
                rows.append({"region": county, "year": year, "insutype": dict(where)["insutype"], "amount": found.fen})
    return pa.Table.from_pylist(rows, schema=PREMIUMS)


def _amounts(found: list[InForce], tables: Mapping[str, Table], county: str, year: int) -> tuple[Amounts, ...]:
    where = chain(county)
    known: dict[tuple[str, str], Amounts] = {}
    figures = []
    for item in found:
        for case in item.cases():
            key = (case.rule.key, case.other.key if case.other else "")
            if key not in known:
                known[key] = amounts(case.rule, tables, where, year, case.other)
            figures.append(known[key])
    return tuple(figures)


def _block(
    found: list[InForce], figures: tuple[Amounts, ...], look_backs: Mapping[str, int]
) -> dict[str, list[dict[str, object]]]:
    """The rows of a county, without it."""
    pairs = [(item, case) for item in found for case in item.cases()]
    rows = [
        _row(item, case, figure, look_backs.get(item.category, 0))
        for (item, case), figure in zip(pairs, figures, strict=True)
    ]
    drugs = [_special_drugs(row, case, figure) for row, (_, case), figure in zip(rows, pairs, figures, strict=True)]
    names = ("benefit", "category", "valid_from", "rule_key")
    tiers = [
        {**{name: row[name] for name in names}, "above": tier.above, "ratio": tier.bp}
        for row, figure in zip(rows, figures, strict=True)
        if row["determined"] and row["benefit"] in PAID
        for tier in figure.tiers
    ]
    return {"rule_in_force": [*rows, *(row for row in drugs if row)], "rule_tier": tiers}


def _special_drugs(row: dict[str, object], case: Case, figure: Amounts) -> dict[str, object] | None:
    """What a rule of serious-illness insurance pays of special drugs: a row of its own, on a base of its own."""
    said = {**(case.other.numbers if case.other else {}), **case.rule.numbers}
    if "special_drug_ratio" not in said:
        return None
    lost = [
        name for name in SPECIAL_DRUGS if name in said and getattr(figure, name) is None and not _no_cap(said[name])
    ]
    own = dict.fromkeys(OF_ORDINARY_COST) | {"period": "year", "stay_lines": "", "line_group": "", "cap_group": ""}
    return {
        **row,
        **own,
        "rule_key": f"{case.key}+special-drugs",
        "base": SPECIAL_DRUG_BASE,
        "line": figure.special_drug_line or 0,
        "ratio": figure.special_drug_ratio,
        "cap": figure.special_drug_cap,
        "determined": not lost,
        "undetermined_reason": f"{', '.join(lost)}: no rule gives the value itself" if lost else None,
    }


def _no_cap(parameter: Parameter) -> bool:
    return parameter == Exact(value=Word.NO_CAP)


def _counting(rule: Rule, figure: Amounts) -> dict[str, object]:
    """What a rule that pays counts over, and the lines that are not one amount."""
    share = figure.line_share
    return {
        "line_period": rule.line_period,
        "tiers_period": rule.tiers_period,
        "cap_period": rule.cap_period,
        "group_cap_period": rule.group_cap_period,
        "tiers_from": rule.tiers_from if rule.apart else "cost",
        "stay_lines": ",".join(str(line) for line in figure.stay_lines),
        "line_group": rule.line_group,
        "line_share": share.bp if share else None,
        "line_of": share.of if share else "",
        "line_least": share.least if share else None,
        "line_most": share.most if share else None,
        **{name: getattr(figure, name) for name in PLAIN},
    }


def _look_back(rule: Rule, of_category: int) -> int:
    """How many months before the category's first day count: by the rule, else by the category."""
    if rule.benefit not in AID:
        return 0
    return of_category if rule.look_back is None else rule.look_back


def _row(item: InForce, case: Case, figure: Amounts, look_back: int) -> dict[str, object]:
    rule = case.rule
    return {
        "benefit": item.benefit,
        "category": item.category,
        "valid_from": item.valid_from,
        "valid_until": item.valid_until,
        "rule_key": case.key,
        "document": rule.document,
        "article": rule.citation.article,
        "rank": item.rank,
        "mode": item.mode,
        "determined": not figure.reasons,
        "undetermined_reason": "; ".join(figure.reasons) or None,
        "whose_region": rule.whose_region,
        "on_application": rule.on_application,
        "amount": figure.amount,
        "full": figure.full,
        "line": figure.line,
        "ratio": figure.ratio,
        "cap": figure.cap,
        "settings": ",".join(case.settings),
        "base": rule.base,
        "period": rule.period,
        "addressee": ",".join(rule.addressees),
        "insutypes": ",".join(case.insutypes),
        "conditions": ",".join(rule.conditions),
        "hospital_levels": ",".join(case.hospital_levels),
        "deducts": ",".join(rule.deducts),
        "counts": ",".join(rule.counts),
        "cap_group": rule.cap_group,
        "group_cap": figure.group_cap,
        "day": rule.day,
        "rounding": ROUNDING,
        "effect": rule.effect,
        "denominator": rule.denominator,
        "tops_up": rule.tops_up,
        "refers_to": case.other.key if case.other else None,
        "cadence": rule.cadence,
        "cost_from": case.costs[0] or None,
        "cost_below": case.costs[1],
        "age_from": case.ages[0] or None,
        "age_below": case.ages[1],
        "look_back": _look_back(rule, look_back),
        **_counting(rule, figure),
    }
