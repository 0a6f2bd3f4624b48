"""The options of everything that moves traffic in steps, and the request they make."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alb_dr.cli.durations import seconds_of
from alb_dr.errors import BadInput
from alb_dr.model.operation import new_operation_id

if TYPE_CHECKING:
    from alb_dr.model.shift import ShiftRequest
    from alb_dr.model.weights import Weights

USUAL_STEPS = "5,25,50,100"
"""Of these, the ones that can be proven."""
Steps = Annotated[
    str, typer.Option("--steps", metavar="PERCENTS", help="Per cents of the way, to 100.")
]
Hold = Annotated[
    str, typer.Option("--hold", metavar="TIME", help="Stay at each proven step so long.")
]
Failure = Annotated[str, typer.Option("--on-failure", help="rollback, freeze or ask.")]
Rate = Annotated[
    float, typer.Option("--rate", metavar="PER_SECOND", help="Requests.", min=20, max=5000)
]
BaselineTime = Annotated[
    str, typer.Option("--baseline", metavar="TIME", help="Measure so long before.")
]
StepTimeout = Annotated[
    str, typer.Option("--step-timeout", metavar="TIME", help="Longest wait for one step.")
]
Tolerance = Annotated[
    float, typer.Option(metavar="POINTS", help="How far a share may be off.", min=1, max=25)
]
Share = Annotated[float, typer.Option(metavar="PERCENT", min=0.01, max=100)]
Factor = Annotated[float, typer.Option(metavar="FACTOR", min=1.01, max=1000)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; goes into the record.")]
ZoneTimeout = Annotated[
    str, typer.Option("--zone-timeout", metavar="TIME", help="Longest wait for a zone of the ALB.")
]
Headroom = Annotated[
    float,
    typer.Option(
        metavar="FACTOR",
        help="How many times today's busiest pod's load each pod bears.",
        min=1,
        max=100,
    ),
]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How traffic is moved: the options as they were typed, percentages and durations as text."""

    steps: Steps = USUAL_STEPS
    hold: Hold = "30s"
    on_failure: Failure = "rollback"
    rate: Rate = 200.0
    baseline: BaselineTime = "5s"
    step_timeout: StepTimeout = "2m"
    tolerance: Tolerance = 5.0
    slow_errors: Share = 0.5
    abort_errors: Share = 2.0
    slow_latency: Factor = 1.5
    abort_latency: Factor = 3.0

    def request(
        self, target: "Weights", *, verb: str, reason: str, headroom: float | None = None
    ) -> "ShiftRequest":
        """The request; BadInput for options that mean nothing."""
        from alb_dr.model.shift import OnFailure, ShiftRequest, Thresholds, parse_percents

        if self.on_failure not in set(OnFailure):
            raise BadInput(f"{self.on_failure!r} is no way to fail", hint="rollback, freeze or ask")
        if self.on_failure == OnFailure.ASK and not sys.stdin.isatty():
            raise BadInput("there is no terminal to ask on", hint="--on-failure rollback or freeze")
        return ShiftRequest(
            shift_id=new_operation_id(),
            target=target,
            percents=parse_percents(self.steps),
            hold_s=seconds_of(self.hold, what="hold"),
            on_failure=OnFailure(self.on_failure),
            reason=reason,
            rate=self.rate,
            baseline_s=seconds_of(self.baseline, what="baseline"),
            step_timeout_s=seconds_of(self.step_timeout, what="step-timeout"),
            tolerance=self.tolerance / 100,
            thresholds=Thresholds(
                slow_errors=self.slow_errors / 100,
                abort_errors=self.abort_errors / 100,
                slow_latency=self.slow_latency,
                abort_latency=self.abort_latency,
            ),
            verb=verb,
            adapts=self.steps == USUAL_STEPS,
            headroom=headroom,
        )


USUAL_PACE = Pace()
"""What stands in a command's parameter list; the options take its place."""


def paced(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of Pace in the place of its parameter ``pace``."""
    names = [field.name for field in fields(Pace)]

    def with_options(**words: Any) -> None:
        pace = Pace(**{name: words.pop(name) for name in names})
        command(pace=pace, **words)

    own = signature(command)
    options = [
        option.replace(kind=Parameter.POSITIONAL_OR_KEYWORD)
        for option in signature(Pace).parameters.values()
    ]
    parameters = [
        parameter
        for one in own.parameters.values()
        for parameter in (options if one.name == "pace" else [one])
    ]
    with_options.__name__ = command.__name__
    with_options.__doc__ = command.__doc__
    with_options.__module__ = command.__module__
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    with_options.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_options
