"""Why a row is in quarantine, in Chinese and English, and what the department can do about it.

The codes and their titles stand where a row is refused (values.py and identity.py of hub/reading/, doubt.py,
hub/edge/envelope.py); here is what a clerk is told. A code without advice of its own gets the general one.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.edge import envelope as edge
from hub.landing import doubt
from hub.reading import identity, values

TITLES = {**identity.REASONS, **values.REASONS, **doubt.REASONS, **edge.REASONS}
GENERAL = ("按字段要求更正后重新报送", "Correct the value as the field asks and send the row again")
NUMBER = (
    "按证件原件逐位核对后更正；导出时把该列设为文本，勿用电子表格另存",
    "Check the number against the document; export the column as text and do not save it with a spreadsheet",
)
DAY = (
    "按 年-月-日 填写真实存在的日期，如 2025-11-30",
    "Give a day that exists as year-month-day, e.g. 2025-11-30",
)
ADVICE = {
    "id_absent": ("补填证件号码", "Fill in the ID number"),
    "id_spreadsheet": NUMBER,
    "id_check_digit": NUMBER,
    "id_length": NUMBER,
    "id_characters": NUMBER,
    "id_birth": NUMBER,
    "required_missing": ("补填此项", "Fill in the value"),
    "unknown_code": (
        "改用对照表中的代码；如属新增代码，请书面告知汇聚平台",
        "Use a code of the agreed list; tell the hub's operator in writing of a new one",
    ),
    "bad_date": DAY,
    "bad_amount": (
        "以元填写，最多两位小数，不带文字",
        "Give the amount in yuan, at most two decimals, without words",
    ),
    "bad_number": ("填写阿拉伯数字整数", "Give a whole number in digits"),
    "bad_flag": ("填写 是 或 否", "Say 是 (yes) or 否 (no)"),
    "bad_division": ("填写 2 至 12 位区划代码", "Give a division code of 2 to 12 digits"),
    "bad_text": (
        "填写普通文本，检查文件编码",
        "Give plain text and check the file's encoding",
    ),
    "edge_key_unknown": (
        "用本中心现行公钥重新封存整个文件后报送",
        "Seal the file again to the hub's public key in use, and send it",
    ),
    "edge_damaged": (
        "从原始文件重新封存后报送；封存后勿改动、勿增删行列",
        "Seal the original file again; change nothing in it afterwards, neither rows nor columns",
    ),
    "column_missing": (
        "整批退回：补上此列后重新报送整批",
        "The whole delivery is returned: add the column and send all of it again",
    ),
    "column_retyped": (
        "整批退回：此列格式已变，请恢复约定格式，或书面告知新格式",
        "The whole delivery is returned: the column changed its form; restore it, or tell us in writing",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason in both languages, and what to do."""

    code: str
    title: str
    title_en: str
    advice: str
    advice_en: str


def reason(code: str) -> Reason:
    """What people are told of a reason code; an unknown one (of an earlier release) is shown as it is."""
    title, _, title_en = TITLES.get(code, f"{code} {code}").partition(" ")
    advice, advice_en = ADVICE.get(code, GENERAL)
    return Reason(code=code, title=title, title_en=title_en, advice=advice, advice_en=advice_en)
