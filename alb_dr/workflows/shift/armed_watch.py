"""The watch: a member is probed again and again, and flipped away from once, if it is armed.

It never flips back, never takes a lock from somebody, and never takes silence of its own network
for the failure of a member.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alb_dr.errors import AlbDrError, Interruption, Refused
from alb_dr.model.drill_report import Step
from alb_dr.model.load import ClosedLoad, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.model.topology import Topology
from alb_dr.model.watch import Probe, WatchOutcome, WatchPlan, WatchReport
from alb_dr.model.weights import TOTAL, Weights
from alb_dr.ports import Prober, SampleLog
from alb_dr.stats.probing import LEAST_SHARE, judge_probe, requests_for
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.await_split import target_of
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.records.away import away_of
from alb_dr.workflows.records.kill_switch import flips_forbidden, read_switch
from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.shift.checks import starting_weights
from alb_dr.workflows.shift.emergency import (
    Emergency,
    EmergencyPorts,
    MovedAway,
    foresee_away,
    move_away,
)

SURVIVORS_S = 5.0
"""How long the survivors' answers are waited for: a flip that cannot know is not made."""
SIDE_BY_SIDE = 32
"""Requests of a probe at a time: when all time out it still takes one time-out only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPorts:
    """What a watch touches: all that an emergency does, and the traffic."""

    emergency: EmergencyPorts
    prober: Prober
    log: SampleLog


class ArmedWatch:
    """One watch."""

    def __init__(self, plan: WatchPlan, topology: Topology, ports: WatchPorts) -> None:
        self._plan = plan
        self._topology = topology
        self._ports = ports
        self._clock, self._fleet = ports.emergency.clock, ports.emergency.fleet
        self._narrator = ports.emergency.narrator
        self._member = topology.member(plan.member)
        self._names = [m.name for m in topology.members]
        self._weights = self._live()
        self._counts = dict.fromkeys(Probe, 0)
        self._in_a_row = 0
        self._failing_since = 0.0
        self._held_back = ""
        self._said: set[str] = set()
        self._timeline: list[Step] = []

    def run(self) -> WatchReport:
        """Probe until the time is over, the member failed, or it has no traffic any more.

        Raises Refused for a member whose silence could not be told, and whatever keeps the Fleet
        from answering at the beginning.
        """
        before = self._weights
        self._refuse_unseen()
        deadline = Deadline(self._clock, self._plan.for_s)
        try:
            outcome, why, done = self._watch(deadline)
        except Interruption:
            self._narrator.warn(f"the watch ends: {self._left_behind()}")
            raise
        return WatchReport(
            plan=self._plan,
            outcome=outcome,
            why=why,
            probes=sum(self._counts.values()),
            failed=self._counts[Probe.FAILED],
            unclear=self._counts[Probe.UNCLEAR],
            before=self._topology.names(before),
            after=self._topology.names(done.after if done is not None else self._weights),
            seconds=done.seconds if done is not None else None,
            timeline=tuple(self._timeline),
        )

    def _watch(self, deadline: Deadline) -> tuple[WatchOutcome, str, MovedAway | None]:
        while not deadline.passed:
            began = self._clock.monotonic()
            if not self._look_at_weights():
                words = f"{self._member.name} carries no traffic any more"
                return WatchOutcome.EMPTY, words, None
            if self._probe():
                done = self._flip()
                if done is not None:
                    outcome = WatchOutcome.FLIPPED if done.written else WatchOutcome.WOULD_FLIP
                    return outcome, self._evidence(), done
            rest = self._plan.every_s - (self._clock.monotonic() - began)
            self._clock.sleep(max(0.0, min(rest, deadline.left_s)))
        if self._held_back:
            return WatchOutcome.HELD_BACK, self._held_back, None
        return WatchOutcome.QUIET, f"no failure in {self._plan.for_s:g} s", None

    # looking -----------------------------------------------------------------------------------

    def _refuse_unseen(self) -> None:
        share = self._share()
        if share <= 0:
            raise Refused(
                f"{self._member.name} carries no traffic; there is nothing to flip away",
                hint="alb-dr status shows the weights",
                code="ADR-UNSEEN",
            )
        if share < LEAST_SHARE and self._plan.header is None:
            raise Refused(
                f"{self._member.name} carries {share:.0%} of the traffic: whether it is silent "
                "cannot be told from what the gateway answers",
                hint="pin a header to it and watch through that: --pin",
                code="ADR-UNSEEN",
            )

    def _share(self) -> float:
        return self._weights[self._member.id] / TOTAL

    def _live(self) -> Weights:
        live = live_ingress(self._topology, fleet=self._fleet)
        return starting_weights(self._topology, live)

    def _look_at_weights(self) -> bool:
        """Whether the member still carries traffic; the last known weights when nobody answers."""
        try:
            self._weights = self._live()
        except AlbDrError as error:
            self._once(f"the weights cannot be read: {error.message}")
        return self._share() > 0

    def _probe(self) -> bool:
        """One probe; True when the member counts as failed."""
        began = self._clock.monotonic()
        verdict, words = self._judged()
        self._counts[verdict] += 1
        self._ports.emergency.book.note("probe", verdict=str(verdict), words=words)
        if verdict is Probe.FAILED:
            self._in_a_row += 1
            if self._in_a_row == 1:
                self._failing_since = began
            self._say(f"probe failed ({self._in_a_row} in a row): {words}")
        else:
            first = sum(self._counts.values()) == 1
            if first or self._in_a_row or verdict is Probe.UNCLEAR:
                self._say(f"probe {verdict}: {words}")
            self._in_a_row, self._held_back = 0, ""
        self._narrator.live({"probe": str(verdict), "failed in a row": self._in_a_row})
        long_enough = self._clock.monotonic() - self._failing_since >= self._plan.over_s
        return self._in_a_row >= self._plan.failures and long_enough

    def _judged(self) -> tuple[Probe, str]:
        share = 1.0 if self._plan.header is not None else self._share()
        if share < LEAST_SHARE:
            return Probe.UNCLEAR, f"its share is {share:.0%} now, too little to be told"
        try:
            columns = self._samples(self._target(), requests_for(share))
        except AlbDrError as error:
            return Probe.UNCLEAR, error.message
        index = self._names.index(self._member.name)
        strangers = sum(m >= 0 and m != index for m in columns.member)
        if self._plan.header is not None and strangers:
            return Probe.UNCLEAR, f"the pin leads to others, too ({strangers} answers)"
        return judge_probe(columns, member=index, share=share)

    def _target(self) -> Target:
        target = target_of(self._topology, fleet=self._fleet)
        headers = {**target.headers, **(self._plan.header or {})}
        return replace(target, headers=headers, timeout_s=self._plan.timeout_s)

    def _samples(self, target: Target, requests: int) -> SampleColumns:
        load = ClosedLoad(requests=requests, concurrency=min(requests, SIDE_BY_SIDE))
        stream = self._ports.prober.start(target, load)
        try:
            columns = SampleColumns()
            while not stream.finished:
                columns.extend(stream.take(wait_s=0.2))
            columns.extend(stream.take())
        finally:
            stream.stop()
        self._ports.log.add(columns)
        return columns

    # flipping ----------------------------------------------------------------------------------

    def _flip(self) -> MovedAway | None:
        """Move the traffic away, or say that it would be; None when something forbids it now."""
        emergency = Emergency(
            operation=self._plan.operation,
            away_from=(self._member.id,),
            reason=f"watch: {self._evidence()}",
            verb="watch",
            only_if_known=True,
            moment_s=SURVIVORS_S,
        )
        try:
            why = flips_forbidden(read_switch(self._fleet, self._topology.ingress.namespace))
            if why is not None:
                raise Refused(why, code="ADR-FLIPS-FORBIDDEN")
            refuse_open_shift(read_record(self._topology, self._fleet))
            if not self._plan.armed:
                return foresee_away(emergency, self._topology, self._ports.emergency)
            return move_away(emergency, self._topology, self._ports.emergency)
        except AlbDrError as error:
            self._held_back = f"not flipped: {error.message}"
            self._once(self._held_back, about=error.code)
            return None

    def _evidence(self) -> str:
        seconds = self._clock.monotonic() - self._failing_since
        return f"{self._member.name} failed {self._in_a_row} probes in a row over {seconds:.0f} s"

    # words -------------------------------------------------------------------------------------

    def _left_behind(self) -> str:
        """What an interrupted watch leaves: a flip that was under way is finished before."""
        try:
            live = live_ingress(self._topology, fleet=self._fleet)
            away = away_of(live)
            weights = self._named(starting_weights(self._topology, live))
        except AlbDrError as error:
            return f"the weights cannot be read: {error.message}"
        if away is not None and away.operation == self._plan.operation:
            return f"the traffic was moved away before: {weights}"
        return f"nothing was changed: {weights}"

    def _named(self, weights: Weights) -> str:
        return ", ".join(f"{name} {w}" for name, w in self._topology.names(weights).items())

    def _once(self, what: str, about: str = "") -> None:
        """Warn, unless that was done; of words that differ each time ``about`` says what counts."""
        if (about or what) not in self._said:
            self._said.add(about or what)
            self._timeline.append(Step(at=self._clock.now(), what=what))
            self._narrator.warn(what)

    def _say(self, what: str) -> None:
        self._timeline.append(Step(at=self._clock.now(), what=what))
        self._narrator.note(what)
