"""How far a drill has come: its instants, its timeline, what ended it, whether it is still open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from alb_dr.errors import AlbDrError, Interruption, RestoreIncomplete
from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Ended, Marks, Step
from alb_dr.model.topology import Topology
from alb_dr.model.verify import ProberFacts
from alb_dr.ports import Clock, Narrator, Stream
from alb_dr.workflows.faults.fault import Fault


class DrillProgress:
    """What is known of one drill so far. ``keep`` is told at each of its instants."""

    def __init__(
        self,
        plan: DrillPlan,
        topology: Topology,
        *,
        clock: Clock,
        narrator: Narrator,
        keep: Callable[[DrillRun], object],
        name: str | None,
    ) -> None:
        self._plan = plan
        self._topology = topology
        self._clock = clock
        self._narrator = narrator
        self._keep = keep
        self._name = name
        self._path_tested = ""
        self._not_tested: Sequence[str] = ()
        self._victim_leaves = True
        self._weights: Mapping[str, int] = {}
        self._url = ""
        self._addresses: Sequence[str] = ()
        self._started: datetime | None = None
        self._prober: ProberFacts | None = None
        self._timeline: list[Step] = []
        self.marks = Marks()
        self.ended: Ended | None = None
        """What ended it early, whatever the traffic says."""
        self.last = Ended(outcome=DrillOutcome.ABORTED, why="it is not known why")
        """How it ended in the end, as its record on the Fleet will say."""
        self.is_open = False
        """Whether its harm may be in force."""

    @property
    def described(self) -> DrillRun:
        """The drill so far, as it is saved: complete on every way out, also after an error."""
        objectives = self._topology.objectives
        return DrillRun(
            plan=self._plan,
            members=tuple(m.name for m in self._topology.members),
            rto_s=objectives.rto_s,
            max_error_rate=objectives.max_error_rate,
            path_tested=self._path_tested,
            not_tested=self._not_tested,
            marks=self.marks,
            timeline=tuple(self._timeline),
            ended=self.ended,
            prober=self._prober,
            victim_leaves=self._victim_leaves,
            weights=self._weights,
            url=self._url,
            addresses=self._addresses,
            started=self._started,
            name=self._name,
        )

    def begin(self, stream: Stream, url: str, weights: Mapping[str, int]) -> None:
        """The traffic has begun; ``weights`` are the live ones by member name."""
        self._weights = weights
        self._url, self._addresses = url, tuple(stream.addresses)
        self._started = stream.origin

    def choose(self, fault: Fault) -> None:
        """The fault is known."""
        self._path_tested, self._not_tested = fault.path_tested, fault.not_tested
        self._victim_leaves = fault.moves_traffic

    def stop(self, prober: ProberFacts) -> None:
        """The traffic is over."""
        self._prober = prober
        self._keep(self.described)

    def mark(self, **instants: float) -> None:
        """An instant on the samples' clock."""
        self.marks = replace(self.marks, **instants)
        self._keep(self.described)

    def say(self, what: str) -> None:
        """One line of the timeline. A voice that fails ends no drill."""
        self._write(what)
        with suppress(OSError):
            self._narrator.note(what)

    def warn(self, what: str) -> None:
        """One line of the timeline that nobody hoped for."""
        self._write(what)
        with suppress(OSError):
            self._narrator.warn(what)

    def _write(self, what: str) -> None:
        self._timeline.append(Step(at=self._clock.now(), what=what))

    def abort(self, why: str) -> None:
        """Remember the first thing that ended the drill early."""
        if self.ended is None:
            self.ended = Ended(outcome=DrillOutcome.ABORTED, why=why)

    def judged(self, report: DrillReport) -> None:
        """The drill ran its course."""
        self.last = Ended(outcome=report.outcome, why=report.why)

    def failed(self, error: BaseException) -> None:
        """Note the error that ended it; an incomplete restore outranks what was noted before."""
        if isinstance(error, RestoreIncomplete):
            self.ended = Ended(outcome=DrillOutcome.RESTORE_INCOMPLETE, why=error.message)
            self.is_open = True
        elif isinstance(error, Interruption):
            self.ended = Ended(outcome=DrillOutcome.INTERRUPTED, why=str(error))
        else:
            self.abort(error.message if isinstance(error, AlbDrError) else repr(error))
        self.last = self.ended or self.last
        if self._started is not None:
            self._keep(self.described)
