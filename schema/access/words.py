"""What effects and switches are called, in Chinese and English, for people who do not read TOML."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schema.agreement import REGISTERED, Agreement
from schema.catalogue import core
from schema.graph.codes import both
from schema.read.model import SHOW

END = re.compile("[，；：（]")  # where the first words of a description end


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An effect: `short` is what stands in a table's cell."""

    short: str
    zh: str
    en: str

    @property
    def whole(self) -> str:
        """Both languages."""
        return both(self.zh, self.en)


EFFECTS = {
    SHOW: Word(short="●", zh="原值", en="in the clear"),
    "mask:surname": Word(short="姓氏", zh="只见姓氏", en="surname only"),
    "mask:last_four": Word(short="末四位", zh="只见末四位", en="last four characters only"),
    "mask:year": Word(short="年份", zh="只见年份", en="year only"),
    "mask:county": Word(short="县级", zh="只到区县", en="county only"),
    "mask:city": Word(short="市级", zh="只到地市", en="city only"),
    "mask:province": Word(short="省级", zh="只到省", en="province only"),
    "mask:band": Word(short="区间", zh="只见金额区间", en="a band of amounts only"),
    "mask:token": Word(short="编码", zh="只见本协议内的编码", en="a code that stands for it under this agreement only"),
}


def effect(name: str) -> Word:
    """An effect's words; one that nobody named yet is called as it is written."""
    return EFFECTS.get(name, Word(short=name.removeprefix("mask:"), zh=name, en=name))


def titled(kind: str, field: str | None = None) -> tuple[str, str]:
    """Chinese and English of a type, or of its field, as the graph describes them."""
    made = core().type_map[kind]
    told = made.fields[field].description if field else made.description  # type: ignore[attr-defined]
    zh, _, en = (told or "").partition(" · ")
    return zh, en


def short(text: str) -> str:
    """The first words of a description."""
    return END.split(text, maxsplit=1)[0]


def switches(agreement: Agreement) -> dict[str, str]:
    """What an agreement says beside its fields, as short text under a title."""

    def count(codes: tuple[str, ...] | None) -> str:
        return "全部" if codes is None else str(len(codes))

    def whether(flag: bool) -> str:
        return "是" if flag else "–"

    scope = agreement.scope
    return {
        both("行政区划", "divisions"): count(scope.divisions),
        both("对象类别", "categories"): count(scope.categories),
        both("认定部门", "certified by"): count(scope.certifiers),
        both("仅本部门事项", "own referrals only"): whether(scope.referred_to is not None),
        both("可浏览清单", "may browse"): whether(agreement.browse),
        both("仅登记查询", "registered only"): whether(agreement.documents == REGISTERED),
        both("可导出", "export"): whether(agreement.export),
        both("可查历史", "what was known earlier"): whether(agreement.history),
        both("最小汇总人数", "smallest cell"): str(agreement.smallest_cell),
        both("可保存天数", "days kept"): str(agreement.retention_days or "未约定"),
    }
