"""A real browser, headless, told what to do over its own protocol (CDP)."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The machine's browser."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page of a browser; console errors and refused loads are kept in `complaints`."""

    def __init__(self, folder: Path) -> None:
        program = find()
        assert program is not None
        self.complaints: list[str] = []
        self._last = 0
        with ExitStack() as opened:  # closes all where the browser does not start
            told = opened.enter_context((folder / "browser.log").open("wb"))
            process = subprocess.Popen(
                [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                 "--no-first-run", "--disable-background-networking", "--disable-component-update",
                 "--window-size=1400,900", f"--user-data-dir={folder / 'profile'}", "--remote-debugging-port=0",
                 "about:blank"],
                stdout=told, stderr=told,
            )  # fmt: skip
            opened.callback(process.wait, 20)
            opened.callback(process.terminate)
            port_file = folder / "profile" / "DevToolsActivePort"
            self.wait(lambda: port_file.is_file() and len(port_file.read_text().splitlines()) == 2, "the browser")
            port, path = port_file.read_text().splitlines()
            self._socket = opened.enter_context(connect(f"ws://127.0.0.1:{port}{path}", max_size=None))
            target = self._call("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
            self.close = opened.pop_all().close

    def call(self, method: str, **parameters: Any) -> Any:
        """One command to the page."""
        return self._call(method, self._session, **parameters)

    def _call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        self._socket.send(json.dumps({**message, "sessionId": session} if session else message))
        while True:
            told = json.loads(self._socket.recv(timeout=30))
            if told.get("id") == self._last:
                assert "error" not in told, told["error"]
                return told["result"]
            self._event(told)

    def _event(self, told: dict[str, Any]) -> None:
        method, given = told.get("method"), told.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(given)[:500])
        elif method == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.complaints.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait(lambda: self.evaluate("document.readyState") == "complete", "the page to load")

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def type(self, selector: str, text: str) -> None:
        """Put the cursor somewhere and type."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def click(self, selector: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def sees(self, text: str) -> None:
        """Wait until a text is on the page."""
        self.wait(lambda: text in self.evaluate("document.body.innerText"), f"{text!r} on the page")

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    @staticmethod
    def wait(there: Any, what: str, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while not there():
            assert time.monotonic() < until, f"waited in vain for {what}"
            time.sleep(0.1)
