"""Is a stream declared so that its rows can be understood? Needs no endpoint."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from connectors.base import Field, Sealed, Semantics, Source, Stream
from connectors.kit.verdict import Judge, Verdict, names
from connectors.transports import headers

LISTS = (Semantics.CERTIFICATION, Semantics.PAYMENT, Semantics.REGISTER)


def check(source: Source, stream: Stream, lists: Collection[str]) -> list[Verdict]:
    """The verdicts on a stream; `lists` are the code lists of config/mappings/."""
    judge = Judge(stream.name)
    _key(judge, stream)
    _headers(judge, stream)
    _codes(judge, stream, lists)
    _expected(judge, stream)
    _duty(judge, source, stream)
    _identity(judge, stream)
    _meaning(judge, stream)
    return judge.verdicts


def fields(stream: Stream) -> Iterator[Field]:
    """Every field of a stream, those of the lists inside its rows too."""
    yield from stream.fields
    for child in stream.children:
        yield from child.fields


def _key(judge: Judge, stream: Stream) -> None:
    known = {f.name: f for f in stream.fields if f.sealed is None}
    strange = [name for name in stream.key if name != "mac" and name not in known]
    loose = [name for name in stream.key if name in known and not known[name].required]
    if strange or not stream.key:
        judge.fail("key", f"主键字段不存在：{names(strange)}", f"no such open field: {names(strange)}")
    elif loose:
        judge.note("key", f"主键字段可为空：{names(loose)}", f"may be empty: {names(loose)}")
    else:
        judge.ok("key", names(stream.key), names(stream.key))


def _headers(judge: Judge, stream: Stream) -> None:
    said = [headers.plain(name) for f in stream.fields for name in f.names]
    said += [headers.plain(name) for name in stream.ignored]
    twice = [name for name, times in Counter(said).items() if times > 1]
    again = [name for name, times in Counter(f.name for f in stream.fields).items() if times > 1]
    if twice or again:
        judge.fail("headers", f"含义不唯一：{names(twice + again)}", f"mean two things: {names(twice + again)}")
    else:
        judge.ok("headers", f"{len(said)} 个，含义唯一", f"{len(said)}, each means one thing")


def _codes(judge: Judge, stream: Stream, lists: Collection[str]) -> None:
    asked = {f.codes for f in fields(stream) if f.codes}
    missing = sorted(asked - set(lists))
    if missing:
        judge.fail("codes", f"config/mappings/ 中没有：{names(missing)}", f"not in config/mappings/: {names(missing)}")
    else:
        judge.ok("codes", f"{len(asked)} 个代码表齐全", f"all {len(asked)} lists are there")


def _expected(judge: Judge, stream: Stream) -> None:
    least, most = stream.expected
    if not 0 <= least <= most:
        judge.fail("expected", f"{least} 至 {most} 不成范围", f"{least} to {most} is no range")
    elif least == 0 and stream.complete and stream.semantics in LISTS:
        judge.note(
            "expected",
            "完整名单未设下限，首份空名单会被接收",
            "a complete list without a minimum: a first one may be empty",
        )
    else:
        judge.ok("expected", f"{least:,} 至 {most:,} 行", f"{least:,} to {most:,} rows")


def _duty(judge: Judge, source: Source, stream: Stream) -> None:
    if stream.cadence_days < 1:
        judge.fail("cadence", "报送周期不是天数", "is not a number of days")
    else:
        judge.ok("cadence", f"每 {stream.cadence_days} 天", f"every {stream.cadence_days} days")
    basis = getattr(stream, "legal_basis", None) or source.legal_basis
    department = getattr(stream, "department", None) or source.department
    if not basis.strip() or not department.strip():
        judge.fail("law", "未写明法定依据或责任部门", "no legal basis, or no department that answers for it")
    else:
        judge.ok("law", basis, f"told, department {department}")


def _identity(judge: Judge, stream: Stream) -> None:
    numbers = [f for f in stream.fields if f.sealed is Sealed.ID_NUMBER]
    if len(numbers) != 1 or not numbers[0].required:
        judge.fail("identity", "须有且仅有一个必填的证件号码字段", "exactly one required ID number is needed")
    elif not any(f.sealed is Sealed.NAME for f in stream.fields):
        judge.note("identity", "没有姓名，无法核对同证异名", "no name: two persons under one number go unseen")
    else:
        judge.ok("identity", "证件号码与姓名均密封", "number and name are sealed")


def _meaning(judge: Judge, stream: Stream) -> None:
    top = stream.division.partition(".")[0] if stream.division else None
    known = {f.name for f in stream.fields} | {child.name for child in stream.children}
    if top and top not in known:
        judge.fail("meaning", "区划字段不存在", "the field of the division does not exist")
    elif stream.semantics is Semantics.CERTIFICATION and not stream.complete:
        judge.note("meaning", "非完整认定名单：缺失不终止资格", "incomplete certification: absence ends nothing")
    else:
        whole = ("完整", "complete") if stream.complete else ("增量", "incremental")
        judge.ok("meaning", f"{stream.semantics.value}，{whole[0]}", f"{stream.semantics.value}, {whole[1]}")
