"""The relation `rule_in_force`: for each county of the data, what decides each benefit and category on each interval.

Counties with the same documents and the same figures share one block of rows, so a nation is as quick as a city.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa

from hub.policy.document import Document
from hub.policy.keys import CALCULATED
from hub.policy.resolve import PREMIUM, Amounts, InForce, amounts, chain, resolve
from hub.policy.rule import Rule
from hub.policy.table import LOCAL, Known, Table
from hub.policy.values import BP, Share

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
    ]
)
PREMIUMS = pa.schema([("region", pa.string()), ("year", pa.int32()), ("insutype", pa.string()), ("amount", pa.int64())])
BLOCK = pa.schema([column for column in RULE_IN_FORCE if column.name != "region"])


def rule_in_force(
    documents: Iterable[Document],
    tables: Mapping[str, Table],
    categories: Iterable[str],
    counties: Iterable[str],
    year: int,
) -> pa.Table:
    """The relation of some counties and a benefit year, ordered by region, benefit, category, day and rule."""
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
            found = resolve(there, names, date(year, 1, 1), date(year + 1, 1, 1))
            resolved[ids] = [item for item in found if item.benefit in CALCULATED]
        groups[ids, _amounts(resolved[ids], tables, county, year)].append(county)
    parts = [
        block.append_column(
            "region", pa.array([county for county in members for _ in range(len(block) // len(members))])
        )
        for (ids, figures), members in groups.items()
        for block in [pa.concat_tables([_block(resolved[ids], figures)] * len(members))]
    ]
    order = [(name, "ascending") for name in ("region", "benefit", "category", "valid_from", "rule_key")]
    empty = RULE_IN_FORCE.empty_table()
    return pa.concat_tables([empty, *(part.select(RULE_IN_FORCE.names) for part in parts)]).sort_by(order)


def premium(tables: Mapping[str, Table], counties: Iterable[str], year: int) -> pa.Table:
    """The personal premium of each county, year and insurance, where it is known."""
    rows = []
    table = tables.get(PREMIUM)
    wheres = sorted({where for _, of_year, where in table.figures if of_year == year}) if table else []
    for county in sorted(set(counties)):
        for where in wheres:
            share = Share(bp=BP, table=PREMIUM, area=LOCAL, year="same", where=where)
            found = table.share(share, chain(county), year) if table else None
            if isinstance(found, Known):
                rows.append({"region": county, "year": year, "insutype": dict(where)["insutype"], "amount": found.fen})
    return pa.Table.from_pylist(rows, schema=PREMIUMS)


def _amounts(found: list[InForce], tables: Mapping[str, Table], county: str, year: int) -> tuple[Amounts, ...]:
    where = chain(county)
    known: dict[str, Amounts] = {}
    for item in found:
        for rule in item.rules:
            if rule.key not in known:
                known[rule.key] = amounts(rule, tables, where, year)
    return tuple(known[rule.key] for item in found for rule in item.rules)


def _block(found: list[InForce], figures: tuple[Amounts, ...]) -> pa.Table:
    pairs = [(item, rule) for item in found for rule in item.rules]
    rows = [_row(item, rule, figure) for (item, rule), figure in zip(pairs, figures, strict=True)]
    return pa.Table.from_pylist(rows, schema=BLOCK)


def _row(item: InForce, rule: Rule, figure: Amounts) -> dict[str, object]:
    return {
        "benefit": item.benefit,
        "category": item.category,
        "valid_from": item.valid_from,
        "valid_until": item.valid_until,
        "rule_key": rule.key,
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
        "settings": ",".join(rule.settings),
        "base": rule.base,
        "period": rule.period,
        "addressee": ",".join(rule.addressees),
        "insutypes": ",".join(rule.insutypes),
    }
