"""A shift's report as data, and in lines for a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from alb_dr.model.printable import printable
from alb_dr.model.shift import RecountedShift, ShiftReport, StepReport
from alb_dr.report.words import loss_word


def shift_data(report: ShiftReport) -> dict[str, Any]:
    """Everything in the report, with plain names and units in them."""
    request = asdict(report.request)
    request["target"] = report.request.target.as_dict()
    request["on_failure"] = str(report.request.on_failure)
    return {
        "shift": request,
        "phase": str(report.phase),
        "why": report.why,
        "start": dict(report.start),
        "end": dict(report.end),
        "baseline": report.baseline,
        "requests": report.requests,
        "lost": report.lost,
        "classes": dict(report.classes),
        "steps": [asdict(step) for step in report.steps],
        "timeline": [{"at": s.at.isoformat(), "what": s.what} for s in report.timeline],
    }


def recounted_data(found: RecountedShift) -> dict[str, Any]:
    """The same of a saved shift, with the share of every member in every step."""
    data = shift_data(found.report)
    for step, shares in zip(data["steps"], found.shares, strict=True):
        step["shares"] = dict(shares)
    return data


def step_state(step: StepReport) -> str:
    """How far a step came."""
    if not step.proven:
        return "NOT proven"
    return "proven" if step.held else "proven, NOT held,"


def lost_words(counted: StepReport | ShiftReport) -> str:
    """How many requests were lost, and what became of them."""
    words = f"{counted.lost} of {counted.requests} requests lost"
    classes = [f"{n} {loss_word(name)}" for name, n in counted.classes.items()]
    return f"{words} ({', '.join(classes)})" if classes else words


def shift_lines(report: ShiftReport) -> list[str]:
    """The report in lines: how it ended, each step, what it cost."""
    lines = [f"{str(report.phase).upper()}: {report.why}"]
    for n, step in enumerate(report.steps, start=1):
        weights = "/".join(str(weight) for weight in step.weights.values())
        lines.append(
            f"  step {n}  {weights:<8}  {step_state(step)} in {step.seconds:.0f} s, "
            f"{lost_words(step)}: {step.words}"
        )
    now = ", ".join(f"{name} {weight}" for name, weight in report.end.items())
    lines += [
        f"  baseline  {report.baseline}",
        f"  in all    {lost_words(report)}",
        f"  weights   {now}",
    ]
    return [printable(line) for line in lines]
