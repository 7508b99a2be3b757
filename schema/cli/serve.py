"""`aidgraph serve`, `explorer`: the graph over HTTP."""

from __future__ import annotations

import gc
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.errors import InputError, LakeError, Locked
from schema.cli.common import State, app, complain, say

if TYPE_CHECKING:
    from hub.deployment import Deployment

explorer_app = typer.Typer(no_args_is_help=True, help="The GraphiQL explorer. 查询浏览器。")
app.add_typer(explorer_app, name="explorer")

EXPLORER_PACKAGES = ("graphiql@3.8.3", "react@18.3.1", "react-dom@18.3.1")
EXPLORER_FILES = {
    "graphiql.min.js": "graphiql/graphiql.min.js",
    "graphiql.min.css": "graphiql/graphiql.min.css",
    "react.production.min.js": "react/umd/react.production.min.js",
    "react-dom.production.min.js": "react-dom/umd/react-dom.production.min.js",
}
SWITCH = 0.0005  # seconds a thread that computes keeps others waiting; Python's 0.005 adds up over one operation
Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="The port to listen on.", min=1, max=65535)]


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000) -> None:
    """Serve the graph under the shipped agreements. 提供查询服务。"""
    from hub.deployment import open_deployment

    free(host, port)
    with open_deployment(State.settings()) as deployment:
        run(deployment, host, port)


def free(host: str, port: int) -> None:
    """Raise InputError where the port is taken, before any work is done."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror:
            raise InputError(f"There is no address {host}", remedy="Name another with --host") from None
        except OSError:
            raise InputError(f"Port {port} on {host} is taken", remedy="Name another with --port") from None


def run(deployment: Deployment, host: str, port: int, *, cdn: bool = False) -> None:
    """Serve until interrupted. `cdn` lets the explorer page load GraphiQL from a public CDN (the demo only)."""
    import uvicorn

    from hub.reading.crew import cores
    from schema.aggregate import ensure
    from schema.app import create_app
    from schema.heads import Heads
    from schema.serving import graph_of
    from schema.stopping import GRACE, exit_cleanly

    try:
        ensure(deployment)
    except (Locked, LakeError) as error:  # persons are served all the same
        complain("roll-ups that agreements lack are made at the next start", error)
    say(f"The graph is at http://{host}:{port}/graphql, the explorer at http://{host}:{port}/. Stop with Ctrl-C.")
    made = create_app(graph_of(deployment), explorer=deployment.settings.data / "explorer", cdn=cdn, apart=cores() > 1)
    exit_cleanly()
    sys.setswitchinterval(SWITCH)
    gc.collect()
    gc.freeze()  # modules and contracts stay: to walk them all, as the collector would now and then, takes 0.2 s
    try:
        uvicorn.run(
            made,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=Heads,
            timeout_graceful_shutdown=GRACE,
        )
    finally:
        gc.unfreeze()  # or DuckDB's library tells of leaks where the process ends


@explorer_app.command("install")
def explorer_install() -> None:
    """Get GraphiQL's files with npm into the data folder. 安装查询浏览器。"""
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(
            "There is no npm on this machine",
            remedy="Install Node.js, or copy the four files of another installation into <data>/explorer",
        )
    target = State.settings().data / "explorer"
    with tempfile.TemporaryDirectory() as work:
        quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
        done = subprocess.run(  # noqa: S603  fixed arguments
            [npm, "install", *quiet, "--prefix", work, *EXPLORER_PACKAGES], check=False, capture_output=True
        )
        if done.returncode:
            raise InputError(
                "npm could not get GraphiQL", remedy="Check the network and npm's registry, then run this again"
            )
        target.mkdir(parents=True, exist_ok=True)
        for name, inside in EXPLORER_FILES.items():
            shutil.copyfile(Path(work) / "node_modules" / inside, target / name)
    say(f"GraphiQL is in {target}; the explorer is at / of `aidgraph serve`.")
