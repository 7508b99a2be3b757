"""A real server of the tests' own: `aidgraph serve` in a process, over the small world."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from hub import keys, migrations, store
from schema.tokens import issue
from tests.schema import world

ROOT = Path(__file__).parents[2]


class Server:
    """`aidgraph serve` on a free port of loopback; its data folder holds what `fill` put into the store."""

    def __init__(
        self, folder: Path, *, config: Path | None = None, store_url: str = "", fill: Any = world.fill
    ) -> None:
        self.folder = folder
        self.ring = keys.make()
        folder.mkdir(parents=True, exist_ok=True)
        keys.save(self.ring, folder / "keys.json")
        self.url_of_store = store_url or f"sqlite:///{folder / 'store.sqlite'}"
        settings = f'keys = "{folder / "keys.json"}"\nstore = "{self.url_of_store}"\n'
        (folder / "aidgraph.toml").write_text(settings + (f'config = "{config}"\n' if config else ""))
        self.engine = store.connect(self.url_of_store)
        migrations.ensure(self.engine)
        fill(self.engine, self.ring)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self.process: Any = None

    def __enter__(self) -> Server:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("AIDGRAPH_")}
        verb = ["--data", str(self.folder), "serve", "--port", str(self.port)]
        with self.log.open("wb") as told:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from schema.cli import main; main()", *verb],
                cwd=ROOT,
                env={**environment, "PYTHONPATH": str(ROOT)},
                stdout=told,
                stderr=told,
            )
        until = time.monotonic() + 60
        while time.monotonic() < until and self.process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health", timeout=2).status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"the server did not start: {self.log.read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.engine.dispose()

    def token(self, *agreements: str, client: str = "tester") -> str:
        return issue(self.ring, agreements=agreements, client=client)

    def ask(self, agreement: str, query: str, timeout: float = 60, **variables: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(agreement)}"}
        body = {"query": query, "variables": variables}
        return httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=timeout)
