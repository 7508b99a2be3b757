"""`aidgraph token`: bearer tokens are issued, listed and revoked."""

from __future__ import annotations

import getpass
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from hub.errors import InputError
from schema.cli.common import AsJson, State, app, print_json, say, show

if TYPE_CHECKING:
    from schema.token_ledger import Issued

STDIN = "-"


class _IssueUnlessSaid(TyperGroup):
    """`aidgraph token civil-affairs` issues: what is none of the verbs is an agreement, or an option of `issue`."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["issue", *args]
        return super().parse_args(ctx, args)


token_app = typer.Typer(
    cls=_IssueUnlessSaid, no_args_is_help=True, help="Bearer tokens: `aidgraph token AGREEMENT ...` issues one. 令牌。"
)
app.add_typer(token_app, name="token")
Actor = Annotated[str, typer.Option(help="Who does this, as it shall stand in the access log.")]


@token_app.command("issue")
def token_issue(
    agreements: Annotated[list[str], typer.Argument(help="The agreements the token holds, as civil-affairs.")],
    client: Annotated[str, typer.Option(help="Who will use it, as it shall stand in the access log.")] = "development",
    hours: Annotated[int, typer.Option(help="How long it is valid.")] = 12,
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """Issue a bearer token, and write down for whom. 签发令牌。"""
    from datetime import timedelta

    from hub.deployment import open_deployment
    from schema import token_ledger
    from schema.agreement import load_all
    from schema.tokens import Verifier, issue

    with open_deployment(State.settings()) as deployment:
        known = {agreement.id for agreement in load_all(deployment.settings.config)}
        for name in agreements:
            if name not in known:
                raise InputError(
                    f"There is no agreement {name}", remedy=f"config/agreements/ holds {', '.join(sorted(known))}"
                )
        text = issue(deployment.ring, agreements=tuple(agreements), client=client, lifetime=timedelta(hours=hours))
        claims = Verifier(deployment.ring).verify(text)
        assert claims is not None  # noqa: S101  it was signed a moment ago
        token_ledger.record(deployment.engine, claims, actor=actor or getpass.getuser())
    if as_json:
        print_json({"token": text, "id": claims.id, "agreements": agreements, "client": client})
    else:
        typer.echo(text)


@token_app.command("list")
def token_list(
    client: Annotated[str | None, typer.Option(help="Of one client only.")] = None, as_json: AsJson = False
) -> None:
    """The tokens that were issued: to whom, for what, until when, and which were revoked. 已签发的令牌。"""
    from hub.deployment import open_deployment
    from schema import token_ledger

    with open_deployment(State.settings()) as deployment:
        found = token_ledger.issued(deployment.engine, client=client)
    if as_json:
        print_json({"tokens": [{**asdict(item), "state": item.state} for item in found]})
        return
    cells = [
        (
            t.id,
            t.client,
            ", ".join(t.agreements),
            f"{t.issued:%Y-%m-%d %H:%M}",
            f"{t.expires:%Y-%m-%d %H:%M}",
            _state(t),
        )
        for t in found
    ]
    show("Tokens 令牌", ("id", "client", "agreements", "issued", "ends", "state"), cells)


@token_app.command("revoke")
def token_revoke(
    token: Annotated[
        str | None, typer.Argument(help="An id of `token list`, or - to read a token from standard input.")
    ] = None,
    client: Annotated[str | None, typer.Option(help="In place of an id: all valid tokens of a client.")] = None,
    actor: Actor = "",
    reason: Annotated[str, typer.Option(help="Why; no value of a person.")] = "",
) -> None:
    """End tokens early; running servers refuse them within seconds. 吊销令牌。"""
    from hub.deployment import open_deployment
    from schema import token_ledger
    from schema.tokens import Verifier

    if (token is None) == (client is None):
        raise InputError("Which token is not said", remedy="Give an id, or --client")
    with open_deployment(State.settings()) as deployment:
        if token == STDIN:
            claims = Verifier(deployment.ring).verify(_line())
            if claims is None:
                raise InputError("That is no token of this hub that is still good", remedy="Nothing needs to be done")
            ended = [(claims.id, claims.expires)]
        else:
            found = token_ledger.issued(deployment.engine, client=client, token=token)
            ended = [(item.id, int(item.expires.timestamp())) for item in found if item.state == "valid"]
            if not found:
                raise InputError("No such token was issued", remedy="`aidgraph token list` shows those that were")
        done = token_ledger.revoke(deployment.engine, ended, actor=actor, reason=reason)
    say(f"{len(done)} tokens revoked." if done else "Nothing to revoke: it has ended, or was revoked before.")


def _state(item: Issued) -> str:
    return f"revoked {item.revoked:%Y-%m-%d %H:%M} by {item.revoked_by}: {item.reason}" if item.revoked else item.state


def _line() -> str:
    """The line on standard input; none where it is no text."""
    try:
        return sys.stdin.readline().strip()
    except UnicodeDecodeError:
        return ""
