"""The real command lines, run in simulated processes: the functions behind ``alb-dr failover``."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest import mock

import typer

from alb_dr.cli.commands import failover
from alb_dr.cli.context import Context
from alb_dr.errors import AlbDrError, ExitCode, Interruption
from alb_dr.workflows.guard.sweeper import sweep
from tests.fakes.voice import TellTale
from tests.histories.disk import mounted
from tests.histories.simulation import Process, Signals, current
from tests.histories.world import NAMES, SPACE, World

Chosen = TypeVar("Chosen")
FAULTS = ("scale-to-zero", "scale-to-zero", "weight-drain")
READ_ONLY = frozenset({"look", "dry-run", "status"})
"""Commands that may write nothing (I9)."""
EXPIRES = "60s"
HEADROOM = 3.0
"""The members have 2 and 3 pods: with the usual headroom only one of them could be drilled."""
LOOK_S = 0.5
"""Between two looks of a drill at its samples; 0.1 s would only take longer."""


class Typer:
    """What a command asks of the context of its command line."""

    command_path = "alb-dr failover"

    def __init__(self, context: Context) -> None:
        self.obj = context

    def find_root(self) -> Typer:
        """Itself."""
        return self


def context_for(world: World, process: Process, folder: Path) -> Context:
    """A Context whose every port is simulated."""
    context = Context(output="json", quiet=True, environ={}, run_dir=folder / process.name)
    members = {id_: world.api(store, process) for id_, store in world.members.items()}
    vars(context).update(
        config=SimpleNamespace(topology=world.topology, path=Path("alb-dr.yaml")),
        fleet=world.api(world.fleet, process),
        members=members,
        prober=world.prober(process),
        clock=world.clock(process),
        narrator=TellTale(),
        state_dir=folder,
    )
    return context


def command(world: World, folder: Path, what: str, member: str) -> Callable[[Process], int]:
    """The program of one command line; its result is the exit code."""
    return partial(_run, world, folder, what, NAMES[member])


def _run(world: World, folder: Path, what: str, member: str, process: Process) -> int:
    context = context_for(world, process, folder)
    ctx: Any = Typer(context)
    try:
        _COMMANDS[what](ctx, member, world)
    except typer.Exit as leaving:
        return int(leaving.exit_code)
    except AlbDrError as error:
        process.said.append(error.message)
        return int(error.exit_code)
    except Interruption as interruption:
        return int(interruption.exit_code)
    return int(ExitCode.OK)


def _drill(ctx: Any, member: str, _world: World) -> None:
    failover.drill(
        ctx,
        member,
        fault=_choice(FAULTS),
        ramp=(ramp := _choice((False, False, False, True))),
        # A ramp must tell shares apart, all else only whether there are answers.
        rate=40.0 if ramp else 5.0,
        baseline=2.0,
        observe=_choice((4.0, 12.0, 30.0)),
        restore_timeout=60.0,
        expires_in=EXPIRES,
        no_watchdog=True,
        headroom=HEADROOM,
        yes=True,
    )


def _dry_run(ctx: Any, member: str, _world: World) -> None:
    failover.drill(ctx, member, rate=5.0, dry_run=True, expires_in=EXPIRES, headroom=HEADROOM)


def _recover(ctx: Any, _member: str, _world: World) -> None:
    failover.recover(ctx, execute=True, timeout=60.0)


def _look(ctx: Any, _member: str, _world: World) -> None:
    failover.recover(ctx)


def _status(ctx: Any, _member: str, _world: World) -> None:
    failover.status(ctx, fail_if_open=True)


def _unlock(ctx: Any, _member: str, world: World) -> None:
    """The id is what ``status`` shows."""
    lock = next((d for k, d in world.fleet.objects.items() if k[0] == "leases"), None)
    annotations = ((lock or {}).get("metadata") or {}).get("annotations") or {}
    failover.unlock(ctx, annotations.get("alb-dr.io/drill", "none"), yes=True)


_COMMANDS: dict[str, Callable[[Any, str, World], None]] = {
    "drill": _drill,
    "dry-run": _dry_run,
    "recover": _recover,
    "look": _look,
    "status": _status,
    "unlock": _unlock,
}


def guard(world: World, member: str) -> Callable[[Process], int]:
    """One look of the guard in a member."""

    def program(process: Process) -> int:
        api = world.api(world.members[member], process)
        try:
            sweep(api, namespace=SPACE, clock=world.clock(process), narrator=TellTale())
        except AlbDrError as error:
            process.said.append(error.message)
            return int(error.exit_code)
        return int(ExitCode.OK)

    return program


def drill_id(process: Process) -> str:
    """The id of the drill that a process starts."""
    return f"{zlib.crc32(process.name.encode()):08x}"


def _choice(options: tuple[Chosen, ...]) -> Chosen:
    process = current()
    assert process is not None
    return process.simulation.random.choice(options)


class _Dispatched:
    """Stands in for the one instance of signals: each process has its own."""

    def __getattr__(self, name: str) -> Any:
        process = current()
        return getattr(process.signals if process is not None else Signals(), name)


def _token(count: int) -> str:
    process = current()
    assert process is not None
    return drill_id(process)[: 2 * count]


def _operator() -> str:
    process = current()
    return process.name if process is not None else "nobody"


@contextmanager
def simulated(world: World) -> Iterator[None]:
    """The real code meets the simulated machine: its disk, its signals, its names."""
    with ExitStack() as stack:
        stack.enter_context(mounted(world.disk))
        for target, stand_in in (
            ("alb_dr.cli.signals.SIGNALS", _Dispatched()),
            ("alb_dr.model.operation.secrets", SimpleNamespace(token_hex=_token)),
            ("alb_dr.cli.drilling.operator", _operator),
            ("alb_dr.workflows.drill.traffic.LOOK_S", LOOK_S),
            ("alb_dr.workflows.drill.watch.LOOK_S", LOOK_S),
            ("alb_dr.workflows.drill.ramp.LOOK_S", LOOK_S),
        ):
            stack.enter_context(mock.patch(target, stand_in))
        stack.enter_context(redirect_stdout(io.StringIO()))
        stack.enter_context(redirect_stderr(io.StringIO()))
        try:
            yield
        finally:
            world.disk.close_all()
