"""The departments at work: the medical platform on loopback, the others dropping files into folders.

with Departments(World(20_000)) as departments:
    departments.show("2025-10")
    connections = departments.connections()
"""

from __future__ import annotations

import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.base import Connection
from connectors.simulator.deliveries import Window, clock, envelope
from connectors.simulator.making import OCTOBER
from connectors.simulator.soil import PERSONS, SETTLEMENTS, StreamName
from connectors.simulator.world import World

LARGEST = 5_000  # rows of a page
STARTING = 10.0  # seconds the platform may take to come up


class Departments:
    """A context manager. Files go into `folder`, or into one of its own that it removes at the end."""

    def __init__(self, world: World, folder: Path | None = None) -> None:
        self.world = world
        self.month = OCTOBER
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="aidgraph-departments-")
        self.folder = folder or Path(self._own.name if self._own else ".")
        self._token = secrets.token_urlsafe(24)
        self._socket = socket.socket()
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._app(), log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=1
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)

    def __enter__(self) -> Departments:
        self._socket.bind(("127.0.0.1", 0))
        self._thread.start()
        deadline = time.monotonic() + STARTING
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                raise RuntimeError("the simulated platform did not start")
            time.sleep(0.005)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
        if self._own:
            self._own.cleanup()

    def show(self, month: str) -> None:
        """Let the departments be at the end of a month: the platform's clock stands there, its files are dropped."""
        if month not in self.world.months:
            raise ValueError(f"the departments know the months {', '.join(self.world.months)}")
        self.world.write_drops(self.folder, month)
        self.month = month

    def connections(self) -> dict[str, Connection]:
        """How to reach each source, by its name."""
        port = self._socket.getsockname()[1]
        return {
            "medical_insurance": Connection(url=f"http://127.0.0.1:{port}", token=self._token),
            "civil_affairs": Connection(folder=str(self.folder / "civil_affairs")),
            "rural_revitalization": Connection(folder=str(self.folder / "rural_revitalization")),
        }

    def _app(self) -> Starlette:
        routes = [Route(envelope(s).path, self._endpoint(s), methods=["POST"]) for s in (PERSONS, SETTLEMENTS)]
        return Starlette(routes=routes)

    def _endpoint(self, stream: StreamName) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            given = request.headers.get("authorization", "")
            if not secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
                return Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})
            reply = self._reply(stream, orjson.loads(await request.body()))
            return Response(orjson.dumps(reply), media_type="application/json")

        return answer

    def _reply(self, stream: StreamName, asked: dict[str, Any]) -> dict[str, object]:
        """A page in the platform's envelope; infcode -1 for another interface or a page that cannot be."""
        transport, content = envelope(stream), asked["input"]
        now = clock(self.world.states[self.month])
        reply = {"infcode": 0, "inf_refmsgid": asked["msgid"], "respond_time": f"{now:%Y%m%d%H%M%S}000", "err_msg": ""}
        number, size = content["page_num"], content["page_size"]
        if asked["infno"] != transport.infno or number < 1 or not 1 <= size <= LARGEST:
            return reply | {"infcode": -1, "err_msg": "交易编号或页码有误"}
        window = _window(content) if stream == SETTLEMENTS else None
        rows, count, pages = self.world.deliveries.page(stream, self.month, number, size, window)
        return reply | {"output": {transport.rows: rows, "recordCounts": count, "pages": pages}}


def _window(content: dict[str, Any]) -> Window:
    begin, end = (datetime.fromisoformat(content[name]) for name in ("begntime", "endtime"))
    return begin, end
