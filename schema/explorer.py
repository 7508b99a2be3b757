"""The page at `/`: GraphiQL under the caller's own token, so it shows exactly their contract.

GraphiQL's files are not ours to ship: `aidgraph explorer install` puts them into the data folder. Without them the
page says so; only where the operator allows it are they taken from a public CDN, and then their digests are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).parent / "static"
OWN = {"explorer.js": "text/javascript", "explorer.css": "text/css"}
CDN = "https://cdn.jsdelivr.net"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A file of the explorer: its name in the data folder, its place on the CDN, its digest there."""

    name: str
    address: str
    integrity: str


PARTS = (
    Part(
        name="react.production.min.js",
        address="/npm/react@18.3.1/umd/react.production.min.js",
        integrity="sha384-DGyLxAyjq0f9SPpVevD6IgztCFlnMF6oW/XQGmfe+IsZ8TqEiDrcHkMLKI6fiB/Z",
    ),
    Part(
        name="react-dom.production.min.js",
        address="/npm/react-dom@18.3.1/umd/react-dom.production.min.js",
        integrity="sha384-gTGxhz21lVGYNMcdJOyq01Edg0jhn/c22nsx0kyqP0TxaV5WVdsSH1fSDUf5YJj1",
    ),
    Part(
        name="graphiql.min.js",
        address="/npm/graphiql@3.8.3/graphiql.min.js",
        integrity="sha384-HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    ),
    Part(
        name="graphiql.min.css",
        address="/npm/graphiql@3.8.3/graphiql.min.css",
        integrity="sha384-Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    ),
)
PAGE = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<title>aidgraph</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
{links}
</head>
<body>
<header><h1>aidgraph · 社会救助数据图谱</h1></header>
{body}
</body>
</html>
"""
FORM = """<form id="who" autocomplete="off">
<label for="token">令牌 · token</label>
<input id="token" name="token" type="password" required>
<label for="purpose">使用目的（持有多个协议时） · purpose, where you hold several agreements</label>
<input id="purpose" name="purpose">
<button>打开 · open</button>
<p id="refused" role="alert"></p>
</form>
<div id="explorer"></div>"""
MISSING = """<main>
<p>查询浏览器（GraphiQL）尚未安装。请运行 <code>aidgraph explorer install</code>，然后刷新本页。</p>
<p>The explorer (GraphiQL) is not installed. Run <code>aidgraph explorer install</code>, then load this page again.</p>
<p>图谱本身在 <code>POST /graphql</code>。 · The graph itself is at <code>POST /graphql</code>.</p>
</main>"""


class Explorer:
    """What `/` and `/explorer/NAME` answer."""

    def __init__(self, folder: Path | None, *, cdn: bool) -> None:
        self._folder = folder
        self._cdn = cdn

    @property
    def installed(self) -> bool:
        """Whether all of GraphiQL's files are in the folder."""
        folder = self._folder
        return folder is not None and all((folder / part.name).is_file() for part in PARTS)

    def page(self) -> str:
        """The page as it stands now."""
        links = ['<link rel="stylesheet" href="explorer/explorer.css">']
        if not self.installed and not self._cdn:
            return PAGE.format(links="\n".join(links), body=MISSING)
        links += [self._link(part) for part in PARTS]
        links.append('<script defer src="explorer/explorer.js"></script>')
        return PAGE.format(links="\n".join(links), body=FORM)

    @property
    def headers(self) -> Mapping[str, str]:
        """What the page may load."""
        origin = "" if self.installed or not self._cdn else f" {CDN}"
        policy = (
            f"default-src 'none'; connect-src 'self'; script-src 'self'{origin}; img-src 'self' data:;"
            f" style-src 'self' 'unsafe-inline'{origin}; font-src 'self' data:{origin}; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'"
        )
        return {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}

    def file(self, name: str) -> tuple[Path, str] | None:
        """A file of the page with its media type."""
        if name in OWN:
            return STATIC / name, OWN[name]
        if self.installed and self._folder is not None and name in {part.name for part in PARTS}:
            return self._folder / name, "text/css" if name.endswith(".css") else "text/javascript"
        return None

    def _link(self, part: Part) -> str:
        local = self.installed
        place = f"explorer/{part.name}" if local else f"{CDN}{part.address}"
        checked = "" if local else f' integrity="{part.integrity}" crossorigin="anonymous"'
        if part.name.endswith(".css"):
            return f'<link rel="stylesheet" href="{place}"{checked}>'
        return f'<script defer src="{place}"{checked}></script>'
