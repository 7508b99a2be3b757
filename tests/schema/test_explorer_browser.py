"""The explorer as a person sees it: in a real browser, it shows exactly the contract of whoever gives a token."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schema.agreement import load_all
from schema.contract import Contract
from tests.schema import browser as browsers
from tests.schema.browser import Browser
from tests.schema.server import ROOT, Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with GraphiQL installed by its own verb."""
    if browsers.find() is None:
        pytest.skip("NOT TESTED: there is no browser on this machine")
    if shutil.which("npm") is None:
        pytest.skip("NOT TESTED: there is no npm on this machine to get GraphiQL with")
    made = Server(tmp_path_factory.mktemp("served") / "data")
    verb = [sys.executable, "-c", "from schema.cli import main; main()", "--data", str(made.folder)]
    done = subprocess.run(
        [*verb, "explorer", "install"], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    if "npm could not get GraphiQL" in done.stderr:
        pytest.skip("NOT TESTED: npm could not get GraphiQL")
    assert done.returncode == 0, done.stderr
    with made:
        yield made


@pytest.fixture
def page(server: Server, tmp_path: Path) -> Iterator[Browser]:
    made = Browser(tmp_path)
    yield made
    made.close()


def entered(page: Browser, server: Server, agreement: str) -> None:
    page.open(f"{server.url}/")
    page.type("#token", server.token(agreement))
    page.click("#who button")
    page.wait(lambda: page.evaluate("!!document.querySelector('.graphiql-container')"), "GraphiQL")


def asked(page: Browser, query: str) -> None:
    """Write a query into the editor, under the name of the one that is there, and run it."""
    text = json.dumps(f"query Me {query}")
    page.evaluate(f"document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.setValue({text})")
    page.click(".graphiql-execute-button")


def shown_types(page: Browser) -> set[str]:
    """The types that the documentation lists."""
    page.click("button[aria-label='Show Documentation Explorer']")
    page.sees("All Schema Types")
    return set(
        page.evaluate("[...document.querySelectorAll('.graphiql-doc-explorer-type-name')].map(e => e.innerText)")
    )


def test_the_explorer_shows_exactly_the_caller_s_contract(page: Browser, server: Server, tmp_path: Path) -> None:
    entered(page, server, "auditor")
    auditor = next(item for item in load_all(ROOT / "config") if item.id == "auditor")
    contract = Contract(auditor)
    there = {name for name in contract.schema.type_map if not name.startswith("__")}
    assert there >= {"Person", "Finding", "AccessEntry"}
    assert shown_types(page) - {"Query"} == there - {"Query"}
    asked(page, "{ agreement { id } findings(first: 2) { nodes { kind person { token } } } }")
    page.sees('"auditor"')
    page.sees("ASSISTANCE_UNDERPAID")
    page.picture(Path(os.environ.get("AIDGRAPH_TEST_PICTURES") or tmp_path) / "explorer.png")
    asked(page, "{ persons { nodes { name } } }")
    page.sees("Cannot query field")
    assert [said for said in page.complaints if "status of 400" not in said] == []
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0


def test_without_introspection_it_shows_nothing_but_still_asks(page: Browser, server: Server) -> None:
    closed = [item.id for item in load_all(ROOT / "config") if not item.introspection]
    assert closed
    entered(page, server, closed[0])
    page.sees('"errors"')  # GraphiQL shows that its own introspection was refused: it would overwrite an early answer
    asked(page, "{ agreement { id } }")
    page.sees(f'"{closed[0]}"')


def test_a_wrong_token_is_told_and_another_may_be_typed(page: Browser, server: Server) -> None:
    page.open(f"{server.url}/")
    page.type("#token", "nothing")
    page.click("#who button")
    page.sees("令牌无效或已过期")
    page.evaluate("document.querySelector('#token').value = ''")
    page.type("#token", server.token("civil-affairs"))
    page.click("#who button")
    page.wait(lambda: page.evaluate("!!document.querySelector('.graphiql-container')"), "GraphiQL")
