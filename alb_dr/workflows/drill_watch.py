"""What ends a drill before its time; one reason suffices, nothing overrides it (safety §3.9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alb_dr.ports import Clock, Narrator
from alb_dr.workflows.drill_fault import Fault, FaultSeen
from alb_dr.workflows.drill_traffic import LOOK_S, DrillTraffic, percentages

ASK_EVERY_S = 1.0
"""How often the APIs are asked."""
HEARTBEAT_S = 10.0
"""Between two moves of the deadline (safety 3.3): the guard must not end a drill that lives."""
BUDGET_S = 10.0
"""Span over which a survivor's errors are judged while the fault is in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchHooks:
    """What the watch asks the drill, and tells it.

    ``lost_lock`` says why the lock is lost, or None; ``deadline`` is the record's next deadline;
    ``in_force`` is told once, with the evidence.
    """

    lost_lock: Callable[[], str | None]
    deadline: Callable[[], str]
    in_force: Callable[[str], None]


class DrillWatch:
    """Watches one drill from the harm to the restore."""

    def __init__(
        self,
        fault: Fault,
        traffic: DrillTraffic,
        *,
        fired_s: float,
        clock: Clock,
        narrator: Narrator,
        hooks: WatchHooks,
    ) -> None:
        self._fault = fault
        self._traffic = traffic
        self._fired_s = fired_s
        self._clock = clock
        self._narrator = narrator
        self._hooks = hooks
        self._seen_in_force = False
        self._next_beat = clock.monotonic() + HEARTBEAT_S

    def watch(self, seconds: float) -> str | None:
        """Watch for a while; why the drill must end now, or None when the time is over."""
        end = self._clock.monotonic() + seconds
        next_look = 0.0
        while self._clock.monotonic() < end:
            self._traffic.collect(LOOK_S)
            if self._clock.monotonic() >= next_look:
                next_look = self._clock.monotonic() + ASK_EVERY_S
                ended = self._look()
                if ended is not None:
                    return ended
            self._show()
        return None

    def _look(self) -> str | None:
        seen = self._fault.look()
        if seen.ended is not None:
            return seen.ended
        self._note(seen)
        return self._hooks.lost_lock() or self._extended() or self._over_budget()

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
        return self._fault.extend(self._hooks.deadline())

    def _over_budget(self) -> str | None:
        """Ten seconds without one good answer: the survivors do not carry the traffic."""
        now = self._traffic.newest_s
        if now - self._fired_s < BUDGET_S:
            return None
        lost, total = self._traffic.losses(now - BUDGET_S, now)
        if total and lost / total > 0.5:
            return f"{lost} of {total} requests were lost in {BUDGET_S:g} s"
        return None

    def _show(self) -> None:
        now = self._traffic.newest_s
        seen = self._traffic.shares(max(self._fired_s, now - 1), now + 1)
        lost, _ = self._traffic.losses(self._fired_s, now + 1)
        self._narrator.live({"answers": percentages(seen) or "none", "lost": lost})
