"""``alb-dr sandbox``: a Fleet, its members and a gateway on this machine."""

from typing import Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.commands.sandbox_actors import argo, argo_words, scaler
from alb_dr.cli.context import context_of
from alb_dr.cli.options import EPILOG
from alb_dr.cli.sandbox_folder import sandbox_folder

app = typer.Typer(help="A Fleet, its members and a gateway on this machine.", no_args_is_help=True)


@app.command(epilog=EPILOG)
def up(  # noqa: PLR0913, PLR0917  every option is one parameter
    ctx: typer.Context,
    member: Annotated[
        list[str] | None,
        typer.Option("--member", metavar="NAME", help="A member's name; repeat it (default two)."),
    ] = None,
    gateway_port: Annotated[
        int, typer.Option("--gateway-port", help="The gateway's listener.", min=1, max=65_535)
    ] = 8001,
    replicas: Annotated[
        int, typer.Option("--replicas", help="Pods of the demo in each member.", min=1, max=20)
    ] = 2,
    propagation: Annotated[
        float,
        typer.Option(
            "--propagation",
            metavar="SECONDS",
            help="Delay until weights and endpoints reach the data plane.",
            min=0,
            max=60,
        ),
    ] = 0.4,
    manners: Annotated[
        str,
        typer.Option("--manners", help="alb, or forgiving (retries and quick health checks)."),
    ] = "alb",
    empty_group: Annotated[
        str,
        typer.Option("--empty-group", help="Share of a member without endpoints: spill or 503."),
    ] = "spill",
    policy_group: Annotated[
        str,
        typer.Option(
            "--policy-group",
            help="policy.one.alibabacloud.com, one.alibabacloud.com, or none: what distributes "
            "by policy is served under.",
        ),
    ] = "policy.one.alibabacloud.com",
    policy_reverts: Annotated[
        bool,
        typer.Option("--policy-reverts", help="A placed copy that is scaled is scaled back."),
    ] = False,
    self_heal: Annotated[
        bool, typer.Option("--self-heal", help="Argo CD's ApplicationSets have selfHeal on.")
    ] = False,
    control_plane: Annotated[
        str,
        typer.Option(
            "--control-plane",
            help="embedded, or kubernetes (etcd and kube-apiserver of KUBEBUILDER_ASSETS).",
        ),
    ] = "embedded",
) -> None:
    """Start a sandbox; print the line that points every other command at it."""
    from alb_dr.errors import BadInput
    from alb_dr.journal.pins import Pins
    from alb_dr.sandbox.lifecycle import up as start
    from alb_dr.sandbox.options import EmptyGroup, Manners, PolicyGroup, SandboxOptions

    context = context_of(ctx)
    names = tuple(member) if member else ("poc-ack-1", "poc-ack-2")
    _check_names(names)
    if manners not in set(Manners) or empty_group not in set(EmptyGroup):
        raise BadInput("--manners is alb or forgiving, --empty-group is spill or 503")
    if policy_group not in set(PolicyGroup):
        raise BadInput(f"--policy-group is {', '.join(PolicyGroup)}")
    options = SandboxOptions(
        members=names,
        gateway_port=gateway_port,
        replicas=replicas,
        propagation_s=propagation,
        manners=Manners(manners),
        empty_group=EmptyGroup(empty_group),
        policy_group=PolicyGroup(policy_group),
        policy_reverts=policy_reverts,
        self_heal=self_heal,
        **_control_plane(control_plane),
    )
    with context.narrator.phase("starting a Fleet, its members and a gateway"):
        info = start(sandbox_folder(context), options)
    # Every sandbox is a new world; the clusters of the one before are no measure for it.
    Pins(context.state_dir, info.config).forget()
    line = f"export ALB_DR_CONFIG={info.config}"
    answer(ctx, line, {"config": str(info.config), "pid": info.pid, **info.facts})


def _control_plane(kind: str) -> dict[str, Any]:
    """The options of what serves the APIs; BadInput without the binaries it takes."""
    from alb_dr.errors import BadInput
    from alb_dr.sandbox.options import ControlPlaneKind
    from alb_dr.sandbox.real.control_plane import ASSETS, binaries

    if kind not in set(ControlPlaneKind):
        raise BadInput("--control-plane is embedded or kubernetes")
    if kind == ControlPlaneKind.EMBEDDED:
        return {}
    folder = binaries()
    if folder is None:
        raise BadInput(
            f"{ASSETS} names no folder with etcd and kube-apiserver",
            hint="fetch them with setup-envtest, then: export "
            f'{ASSETS}="$(setup-envtest use -p path)"',
        )
    return {"control_plane": ControlPlaneKind.KUBERNETES, "assets": str(folder)}


def _check_names(names: tuple[str, ...]) -> None:
    import re

    from alb_dr.errors import BadInput

    if not 2 <= len(names) <= 8 or len(set(names)) != len(names):
        raise BadInput("a sandbox has 2 to 8 members with different names")
    for name in names:
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?", name) or name == "fleet":
            raise BadInput(f"{name!r} is no member name", hint="use a-z, 0-9 and -")


@app.command(epilog=EPILOG)
def status(ctx: typer.Context) -> None:
    """Say what runs, what was done to it, and how much memory it takes."""
    from alb_dr.sandbox.lifecycle import status as look

    context = context_of(ctx)
    seen = look(sandbox_folder(context))
    rows = [
        [m["name"], m["api"], str(m["pods"]), m["scaler"] or "-", ", ".join(m["faults"]) or "-"]
        for m in seen["members"]
    ]
    human = table(rows, ["MEMBER", "API", "PODS", "SCALER", "FAULTS"])
    human += f"\ngateway: port {seen['gateway_port']}, manners {seen['manners']}"
    human += f"\n{argo_words(seen['argo'])}"
    human += f"\n{seen['processes']} processes, {seen['memory_kib'] / 1024:.0f} MiB"
    human += f"\nexport ALB_DR_CONFIG={seen['config']}"
    answer(ctx, human, seen)


@app.command(epilog=EPILOG)
def cloud(
    ctx: typer.Context,
    fault: Annotated[
        str | None,
        typer.Option(
            "--fault",
            metavar="NAME",
            help="throttling, forbidden, bad-key, expired-token, not-open, server-error, managed "
            "(changes of an ALB are denied) or slow.",
        ),
    ] = None,
    action: Annotated[
        str, typer.Option("--action", metavar="ACTION", help="Only this API action.")
    ] = "",
    times: Annotated[
        int | None, typer.Option("--times", help="How often; else until --clear.", min=1)
    ] = None,
    delay: Annotated[
        float, typer.Option("--delay", metavar="SECONDS", help="Of slow.", min=0, max=600)
    ] = 5.0,
    clear: Annotated[bool, typer.Option("--clear", help="Take all faults back.")] = False,
) -> None:
    """Print what leads the cloud SDKs of a shell to the stand-in cloud, or make it misbehave."""
    from alb_dr.sandbox import lifecycle
    from alb_dr.sandbox.cloud.faults import CloudFault

    folder = sandbox_folder(context_of(ctx))
    if clear:
        seen = lifecycle.cloud_clear(folder)
        answer(ctx, "the cloud behaves again", {"cloud_faults": seen["cloud_faults"]})
    elif fault is not None:
        wanted = CloudFault(name=fault, action=action, times=times, delay_s=delay)
        seen = lifecycle.cloud_fault(folder, wanted)
        human = f"{fault} is in force; undo: alb-dr sandbox cloud --clear"
        answer(ctx, human, {"cloud_faults": seen["cloud_faults"]})
    else:
        exports = lifecycle.cloud_exports(folder)
        answer(ctx, exports, {"file": str(folder / "cloud.env")})


@app.command(epilog=EPILOG)
def down(ctx: typer.Context) -> None:
    """End the sandbox; no process, port or file of it is left, but the reports of runs."""
    from alb_dr.journal.pins import Pins
    from alb_dr.sandbox.lifecycle import down as stop
    from alb_dr.sandbox.project import project_file

    context = context_of(ctx)
    folder = sandbox_folder(context)
    with context.narrator.phase("ending the sandbox"):
        was_running = stop(folder)
        Pins(context.state_dir, project_file(folder)).forget()
    human = "the sandbox is gone" if was_running else "no sandbox was running"
    answer(ctx, human, {"was_running": was_running})


@app.command(epilog=EPILOG)
def fault(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="FAULT",
            help="pods-down, api-down, zone-down, hung, slow, errors; capacity (pods answer 503 "
            "beyond it); no-image, no-node, no-quota (new pods do not start); pods-stay (pods do "
            "not end); or clear.",
        ),
    ],
    member: Annotated[
        str | None, typer.Argument(metavar="MEMBER", help="Whom; clear alone clears all.")
    ] = None,
    value: Annotated[
        int | None,
        typer.Option(
            "--value",
            help="Milliseconds for slow (200), percent for errors (100), requests per second of "
            "each pod for capacity (20).",
        ),
    ] = None,
) -> None:
    """Do a fault to a member, or take faults back with clear."""
    from alb_dr.errors import BadInput
    from alb_dr.sandbox.lifecycle import clear, inject

    folder = sandbox_folder(context_of(ctx))
    if name == "clear":
        seen = clear(folder, member)
        human = "faults are cleared"
    elif member is None:
        raise BadInput(f"{name} needs a member", hint=f"alb-dr sandbox fault {name} poc-ack-2")
    else:
        seen = inject(folder, name, member, _value(name, value))
        human = f"{name} is in force at {member}; undo: alb-dr sandbox fault clear {member}"
    data: dict[str, Any] = {"members": seen["members"]}
    answer(ctx, human, data)


def _value(name: str, value: int | None) -> int:
    """The fault's strength, with its default; BadInput for one that it cannot have."""
    from alb_dr.workflows.faults.sandbox import check_strength

    if value is not None:
        check_strength(name, value)
        return max(0, value)
    return {"slow": 200, "errors": 100, "capacity": 20}.get(name, 0)


app.command("scaler", epilog=EPILOG)(scaler)
app.command("argo", epilog=EPILOG)(argo)
