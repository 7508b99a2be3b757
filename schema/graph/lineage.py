"""Lineage: the source, the batch and the row that something rests on."""

from __future__ import annotations

import strawberry

from schema.graph import forms
from schema.graph.codes import both
from schema.graph.entities import BATCH, RECORD
from schema.graph.fields import column, plain, way
from schema.graph.scalars import Day, Instant, Long
from schema.read.model import Entity, Kind, Link


@strawberry.type(description=both("数据流：一个数据源的一类记录", "a stream: one kind of row from a source"))
class Stream:
    name: str | None = plain("名称", "name")
    title: str | None = plain("标题", "title")
    title_en: str | None = plain("英文标题", "title in English")
    semantics: str | None = plain("语义", "register, certification, payment or event: what a row's absence means")
    complete: bool | None = plain("是否全量", "each delivery is a full snapshot")
    cadence_days: int | None = plain("报送周期（天）", "days between deliveries")


@strawberry.type(description=both("数据源：一个部门的系统", "a source: a department's system"))
class Source:
    name: str | None = plain("名称", "name")
    title: str | None = plain("标题", "title")
    title_en: str | None = plain("英文标题", "title in English")
    department: str | None = plain("部门代码", "code of the department")
    legal_basis: str | None = plain("法律依据", "legal basis of sharing")
    streams: list[Stream] | None = plain("数据流", "its streams", size=5)


@strawberry.type(description=both("批次：一次报送的结果", "a batch: what one delivery became"))
class Batch:
    id: strawberry.ID | None = column("批次号", "number", "batch_id")
    source: Source | None = forms.source("数据源", "source")
    stream: str | None = column("数据流", "stream", "stream")
    label: str | None = forms.text("报送名称", "label of the delivery", "Batch.label", "label")
    as_of: Day | None = column("数据所述日期", "day that the rows describe", "as_of")
    received_at: Instant | None = column("接收时刻", "received at", "received_at")
    read: int | None = column("读取行数", "rows read", "read")
    accepted: int | None = column("接收行数", "rows accepted", "accepted")
    quarantined: int | None = column("隔离行数", "rows in quarantine", "quarantined")
    duplicates: int | None = column("重复行数", "identical duplicates", "duplicates")
    contract: str | None = column("关联规约", "linkage contract", "contract")


@strawberry.type(description=both("原始记录", "the row of a source that something rests on"))
class Record:
    source: Source | None = forms.source("数据源", "source")
    stream: str | None = column("数据流", "stream", "stream")
    batch: Batch | None = way(
        "批次",
        "batch",
        Link(target=BATCH, kind=Kind.ONE, parent=RECORD, on=lambda p, t: t.c.batch_id == p.c.batch_id),
    )
    line: Long | None = column("行号", "line within the delivery", lambda _, p: p.c.line)
    digest: str | None = column(
        "内容摘要",
        "keyed digest of the row's content",
        lambda _, p: p.c.record_digest,
        masks={"token": forms.code_of("Record.digest", lambda _, p: p.c.record_digest)},
    )
    received_at: Instant | None = column("接收时刻", "received at", "received_at")


def record(parent: Entity) -> Link:
    """The way from a published row to the record it rests on."""
    return Link(target=RECORD, kind=Kind.ONE, parent=parent, on=lambda p, t: t.c.batch_id == p.c.batch_id)
