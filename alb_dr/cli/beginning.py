"""Where a project file begins: what the flags say, what the cloud knows, what a Fleet has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alb_dr.cli import questions
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.private_file import refuse_existing, write_private
from alb_dr.errors import BadInput

if TYPE_CHECKING:
    import typer

    from alb_dr.config.answers import Answers
    from alb_dr.ports import Cloud
    from alb_dr.workflows.preflight.discovery import Discovered


@dataclass(frozen=True, kw_only=True)
class Beginning:
    """The flags of ``init``."""

    file: Path
    discover: bool
    from_live: bool
    fleet: str | None
    ingress: str | None
    region: str | None
    fleet_kubeconfig: str | None
    members: tuple[str, ...]
    vswitches: tuple[str, ...]
    weights: str | None
    host: str
    path: str
    port: int
    force: bool


def answers_of(ctx: typer.Context, beginning: Beginning) -> tuple[Answers, tuple[Path, ...]]:
    """The answers, and the kubeconfigs that were fetched on the way."""
    _refuse_mixtures(beginning)
    context = context_of(ctx)
    if beginning.discover:
        return _discovered(context, beginning)
    if beginning.from_live:
        return _from_live(context, beginning), ()
    return _asked(beginning), ()


def _refuse_mixtures(b: Beginning) -> None:
    if b.discover and b.from_live:
        raise BadInput("--discover and --from-live begin in two different places", hint="choose")
    given = {
        "--member": b.members and (b.discover or b.from_live),
        "--fleet-kubeconfig": b.fleet_kubeconfig and b.discover,
        "--vswitch": b.vswitches and b.from_live,
        "--weights": b.weights and b.from_live,
        "--fleet": b.fleet and not b.discover,
        "--ingress": b.ingress and not b.from_live,
    }
    wrong = [flag for flag, is_wrong in given.items() if is_wrong]
    if wrong:
        with_ = "--discover" if b.discover else "--from-live" if b.from_live else "neither"
        raise BadInput(f"{wrong[0]} says nothing with {with_}", hint="leave one of them out")


def _asked(b: Beginning) -> Answers:
    from alb_dr.config.answers import Answers

    members = questions.members(list(b.members))
    return Answers(
        region=b.region or questions.ask("region", "cn-hongkong"),
        fleet_kubeconfig=b.fleet_kubeconfig
        or questions.ask("kubeconfig of the Fleet", "fleet.kubeconfig"),
        members=members,
        vswitches=questions.vswitches(list(b.vswitches)),
        weights=questions.weights(b.weights, len(members)),
        host=b.host,
        path=b.path,
        port=b.port,
    )


def _discovered(context: Context, b: Beginning) -> tuple[Answers, tuple[Path, ...]]:
    from alb_dr.cli.scene import cloud_of
    from alb_dr.config.answers import Answers, MemberAnswer
    from alb_dr.model.settings import Settings
    from alb_dr.workflows.preflight.discovery import discover

    region = b.region or questions.ask("region", "cn-hongkong")
    with context.narrator.phase(f"asking the cloud about {region}"):
        cloud = cloud_of(context, region, timeout_s=Settings().call_timeout_s)
        found = discover(cloud, fleet_id=b.fleet, narrator=context.narrator)
    given = questions.vswitches(list(b.vswitches)) if b.vswitches else None
    members = tuple(
        MemberAnswer(id=m.id, name=m.name, zone=m.zone, kubeconfig=f"{m.name}.kubeconfig")
        for m in found.members
    )
    answers = Answers(
        region=found.fleet.region or region,
        fleet_kubeconfig="fleet.kubeconfig",
        members=members,
        vswitches=given or tuple((v.id, v.zone_id) for v in found.vswitches),
        weights=questions.weights(b.weights, len(members)),
        host=b.host,
        path=b.path,
        port=b.port,
    )
    return answers, _fetched(cloud, found, b)


def _fetched(cloud: Cloud, found: Discovered, b: Beginning) -> tuple[Path, ...]:
    """The kubeconfigs, in private files beside the project file; all are fetched, then written."""
    folder = b.file.parent
    paths = [folder / "fleet.kubeconfig", *(folder / f"{m.name}.kubeconfig" for m in found.members)]
    strange = [m.name for m in found.members if Path(m.name).name != m.name or m.name == "fleet"]
    if strange:
        raise BadInput(f"{strange[0]!r} cannot be the name of a file", hint="rename the cluster")
    refuse_existing(paths, force=b.force)
    texts = [cloud.fleet_kubeconfig(found.fleet.id)]
    texts += [cloud.cluster_kubeconfig(member.id) for member in found.members]
    for path, text in zip(paths, texts, strict=True):
        write_private(path, text)
    return tuple(paths)


def _from_live(context: Context, b: Beginning) -> Answers:
    from alb_dr.config.loader import state_dir
    from alb_dr.fleet.connect import connect
    from alb_dr.model.member import KubeAccess
    from alb_dr.model.settings import Settings
    from alb_dr.workflows.preflight.from_live import answers_from_live

    named = b.fleet_kubeconfig or (str(context.kubeconfig) if context.kubeconfig else None)
    text = named or questions.ask("kubeconfig of the Fleet", "fleet.kubeconfig")
    path = Path(text) if Path(text).is_absolute() else b.file.parent / text
    access = KubeAccess(kubeconfig=path, context=context.kube_context)
    settings = Settings(state_dir=state_dir(context.environ))
    fleet = connect(access, label="Fleet", settings=settings, clock=context.clock)
    with context.narrator.phase("reading the live gateway and its Ingress"):
        return answers_from_live(fleet, fleet_kubeconfig=text, region=b.region, ingress=b.ingress)
