"""The return of a drill's victim: its weight in steps or at once, and its share of the traffic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager

from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.weights import TOTAL
from alb_dr.render.annotations import weights_of
from alb_dr.stats.whole_look import WholeLook
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.drill.progress import DrillProgress
from alb_dr.workflows.drill.ramp import DrillRamp
from alb_dr.workflows.drill.traffic import DrillTraffic, percentages
from alb_dr.workflows.faults.fault import FaultSetting
from alb_dr.workflows.rails.guardrails import Cleared

SETTLE_LOOK_S = 0.25
"""Between two looks whether the traffic is back."""
OTHERS_S = 10.0
"""How long members that were not harmed are waited for once the victim serves again."""
FOREIGN = "somebody else changed what was harmed, so no share is waited for; the traffic"


class DrillReturn:
    """What follows the restore, until the victim serves its share again.

    ``ramp`` is None where the weight was never to be held; ``progress`` is told what is done;
    ``shield`` keeps signals out; ``rate`` is that of the requests, per second.
    """

    def __init__(
        self,
        setting: FaultSetting,
        ramp: DrillRamp | None,
        *,
        timeout_s: float,
        rate: float,
        progress: DrillProgress,
        shield: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._topology = setting.topology
        self._victim = setting.victim
        self._fleet = setting.fleet
        self._clock = setting.clock
        self._narrator = setting.narrator
        self._timeout_s = timeout_s
        self._rate = rate
        self._progress = progress
        self._ramp = ramp
        self._shield = shield

    def hold(self, before: Callable[[], None]) -> str | None:
        """Hold the weight low before the pods come back; how, or None where it is not held.

        ``before`` is called where there is something to hold. The pods come back all the same
        where the Fleet does not take it.
        """
        if self._ramp is None:
            return None
        before()
        try:
            return self._ramp.hold()
        except AlbDrError as error:
            self._narrator.warn(f"the weight is not held: {error.message}")
            self._ramp.look_again()
            return None

    def targets(self) -> tuple[FleetTarget, ...]:
        """What it may write to, for the Fleet record."""
        return (self._ramp.target(),) if self._ramp is not None else ()

    @property
    def is_holding(self) -> bool:
        """Whether the weights on the Fleet may be held low."""
        return self._ramp is not None and self._ramp.is_holding

    def climb(self, traffic: DrillTraffic) -> str | None:
        """Give the weight back in proven steps; what was wrong with that, or None.

        Where the steps fail the weights go back at once, for all pods are ready. RestoreIncomplete
        when that is not proven, or when the member did not bear them.
        """
        ramp = self._ramp
        if ramp is None or not ramp.is_holding:
            return None
        try:
            with self._narrator.phase("giving the weight back in steps"):
                ramp.raise_weight(traffic)
        except AlbDrError as error:
            if isinstance(error, RestoreIncomplete):
                raise
            self.let_go()
            return f"the weight came back at once and not in steps: {error.message}"
        if ramp.left_off is None and ramp.troubles:
            return f"the return went back to the lowest step: {ramp.troubles[0]}"
        return ramp.left_off

    def let_go(self) -> None:
        """Put the weights back at once where they are held. All pods must be ready.

        They stay held where the member did not bear them, and a person must decide:
        RestoreIncomplete, as when it is not proven that they are back.
        """
        ramp = self._ramp
        if ramp is None or not ramp.is_holding:
            return
        with self._shield():
            if not ramp.troubles:
                self._progress.say(f"the weights: {ramp.give_back()}")
                return
            ramp.look_again()
            if ramp.is_holding:
                raise ramp.unborne()

    def shares_due(
        self, traffic: DrillTraffic, cleared: Cleared, *, fired_s: float
    ) -> dict[str, float]:
        """The share each member had, or what somebody else's new weights give it."""
        before = traffic.shares(0, fired_s)
        try:
            live = live_ingress(self._topology, fleet=self._fleet)
        except AlbDrError:
            return before
        now = weights_of(live.annotations)
        if now == weights_of(cleared.ingress.annotations):
            return before
        weights = {m.name: now.get(m.id, "0") for m in self._topology.members}
        return {n: int(w) / TOTAL if w.isdigit() else 0.0 for n, w in weights.items()}

    def settle(self, traffic: DrillTraffic, due: Mapping[str, float], *, is_foreign: bool) -> str:
        """Wait until the traffic is as it is due; how, in words. RestoreIncomplete otherwise.

        A member counts as back while a part of the look is from before it was: what is said of
        the traffic comes from a second look, at what was sent after the first. A prober that
        ended says nothing more: what was proven of pods and weights must do (F14). Where somebody
        else changed what was harmed (``is_foreign``) no share is due.
        """
        deadline, since_s = Deadline(self._clock, self._timeout_s), traffic.instant_s()
        patience: Deadline | None = None
        seen: WholeLook | None = None
        first: WholeLook | None = None
        with self._narrator.phase("waiting until the traffic is back"):
            while not deadline.passed:
                if traffic.finished:
                    return "whether the traffic is back cannot be measured: the prober ended"
                traffic.collect(SETTLE_LOOK_S)
                look = traffic.look(since_s, rate=self._rate)
                if look is None:
                    continue
                seen = look
                missing = () if is_foreign else look.missing(due)
                # The second look need not show as much by chance as the first: few requests would
                # keep a drill waiting for a luck that has nothing to do with the restore.
                still = first is not None and self._victim.name not in missing
                back = is_foreign or still or self._serves_again(look, due)
                if back and not missing and first is not None:
                    return _is_back(look, is_foreign=is_foreign)
                first = look if back and not missing else None
                if first is not None:
                    since_s = first.end_s
                elif back:
                    patience = patience or Deadline(self._clock, OTHERS_S)
                    if patience.passed:
                        return self._without(missing, look)
        if first is not None:
            return _is_back(first, is_foreign=is_foreign)
        raise self._not_back(seen, due)

    def _serves_again(self, look: WholeLook, due: Mapping[str, float]) -> bool:
        return look.serves_again(self._victim.name, due.get(self._victim.name, 0.0))

    def _without(self, missing: Sequence[str], seen: WholeLook) -> str:
        """The victim is back, others went meanwhile: not what the drill has to put back."""
        words = f"{', '.join(missing)} hardly serves since the restore"
        self._progress.abort(words)
        return f"{self._victim.name} has its traffic back, but {words}: {percentages(seen.shares)}"

    def _not_back(self, seen: WholeLook | None, due: Mapping[str, float]) -> RestoreIncomplete:
        name = self._victim.name
        words = f"{name} is put back but gets no traffic"
        if seen is None:
            words = f"{name} is put back, but too few requests came back to see its traffic"
        elif share := seen.shares.get(name, 0.0):
            words = (
                f"{name} is put back but serves {share:.0%} where {due.get(name, 0.0):.0%} is due"
            )
        return RestoreIncomplete(
            words, hint="alb-dr verify --requests 500 shows the split; look at its endpoints"
        )


def _is_back(look: WholeLook, *, is_foreign: bool) -> str:
    words = FOREIGN if is_foreign else "the traffic is back"
    return f"{words}: {percentages(look.shares) or 'no answers'}"
