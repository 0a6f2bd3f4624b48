"""The return of a drill's victim: its weight in steps or at once, and its share of the traffic."""

from __future__ import annotations

from alb_dr.errors import AlbDrError, RestoreIncomplete
from alb_dr.model.member import MemberCluster
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL
from alb_dr.ports import Clock, KubeReader, Narrator
from alb_dr.render.annotations import weights_of
from alb_dr.stats.outage import BACK
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.drill_ramp import DrillRamp
from alb_dr.workflows.drill_traffic import DrillTraffic, percentages
from alb_dr.workflows.guardrails import Cleared
from alb_dr.workflows.weights import live_ingress


class DrillReturn:
    """What follows the restore, until the victim serves its share again."""

    def __init__(
        self,
        topology: Topology,
        victim: MemberCluster,
        *,
        fleet: KubeReader,
        clock: Clock,
        narrator: Narrator,
        timeout_s: float,
    ) -> None:
        self._topology = topology
        self._victim = victim
        self._fleet = fleet
        self._clock = clock
        self._narrator = narrator
        self._timeout_s = timeout_s

    def climb(self, traffic: DrillTraffic, ramp: DrillRamp) -> None:
        """Give the weight back in proven steps."""
        with self._narrator.phase("giving the weight back in steps"):
            ramp.raise_weight(traffic)

    def unhold(self, ramp: DrillRamp | None) -> bool:
        """After a signal on the ramp all pods are ready, so the weights go back at once.

        They stay held where the member did not bear them: a person must decide. True when the
        weights were put back here.
        """
        if ramp is None or not ramp.is_holding or ramp.troubles:
            return False
        words = ramp.give_back(Deadline(self._clock, self._timeout_s))
        self._narrator.note(f"the weights: {words}")
        return True

    def share_due(self, traffic: DrillTraffic, cleared: Cleared, *, fired_s: float) -> float:
        """The share the victim had, or what somebody else's new weights give it."""
        before = traffic.shares(0, fired_s).get(self._victim.name, 0.0)
        try:
            live = live_ingress(self._topology, fleet=self._fleet)
        except AlbDrError:
            return before
        now = weights_of(live.annotations)
        if now == weights_of(cleared.ingress.annotations):
            return before
        weight = now.get(self._victim.id, "0")
        return int(weight) / TOTAL if weight.isdigit() else 0.0

    def settle(self, traffic: DrillTraffic, due: float, *, is_foreign: bool) -> str:
        """Wait until the victim serves its share; how, in words. RestoreIncomplete otherwise."""
        deadline = Deadline(self._clock, self._timeout_s)
        with self._narrator.phase("waiting until the traffic is back"):
            while not deadline.passed:
                traffic.collect(1.0)
                seen = traffic.recent_shares(traffic.newest_s - 1)
                if seen.get(self._victim.name, 0.0) >= BACK * due or is_foreign:
                    return f"the traffic is back: {percentages(seen)}"
        raise RestoreIncomplete(
            f"{self._victim.name} is put back but gets no traffic",
            hint="alb-dr verify --requests 500 shows the split; look at its endpoints",
        )
