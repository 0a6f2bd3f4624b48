"""The ramp: a restored member gets its weight back in proven steps, not at once (safety F26).

Weight belongs to the member and not to the number of its pods: the first pod that is ready would
get all of it. So the weight is held low while the pods come back, then stepped up; the record of
it stands on the Ingress, and whoever finds that puts the weights back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from alb_dr.errors import AlbDrError, Conflict, RestoreIncomplete
from alb_dr.model.drill import DrillPlan
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import Manifest
from alb_dr.model.sample import SampleColumns
from alb_dr.model.shift import Thresholds
from alb_dr.model.weight_record import WeightRecord
from alb_dr.model.weights import TOTAL, Weights, weights_in_words
from alb_dr.render.annotations import weight_key, weights_of
from alb_dr.stats.gate import Gate
from alb_dr.stats.vigil import Alarm, Baseline, Vigil, baseline_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.drill.progress import DrillProgress
from alb_dr.workflows.drill.traffic import LOOK_S, DrillTraffic
from alb_dr.workflows.faults.carried_record import CarriedRecord
from alb_dr.workflows.faults.drain import weights_target
from alb_dr.workflows.faults.fault import Fault, FaultSetting
from alb_dr.workflows.live.field_owners import changed_by
from alb_dr.workflows.records.drill_record import hold_patch, is_harmed, record_of, step_patch
from alb_dr.workflows.recover.marks import RETRY_S

LOW = 0.1
"""Part of its weight a member holds while its pods come back."""
STEPS = (0.25, 0.5)
"""Parts of its weight on the way; after them the record goes and the weight is the former one."""
TRIES = 2
"""A return that overloads the member is tried once more, from the lowest step."""


def ramp_for(
    plan: DrillPlan,
    setting: FaultSetting,
    fault: Fault,
    samples: SampleColumns,
    *,
    progress: DrillProgress,
    lost_lock: Callable[[], str | None],
) -> DrillRamp | None:
    """The ramp of a drill, where one was asked for and the weights are not the fault itself.

    A weight of 1 has no lower step. ``progress`` is told of every step; ``lost_lock`` says why the
    lock is lost, or None.
    """
    weight = int(weights_of(setting.ingress.annotations)[setting.victim.id])
    if not plan.ramp or fault.holds_weights or weight <= 1:
        return None
    errors = plan.abort_errors
    return DrillRamp(
        setting,
        baseline=baseline_of(samples),
        thresholds=Thresholds(slow_errors=min(0.005, errors), abort_errors=errors),
        timeout_s=plan.restore_timeout_s,
        progress=progress,
        lost_lock=lost_lock,
    )


class DrillRamp:
    """Holds and returns the victim's weight in one drill."""

    def __init__(
        self,
        setting: FaultSetting,
        *,
        baseline: Baseline,
        thresholds: Thresholds,
        timeout_s: float,
        progress: DrillProgress,
        lost_lock: Callable[[], str | None],
    ) -> None:
        self._setting = setting
        self._progress = progress
        self._lost_lock = lost_lock
        self._baseline = baseline
        self._thresholds = thresholds
        self._timeout_s = timeout_s
        self._narrator = setting.narrator
        former = weights_of(setting.ingress.annotations)
        self._former = Weights.of({member: int(weight) for member, weight in former.items()})
        self._record = WeightRecord(
            drill=setting.drill,
            former=former,
            held=self._held(LOW),
            deadline=setting.deadline,
            reason=setting.reason,
            by=setting.by,
        )
        self.is_holding = False
        """Whether the weights may be held: also when it is not known whether that was written."""
        self.troubles: list[str] = []
        """What made it go back to the lowest step."""
        self.left_off: str | None = None
        """Why it was left off before the former weights were reached: somebody set others."""
        self._carried = CarriedRecord(setting, setting.ingress, api=setting.fleet)

    def target(self) -> FleetTarget:
        """What it may write to, for the Fleet record."""
        return weights_target(self._setting)

    def hold(self) -> str:
        """Hold the weight low, in one patch with the record, before the pods come back."""
        self.is_holding = True
        live = live_ingress(self._setting.topology, fleet=self._setting.fleet)
        try:
            self._setting.fleet.patch(live.id, hold_patch(live, self._record))
        except Conflict:
            self.is_holding = False
            raise
        return f"the weights are held at {self.words}"

    def look_again(self) -> None:
        """Find out whether the weights are held, when the answer to that write was lost."""
        with suppress(AlbDrError):
            live = live_ingress(self._setting.topology, fleet=self._setting.fleet)
            self.is_holding = self._own_record(live) is not None

    def raise_weight(self, traffic: DrillTraffic) -> None:
        """Step the weight up, each step proven.

        RestoreIncomplete when the member does not bear it. Any other error, also that the lock is
        lost, leaves the weights where they are: ``give_back`` puts them back at once.
        """
        for attempt in range(TRIES):
            trouble = self._climb(traffic)
            if trouble is None:
                return
            self.troubles.append(trouble)
            self._progress.warn(f"back to the lowest step: {trouble}")
            if not self.is_holding:
                # It failed at its whole weight. What follows is a second try, or a person.
                self.hold()
            if not self._step(LOW, traffic):
                return
            if attempt + 1 < TRIES:
                self._calm(traffic)
        self.look_again()
        if self.is_holding:
            raise self.unborne()
        self.left_off = "somebody else put the weights back"

    def unborne(self) -> RestoreIncomplete:
        """The error for a member that does not bear its weight."""
        return RestoreIncomplete(
            f"{self._setting.victim.name} does not bear its weight: {self.troubles[-1]}; the "
            f"weights are held at {self.words}",
            hint="when it does: alb-dr failover recover --execute puts the weights back",
        )

    def give_back(self) -> str:
        """Put the held weights back at once; how that went, in words.

        RestoreIncomplete when that is not proven.
        """
        setting = self._setting
        deadline = Deadline(setting.clock, self._timeout_s, alive=setting.alive)
        try:
            words = self._carried.take_back(self._record, deadline).words
        except RestoreIncomplete:
            other = self._other_drill()
            if other is None:
                raise
            words = f"put back already; drill {other} holds them by now"
        self.is_holding = False
        return words

    def _climb(self, traffic: DrillTraffic) -> str | None:
        """All steps; what went wrong, or None when the former weights are back and proven."""
        for part in STEPS:
            before = self._weights()
            if not self._step(part, traffic):
                return None
            trouble = self._prove(traffic, before, self._weights())
            if trouble is not None:
                return trouble
        before = self._weights()
        self._progress.say(f"the weights: {self.give_back()}")
        return self._prove(traffic, before, self._former)

    def _step(self, part: float, traffic: DrillTraffic) -> bool:
        """Raise or lower the weight, trying again while the Fleet is in trouble.

        False when somebody else has set the weights meanwhile: theirs stay.
        """
        deadline = Deadline(self._setting.clock, self._timeout_s)
        while True:
            self._check_lock()
            try:
                return self._try_step(part)
            except RestoreIncomplete:
                raise
            except AlbDrError as error:
                if deadline.passed:
                    raise
                self._narrator.warn(f"the weights do not go on: {error.message}; trying again")
            traffic.collect(RETRY_S)

    def _try_step(self, part: float) -> bool:
        live = live_ingress(self._setting.topology, fleet=self._setting.fleet)
        record = self._own_record(live)
        if record is None or not is_harmed(live, record):
            key = weight_key(self._setting.victim.id)
            who = changed_by(live, "metadata", "annotations", key)
            weights, order = weights_of(live.annotations), self._setting.topology.member_ids
            said = weights_in_words(weights, order)
            self.left_off = f"somebody else set the weights to {said}{who}"
            self.give_back()
            return False
        self._record = replace(record, held=self._held(part))
        self._setting.fleet.patch(live.id, step_patch(live, self._record))
        self._progress.say(f"weights {self.words}")
        return True

    def _own_record(self, live: Manifest) -> WeightRecord | None:
        """This drill's record on the Ingress, if it is there."""
        record = record_of(live)
        if isinstance(record, WeightRecord) and record.drill == self._setting.drill:
            return record
        return None

    def _other_drill(self) -> str | None:
        """Whose record is on the Ingress in place of ours; None for nobody's, or when that is not
        known.

        Ours went with the weights it held. A drill that goes back to those never saw them put
        back, and does not count.
        """
        with suppress(AlbDrError):
            live = live_ingress(self._setting.topology, fleet=self._setting.fleet)
            record = record_of(live)
            if isinstance(record, WeightRecord) and record.drill != self._setting.drill:
                return record.drill if dict(record.former) != dict(self._record.held) else None
        return None

    def _check_lock(self) -> None:
        """Conflict when the lock is lost: whoever took it may have put the weights back."""
        lost = self._lost_lock()
        if lost is not None:
            raise Conflict(lost, code="ADR-LOCKED")

    def _prove(self, traffic: DrillTraffic, before: Weights, now: Weights) -> str | None:
        """Wait until the traffic is proven to follow; why it may not go on, or None."""
        order = [member.id for member in self._setting.topology.members]
        names = [member.name for member in self._setting.topology.members]
        gate = Gate(
            names,
            [now[member] / TOTAL for member in order],
            tolerance=_tolerance(before, now),
            since_s=traffic.instant_s(),
        )
        vigil = Vigil(self._baseline, self._thresholds)
        return self._watch(traffic, gate, vigil, seconds=self._timeout_s)

    def _calm(self, traffic: DrillTraffic) -> None:
        """Leave the member alone for a while at the lowest step."""
        traffic.collect(min(5.0, self._timeout_s))

    def _watch(
        self, traffic: DrillTraffic, gate: Gate, vigil: Vigil, *, seconds: float
    ) -> str | None:
        deadline = Deadline(self._setting.clock, seconds)
        since = traffic.instant_s()

        def listen(columns: SampleColumns) -> None:
            gate.add(columns.since(since))
            vigil.add(columns.since(since))

        traffic.listeners.append(listen)
        try:
            while not gate.passed:
                traffic.collect(LOOK_S)
                self._check_lock()
                alarm, words = vigil.judge()
                if alarm is Alarm.ABORT:
                    return words
                if deadline.passed:
                    return f"the traffic does not follow the weights: {gate.words}"
                self._narrator.live({"": gate.words})
        finally:
            traffic.listeners.remove(listen)
        self._progress.say(f"the traffic follows: {gate.words}")
        return None

    def _weights(self) -> Weights:
        return Weights.of({member: int(weight) for member, weight in self._record.held.items()})

    def _held(self, part: float) -> dict[str, str]:
        victim = self._setting.victim.id
        points = max(1, round(self._former[victim] * part))
        return {m: str(w) for m, w in self._former.holding(victim, points)}

    @property
    def words(self) -> str:
        """The held weights, with names."""
        names: Sequence[str] = [
            f"{self._setting.topology.member(m).name} {w}" for m, w in self._record.held.items()
        ]
        return ", ".join(names)


def _tolerance(before: Weights, now: Weights) -> float:
    """No wider than half the step, or standing still would pass; nor half a weight."""
    step = max(abs(now[member] - weight) for member, weight in before) / TOTAL
    least = min(w for _, w in now if w) / TOTAL
    return min(0.05, max(step / 2, 0.01), least / 2)
