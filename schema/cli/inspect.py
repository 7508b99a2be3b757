"""`aidgraph review`, `log`: what people look into and decide."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from schema.cli.common import AsJson, State, app, complain, print_json, say, show

review_app = typer.Typer(no_args_is_help=True, help="One ID number, two names. 同证异名复核。")
log_app = typer.Typer(no_args_is_help=True, help="The access log. 访问日志。")
app.add_typer(review_app, name="review")
app.add_typer(log_app, name="log")

ORIGIN = "aidgraph/access-log"


@review_app.command("list")
def review_list(as_json: AsJson = False) -> None:
    """Names held back because another name holds the same ID number. 待复核清单。"""
    from hub import decisions
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        rows: list[dict[str, Any]] = decisions.held(deployment)
    if as_json:
        print_json({"review": rows})
        return
    cells = [
        (r["case"], r["name_masked"], r["anchor_masked"], r["source"], r["records"], r["judgement"] or "open 待定")
        for r in rows
    ]
    show(
        "Review 同证异名",
        ("case", "name held", "name known", "source", "rows", "judgement"),
        cells,
        numbers=frozenset({"rows"}),
    )


@review_app.command("decide")
def review_decide(
    case: Annotated[str, typer.Argument(help="A case of `review list`.")],
    judgement: Annotated[str, typer.Argument(help="same | not_same | undecided (takes the last word back)")],
    actor: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why; no value of a person.")],
) -> None:
    """Say whether a held name is the same person; it counts from the next computed month. 复核结论。"""
    from hub import decisions
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        decisions.decide(deployment, case, judgement, actor=actor, reason=reason)
    say(f"{case}: {judgement}. Run `aidgraph month compute` to apply it.")


@log_app.command("key")
def log_key() -> None:
    """The public key that verifies the log's checkpoints. 日志校验公钥。"""
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
    note: Annotated[
        Path | None, typer.Argument(help="A checkpoint kept from earlier; without one, the log alone.")
    ] = None,
) -> None:
    """Check every entry against its hash, and the log against a signed checkpoint. 校验日志。"""
    from hub import log
    from hub.checkpoint import open_note, verifier_key
    from hub.deployment import open_deployment

    with open_deployment(State.settings()) as deployment:
        signed = open_note(note.read_text(), verifier_key(deployment.ring, ORIGIN)) if note else None
        problems = log.verify(deployment.engine, signed)
    for problem in problems:
        complain("access log", problem)
    say("The access log holds." if not problems else f"{len(problems)} problems")
    raise typer.Exit(1 if problems else 0)
