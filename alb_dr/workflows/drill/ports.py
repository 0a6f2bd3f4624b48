"""What a drill touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from alb_dr.model.drill_report import DrillRun
from alb_dr.ports import Clock, FaultBox, Journal, KubeApi, Narrator, Prober, SampleLog


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillPorts:
    """Everything a drill touches.

    ``shield`` keeps signals out of a block and raises the first of them at its end; ``operator``
    is who runs the drill, for the record; ``box`` does the faults only a sandbox can do.
    Samples go to ``log`` as they come, and ``keep`` is told what is known of the run at each of
    its instants, so that a killed one can be reported, too.
    """

    fleet: KubeApi
    members: Mapping[str, KubeApi]
    prober: Prober
    clock: Clock
    narrator: Narrator
    journal: Journal
    shield: Callable[[], AbstractContextManager[None]]
    operator: str
    log: SampleLog
    keep: Callable[[DrillRun], object]
    run_name: str = ""
    box: FaultBox | None = None
