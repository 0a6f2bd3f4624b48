"""``alb-dr rehearse``: the whole tutorial in a throw-away sandbox."""

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.context import Context, context_of
from alb_dr.cli.options import Yes
from alb_dr.cli.signals import SIGNALS
from alb_dr.errors import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from alb_dr.cli.rehearsal import Rehearsal

PREFERRED_PORT = 8001
"""The tutorial's listener."""


def rehearse(
    ctx: typer.Context,
    yes: Yes = False,
    gateway_port: Annotated[
        int | None,
        typer.Option(
            "--gateway-port",
            help="The gateway's listener (default 8001, or a free one where that is taken).",
            min=1,
            max=65_535,
        ),
    ] = None,
) -> None:
    """Do the whole tutorial on this machine, with a drill and a report; leave nothing behind."""
    from alb_dr.cli.rehearsal import Rehearsal
    from alb_dr.cli.verify_answer import REPORT_JSON, REPORT_MARKDOWN
    from alb_dr.journal.rundir import create_run
    from alb_dr.sandbox.lifecycle import down, free_port, up
    from alb_dr.sandbox.options import SandboxOptions

    del yes  # a throw-away sandbox asks for no consent; the flag is there for scripts
    context = context_of(ctx)
    began = time.monotonic()
    folder = context.state_dir / f"rehearse-{os.getpid()}"
    options = SandboxOptions(gateway_port=gateway_port or free_port(PREFERRED_PORT))
    rehearsal = inside = None
    try:
        with context.narrator.phase("start a Fleet, two members and a gateway"):
            info = up(folder, options)
        inside = _inside(context, info.config)
        rehearsal = Rehearsal(inside)
        rehearsal.run()
    finally:
        with SIGNALS.shield(), context.narrator.phase("take the sandbox away"):
            down(folder)
            if inside is not None:
                inside.pins.forget()
    run = create_run(context.state_dir, "rehearse", now=context.clock.now(), given=context.run_dir)
    seconds = time.monotonic() - began
    run.write_text(REPORT_MARKDOWN, _markdown(rehearsal, seconds))
    data = {"seconds": round(seconds, 1), "report": str(run.path), "steps": _steps(rehearsal)}
    run.write_json(REPORT_JSON, data)
    code = ExitCode.OK if rehearsal.passed else ExitCode.VERDICT_FAIL
    human = _summary(rehearsal, seconds) + f"\nreport: {run.path}/report.md"
    verdict = "PASS" if rehearsal.passed else "FAIL"
    answer(ctx, human, data, verdict=verdict, exit_code=code)


def _inside(context: Context, config: "Path") -> Context:
    """A context that points at the sandbox, whatever the environment says."""
    environ = {k: v for k, v in context.environ.items() if not k.startswith("ALB_DR_")}
    environ |= {k: v for k, v in context.environ.items() if k == "ALB_DR_STATE_DIR"}
    return replace(
        context,
        config_path=config,
        kubeconfig=None,
        kube_context=None,
        run_dir=None,
        environ=environ,
    )


def _steps(rehearsal: "Rehearsal") -> list[dict[str, object]]:
    return [
        {
            "title": step.title,
            "passed": step.passed,
            "said": step.said,
            "seconds": round(step.seconds, 2),
            "data": dict(step.data),
        }
        for step in rehearsal.done
    ]


def _summary(rehearsal: "Rehearsal", seconds: float) -> str:
    rows = [
        ["ok" if step.passed else "FAILED", step.title, f"{step.seconds:.1f} s", step.said]
        for step in rehearsal.done
    ]
    verdict = "everything worked" if rehearsal.passed else "the rehearsal FAILED"
    ending = f"{verdict}; {seconds:.0f} s in all, nothing is left behind"
    return table(rows, ["", "STEP", "TOOK", "SAID"]) + "\n" + ending


def _markdown(rehearsal: "Rehearsal", seconds: float) -> str:
    rows = [
        f"| {'ok' if s.passed else '**FAILED**'} | {s.title} | {s.seconds:.1f} s | {s.said} |"
        for s in rehearsal.done
    ]
    lines = ["# Rehearsal", "", f"{seconds:.0f} s in all.", ""]
    return "\n".join([*lines, "| | step | took | said |", "|---|---|---|---|", *rows]) + "\n"
