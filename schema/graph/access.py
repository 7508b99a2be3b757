"""The access log as the graph shows it: who read what, for what purpose; never of whom but through the person."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import strawberry

from schema.graph import forms
from schema.graph.codes import Outcome, both
from schema.graph.fields import column, where
from schema.graph.scalars import Instant, Long
from schema.read.context import Context


def _told(name: str) -> Callable[[Context, Any], Any]:
    """A value of the leaf."""

    def read(_reading: Context, leaf: bytes) -> Any:
        return json.loads(leaf)[name]

    return read


@strawberry.type(description=both("访问日志条目", "one operation in the access log"))
class AccessEntry:
    sequence: Long | None = column("序号", "sequence", "seq")
    at: Instant | None = column("时刻", "when", "at")
    client: str | None = forms.text("客户端", "client", "AccessEntry.client", "client")
    agreement: str | None = column("共享协议", "agreement", "agreement")
    purpose: str | None = column("使用目的", "purpose", "purpose")
    outcome: Outcome | None = column("结果", "outcome", "outcome")
    operation: str | None = column("操作名", "name of the operation", "leaf", finish=_told("operation"))
    document: str | None = column(
        "查询摘要", "SHA-256 of the document without literals", "leaf", finish=_told("document")
    )
    fields: list[str] | None = column("所读字段", "fields read", "leaf", finish=_told("fields"))
    withheld: list[str] | None = column("未予提供的字段", "fields withheld", "leaf", finish=_told("withheld"))
    subject_count: int | None = column(
        "涉及人数", "persons whose rows were read", "leaf", finish=_told("subject_count")
    )
    rows: int | None = column("行数", "rows read", "leaf", finish=_told("rows"))
    duration_us: Long | None = column("耗时（微秒）", "duration in microseconds", "leaf", finish=_told("duration_us"))
    leaf_hash: str | None = column(
        "叶哈希", "RFC 6962 leaf hash", "leaf_hash", finish=lambda _, value: bytes(value).hex()
    )


@strawberry.input(description=both("访问日志筛选", "conditions on the access log"))
class AccessFilter:
    client: str | None = where("客户端", "client", forms.equals("client"), "AccessEntry.client")
    agreement: str | None = where("共享协议", "agreement", forms.equals("agreement"), "AccessEntry.agreement")
    outcome: Outcome | None = where("结果", "outcome", forms.equals("outcome"), "AccessEntry.outcome")
    since: Instant | None = where("不早于", "at or after", lambda t, v: t.c.at >= v, "AccessEntry.at")
    before: Instant | None = where("早于", "before", lambda t, v: t.c.at < v, "AccessEntry.at")
