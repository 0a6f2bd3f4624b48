"""What ends a drill before its time; one reason suffices, nothing overrides it (safety §3.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alb_dr.model.drill import DrillPlan
from alb_dr.model.sample import SampleColumns
from alb_dr.ports import Clock, Narrator
from alb_dr.stats.drill_alarm import DrillAlarm
from alb_dr.stats.vigil import baseline_of
from alb_dr.workflows.drill.conditions import DrillConditions
from alb_dr.workflows.drill.traffic import LOOK_S, DrillTraffic, percentages
from alb_dr.workflows.faults.fault import Fault, FaultSeen

ASK_EVERY_S = 1.0
"""How often the victim is looked at."""
CONDITIONS_EVERY_S = 2.0
"""How often the survivors and the Fleet are."""
HEARTBEAT_S = 10.0
"""Between two moves of the deadline (safety 3.3): the guard must not end a drill that lives."""
IN_FORCE_S = 60.0
"""A fault that is not in force by then (pods that do not end, F28) is given up."""


def alarm_for(
    fault: Fault, plan: DrillPlan, baseline: SampleColumns, *, victim: int, fired_s: float
) -> DrillAlarm:
    """The alarm of a fault: ``baseline`` is the traffic before, ``victim`` the member's place."""
    return DrillAlarm(
        baseline_of(baseline),
        victim=victim if fault.moves_traffic else None,
        fired_s=fired_s,
        abort_errors=plan.abort_errors,
        rate=plan.rate,
        slow_is_harm=fault.slows_answers,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchHooks:
    """What the watch asks the drill, and tells it.

    ``lost_lock`` says why the lock is lost, or None; ``deadline`` is the record's next deadline;
    ``in_force`` is told once, with the evidence; ``over``, when somebody else ended the fault, the
    last instant on the samples' clock at which it stood. ``expires_s`` is how far the deadline is
    away, ``victim`` the member's name.
    """

    lost_lock: Callable[[], str | None]
    deadline: Callable[[], str]
    in_force: Callable[[str], None]
    over: Callable[[float], None]
    expires_s: float
    victim: str


class DrillWatch:
    """Watches one drill from the harm to the restore."""

    def __init__(
        self,
        fault: Fault,
        traffic: DrillTraffic,
        *,
        alarm: DrillAlarm,
        conditions: DrillConditions,
        clock: Clock,
        narrator: Narrator,
        hooks: WatchHooks,
    ) -> None:
        self._fault = fault
        self._traffic = traffic
        self._alarm = alarm
        self._conditions = conditions
        self._clock = clock
        self._narrator = narrator
        self._hooks = hooks
        self._seen_in_force = False
        self._stood_s = traffic.instant_s()
        self._began = clock.monotonic()
        self._extended_s = self._began
        self._next_beat = self._began + HEARTBEAT_S
        self._next_look = self._next_ask = 0.0

    def watch(self, seconds: float) -> str | None:
        """Watch for a while; why the drill must end now, or None when the time is over."""
        end = self._began + seconds
        while self._clock.monotonic() < end:
            self._traffic.collect(LOOK_S)
            ended = self._look()
            if ended is not None:
                return ended
            self._show()
        return None if self._seen_in_force else "the fault did not come into force"

    def _look(self) -> str | None:
        now = self._clock.monotonic()
        if now - self._extended_s >= self._hooks.expires_s:
            return "the deadline passed before it could be moved on: the guard may have restored"
        ended = self._alarm.judge(self._traffic.instant_s()) or self._hooks.lost_lock()
        if ended is None and self._traffic.finished:
            ended = "nothing can be measured any more: the prober ended (inconclusive)"
        if ended is None and now >= self._next_look:
            self._next_look = now + ASK_EVERY_S
            ended = self._ask_victim()
        if ended is None and now >= self._next_ask:
            self._next_ask = now + CONDITIONS_EVERY_S
            ended = self._conditions.ask()
        return ended

    def _ask_victim(self) -> str | None:
        def look() -> str | None:
            began_s = self._traffic.instant_s()
            seen = self._fault.look()
            if seen.ended is not None:
                self._hooks.over(self._stood_s)
                return seen.ended
            self._stood_s = began_s
            self._note(seen)
            return self._extended()

        words = self._conditions.heard(self._hooks.victim, look)
        if words is None and not self._seen_in_force:
            waited = self._clock.monotonic() - self._began
            if waited > IN_FORCE_S:
                return f"the fault did not come into force in {IN_FORCE_S:g} s"
        return words

    def _note(self, seen: FaultSeen) -> None:
        if seen.in_force is not None and not self._seen_in_force:
            self._seen_in_force = True
            self._hooks.in_force(seen.in_force)

    def _extended(self) -> str | None:
        """Move the record's deadline on while we live; why that proves the record lost, or None."""
        now = self._clock.monotonic()
        if now < self._next_beat:
            return None
        self._next_beat = now + HEARTBEAT_S
        lost = self._hooks.lost_lock()
        if lost is not None:
            return lost
        done = self._fault.extend(self._hooks.deadline())
        if done.moved:
            self._extended_s = now
        return done.lost

    def _show(self) -> None:
        seen = self._traffic.recent_shares(self._traffic.instant_s() - 1)
        self._narrator.live({"answers": percentages(seen) or "none", "lost": self._alarm.lost})
