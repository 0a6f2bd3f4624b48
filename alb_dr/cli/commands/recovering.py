"""``alb-dr failover status`` and ``recover``: what drills left, and putting it back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.locked import lock_words
from alb_dr.errors import AlbDrError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alb_dr.ports import KubeApi
    from alb_dr.workflows.recover.case import Case, RecoveryPorts
    from alb_dr.workflows.recover.recovery import Recovery
    from alb_dr.workflows.scalers.keda_pause import OpenPause

Seconds = Annotated[float, typer.Option(metavar="SECONDS", min=0.5, max=3600)]
_FLEET_WAITS = (
    "the drill's record and its lock stay on the Fleet, and held weights where its kubeconfig was "
    "not among these: alb-dr failover recover --execute with the project file"
)
"""What a recovery without a project file leaves."""


def status(
    ctx: typer.Context,
    fail_if_open: Annotated[
        bool, typer.Option("--fail-if-open", help="Leave with code 11 when a drill is open.")
    ] = False,
    metrics: Annotated[
        Path | None,
        typer.Option(
            "--metrics", metavar="FILE", help="Write alb_dr_drill_open for a node exporter."
        ),
    ] = None,
) -> None:
    """Say which drills are open, how the last ones ended, who holds the lock, what is away."""
    from alb_dr.cli.putting_back import as_data
    from alb_dr.report.drill_metrics import metrics_text
    from alb_dr.workflows.records.fleet_record import record_words
    from alb_dr.workflows.recover.case import FLEET
    from alb_dr.workflows.recover.recovery import Recovery

    context = context_of(ctx)
    ports = _ports(context)
    seen = Recovery(ports)
    found = seen.cases()
    # Each question to a Fleet that does not answer lasts as long as a call may.
    asks = not seen.is_silent(FLEET)
    lock = lock_words(context) if asks else None
    none = _none_words(None, ports, is_blind=bool(seen.unseen))
    lines = [_table(found)] if found else [] if seen.open_records else [none]
    lines += [f"open: {record_words(record)}" for record in seen.open_records]
    lines += [f"closed: {record_words(record)}" for record in seen.closed_records[-3:]]
    paused = seen.pauses()
    lines += [_pause_words(pause) for pause in paused]
    lines += [f"not looked at: {each}" for each in seen.unseen]
    lines += [f"locked: {lock}"] if lock is not None else []
    zones = _zones_words(context) if asks else None
    lines += [f"{zones} (alb-dr failover back)"] if zones is not None else []
    away = _away_words(context) if asks else None
    lines += [away] if away is not None else []
    if metrics is not None:
        records = [record.record for record in seen.open_records if record.record is not None]
        text = metrics_text([(case.drill, case.where) for case in found], records)
        _replace(metrics, text)
    is_open = bool(found or seen.open_records or paused)
    code = _code(is_open=is_open, is_blind=bool(seen.unseen)) if fail_if_open else ExitCode.OK
    data = {
        "open": [as_data(case) for case in found],
        "records": [record.drill for record in seen.open_records],
        "closed": [record.drill for record in seen.closed_records],
        "paused": [str(pause.live.id) for pause in paused],
        "unseen": list(map(str, seen.unseen)),
        "lock": lock,
        "zones": zones,
        "away": away,
    }
    answer(ctx, "\n".join(lines), data, exit_code=code)


def _code(*, is_open: bool, is_blind: bool) -> ExitCode:
    """What ``--fail-if-open`` leaves with: what was not looked at may be open, too."""
    if is_open:
        return ExitCode.RESTORE_INCOMPLETE
    return ExitCode.UNREACHABLE if is_blind else ExitCode.OK


def recover(
    ctx: typer.Context,
    execute: Annotated[
        bool, typer.Option("--execute", help="Do it; without this it is only said.")
    ] = False,
    drill_id: Annotated[
        str | None, typer.Option("--drill", metavar="ID", help="Only this drill.")
    ] = None,
    member: Annotated[
        list[Path] | None,
        typer.Option(
            "--member",
            metavar="KUBECONFIG",
            help="A member's kubeconfig, in place of a project file; repeat it.",
        ),
    ] = None,
    accept_missing_marker: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-missing-marker",
            metavar="ID",
            help="Put back what this drill harmed though its record is gone, or is of a closed "
            "drill; repeat it.",
        ),
    ] = None,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="TEXT", help="Who puts it back, or why; for the record."),
    ] = "alb-dr failover recover",
    timeout: Seconds = 120.0,
) -> None:
    """Put back what an interrupted drill left; works from any machine."""
    from alb_dr.cli.putting_back import PuttingBack, as_data, done_words
    from alb_dr.model.printable import printable
    from alb_dr.workflows.recover.case import of_drill
    from alb_dr.workflows.recover.recovery import Recovery

    context = context_of(ctx)
    ports = _ports(context) if not member else _bare_ports(context, member)
    seen = Recovery(ports)
    everything = seen.cases()
    found = of_drill(everything, drill_id)
    _check_asked(seen, drill_id, {case.drill for case in everything})
    none = _none_words(drill_id, ports, is_blind=bool(seen.unseen))
    if not execute:
        for each in seen.unseen:
            context.narrator.warn(str(each))
        paused = seen.pauses(drill_id)
        lines = [_table(found)] if found else []
        lines += [_pause_words(pause) for pause in paused]
        lock = lock_words(context) if ports.topology is not None else None
        lines += [f"locked: {lock}; --execute ends a drill that lives"] if lines and lock else []
        human = "\n".join((*lines, "nothing was written; do it with --execute"))
        data = {
            "open": [as_data(case) for case in found],
            "paused": [str(pause.live.id) for pause in paused],
            "executed": False,
            "unseen": list(map(str, seen.unseen)),
            "lock": lock,
            "asked": _asked(ports),
        }
        answer(ctx, human if lines else none, data)
        return
    work = PuttingBack(
        context=context,
        ports=ports,
        accepted=accept_missing_marker or (),
        timeout_s=timeout,
        only=drill_id,
        reason=printable(reason),
    )
    done, traffic = work.do(seen, found)
    lines = [done_words(each) for each in done]
    lines += [traffic] if traffic else []
    if done and member:
        context.narrator.warn(_FLEET_WAITS)
    data = {
        "open": [],
        "recovered": done,
        "traffic": traffic,
        "executed": True,
        "asked": _asked(ports),
    }
    answer(ctx, "\n".join(lines) or none, data)


def _check_asked(seen: "Recovery", asked: str | None, there: "Collection[str]") -> None:
    """BadInput for a drill nobody knows while others are open: the id was mistyped."""
    from alb_dr.errors import BadInput

    on_record = {found.drill for found in (*seen.open_records, *seen.closed_records)}
    if asked is not None and there and asked not in {*there, *on_record}:
        raise BadInput(
            f"nothing of drill {asked!r} is open, or on record",
            hint=f"open are: {', '.join(sorted(there))}",
        )


def _none_words(asked: str | None, ports: "RecoveryPorts", *, is_blind: bool) -> str:
    """That there is nothing to put back: as far as it was asked for."""
    what = "no drill" if asked is None else f"nothing of drill {asked}"
    if ports.topology is not None:
        return f"{what} is open" + (" where it could be looked" if is_blind else "")
    return f"{what} is open in {', '.join(ports.members)}; the Fleet and others were not asked"


def _asked(ports: "RecoveryPorts") -> list[str]:
    """Who was looked at, or was to be."""
    from alb_dr.workflows.recover.case import FLEET

    return [*ports.members, *([FLEET] if ports.topology is not None else [])]


def _ports(context: Context) -> "RecoveryPorts":
    """The project's: a Fleet that cannot be connected to is done without, and that is said."""
    from alb_dr.workflows.recover.case import FLEET, RecoveryPorts
    from alb_dr.workflows.recover.unseen import Unseen

    fleet: KubeApi | None
    unseen: list[Unseen] = []
    try:
        fleet = context.fleet
    except AlbDrError as error:
        unseen.append(Unseen.silent(FLEET, error))
        fleet = None
    return RecoveryPorts(
        members={m.name: context.members[m.id] for m in context.topology.members},
        fleet=fleet,
        namespace=context.topology.ingress.namespace,
        box=context.box,
        clock=context.clock,
        narrator=context.narrator,
        topology=context.topology,
        unseen=unseen,
    )


def _bare_ports(context: Context, kubeconfigs: "Sequence[Path]") -> "RecoveryPorts":
    """Members by their kubeconfigs alone: no project file, no Fleet."""
    from alb_dr.fleet.connect import connect
    from alb_dr.model.member import KubeAccess
    from alb_dr.model.settings import Settings
    from alb_dr.workflows.recover.case import RecoveryPorts

    members: Mapping[str, KubeApi] = {
        path.stem: connect(
            KubeAccess(kubeconfig=path), label=path.stem, settings=Settings(), clock=context.clock
        )
        for path in kubeconfigs
    }
    return RecoveryPorts(
        members=members,
        fleet=None,
        namespace=None,
        box=None,
        clock=context.clock,
        narrator=context.narrator,
    )


def _away_words(context: Context) -> str | None:
    """From whom traffic was moved away; None when nothing was or the Fleet does not say."""
    from alb_dr.workflows.delivery.weights import ingress_id
    from alb_dr.workflows.records.away import away_of, away_words

    try:
        live = context.fleet.get(ingress_id(context.topology))
    except AlbDrError as error:
        context.narrator.warn(f"the Ingress cannot be read: {error.message}")
        return None
    away = away_of(live) if live is not None else None
    return None if away is None else away_words(context.topology, away)


def _zones_words(context: Context) -> str | None:
    """Which zones of the ALB alb-dr took out of DNS; None for none, or when nobody says."""
    from alb_dr.workflows.records.zone_record import read_zones, zone_words

    try:
        zones = read_zones(context.topology, context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"whether zones are out of DNS cannot be read: {error.message}")
        return None
    return zone_words(zones) if zones is not None and zones.is_open else None


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all: a collector may read it at any instant."""
    from alb_dr.errors import BadInput

    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None


def _pause_words(pause: "OpenPause") -> str:
    return f"paused: {pause.member}: {pause.live.id}, by drill {pause.drill}"


def _table(found: "Sequence[Case]") -> str:
    rows = [[c.where, c.what, c.drill, c.words, str(c.decision)] for c in found]
    return table(rows, ["WHERE", "OBJECT", "DRILL", "BEFORE", "REMEDY"])
