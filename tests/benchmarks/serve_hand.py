"""Q1 to Q4 as one would write them by hand: a route each in the same server, one SQL text that yields JSON.

The same token check and the same log entry; no contract, scope, masks, limits or GraphQL. Only for the benchmark.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
import psycopg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub import log
from schema.codec import Codec
from schema.serving import Graph

OPEN = "'9999-12-31'"
ENROLMENTS = """(SELECT coalesce({agg}({obj}('insutype', insutype, 'status', status, 'region', region)), '[]') FROM
  (SELECT * FROM enrolment e WHERE e.person_id = p.person_id AND e.pub_until IS NULL ORDER BY valid_from DESC) e)"""
CATEGORIES = """(SELECT coalesce({agg}({obj}('category', category, 'validFrom', valid_from, 'validUntil',
  valid_until)), '[]') FROM (SELECT * FROM category_spell c WHERE c.person_id = p.person_id AND c.pub_until IS NULL
  ORDER BY valid_from DESC, category DESC) c)"""
SETTLEMENTS = """(SELECT coalesce({agg}({obj}('settled', settled, 'total', total, 'medicalAssistancePaid',
  medical_assistance_paid, 'selfInScope', self_in_scope)), '[]') FROM (SELECT * FROM settlement s
  WHERE s.person_id = p.person_id AND s.pub_until IS NULL ORDER BY settled DESC, setl_id DESC LIMIT 5) s)"""
ENTITLEMENTS = """(SELECT coalesce({agg}({obj}('benefit', benefit, 'category', category, 'annualAmount',
  annual_amount, 'article', article)), '[]') FROM (SELECT * FROM entitlement t WHERE t.person_id = p.person_id
  AND t.pub_until IS NULL ORDER BY valid_from DESC, benefit DESC) t)"""
SQL = {
    "Q1": "SELECT p.person_id, {text}({obj}('name', name_masked, 'sex', sex, 'birth', birth, 'enrolments',"
    f" {{json}}({ENROLMENTS}), 'categories', {{json}}({CATEGORIES}), 'settlements', {{json}}({SETTLEMENTS}),"
    f" 'entitlements', {{json}}({ENTITLEMENTS}))) FROM person p WHERE p.person_id = {{mark}} AND p.pub_until IS NULL",
    "Q2": "SELECT p.person_id, {text}({obj}('name', name_masked, 'sex', sex, 'enrolments',"
    f" {{json}}({ENROLMENTS}), 'categories', {{json}}({CATEGORIES}))) FROM person p WHERE p.county = {{mark}}"
    " AND p.pub_until IS NULL ORDER BY p.person_id LIMIT 101",
    "Q3": "SELECT p.person_id, {text}({obj}('name', name_masked, 'sex', sex, 'birth', birth, 'ethnic', ethnic,"
    " 'rural', rural, 'death', death, 'idGrade', id_grade, 'residence', residence, 'county', county))"
    " FROM person p WHERE p.county = {mark} AND p.pub_until IS NULL ORDER BY p.person_id LIMIT 1000",
    "Q4": "SELECT {text}({agg}({obj}('township', township, 'category', category, 'persons', persons))) FROM (SELECT"
    " p.residence AS township, c.category, count(DISTINCT p.person_id) AS persons FROM person p JOIN category_spell c"
    " ON c.person_id = p.person_id WHERE p.county = {mark} AND p.pub_until IS NULL AND c.pub_until IS NULL"
    " GROUP BY 1, 2 ORDER BY 1, 2) q",
}
FORMS = {
    "postgresql": {
        "obj": "json_build_object", "agg": "json_agg", "json": "", "text": "", "mark": "%s",
    },
    "sqlite": {
        "obj": "json_object", "agg": "json_group_array", "json": "json", "text": "", "mark": "?",
    },
}  # fmt: skip
_local = threading.local()


class Raw(psycopg.adapt.Loader):
    """PostgreSQL's text as it came."""

    def load(self, data: Any) -> bytes:
        return bytes(data)


def add_routes(app: Starlette, graph: Graph) -> Starlette:
    """Put the routes /hand/Q1 ... beside the application's own."""
    hub = app.state.hub
    codec = Codec(graph.ring, graph.agreements[0].id)
    pool = ThreadPoolExecutor(4)
    form = FORMS[graph.engine.dialect.name]

    def connection() -> Any:
        if not hasattr(_local, "connection"):
            url = graph.engine.url
            if graph.engine.dialect.name == "sqlite":
                _local.connection = sqlite3.connect(str(url.database), isolation_level=None, check_same_thread=False)
            else:
                text = url.set(drivername="postgresql").render_as_string(hide_password=False)
                _local.connection = psycopg.connect(text, autocommit=True, prepare_threshold=0)
                _local.connection.adapters.register_loader("json", Raw)
        return _local.connection

    def one(sql: str, told: dict[str, Any]) -> tuple[bytes, list[int]]:
        rows = connection().execute(sql, (codec.person_id(told["token"]),)).fetchall()
        return b'{"data":{"person":' + b",".join(_with_token(codec, row) for row in rows) + b"}}", [rows[0][0]]

    def many(sql: str, told: dict[str, Any], *, edges: bool) -> tuple[bytes, list[int]]:
        rows = connection().execute(sql, (told["county" if edges else "c"],)).fetchall()
        shown, ids = rows[:100] if edges else rows, []
        items = []
        for row in shown:
            ids.append(row[0])
            item = _with_token(codec, row)
            if edges:
                cursor = codec.cursor(b"persons", str(row[0]).encode())
                item = b'{"cursor":"' + cursor.encode() + b'","node":' + item + b"}"
            items.append(item)
        return b'{"data":{"persons":{"nodes":[' + b",".join(items) + b"]}}}", ids

    def counts(sql: str, told: dict[str, Any]) -> tuple[bytes, list[int]]:
        ((text,),) = connection().execute(sql, (told["county"],)).fetchall()
        return b'{"data":{"listedCounts":{"nodes":' + (text.encode() if isinstance(text, str) else text) + b"}}}", []

    ways: dict[str, Callable[[str, dict[str, Any]], tuple[bytes, list[int]]]] = {
        "Q1": one, "Q2": partial(many, edges=True), "Q3": partial(many, edges=False), "Q4": counts,
    }  # fmt: skip

    def answer(name: str, client: str, role: str, told: dict[str, Any]) -> bytes:
        began = time.monotonic()
        body, ids = ways[name](SQL[name].format(**form), told["variables"])
        entry = log.Entry(
            at=datetime.now(UTC), client=client, role=role, agreement="civil-affairs", purpose="p", outcome="answered",
            document="0" * 64, operation=name, fields=FIELDS[name], withheld=("Person.name mask:surname",),
            publication=1, rows=len(ids), subjects=frozenset(ids),
            duration_us=int((time.monotonic() - began) * 1_000_000),
        )  # fmt: skip
        hub.operations.log.append(entry)
        return body

    async def route(name: str, http: Request) -> Response:
        claims = hub.verifier.verify(http.headers["authorization"].partition(" ")[2])
        if claims is None:
            return Response(status_code=401)
        told = orjson.loads(await http.body())
        work = partial(answer, name, claims.client, claims.role, told)
        body = await asyncio.get_running_loop().run_in_executor(pool, work)
        return Response(body, media_type="application/json")

    for name in SQL:
        app.router.routes.insert(0, Route(f"/hand/{name}", partial(route, name), methods=["POST"]))
    return app


PERSON = tuple(
    f"Person.{name}" for name in ("birth", "categories", "enrolments", "entitlements", "name", "sex", "token")
)
FIELDS = {"Q1": (*PERSON, "Settlement.settled", "Settlement.total", "Entitlement.benefit", "Enrolment.status"),
          "Q2": PERSON, "Q3": PERSON, "Q4": ("ListedCount.category", "ListedCount.persons")}  # fmt: skip


def _with_token(codec: Codec, row: Any) -> bytes:
    text = row[1].encode() if isinstance(row[1], str) else row[1]
    return b'{"token":"' + codec.person(row[0]).encode() + b'",' + text[1:]
