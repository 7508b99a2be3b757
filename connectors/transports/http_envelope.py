"""Pages of the national medical-security platform: a shape of http_json, told by interface and list.

Names of the envelope follow public code of the interface (domain.md C1), the platform's own spelling included
(`mdtrtarea_admvs`). A signed request (`cainfo`, signtype SM2) needs the department's certificate and is left empty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from connectors.base import Connection, Delivery, Stream
from connectors.transports.http.answer import Accepted
from connectors.transports.http.paging import PageNumber
from connectors.transports.http_json import HttpJson
from connectors.transports.window import Window

HEAD: dict[str, Any] = {
    "msgid": "AIDGRAPH0001{stamp}{serial}",
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
    "inf_time": "{now}",
    "fixmedins_code": "",
    "fixmedins_name": "",
    "sign_no": "",
}
INPUT = {"page_num": "{page}", "page_size": "{size}", "begntime": "{begin}", "endtime": "{end}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEnvelope:
    """POST pages of interface `infno` at `path`; the rows stand in output.`rows`."""

    kind: ClassVar[str] = "national_platform"

    path: str
    infno: str
    rows: str
    windowed: bool = False
    page_size: int = 1_000
    overlap: timedelta = timedelta(days=45)
    lag: timedelta = timedelta(hours=1)
    attempts: int = 6
    resume: timedelta = timedelta(hours=24)

    @property
    def concurrent(self) -> bool:
        """Every answer tells how many pages there are."""
        return self.shape().concurrent

    def deliveries(
        self, stream: Stream, connection: Connection, *, since: date | None, seen: frozenset[str]
    ) -> Iterator[Delivery]:
        """See `connectors.base.Transport`: always one delivery, even when it holds no row."""
        return self.shape().deliveries(stream, connection, since=since, seen=seen)

    def window(self, since: date | None, clock: datetime) -> tuple[datetime, datetime]:
        """Both ends, inclusive, of a pull made when the source's clock shows `clock`."""
        return Window(overlap=self.overlap, lag=self.lag).between(since, clock)

    def shape(self) -> HttpJson:
        """The same as one of the general transport."""
        return HttpJson(
            method="POST",
            path=self.path,
            body={"infno": self.infno, **HEAD, "input": INPUT},
            rows=f"output.{self.rows}",
            count="output.recordCounts",
            clock="respond_time",
            accepted=Accepted(path="infcode"),
            paging=PageNumber(pages="output.pages"),
            window=Window(overlap=self.overlap, lag=self.lag) if self.windowed else None,
            page_size=self.page_size,
            attempts=self.attempts,
            resume=self.resume,
        )
