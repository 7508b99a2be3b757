"""A live source, asked a few pages: is what arrives what the stream declares? Nothing is landed, no value is told.

The stream's own transport asks, through a tap where it speaks HTTP. The first page is asked for twice: a source whose
order changes between two requests loses rows at the border of pages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from connectors.base import Connection, Delivery, Stream
from connectors.errors import SourceError
from connectors.kit.sample import Read, Sample, take
from connectors.kit.shapes import Request, shape_of
from connectors.kit.tap import Exchange, tap
from connectors.kit.verdict import Judge, Verdict, names
from connectors.transports import drop

PAGES = 3
NO_WORDS: Mapping[str, tuple[str, str]] = {}
SKEW = 60.0  # seconds
LARGE = 256 * 1024  # bytes of an answer that should come compressed


def check(
    stream: Stream,
    connection: Connection,
    read: Read,
    *,
    today: date,
    pages: int = PAGES,
    reasons: Mapping[str, tuple[str, str]] = NO_WORDS,
) -> list[Verdict]:
    """The verdicts on what a source sends of a stream now; `reasons` tells the codes of `read` in words."""
    judge = Judge(stream.name)
    try:
        if connection.url:
            with tap(connection) as wire:
                sample = _sample(stream, wire.connection, read, pages)
                again = _sample(stream, wire.connection, read, 1)
                _wire(judge, wire.exchanges, connection)
                _window(judge, stream, wire.requests, sample)
        else:
            sample = _sample(stream, connection, read, pages)
            again = _sample(stream, connection, read, 1)
    except SourceError as error:
        judge.fail("answer", f"无法读取（{type(error).__name__}）", str(error))
        return judge.verdicts
    if sample is None or again is None:
        why = ("没有可读取的内容", "there is nothing to read")
        if isinstance(stream.transport, drop.Drop):
            why = drop.why_none(connection, stream.transport)
        judge.fail("answer", *why)
        return judge.verdicts
    judge.ok("answer", f"读取 {sample.pages} 页 {sample.rows:,} 行", f"{sample.pages} pages, {sample.rows:,} rows read")
    _columns(judge, stream, sample)
    _types(judge, stream, sample, reasons)
    _counts(judge, stream, sample)
    _order(judge, sample, again)
    _freshness(judge, stream, sample, today)
    return judge.verdicts


def _sample(stream: Stream, connection: Connection, read: Read, pages: int) -> Sample | None:
    """Of files the newest; of an interface the answer of now."""
    delivery = _newest(stream, connection)
    return take(stream, delivery, read, pages) if delivery else None


def _newest(stream: Stream, connection: Connection) -> Delivery | None:
    found = stream.transport.deliveries(stream, connection, since=None, seen=frozenset())
    if connection.url:
        return next(found, None)
    newest = None
    for newest in found:  # noqa: B007 - only the last is wanted; none is opened before it is read
        pass
    return newest


def _columns(judge: Judge, stream: Stream, sample: Sample) -> None:
    declared = {f.name for f in stream.fields} | {child.name for child in stream.children}
    empty = [f.name for f in stream.fields if f.required and not sample.columns[f.name]]
    unused = [f.name for f in stream.fields if not f.required and f.name not in sample.columns]
    strange = [name for name in sample.columns if name not in declared and name not in stream.ignored]
    if sample.rows and empty:
        judge.fail("columns", f"必填字段未出现：{names(empty)}", f"required, never filled: {names(empty)}")
    if strange:
        judge.note("columns", f"未声明：{names(strange)}", f"undeclared: {names(strange)}")
    if unused:
        judge.note("columns", f"选填字段未出现：{names(unused)}", f"optional, not there: {names(unused)}")
    if not (empty or strange or unused):
        judge.ok("columns", f"{len(declared)} 个字段齐全", f"all {len(declared)} are there, and no other")


def _types(judge: Judge, stream: Stream, sample: Sample, reasons: Mapping[str, tuple[str, str]]) -> None:
    heads = {f.name: f.names[0] for f in stream.fields if f.names[0] != f.name}
    if not sample.faults:
        judge.ok("types", "抽样各值均可识别", "every value of the sample can be read")
    for (place, reason), count in sorted(sample.faults.items()):
        title, title_en = reasons.get(reason, ("", ""))
        head = f" {heads[place]}" if place in heads else ""
        said = (
            f"{place}{head}：{reason} {title}，{count:,}/{sample.rows:,} 行",
            f"{place}{head}: {reason}{', ' * bool(title_en)}{title_en}, {count:,} of {sample.rows:,} rows",
        )
        if 2 * count >= sample.rows:
            judge.fail("types", *said)
        else:
            judge.note("types", *said)


def _counts(judge: Judge, stream: Stream, sample: Sample) -> None:
    told, (least, most) = sample.delivery.declared_rows, stream.expected
    count = told if told is not None else sample.rows if sample.ended else None
    if told is not None and sample.ended and told != len(sample.different):
        different = len(sample.different)
        judge.fail(
            "counts", f"声明 {told:,} 行，实到不同行 {different:,}", f"{told:,} told, {different:,} different came"
        )
    elif count is not None and count < least:
        judge.fail(
            "counts", f"{count:,} 行，少于下限 {least:,}", f"{count:,} rows, fewer than the minimum of {least:,}"
        )
    elif count is not None and count > most:
        judge.note("counts", f"{count:,} 行，多于上限 {most:,}", f"{count:,} rows, more than the maximum of {most:,}")
    else:
        own = (
            ("来源未给出总数", "the source tells no count")
            if told is None
            else (f"来源计 {told:,} 行", f"{told:,} told")
        )
        judge.ok("counts", *own)
    if repeated := sum(times - 1 for times in sample.keys.values()):
        judge.note("counts", f"主键重复 {repeated:,} 行", f"{repeated:,} rows repeat a key with other content")


def _order(judge: Judge, sample: Sample, again: Sample) -> None:
    if sample.order == again.order:
        judge.ok("order", "同一页两次读取一致", "the same page twice is the same")
    elif Counter(sample.order) == Counter(again.order):
        judge.fail(
            "order", "同一页两次次序不同，翻页会漏行", "the same page came in two orders: paging would lose rows"
        )
    else:
        judge.note("order", "两次读取之间数据有变", "rows changed between two readings of a page")


def _window(judge: Judge, stream: Stream, requests: list[Request], sample: Sample | None) -> None:
    """Do the rows lie within the window that was asked for, both ends included? Known of shapes the storms know."""
    shape = shape_of(stream)
    windows = [shape.question(stream.transport, request).window for request in requests] if shape else []
    window = next((window for window in reversed(windows) if window), None)
    if window is None or sample is None:
        return
    outside = [name for name, (first, last) in sample.times.items() if first < window[0] or last > window[1]]
    if sample.times and len(outside) == len(sample.times):
        judge.fail(
            "window", f"行在所问时间窗之外：{names(outside)}", f"rows outside the window asked for: {names(outside)}"
        )
    else:
        judge.ok("window", f"至 {window[1]:%Y-%m-%d %H:%M}", f"up to {window[1]:%Y-%m-%d %H:%M}, both ends included")


def _freshness(judge: Judge, stream: Stream, sample: Sample, today: date) -> None:
    days = (today - sample.delivery.as_of).days
    if days < -1:
        judge.fail("clock", f"数据日期在 {-days} 天之后", f"what it describes lies {-days} days ahead of our clock")
    elif days > stream.cadence_days:
        judge.note("clock", f"数据日期为 {days} 天前，逾期", f"describes a day {days} days ago: late")
    else:
        judge.ok("clock", f"数据日期 {sample.delivery.as_of}", f"describes {sample.delivery.as_of}")


def _wire(judge: Judge, exchanges: list[Exchange], connection: Connection) -> None:
    if not exchanges:
        return
    slowest = max(e.seconds for e in exchanges)
    said = (
        f"最慢 {slowest:.2f} 秒，超时 {connection.timeout:g} 秒",
        f"slowest {slowest:.2f} s, timeout {connection.timeout:g}",
    )
    if 2 * slowest > connection.timeout:
        judge.note("time", *said)
    else:
        judge.ok("time", *said)
    kinds = sorted({e.kind or "-" for e in exchanges})
    if kinds == ["application/json"]:
        judge.ok("content", kinds[0], kinds[0])
    else:
        judge.fail("content", f"不是 application/json：{names(kinds)}", f"not application/json: {names(kinds)}")
    largest = max(e.size for e in exchanges)
    packed = all(e.encoding not in ("", "identity") for e in exchanges if e.size >= LARGE)
    if largest >= LARGE and not packed:
        judge.note("compression", f"{largest:,} 字节未压缩", f"{largest:,} bytes come uncompressed: ask for gzip")
    else:
        judge.ok("compression", f"最大应答 {largest:,} 字节", f"largest answer {largest:,} bytes")
    skews = [e.skew for e in exchanges if e.skew is not None]
    skew = max(skews, key=abs, default=None)
    if skew is None:
        judge.note("clock", "应答头没有 Date", "the answers carry no Date header")
    elif abs(skew) > SKEW:
        judge.note("clock", f"与本机相差 {skew:+.0f} 秒", f"the source's clock is {skew:+.0f} s from ours")
    else:
        judge.ok("clock", f"与本机相差 {skew:+.0f} 秒", f"{skew:+.0f} s from ours")
