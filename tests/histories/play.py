"""Plays a scenario: the real code, the simulated world, and everything that was seen."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from alb_dr.model.drill import MOST_EXPIRY_S
from tests.histories import people
from tests.histories.api import Trouble
from tests.histories.programs import command, guard, simulated
from tests.histories.scenario import Act, Scenario
from tests.histories.simulation import Process
from tests.histories.world import MEMBERS, World

GUARD_EVERY_S = 60.0
LONGEST_S = 1200.0
"""No history is longer: commands end by their own time-outs."""
GUARD_LATE_S = 120.0
"""A guard restores within two minutes after the deadline (safety M2)."""
DEADLINE_S = 60.0
SCRATCH = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Journals are real files; on a real disk they would be what takes longest."""


@dataclass
class Played:
    """One history: the world at its end, and every process in the order they began."""

    scenario: Scenario
    world: World
    processes: list[Process] = field(default_factory=list)
    commands: dict[str, str] = field(default_factory=dict)
    """Process name to command."""
    exits: dict[str, int] = field(default_factory=dict)
    """Process name to the place in the order at which it ended."""
    people_done: float = 0.0
    folder: Path = Path()


def play(scenario: Scenario, judge: Callable[[Played], list[str]]) -> list[str]:
    """Play a scenario; what its judge says of it."""
    folder = Path(tempfile.mkdtemp(prefix="adr-history-", dir=SCRATCH))
    try:
        world = World(scenario.seed)
        played = Played(scenario=scenario, world=world, folder=folder)
        with simulated(world):
            _prepare(played)
            _carry_out(played)
            _clean_up(played)
        return judge(played)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(played: Played) -> None:
    """Everything that is known beforehand gets its instant."""
    world, scenario = played.world, played.scenario
    struck = [a for a in scenario.acts if a.kind in {"kill", "signal"}]
    for act in scenario.acts:
        if act.kind == "run":
            _spawn(
                played,
                f"{act.who}-{act.nth}",
                act.who,
                act.what,
                act.member,
                at=act.at,
                struck=[s for s in struck if (s.who, s.nth) == (act.who, act.nth)],
            )
        elif act.kind not in {"kill", "signal"}:
            world.simulation.at(act.at, lambda act=act: _happen(played, act))  # type: ignore[misc]
    if scenario.guarded:
        for member in MEMBERS:
            _guards(played, member, 0)


def _spawn(
    played: Played,
    name: str,
    machine: str,
    what: str,
    member: str,
    *,
    at: float,
    struck: list[Act] | None = None,
) -> Process:
    world = played.world
    work = command(world, played.folder, what, member)

    def program(process: Process) -> int:
        try:
            return work(process)
        finally:
            played.exits[process.name] = world.history.next()

    process = Process(world.simulation, name, world.machine(machine), program)
    played.commands[name] = what
    played.processes.append(process)
    for act in struck or ():
        process.strikes.append(_strike(act))
    world.simulation.spawn(process, at)
    return process


def _strike(act: Act):  # type: ignore[no-untyped-def]
    def strike(process: Process, number: int, when: str) -> None:
        if number == act.number and when == act.what:
            if act.kind == "kill":
                process.kill()
            else:
                process.signals._caught(2, None)

    return strike


def _guards(played: Played, member: str, n: int) -> None:
    """The CronJob of a member: one look now, the next in a minute."""
    world = played.world
    name = f"guard-{member}"
    process = Process(world.simulation, f"{name}-{n}", world.machine(name), guard(world, member))
    played.commands[process.name] = "guard"
    played.processes.append(process)
    world.simulation.spawn(process, world.simulation.now)
    world.simulation.at(
        world.simulation.now + GUARD_EVERY_S, lambda: _guards(played, member, n + 1)
    )


def _happen(played: Played, act: Act) -> None:
    """One thing goes wrong."""
    world, now = played.world, played.world.simulation.now
    match act.kind:
        case "clock":
            world.machine(act.who).skew_s += act.seconds
        case "stop":
            for process in world.simulation.busy:
                if process.machine.name == act.who:
                    process.stopped_until = now + act.seconds
        case "trouble":
            world.history.fleet_troubled |= act.who == "Fleet"
            world.troubles.append(
                Trouble(
                    api=act.who, start=now, seconds=act.seconds, kind=act.what, machine=act.member
                )
            )
        case "full":
            world.disk.full.add(act.who)
        case "broken":
            world.broken_until[act.member] = now + act.seconds
        case "outage":
            world.outage_until = now + act.seconds
        case "person":
            people.does(world, act.what, act.member)
            played.people_done = now


def _carry_out(played: Played) -> None:
    """Until every command has ended and every trouble is over."""
    simulation = played.world.simulation
    until = 300.0
    while True:
        simulation.run(until)
        working = [p for p in simulation.busy if played.commands[p.name] != "guard"]
        if not working or until >= LONGEST_S:
            return
        until += 60.0


def _clean_up(played: Played) -> None:
    """Whoever is to put things back does it: a machine that knows nothing, or the guards alone."""
    world, scenario = played.world, played.scenario
    for member in MEMBERS:
        world.machine(f"guard-{member}").skew_s = 0.0
    if scenario.ending == "guard" and scenario.guarded:
        turned = any(act.kind == "clock" for act in scenario.acts)
        due_s = MOST_EXPIRY_S if turned else DEADLINE_S
        world.simulation.run(world.simulation.now + due_s + GUARD_LATE_S)
        played.exits["(guards alone)"] = world.history.next()
    for n in range(2):
        process = _spawn(
            played, f"last-{n}", "elsewhere", "recover", MEMBERS[0], at=world.simulation.now
        )
        world.simulation.run(world.simulation.now + 200.0)
        if process.code == 0:
            return
