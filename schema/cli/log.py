"""`aidgraph log`: the access log signed, verified and proved; and what a person may know of who read their rows."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.errors import InputError
from schema.cli.common import MOST, AsJson, State, app, complain, print_json, say, show

if TYPE_CHECKING:
    from hub.deployment import Deployment

log_app = typer.Typer(no_args_is_help=True, help="The access log. 访问日志。")
app.add_typer(log_app, name="log")

ORIGIN = "aidgraph/access-log"
OUTCOMES = {"answered": "已提供 answered", "refused": "已拒绝 refused", "failed": "未完成 failed"}
Note = Annotated[Path | None, typer.Argument(help="A checkpoint kept elsewhere, older or newer; none: the log alone.")]
Actor = Annotated[str, typer.Option(help="Who reads the log; without it, the user of this machine.")]


@log_app.command("key")
def log_key() -> None:
    """The public key that verifies the log's checkpoints and proofs. 日志校验公钥。"""
    from hub import keys
    from hub.checkpoint import verifier_key

    typer.echo(verifier_key(keys.load(State.settings().keys), ORIGIN))


@log_app.command("checkpoint")
def log_checkpoint() -> None:
    """A signed note over every entry so far (C2SP); keep it off this machine. 签发日志检查点。"""
    from hub import log
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        typer.echo(log.checkpoint(deployment.engine, deployment.ring, ORIGIN), nl=False)


@log_app.command("verify")
def log_verify(
    note: Note = None,
    whole: Annotated[bool, typer.Option("--whole", help="Read every entry, those verified before too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check what follows the last verification, some blocks before it, and a checkpoint kept elsewhere. 校验日志。"""
    from hub import log
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        signed = _opened(deployment, note)[1] if note else None
        since, forged = None, False
        try:
            since = None if whole else log.last_verified(deployment.engine, deployment.ring, ORIGIN)
        except InputError:
            forged = True
        found = log.examine(deployment.engine, signed, since=since)
        if forged:
            found.problems.append("what is kept of the last verification is not signed by this hub's key")
        if not found.problems:
            log.keep_verified(deployment.engine, deployment.ring, ORIGIN, found)
    for problem in found.problems:
        complain("access log", problem)
    if as_json:
        print_json({"entries": found.size, "read": found.read, "head": found.head.hex(), "problems": found.problems})
    elif not found.problems:
        say(f"The access log of {found.size:,} entries holds; {found.read:,} of them were read. 日志完好。")
    else:
        say(f"{len(found.problems)} problems")
    raise typer.Exit(1 if found.problems else 0)


@log_app.command("prove")
def log_prove(
    entry: Annotated[
        int | None, typer.Option(help="Prove that this entry is in the log, by its sequence.", max=MOST)
    ] = None,
    since: Annotated[Path | None, typer.Option(help="Prove that the log continues this checkpoint.")] = None,
    actor: Actor = "",
) -> None:
    """A proof for others, as JSON; README has the script that checks it with the log's key alone. 出具日志证明。"""
    from hub import log
    from hub.deployment import open_deployment

    if (entry is None) == (since is None):
        raise InputError("A proof is of one entry, or of one checkpoint", remedy="Give --entry or --since")
    with open_deployment(State.settings()) as deployment:
        if entry is not None:
            made = log.inclusion(deployment.engine, deployment.ring, ORIGIN, entry)
            _logged(deployment, actor, "log proof", f"log prove --entry {entry}", "AccessEntry.leaf", 1, frozenset())
        elif since is not None:
            made = log.consistency(deployment.engine, deployment.ring, ORIGIN, *_opened(deployment, since))
    print_json(made)


@log_app.command("person")
def log_person(
    person: Annotated[str, typer.Argument(help="A token of any agreement, or - to read an ID number from stdin.")],
    actor: Actor = "",
    purpose: Annotated[str, typer.Option(help="Why; no value of a person.")] = "disclosure to the person",
    certificate: Annotated[str, typer.Option(help="The type of the number's certificate.")] = "resident_id",
    as_json: AsJson = False,
) -> None:
    """Who read what about a person, for what purpose, when: the person's own report. 本人查询：谁读过我的数据。"""
    from hub import log
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        person_id = _person(deployment, person, certificate)
        found = [] if person_id is None else list(log.accesses(deployment.engine, person_id))
        subjects = frozenset() if person_id is None else frozenset({person_id})
        _logged(deployment, actor, purpose, "log person", "Person.accessLog", len(found), subjects)
    names = _names(State.settings().config) if found else {}
    if as_json:
        print_json({"accesses": [_told(item, names) for item in found]})
        return
    columns = ("时间 when", "谁 who", "目的 purpose", "内容 what", "结果 outcome")
    show("谁读过本人的数据 Who read this person's rows", columns, [_cells(item, names) for item in found])
    say(f"共 {len(found)} 次。 {len(found)} accesses; this one is in the log from now on. 本次查询也已记入日志。")


def _opened(deployment: Deployment, path: Path) -> tuple[str, Any]:
    """A checkpoint's file: its text, and what it says once its signature holds."""
    from hub.checkpoint import open_note, verifier_key

    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"There is no checkpoint in {path}", remedy="Name the file it was kept in") from None
    return text, open_note(text, verifier_key(deployment.ring, ORIGIN))


def _logged(
    deployment: Deployment, actor: str, purpose: str, operation: str, field: str, rows: int, subjects: frozenset[int]
) -> None:
    """No log, no read: the entry is there before anything of the log is shown."""
    from hub import log

    entry = log.Entry(
        at=datetime.now(UTC),
        client=actor.strip() or getpass.getuser(),
        role="operator",
        agreement="",
        purpose=purpose,
        outcome="answered",
        operation=operation,
        fields=(field,),
        rows=rows,
        subjects=subjects,
    )
    log.append(deployment.engine, entry)


def _person(deployment: Deployment, person: str, certificate: str) -> int | None:
    """The person of a token, or of the ID number on standard input; None whom the hub does not know."""
    import sqlalchemy as sa

    from hub.reading.identity import Refused
    from hub.store import alias
    from schema.agreement import load_all
    from schema.codec import NOBODY, Codec

    if person == "-":
        try:
            mac = deployment.linkage.identify(sys.stdin.readline().strip(), certificate).mac
        except Refused as refused:
            raise InputError(
                f"What came on standard input is no number of this certificate ({refused})",
                remedy="Give one line with the number; --certificate names another type",
            ) from None
        with deployment.engine.connect() as connection:
            return connection.scalar(sa.select(alias.c.person_id).where(alias.c.mac == mac))
    ids = (Codec(deployment.ring, item.id).person_id(person) for item in load_all(deployment.settings.config))
    known = next((found for found in ids if found != NOBODY), None)
    if known is None:
        raise InputError(
            "This is no person's token of any agreement",
            remedy="Give a token, or - and the ID number on standard input; never the number as an argument",
        )
    return known


def _names(config: Path) -> dict[str, str]:
    """What the graph's types and fields are called, `Chinese · English`, under the agreements there are."""
    from schema.agreement import load_all
    from schema.contract import Contract

    found: dict[str, str] = {}
    for agreement in load_all(config):
        for kind in Contract(agreement).schema.type_map.values():
            found[kind.name] = kind.description or ""
            for name, field in getattr(kind, "fields", {}).items():
                found[f"{kind.name}.{name}"] = getattr(field, "description", None) or ""
    return found


def _cells(item: dict[str, Any], names: dict[str, str]) -> tuple[str, ...]:
    when = datetime.fromisoformat(item["at"]).astimezone().strftime("%Y-%m-%d\n%H:%M:%S")
    who = "\n".join(filter(None, (item["client"], item["agreement"])))
    return when, who, item["purpose"], _fields(item["fields"], names), OUTCOMES.get(item["outcome"], item["outcome"])


def _fields(fields: Iterable[str], names: dict[str, str]) -> str:
    """The fields by their types, one type a line, in both languages; the ways that lead to them are left out."""
    types: dict[str, list[str]] = {}
    for name in fields:
        kind, _, field = name.partition(".")
        if kind != "Query":
            types.setdefault(kind, []).append(_chinese(names, name, field))
    return "\n".join(f"{_chinese(names, kind, kind)}: {'、'.join(found)}" for kind, found in types.items())


def _chinese(names: dict[str, str], name: str, english: str) -> str:
    chinese, there, _ = names.get(name, "").partition(" · ")
    return f"{chinese.partition('：')[0]} {english}" if there else english


def _told(item: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """An access as JSON: the leaf's words, and its fields with their names."""
    kept = ("sequence", "at", "client", "role", "agreement", "purpose", "outcome", "operation", "withheld", "rows")
    fields = []
    for name in item["fields"]:
        chinese, _, english = names.get(name, "").partition(" · ")
        fields.append({"field": name, "zh": chinese, "en": english})
    return {**{name: item[name] for name in kept}, "fields": fields}
