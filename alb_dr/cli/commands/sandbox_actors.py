"""``alb-dr sandbox scaler`` and ``sandbox argo``: who else has a say about replicas and weights."""

from typing import Annotated, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of


def scaler(  # noqa: PLR0913, PLR0917  every option is one parameter
    ctx: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="hpa, keda, or none.")],
    member: Annotated[str, typer.Argument(metavar="MEMBER", help="In which member.")],
    least: Annotated[
        int, typer.Option("--min", metavar="N", help="Least replicas.", min=0, max=20)
    ] = 1,
    most: Annotated[
        int, typer.Option("--max", metavar="N", help="Most replicas.", min=1, max=20)
    ] = 5,
    idle: Annotated[
        bool, typer.Option("--idle", help="An HPA without load: it goes to its least number.")
    ] = False,
    unpause: Annotated[
        str,
        typer.Option(
            "--unpause",
            metavar="WHEN",
            help="When KEDA ends a pause: prompt, late (keda#4642) or never (keda#5526).",
        ),
    ] = "prompt",
    bounce: Annotated[
        bool,
        typer.Option("--bounce", help="KEDA obeys two pausing annotations, not one (keda#5165)."),
    ] = False,
) -> None:
    """Let an autoscaler scale the demo of a member, or none: its replicas then stay as they are."""
    from alb_dr.cli.sandbox_folder import sandbox_folder
    from alb_dr.errors import BadInput
    from alb_dr.sandbox.lifecycle import scaler as change
    from alb_dr.sandbox.scalers import ScalerKind, ScalerOptions, Unpause

    if kind not in set(ScalerKind) or unpause not in set(Unpause):
        raise BadInput("KIND is hpa, keda or none, --unpause is prompt, late or never")
    if (idle and kind != ScalerKind.HPA) or (
        (bounce or unpause != Unpause.PROMPT) and kind != ScalerKind.KEDA
    ):
        raise BadInput("--idle is for an hpa, --unpause and --bounce are for keda")
    options = ScalerOptions(
        kind=ScalerKind(kind),
        least=least,
        most=most,
        idle=idle,
        unpause=Unpause(unpause),
        bounce=bounce,
    )
    seen = change(sandbox_folder(context_of(ctx)), member, options)
    human = f"{options.kind} scales {member} between {least} and {most}; end that: "
    human += f"alb-dr sandbox scaler none {member} (the replicas stay as they are by then)"
    if options.kind is ScalerKind.NONE:
        human = _unscaled(member, seen["members"])
    answer(ctx, human, {"members": seen["members"]})


def _unscaled(member: str, members: list[dict[str, Any]]) -> str:
    """What is left without an autoscaler: as many replicas as there were."""
    replicas = next((m["replicas"] for m in members if m["name"] == member), None)
    human = f"no autoscaler scales {member}; its replicas stay at {replicas}"
    return human if replicas else f"{human}; as Git has it: alb-dr sandbox argo --commit"


def argo(
    ctx: typer.Context,
    self_heal: Annotated[
        str | None,
        typer.Option(
            "--self-heal", metavar="on|off", help="selfHeal in every ApplicationSet, as an admin."
        ),
    ] = None,
    ingress: Annotated[
        str | None,
        typer.Option(
            "--ingress",
            metavar="on|off",
            help="Git has the Ingresses as they are now, and Argo CD heals them.",
        ),
    ] = None,
    deny: Annotated[
        str | None,
        typer.Option(
            "--deny", metavar="TIME|off", help="A sync window that denies syncs, such as 1h."
        ),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="A commit lands: everything that drifted is synced.")
    ] = False,
) -> None:
    """Change what Argo CD on the Fleet does, or say what it does."""
    from alb_dr.cli.sandbox_folder import sandbox_folder
    from alb_dr.sandbox.argo import ArgoOrder
    from alb_dr.sandbox.lifecycle import argo as change

    order = ArgoOrder(
        self_heal=_switch("--self-heal", self_heal),
        ingress=_switch("--ingress", ingress),
        deny="" if deny == "off" else deny,
        commit=commit,
    )
    seen = change(sandbox_folder(context_of(ctx)), order)
    data: dict[str, Any] = seen["argo"]
    answer(ctx, argo_words(data), data)


def argo_words(seen: dict[str, Any]) -> str:
    """What Argo CD does, in one line."""
    return (
        f"argo: self-heal {_word(seen['self_heal'])}, of the Ingress {_word(seen['ingress'])}, "
        f"sync windows {_word(seen['denies'])}, {seen['commits']} commits"
    )


def _word(on: bool) -> str:
    return "on" if on else "off"


def _switch(option: str, word: str | None) -> bool | None:
    from alb_dr.errors import BadInput

    if word not in {None, "on", "off"}:
        raise BadInput(f"{option} is on or off, not {word!r}")
    return None if word is None else word == "on"
