"""What a check of the kit says: one line a check, in both languages, and never a value of a row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check came out; only `fail` fails the run."""

    OK = "ok"
    NOTE = "note"
    FAIL = "fail"

    @property
    def shown(self) -> str:
        return {"ok": "通过 ok", "note": "提示 note", "fail": "不通过 fail"}[self.value]


CHECKS = {
    "key": "主键 key",
    "headers": "表头 headers",
    "codes": "代码表 code lists",
    "expected": "行数范围 expected counts",
    "cadence": "周期 cadence",
    "law": "法定依据 legal basis",
    "identity": "证件号码 ID number",
    "meaning": "数据性质 semantics",
    "answer": "应答 answer",
    "columns": "字段 columns",
    "types": "取值 types",
    "counts": "计数 counts",
    "order": "次序 order",
    "window": "时间窗 window",
    "clock": "时钟 clock",
    "time": "用时 answer time",
    "content": "内容类型 content type",
    "compression": "压缩 compression",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One check of one stream."""

    stream: str
    check: str
    outcome: Outcome
    said: str  # Chinese
    said_en: str

    @property
    def title(self) -> str:
        return CHECKS[self.check]


class Judge:
    """Collects the verdicts on one stream."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self.verdicts: list[Verdict] = []

    def ok(self, check: str, said: str, said_en: str) -> None:
        self._say(check, Outcome.OK, said, said_en)

    def note(self, check: str, said: str, said_en: str) -> None:
        self._say(check, Outcome.NOTE, said, said_en)

    def fail(self, check: str, said: str, said_en: str) -> None:
        self._say(check, Outcome.FAIL, said, said_en)

    def _say(self, check: str, outcome: Outcome, said: str, said_en: str) -> None:
        if check not in CHECKS:
            raise KeyError(check)
        verdict = Verdict(stream=self._stream, check=check, outcome=outcome, said=said, said_en=said_en)
        self.verdicts.append(verdict)


def names(found: Iterable[str], most: int = 8) -> str:
    """Names of columns for a message: long runs of digits are no name, and a long list is cut."""
    shown = ["(数字 digits)" if re.search(r"\d{6}", name) else name[:30] for name in found]
    return ", ".join(shown[:most]) + (f" … (+{len(shown) - most})" if len(shown) > most else "")
