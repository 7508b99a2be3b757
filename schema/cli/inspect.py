"""`aidgraph review`, `access`: what people look into and decide."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hub.errors import InputError
from schema.cli.common import AsJson, State, app, print_json, say, show

review_app = typer.Typer(no_args_is_help=True, help="One ID number, two names. 同证异名复核。")
access_app = typer.Typer(no_args_is_help=True, help="What an agreement grants. 协议授权。")
app.add_typer(review_app, name="review")
app.add_typer(access_app, name="access")


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


@access_app.command("sdl")
def access_sdl(agreement: Annotated[str, typer.Argument(help="An agreement, as civil-affairs.")]) -> None:
    """The GraphQL schema that follows from an agreement. 协议对应的查询结构。"""
    from schema.agreement import load_all
    from schema.contract import Contract

    known = {found.id: found for found in load_all(State.settings().config)}
    if agreement not in known:
        raise InputError(
            f"There is no agreement {agreement}", remedy=f"config/agreements/ holds {', '.join(sorted(known))}"
        )
    typer.echo(Contract(known[agreement]).sdl, nl=False)
