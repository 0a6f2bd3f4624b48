"""One drill with this process's ports, recorded in a run directory."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alb_dr.errors import AlbDrError, ExitCode, Interruption, Refused, RestoreIncomplete
from alb_dr.stats.capacity import HEADROOM

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.cli.report_files import ReportFiles
    from alb_dr.journal.rundir import RunDir
    from alb_dr.model.drill import DrillPlan
    from alb_dr.model.drill_report import DrillReport
    from alb_dr.workflows.drill.drill import Drill
    from alb_dr.workflows.rails.scene import RailRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """A drill that is over, and the signal or the error that ended it, if one did."""

    report: DrillReport
    ended: Interruption | AlbDrError | None = None

    def ending(self, late: Interruption | None) -> tuple[ExitCode, AlbDrError | None]:
        """The exit code and what is told; ``late`` came when the drill was over, and yields."""
        ended = self.ended or late
        if isinstance(ended, Interruption):
            return ended.exit_code, ended.error
        if ended is not None:
            return ended.exit_code, ended
        return self.report.outcome.exit_code, None


LEAVE_S = 5.0
"""Longest the watchdog may take to leave when it is told to."""


def run_drill(
    context: Context,
    plan: DrillPlan,
    rules: RailRules,
    *,
    watched: bool = True,
    files: ReportFiles | None = None,
) -> Drilled:
    """The drill; ledger, samples and report are in the run's folder, also when it is cut short.

    ``watched``: a process of its own restores when this one is killed. ``files`` are written on
    every way out, too. A drill that was refused leaves no run. What ended it is raised when there
    is nothing to report. When this returns signals are settled: whoever has more to do resumes
    them.
    """
    from alb_dr.cli.drill_recording import keep, write_reports
    from alb_dr.cli.repeated_signals import told
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import LEDGER, require_room
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.workflows.drill.drill import Drill
    from alb_dr.workflows.drill.ports import DrillPorts

    run = context.new_run("drill", plan.drill_id)
    require_room(run)
    ledger = Ledger(run.path / LEDGER, drill_id=plan.drill_id)
    log = SampleFile(run.path / SAMPLES, members=[m.name for m in context.topology.members])
    ports = DrillPorts(
        fleet=context.fleet,
        members=context.members,
        prober=context.prober,
        clock=context.clock,
        narrator=context.narrator,
        journal=ledger,
        shield=SIGNALS.shield,
        operator=operator(),
        log=log,
        keep=lambda described: keep(context, run, described),
        run_name=run.name,
        box=context.box,
    )
    drill = Drill(plan, context.topology, ports, rules)
    try:
        left, drill_id = (lambda: drill.restore_left_s), plan.drill_id
        with closing(ledger), closing(log), told(SIGNALS, left, drill=drill_id, watched=watched):
            watchdog = start_watchdog(context, plan, run) if watched else None
            drilled = Drilled(report=_run(drill, watchdog))
            with _as_far_as_possible(context):
                ledger.write("closed", outcome=str(drilled.report.outcome))
        SIGNALS.settle()
    except (Interruption, AlbDrError) as ended:
        SIGNALS.settle()
        drilled = _cut_short(run, ended)
    finally:
        with _as_far_as_possible(context):
            write_reports(context, run, files)
        run.drop_undescribed()
    return drilled


def _cut_short(run: RunDir, ended: Interruption | AlbDrError) -> Drilled:
    """What a drill has to report that did not come to its end; raises that when it has nothing."""
    from alb_dr.cli.drill_recording import saved_report

    try:
        return Drilled(report=saved_report(run), ended=ended)
    except (AlbDrError, OSError):
        raise ended from None


def _run(drill: Drill, watchdog: subprocess.Popen[bytes] | None) -> DrillReport:
    """The drill; the watchdog leaves when all is back.

    After an error nobody foresaw, too, nobody knows whether it is: then the watchdog is not told
    that all is closed and goes on where we had to give up.
    """
    closed = False
    try:
        report = drill.run()
        closed = True
    except (Interruption, AlbDrError) as error:
        closed = not isinstance(error, RestoreIncomplete)
        raise
    finally:
        if watchdog is not None and closed:
            dismiss(watchdog)
    return report


@contextmanager
def _as_far_as_possible(context: Context) -> Iterator[None]:
    """Evidence written after the restore: a full disk must not look like an open drill (F6)."""
    try:
        yield
    except (AlbDrError, OSError) as error:
        context.narrator.warn(f"the run could not be recorded whole: {error}")


def rules_of(
    context: Context,
    plan: DrillPlan,
    *,
    overrides: Collection[str] = (),
    options: Collection[str] = (),
    strict: bool = False,
    headroom: float = HEADROOM,
) -> RailRules:
    """How strict the guard rails are for this project.

    A sandbox was made a moment ago; unless ``strict`` the age of its survivors is not asked for.
    """
    from alb_dr.workflows.rails.scene import STEADY_S, RailRules

    lenient = context.box is not None and not strict
    return RailRules(
        overrides=frozenset(overrides),
        options=frozenset(options),
        strict=strict,
        steady_s=0.0 if lenient else STEADY_S,
        lasts_s=plan.expires_s,
        longest_s=plan.baseline_s + plan.observe_s + 2 * plan.restore_timeout_s,
        ramp=plan.ramp,
        headroom=headroom,
    )


def start_watchdog(context: Context, plan: DrillPlan, run: RunDir) -> subprocess.Popen[bytes]:
    """Start the process that restores when this one dies; its words go into the run's folder.

    Refused when it cannot be started: nothing was harmed yet.
    """
    from alb_dr.cli import watchdog

    recover = [sys.executable, "-m", "alb_dr", "failover", "recover", "--execute"]
    project = str(context.config.path.absolute())
    recover += ["--drill", plan.drill_id, "--config", project]
    recover += ["--reason", "its watchdog, after its process had ended"]
    try:
        with (run.path / "watchdog.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", watchdog.__file__, project, *recover],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise Refused(
            f"the watchdog cannot be started: {error.strerror}",
            hint="make room for it, or drill without one: --no-watchdog",
            code="ADR-WATCHDOG",
        ) from None


def dismiss(watchdog: subprocess.Popen[bytes]) -> None:
    """Tell the watchdog that everything is back, and see it go."""
    from alb_dr.cli.watchdog import CLOSED

    with suppress(OSError, subprocess.TimeoutExpired):
        watchdog.communicate(CLOSED, timeout=LEAVE_S)


def operator() -> str:
    """Who runs this, for records other people read."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"
