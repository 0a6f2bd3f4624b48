"""``alb-dr failover status`` and ``recover``: what drills left, and putting it back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.locked import lock_words
from alb_dr.errors import AlbDrError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alb_dr.ports import KubeApi
    from alb_dr.workflows.keda_pause import OpenPause
    from alb_dr.workflows.recovery import Case, Recovery, RecoveryPorts

Seconds = Annotated[float, typer.Option(metavar="SECONDS", min=0.5, max=3600)]


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
    from alb_dr.report.drill_metrics import metrics_text
    from alb_dr.workflows.fleet_record import record_words
    from alb_dr.workflows.recovery import Recovery

    context = context_of(ctx)
    seen = Recovery(_ports(context))
    found = seen.cases()
    lock = lock_words(context)
    none = "no drill is open" + (" where it could be looked" if seen.silent else "")
    lines = [_table(found) if found else none]
    lines += [f"open: {record_words(record)}" for record in seen.open_records]
    lines += [f"closed: {record_words(record)}" for record in seen.closed_records[-3:]]
    paused = seen.pauses()
    lines += [_pause_words(pause) for pause in paused]
    lines += [f"not looked at: {words}" for words in seen.silent]
    lines += [f"locked: {lock}"] if lock is not None else []
    zones = _zones_words(context)
    lines += [f"{zones} (alb-dr failover back)"] if zones is not None else []
    away = _away_words(context)
    lines += [away] if away is not None else []
    if metrics is not None:
        records = [record.record for record in seen.open_records if record.record is not None]
        text = metrics_text([(case.drill, case.where) for case in found], records)
        _replace(metrics, text)
    is_open = bool(found or seen.open_records or paused)
    code = _code(is_open=is_open, is_blind=bool(seen.silent)) if fail_if_open else ExitCode.OK
    data = {
        "open": [_as_data(case) for case in found],
        "records": [record.drill for record in seen.open_records],
        "closed": [record.drill for record in seen.closed_records],
        "paused": [str(pause.live.id) for pause in paused],
        "unseen": list(seen.silent),
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
    timeout: Seconds = 120.0,
) -> None:
    """Put back what an interrupted drill left; works from any machine."""
    from alb_dr.workflows.recovery import Recovery

    context = context_of(ctx)
    ports = _ports(context) if not member else _bare_ports(context, member)
    seen = Recovery(ports)
    found = seen.cases(drill_id)
    if not execute:
        for words in seen.silent:
            context.narrator.warn(words)
        paused = seen.pauses(drill_id)
        lines = [_table(found)] if found else []
        lines += [_pause_words(pause) for pause in paused]
        human = "\n".join((*lines, "nothing was written; do it with --execute"))
        data = {
            "open": [_as_data(case) for case in found],
            "paused": [str(pause.live.id) for pause in paused],
            "executed": False,
        }
        answer(ctx, human if lines else "no drill is open", data)
        return
    done = _carry_out(context, ports, seen, found, accept_missing_marker or [], timeout, drill_id)
    _close(context, ports, seen, found, drill_id, bare=bool(member))
    if drill_id is None and not member:
        _remove_dead_lock(context, ports)
    lines = [f"{d['member']}: {d['object']}: {d['done']}, {d['observed']}" for d in done]
    traffic = None if member or not done else _traffic(context)
    lines += [traffic] if traffic else []
    data = {"open": [], "recovered": done, "traffic": traffic, "executed": True}
    answer(ctx, "\n".join(lines) or "no drill is open", data)


def _carry_out(
    context: Context,
    ports: "RecoveryPorts",
    seen: "Recovery",
    found: "Sequence[Case]",
    accepted: "Sequence[str]",
    timeout: float,
    drill_id: str | None,
) -> list[dict[str, Any]]:
    """Everything that can be done; RestoreIncomplete at the end for what could not."""
    from alb_dr.workflows.deadline import Deadline
    from alb_dr.workflows.observation import observed
    from alb_dr.workflows.recovery import undone

    done: list[dict[str, Any]] = []
    problems: list[AlbDrError] = []
    for case in found:
        try:
            with context.narrator.phase(f"restoring {case.where}: {case.what}"):
                result = seen.carry_out(case, accepted=accepted)
                words = observed(case, ports, Deadline(context.clock, timeout))
        except AlbDrError as error:
            problems.append(error)
            continue
        done.append({**_as_data(case), "done": result, "observed": words})
    try:
        done += [_ended(pause) for pause in seen.end_pauses(drill_id)]
    except AlbDrError as error:
        problems.append(error)
    problem = undone(problems, seen.silent)
    if problem is not None:
        raise problem
    return done


def _close(
    context: Context,
    ports: "RecoveryPorts",
    seen: "Recovery",
    found: "Sequence[Case]",
    drill_id: str | None,
    *,
    bare: bool,
) -> None:
    """Close the records of what was put back, and give back its lock."""
    from alb_dr.workflows.fleet_record import close_record

    drills = {case.drill for case in found} | ({drill_id} if drill_id is not None else set())
    drills |= {r.drill for r in seen.open_records if drill_id is None and r.record is not None}
    for drill in sorted(drills):
        if ports.fleet is not None:
            try:
                close_record(
                    ports.fleet,
                    ports.namespace,
                    drill,
                    outcome="RECOVERED",
                    why="put back by alb-dr failover recover",
                    now=context.clock.now(),
                )
            except AlbDrError as error:
                context.narrator.warn(f"the record of {drill} stays open: {error.message}")
        if not bare:
            _forget_lock(context, drill)


def _traffic(context: Context) -> str | None:
    """What a few requests say; None where the gateway does not answer."""
    from alb_dr.workflows.observation import traffic_words

    try:
        return traffic_words(context.topology, fleet=context.fleet, prober=context.prober)
    except AlbDrError as error:
        context.narrator.warn(f"no traffic was seen: {error.message}")
        return None


def _ports(context: Context) -> "RecoveryPorts":
    """The project's: a Fleet that cannot be connected to is done without."""
    from alb_dr.workflows.recovery import RecoveryPorts

    fleet: KubeApi | None
    try:
        fleet = context.fleet
    except AlbDrError as error:
        context.narrator.warn(f"the Fleet is done without: {error.message}")
        fleet = None
    return RecoveryPorts(
        members={m.name: context.members[m.id] for m in context.topology.members},
        fleet=fleet,
        namespace=context.topology.ingress.namespace,
        box=context.box,
        clock=context.clock,
        narrator=context.narrator,
        topology=context.topology,
    )


def _bare_ports(context: Context, kubeconfigs: "Sequence[Path]") -> "RecoveryPorts":
    """Members by their kubeconfigs alone: no project file, no Fleet."""
    from alb_dr.fleet.connect import connect
    from alb_dr.model.member import KubeAccess
    from alb_dr.model.settings import Settings
    from alb_dr.workflows.recovery import RecoveryPorts

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
    from alb_dr.workflows.away import away_of, away_words
    from alb_dr.workflows.weights import ingress_id

    try:
        live = context.fleet.get(ingress_id(context.topology))
    except AlbDrError as error:
        context.narrator.warn(f"the Ingress cannot be read: {error.message}")
        return None
    away = away_of(live) if live is not None else None
    return None if away is None else away_words(context.topology, away)


def _zones_words(context: Context) -> str | None:
    """Which zones of the ALB alb-dr took out of DNS; None for none, or when nobody says."""
    from alb_dr.workflows.zone_record import read_zones, zone_words

    try:
        zones = read_zones(context.topology, context.fleet)
    except AlbDrError as error:
        context.narrator.warn(f"whether zones are out of DNS cannot be read: {error.message}")
        return None
    return zone_words(zones) if zones is not None and zones.is_open else None


def _forget_lock(context: Context, drill_id: str) -> None:
    """Remove what an interrupted drill locked. Restoring needs no Fleet, so connecting may fail."""
    from alb_dr.workflows.unlock import forget_lock

    try:
        fleet = context.fleet
    except AlbDrError as error:
        context.narrator.warn(f"the lock of the drill stays until it expires: {error.message}")
        return
    forget_lock(context.topology, drill_id, fleet=fleet, narrator=context.narrator)


def _remove_dead_lock(context: Context, ports: "RecoveryPorts") -> None:
    """What is locked still, though nothing is open: by who lives, or by who died at once."""
    from alb_dr.workflows.unlock import remove_dead_lock

    if ports.fleet is not None:
        remove_dead_lock(
            context.topology, fleet=ports.fleet, clock=ports.clock, narrator=ports.narrator
        )


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all: a collector may read it at any instant."""
    from alb_dr.errors import BadInput

    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(text)
        temporary.replace(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None


def _as_data(case: "Case") -> dict[str, Any]:
    from alb_dr.model.drill import DrillRecord
    from alb_dr.workflows.drill_record import record_of

    record = record_of(case.live) if case.live is not None else None
    replicas = record.replicas if isinstance(record, DrillRecord) else None
    return {
        "member": case.where,
        "object": case.what,
        "drill": case.drill,
        "replicas": replicas,
        "was": case.words,
        "deadline": record.deadline if record else None,
        "by": record.by if record else None,
        "remedy": str(case.decision),
    }


def _pause_words(pause: "OpenPause") -> str:
    return f"paused: {pause.member}: {pause.live.id}, by drill {pause.drill}"


def _ended(pause: "OpenPause") -> dict[str, Any]:
    """A pause that was ended, among what was recovered."""
    words = {"done": "pause ended", "observed": "its annotations are as they were"}
    return {"member": pause.member, "object": str(pause.live.id), "drill": pause.drill, **words}


def _table(found: "Sequence[Case]") -> str:
    rows = [[c.where, c.what, c.drill, c.words, str(c.decision)] for c in found]
    return table(rows, ["WHERE", "OBJECT", "DRILL", "BEFORE", "REMEDY"])
