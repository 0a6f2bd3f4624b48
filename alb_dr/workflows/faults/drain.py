"""Weight drain: the member lives, but its weight goes to 0; the record is on the Ingress."""

from __future__ import annotations

from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.weight_record import WeightRecord
from alb_dr.model.weights import Weights, weights_in_words
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.faults.carried_record import CarriedRecord
from alb_dr.workflows.faults.fault import Extended, FaultSeen, FaultSetting
from alb_dr.workflows.live.field_owners import changed_by
from alb_dr.workflows.records.drill_record import hold_patch


class WeightDrain:
    """The victim's weight at 0, shared by the others, in one patch with the record."""

    path_tested = "weight-drain"
    not_tested = (
        "removal of endpoints and detection by health checks (the member stays whole)",
        "loss of the member's pods, of its API server or of the Fleet",
        "network partition",
        "the data layer",
    )
    moves_traffic = True
    silences_api = False
    slows_answers = False
    holds_weights = True

    def __init__(self, setting: FaultSetting) -> None:
        self._setting = setting
        self._ingress = self._live = setting.ingress
        former = weights_of(setting.ingress.annotations)
        split = Weights.of({member: int(weight) for member, weight in former.items()})
        held = split.drained(setting.victim.id)
        self._record = WeightRecord(
            drill=setting.drill,
            former=former,
            held={member: str(weight) for member, weight in held},
            deadline=setting.deadline,
            reason=setting.reason,
            by=setting.by,
        )
        self._carried = CarriedRecord(setting, setting.ingress, api=setting.fleet)
        self._foreign = False

    @property
    def title(self) -> str:
        """For the voice."""
        return f"draining {self._setting.victim.name}"

    def targets(self) -> tuple[FleetTarget, ...]:
        """The Ingress."""
        return (weights_target(self._setting),)

    def harm(self) -> str:
        """All weights and the record in one patch."""
        self._setting.fleet.patch(self._ingress.id, hold_patch(self._ingress, self._record))
        was = self._record.former[self._setting.victim.id]
        return f"the weight of {self._setting.victim.name} went from {was} to 0"

    def look(self) -> FaultSeen:
        """In force is: the Fleet has the weights; the traffic follows later, which is measured."""
        live = self._setting.fleet.get(self._ingress.id)
        if live is None or live.uid != self._ingress.uid:
            return FaultSeen(ended=f"{self._ingress.id} was deleted or made anew by somebody else")
        weights = weights_of(live.annotations)
        if weights != dict(self._record.held):
            key = weight_key(self._setting.victim.id)
            who = changed_by(live, "metadata", "annotations", key)
            said = weights_in_words(weights, self._setting.topology.member_ids)
            return FaultSeen(ended=f"somebody else set the weights to {said}{who}")
        self._live = live
        return FaultSeen(in_force="the Fleet has taken the weights")

    def extend(self, deadline: str) -> Extended:
        """In the record on the Ingress."""
        return self._carried.extend(self._live, deadline)

    def take_back(self, deadline: Deadline) -> str:
        """The record on the Ingress says whether there is anything to take back."""
        done = self._carried.take_back(self._record, deadline)
        self._foreign = weights_of(done.live.annotations) != dict(self._record.former)
        return done.words

    def prove(self, deadline: Deadline) -> str:
        """The weights are those of before, unless somebody else set them."""
        del deadline
        if self._foreign:
            return "the weights are those somebody else set"
        return f"the weights are {'/'.join(self._record.former.values())} again"

    @property
    def is_foreign(self) -> bool:
        """Whether the weights are other than before."""
        return self._foreign


def weights_target(setting: FaultSetting) -> FleetTarget:
    """The Ingress of a drill that holds weights, for the Fleet record."""
    ingress = setting.ingress
    return FleetTarget(
        cluster="Fleet",
        kind=ingress.id.kind.name,
        namespace=ingress.id.namespace or "",
        name=ingress.id.name,
        uid=ingress.uid,
        weights=weights_of(ingress.annotations),
    )
