"""The national medical-security platform's envelope: what goes around a request, what comes around a reply.

Field names follow public code of the interface (domain.md C1), the platform's own spelling included
(`mdtrtarea_admvs`). A signed request (`cainfo`, signtype SM2) needs the department's certificate and is left
empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import orjson

from connectors.errors import SourceMalformed, SourceRefused

BEIJING = timezone(timedelta(hours=8))  # the platform's clock
SEND_AGAIN = "Pull again; if it stays so, tell the department which interface and page it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One page. `count` and `pages` are the source's own numbers for the whole answer, `at` its clock."""

    rows: list[Mapping[str, object]]
    count: int
    pages: int
    at: datetime


def request(infno: str, content: Mapping[str, object], *, number: int, now: datetime) -> bytes:
    """A request's body. `now` is the caller's time; `number` makes the message's id its own."""
    local = now.astimezone(BEIJING)
    return orjson.dumps(
        {
            "infno": infno,
            "msgid": f"AIDGRAPH0001{local:%Y%m%d%H%M%S}{number % 10_000:04d}",
            "mdtrtarea_admvs": "",
            "insuplc_admdvs": "",
            "recer_sys_code": "AIDGRAPH",
            "dev_no": "",
            "cainfo": "",
            "signtype": "",
            "infver": "V1.0",
            "opter_type": "2",  # 2: an automatic caller
            "opter": "aidgraph",
            "opter_name": "aidgraph",
            "inf_time": f"{local:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": "",
            "fixmedins_name": "",
            "sign_no": "",
            "input": dict(content),
        }
    )


def reply(body: bytes, *, rows: str, where: str) -> Reply:
    """A page from its body; `rows` names the list inside `output`.

    Raises SourceRefused for an infcode other than 0 (its err_msg may hold a person's value and is not
    repeated), SourceMalformed for anything that is not the envelope.
    """
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise SourceMalformed(f"{where}: the body is not whole JSON", remedy=SEND_AGAIN) from None
    if not isinstance(told, dict) or "infcode" not in told:
        raise SourceMalformed(f"{where}: the answer has no infcode", remedy=SEND_AGAIN)
    if str(told["infcode"]) != "0":
        raise SourceRefused(
            f"{where}: the source refused with infcode {_code(told['infcode'])}",
            remedy="Look the code up in the interface's contract, or ask the department",
        )
    output = told.get("output")
    if not isinstance(output, dict) or not _all_objects(output.get(rows)):
        raise SourceMalformed(f"{where}: output.{rows} is not a list of rows", remedy=SEND_AGAIN)
    return Reply(
        rows=output[rows],
        count=_number(output, "recordCounts", where),
        pages=_number(output, "pages", where),
        at=_clock(told.get("respond_time"), where),
    )


def _all_objects(rows: object) -> bool:
    return isinstance(rows, list) and all(isinstance(row, dict) for row in rows)


def _code(infcode: object) -> str:
    """An infcode fit for a message: a short number, else nothing of it."""
    text = str(infcode)
    return text if re.fullmatch(r"-?\w{1,6}", text, re.ASCII) else "(unreadable)"


def _number(output: Mapping[str, object], name: str, where: str) -> int:
    value = output.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SourceMalformed(f"{where}: output.{name} is not a count", remedy=SEND_AGAIN)
    return value


def _clock(value: object, where: str) -> datetime:
    """respond_time, sent as yyyy-MM-dd HH:mm:ss or as digits down to the millisecond."""
    digits = re.sub(r"\D", "", str(value))[:14]
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S")  # noqa: DTZ007 - a wall clock, as the source shows it
    except ValueError:
        raise SourceMalformed(f"{where}: respond_time is not a time", remedy=SEND_AGAIN) from None
