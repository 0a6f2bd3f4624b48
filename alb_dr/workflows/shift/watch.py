"""The watch of a shift: samples, the record, the live weights, the members' endpoints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from alb_dr.errors import AlbDrError
from alb_dr.model.sample import SampleColumns
from alb_dr.model.shift import Answer, LossCount, Wish
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL, Weights
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator, SampleLog, Stream
from alb_dr.render.annotations import weights_of
from alb_dr.stats.gate import Gate
from alb_dr.stats.vigil import LEAST, Alarm, Vigil
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.live.field_owners import weight_setters
from alb_dr.workflows.records.lease import DrillLock
from alb_dr.workflows.records.shift_record import read_record, take_wish
from alb_dr.workflows.shift.checks import dead_members

LOOK_S = 0.25
"""Between two looks at the samples: each counts some hundred of them anew."""
ASK_EVERY_S = 1.0
"""How often the APIs are asked."""
BEAT_EVERY_S = 5.0
"""How often a sign of life is written."""


class Failed(Exception):
    """A step failed; ``answer`` is what a person said to it, if one was asked."""

    answer: Answer | None = None


class Foreign(Exception):
    """Somebody else changed the weights, or the record."""


class Ended(Exception):
    """Another terminal asked for the end; ``back`` says whether weights are to be put back."""

    def __init__(self, words: str, *, back: bool) -> None:
        super().__init__(words)
        self.back = back


class WatchPorts(Protocol):
    """What the watch needs of the shift's ports."""

    @property
    def fleet(self) -> KubeApi:
        """The Fleet."""
        ...

    @property
    def members(self) -> Mapping[str, KubeReader]:
        """The members."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def narrator(self) -> Narrator:
        """The voice."""
        ...

    @property
    def log(self) -> SampleLog:
        """Where samples are kept."""
        ...


class ShiftWatch:
    """Looks at everything while a shift runs. ``samples`` holds the baseline's only."""

    def __init__(
        self,
        topology: Topology,
        stream: Stream,
        ports: WatchPorts,
        names: Sequence[str],
        *,
        lock: DrillLock,
    ) -> None:
        self._topology = topology
        self._stream = stream
        self._ports = ports
        self._names = names
        self._lock = lock
        self.samples = SampleColumns()
        self.vigil: Vigil | None = None
        self.paused = False
        self.outcomes: Counter[int] = Counter()
        """How often each outcome came so far."""
        self._next_ask = self._next_beat = 0.0
        self._troubled = False

    def collect(self, seconds: float, *, longest_s: float) -> None:
        """Keep the samples of a span for the baseline; of a longer one while there are few."""
        enough, longest = (
            Deadline(self._ports.clock, seconds),
            Deadline(self._ports.clock, longest_s),
        )
        while not self._stream.finished:
            left_s = enough.left_s if not enough.passed else longest.left_s
            if (enough.passed and len(self.samples) >= LEAST) or left_s <= 0:
                return
            self.samples.extend(self._take(min(LOOK_S, left_s)))
            self._lock.renew()

    @property
    def taken(self) -> int:
        """Samples so far, all of them: an index into what the log keeps."""
        return self.outcomes.total()

    def gate_for(self, weights: Weights, *, tolerance: float) -> Gate:
        """A gate for weights that were just written."""
        shares = [weights[member.id] / TOTAL for member in self._topology.members]
        return Gate(self._names, shares, tolerance=tolerance, since_s=self._stream.now_s())

    def forgive(self) -> None:
        """Forget what raised the alarm: a person wants to go on."""
        if self.vigil is not None:
            self.vigil.restart()

    def beat_due(self) -> bool:
        """Whether a sign of life should be written now."""
        now = self._ports.clock.monotonic()
        if now < self._next_beat:
            return False
        self._next_beat = now + BEAT_EVERY_S
        return True

    def tick(self, gate: Gate | None, *, weights: Weights) -> bool:
        """One look; True when the step should be held longer: it is slow, or paused.

        Raises Failed, Foreign or Ended when the shift must not go on.
        """
        columns = self._take(LOOK_S)
        if self._stream.finished:
            raise Failed("nothing can be measured any more: the prober ended")
        alarm, words = Alarm.QUIET, ""
        if self.vigil is not None:
            self.vigil.add(columns)
            alarm, words = self.vigil.judge()
        if alarm is Alarm.ABORT:
            raise Failed(words)
        if gate is not None and not self.paused:
            gate.add(columns)
        if self._ports.clock.monotonic() >= self._next_ask:
            self._next_ask = self._ports.clock.monotonic() + ASK_EVERY_S
            self._ask(weights)
        self._show(gate, alarm, words)
        return self.paused or alarm is Alarm.SLOW

    def settle(self, gate: Gate, deadline: Deadline) -> bool:
        """Measure until a gate passes; False when it does not in time. Asks nobody."""
        while not (gate.passed or deadline.passed or self._stream.finished):
            gate.add(self._take(LOOK_S))
            self.renew_lock()
            self._show(gate, Alarm.QUIET, "")
        return gate.passed

    def breathe(self) -> None:
        """Keep the lock and the samples going while something else is waited for."""
        self._take(0.0)
        self.keep_lock()

    def finish(self) -> None:
        """Keep what was under way when the stream was stopped."""
        self._take(0.0)

    def _take(self, wait_s: float) -> SampleColumns:
        """What comes in a span. The prober hands over far more often than it is worth a look."""
        self._ports.clock.sleep(wait_s)
        columns = self._stream.take()
        self._ports.log.add(columns)
        self.outcomes.update(columns.outcome)
        return columns

    def _ask(self, weights: Weights) -> None:
        """Wishes, foreign weights, dead members. An API in trouble is said once and waited for."""
        try:
            self._hear_wishes()
            self._compare(weights)
            self.keep_lock()
            self._troubled = False
        except AlbDrError as error:
            if not self._troubled:
                self._ports.narrator.warn(f"the Fleet cannot be asked: {error.message}")
            self._troubled = True
        dead, _ = dead_members(self._topology, weights, members=self._ports.members)
        if dead:
            raise Failed(f"{', '.join(dead)} has weight but no ready endpoint")

    def renew_lock(self) -> None:
        """On the way back: a lock that is lost changes nothing there, one that is ours is kept."""
        self._lock.renew()

    def keep_lock(self) -> None:
        """Raise Foreign when somebody else took the lock.

        One that only could not be renewed is no reason to stop: the open record keeps others out.
        """
        self._lock.renew()
        if not self._lock.is_held:
            raise Foreign("somebody else took the lock of this shift; nothing was written since")

    def _hear_wishes(self) -> None:
        found = read_record(self._topology, self._ports.fleet)
        if found is None:
            raise Foreign("the record of this shift was deleted")
        if found.record is not None and found.record.phase.is_over:
            # Somebody took us for dead, as a machine that slept is.
            raise Foreign(f"it was ended from elsewhere ({found.record.phase})")
        wish = found.wish
        if wish is Wish.NONE:
            return
        take_wish(self._topology, wish, fleet=self._ports.fleet)
        if wish in {Wish.ABORT, Wish.FREEZE}:
            raise Ended("another terminal asked for the end", back=wish is Wish.ABORT)
        self.paused = wish is Wish.PAUSE
        self._ports.narrator.note("paused" if self.paused else "resumed")

    def _compare(self, weights: Weights) -> None:
        ingress = live_ingress(self._topology, fleet=self._ports.fleet)
        live = weights_of(ingress.annotations)
        wanted = {member: str(weight) for member, weight in weights}
        if live != wanted:
            said = "/".join(live.get(m.id, "none") for m in self._topology.members)
            raise Foreign(
                f"somebody else set the weights to {said} ({weight_setters(ingress)}); "
                "nothing was written over it"
            )

    def _show(self, gate: Gate | None, alarm: Alarm, words: str) -> None:
        state = "paused" if self.paused else "holding" if gate is None else gate.words
        live = {"": state, "lost": LossCount.of(self.outcomes).lost}
        if alarm is Alarm.SLOW:
            live["slow"] = words
        self._ports.narrator.live(live)
