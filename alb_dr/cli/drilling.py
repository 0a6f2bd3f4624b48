"""One drill with this process's ports, recorded in a run directory."""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.drill import DrillPlan, DrillReport


def run_drill(context: Context, plan: DrillPlan) -> DrillReport:
    """The drill; ledger, samples and report are in the run's folder, also when it is cut short."""
    from alb_dr.cli.signals import SIGNALS
    from alb_dr.journal.ledger import Ledger
    from alb_dr.journal.rundir import create_run
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.report.drill_data import drill_data, drill_markdown
    from alb_dr.workflows.drill import Drill, DrillPorts

    run = create_run(context.state_dir, "drill", now=context.clock.now(), given=context.run_dir)
    ledger = Ledger(run.path / "ledger.jsonl", drill_id=plan.drill_id)
    ports = DrillPorts(
        fleet=context.fleet,
        members=context.members,
        prober=context.prober,
        clock=context.clock,
        narrator=context.narrator,
        journal=ledger,
        shield=SIGNALS.shield,
        operator=operator(),
    )
    drill = Drill(plan, context.topology, ports)
    try:
        report = drill.run()
        ledger.write("closed", outcome=str(report.outcome))
        run.write_json("report.json", drill_data(report))
        run.write_text("report.md", drill_markdown(report))
    finally:
        names = [m.name for m in context.topology.members]
        samples = SampleFile(run.path / SAMPLES, members=names)
        samples.add(drill.samples)
        samples.close()
        ledger.close()
    return report


def operator() -> str:
    """Who runs this, for records other people read."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"
