"""`aidgraph source test`: is a source what it is declared to be? For the hub's people and for a department's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.base import Connection, Field, Sealed, Source, Stream, discover
from hub.errors import InputError
from schema.cli.common import AsJson, State, print_json, say, show
from schema.cli.pull import chosen
from schema.cli.sources import source_app

if TYPE_CHECKING:
    from connectors.kit.verdict import Verdict
    from hub.config.codes import Codes
    from hub.reading.contract import Contract


@source_app.command("test")
def source_test(
    name: Annotated[str, typer.Argument(help="A declared source, as in `aidgraph sources`.")],
    stream: Annotated[str | None, typer.Option(help="One stream of it; all where none is named.")] = None,
    url: Annotated[str | None, typer.Option(help="Its address, instead of the deployment's setting.")] = None,
    folder: Annotated[str | None, typer.Option(help="Its folder, instead of the deployment's setting.")] = None,
    pages: Annotated[int, typer.Option(min=1, help="Pages of each stream to read at most.")] = 3,
    declared: Annotated[bool, typer.Option("--declaration", help="Look at the declaration alone; ask nobody.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a source's declaration and a few pages of what it sends; nothing is landed. 检测数据来源，不入库。

    Exit 1 where a check fails. No value of a row is shown, so the table can be sent to the department.
    """
    from connectors.kit import declaration, endpoint
    from connectors.kit.verdict import Outcome
    from hub import config
    from hub.deployment import LINKAGE
    from hub.reading import contract

    settings = State.settings()
    source = chosen(discover(settings.declared), [name])[0]
    codes, under = config.load(settings.config).codes, contract.read(settings.config, LINKAGE)
    lists = {listed for listed, _ in codes.lists}
    connection = None if declared else _connection(source, url, folder)
    found: list[Verdict] = []
    for one in _streams(source, stream):
        verdicts = declaration.check(source, one, lists)
        if connection:
            today = date.today()  # noqa: DTZ011 - as the operator counts days
            read = reading(one, codes, under)
            verdicts += endpoint.check(one, connection, read, today=today, pages=pages, reasons=_reasons())
        title = f"{source.name} {one.name} {one.title} {one.title_en}"
        show(title, ("check", "result", "detail"), [(v.title, v.outcome.shown, _both(v)) for v in verdicts])
        found += verdicts
    failed = sum(v.outcome is Outcome.FAIL for v in found)
    if as_json:
        told = [{"stream": v.stream, "check": v.check, "outcome": v.outcome.value, "said": v.said_en} for v in found]
        print_json({"source": source.name, "failed": failed, "checks": told})
    say(f"{failed} checks failed. {failed} 项不通过。" if failed else "Every check passed. 各项通过。")
    if noted := sum(v.outcome is Outcome.NOTE for v in found):
        say(f"{noted} notes to look at. {noted} 项提示，请核对。")
    raise typer.Exit(1 if failed else 0)


def _reasons() -> dict[str, tuple[str, str]]:
    """What each reason code means, in Chinese and English."""
    from hub.landing.reasons import TITLES, reason

    return {code: (told.title, told.title_en) for code in TITLES for told in [reason(code)]}


def _both(verdict: Verdict) -> str:
    return verdict.said if verdict.said == verdict.said_en else f"{verdict.said}\n{verdict.said_en}"


def _streams(source: Source, name: str | None) -> tuple[Stream, ...]:
    known = {s.name: s for s in source.streams}
    if name is not None and name not in known:
        raise InputError(f"{source.name} has no stream {name}", remedy=f"Its streams are {', '.join(known)}")
    return source.streams if name is None else (known[name],)


def _connection(source: Source, url: str | None, folder: str | None) -> Connection:
    """The deployment's connection with what was said on the command line; the token stays in the settings."""
    settings = State.settings()
    if (url or folder) and source.name not in settings.sources:
        return Connection(url=url, folder=folder)
    known = settings.connection(source.name)
    return replace(known, url=url or known.url, folder=folder or known.folder) if url or folder else known


def reading(stream: Stream, codes: Codes, under: Contract) -> Callable[[Field, object], str | None]:
    """How the hub reads a value of this stream: the reason code why it cannot, or None. Needs no key."""
    from hub.reading.identity import Refused, normalise
    from hub.reading.values import READ, Unreadable

    listed: dict[str, set[str]] = {}
    for (name, _), known in codes.lists.items():
        listed.setdefault(name, set()).update(known)

    def read(field: Field, raw: object) -> str | None:
        try:
            if field.sealed is Sealed.ID_NUMBER:
                normalise(raw, "resident_id", under)
                return None
            value = READ[field.type](raw)
        except (Refused, Unreadable) as error:
            return error.reason
        if value is None:
            return "required_missing" if field.required else None
        return "unknown_code" if field.codes and str(value) not in listed.get(field.codes, ()) else None

    return read
