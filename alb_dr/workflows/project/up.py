"""Up: the whole tutorial in order, from a plan. Safe to run again at any point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from alb_dr.errors import AlbDrError, Conflict, PartlyApplied, Refused
from alb_dr.model.gateway import GatewayAddress
from alb_dr.model.manifest import (
    ALB_CONFIG,
    APPLICATION_SET,
    CLUSTER_PROPAGATION_POLICY,
    DEPLOYMENT,
    INGRESS,
    INGRESS_CLASS,
    NAMESPACE,
    OVERRIDE_POLICY,
    POLICY_GROUPS,
    PROPAGATION_POLICY,
    SERVICE,
    Kind,
)
from alb_dr.model.plan import Action, Change, Plan
from alb_dr.model.topology import Topology
from alb_dr.model.weights import Weights
from alb_dr.ports import Clock, KubeApi, KubeReader, Narrator, Prober
from alb_dr.workflows.after_writing import after_writing, hint_after_writing
from alb_dr.workflows.delivery.await_split import SplitSeen, await_split
from alb_dr.workflows.delivery.distribute import MemberWorkload, await_distribution
from alb_dr.workflows.delivery.gateway import await_gateway
from alb_dr.workflows.delivery.policy import by_policy
from alb_dr.workflows.delivery.weights import ingress_id, set_weights
from alb_dr.workflows.project.stale import live_difference
from alb_dr.workflows.records.drill_record import WAIT_OR_RECOVER
from alb_dr.workflows.records.shift_record import read_record, refuse_open_shift
from alb_dr.workflows.recover.marks import open_drills

POLICIES = frozenset(
    kind.in_group(group)
    for group in POLICY_GROUPS
    for kind in (CLUSTER_PROPAGATION_POLICY, OVERRIDE_POLICY, PROPAGATION_POLICY)
)
STAGES: tuple[tuple[str, frozenset[Kind]], ...] = (
    ("distribute the application", frozenset({APPLICATION_SET, DEPLOYMENT, SERVICE}) | POLICIES),
    ("create the gateway", frozenset({ALB_CONFIG, INGRESS_CLASS})),
    ("apply the weighted Ingress", frozenset({NAMESPACE, INGRESS})),
)
"""The tutorial's order; every stage is waited for before the next one begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPorts:
    """What bringing up needs of the world."""

    fleet: KubeApi
    members: Mapping[str, KubeReader]
    prober: Prober
    clock: Clock
    narrator: Narrator


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Longest waits in seconds: for the workloads, the gateway, the traffic."""

    distribute_s: float
    gateway_s: float
    dataplane_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is there now. Without waiting only ``written`` is known."""

    written: tuple[Change, ...]
    members: tuple[MemberWorkload, ...] = ()
    address: GatewayAddress | None = None
    split: SplitSeen | None = None


def bring_up(
    topology: Topology, plan: Plan, *, ports: UpPorts, patience: Patience, wait: bool = True
) -> Brought:
    """Carry a plan out, stage by stage.

    Raises Conflict or Refused before the first write when the plan has problems or a drill is
    open; Conflict when an object changed since the plan; PartlyApplied when others were written
    before; DeadlineExceeded when a stage does not get ready.
    """
    refuse_problems(plan)
    if plan.moves_traffic:
        _refuse_open_drills(ports.members)
        refuse_open_shift(read_record(topology, ports.fleet))
    return _Ascent(topology, plan, ports, patience).run(wait=wait)


def refuse_problems(plan: Plan) -> None:
    """Raise when something stands in the way of the whole plan; nothing was written."""
    if not plan.problems:
        return
    foreign = any(c.action is Action.FOREIGN for c in plan.changes)
    error = Conflict if foreign else Refused
    raise error(
        "the plan cannot be carried out: " + "; ".join(plan.problems),
        hint="alb-dr plan shows every difference",
        code="ADR-PLAN-BLOCKED",
    )


def _refuse_open_drills(members: Mapping[str, KubeReader]) -> None:
    for api in members.values():
        for drill in open_drills(api):
            raise Refused(
                f"{api.label}: {drill.words}; no traffic is moved now",
                hint=WAIT_OR_RECOVER,
                code="ADR-DRILL-OPEN",
            )


class _Ascent:
    """One way up; remembers what was written."""

    def __init__(self, topology: Topology, plan: Plan, ports: UpPorts, patience: Patience) -> None:
        self._topology = topology
        self._plan = plan
        self._ports = ports
        self._patience = patience
        self._written: list[Change] = []
        self._members: tuple[MemberWorkload, ...] = ()
        self._address: GatewayAddress | None = None
        self._split: SplitSeen | None = None

    def run(self, *, wait: bool) -> Brought:
        """All stages."""
        waits: tuple[Callable[[], str], ...] = (
            self._await_members,
            self._await_gateway,
            self._await_split,
        )
        for n, ((title, kinds), until) in enumerate(zip(STAGES, waits, strict=True), start=1):
            with self._ports.narrator.phase(f"[{n}/{len(STAGES)}] {title}"):
                for change in self._of_stage(kinds):
                    self._write(change)
                if wait:
                    with after_writing([change.id for change in self._written]):
                        self._ports.narrator.note(until())
        return Brought(
            written=tuple(self._written),
            members=self._members,
            address=self._address,
            split=self._split,
        )

    def _of_stage(self, kinds: frozenset[Kind]) -> Iterator[Change]:
        """What a stage writes. By policy the first one needs the Namespace, too."""
        first = STAGES[0][1]
        if kinds == first and by_policy(self._topology):
            kinds = first | {NAMESPACE}
        for change in self._plan.changes:
            due = change.id.kind in kinds and change.action is not Action.KEEP
            if due and change not in self._written:
                yield change

    def _write(self, change: Change) -> None:
        try:
            self._write_unchanged(change)
        except AlbDrError as error:
            if not self._written:
                raise
            left = [c for c in self._plan.changes if c.action is not Action.KEEP]
            raise PartlyApplied(
                f"{change.id} could not be applied: {error.message}",
                applied=[str(c.id) for c in self._written],
                not_applied=[str(c.id) for c in left if c not in self._written],
                hint=hint_after_writing(error.hint, again="alb-dr up"),
            ) from error
        self._written.append(change)
        word = "created" if change.action is Action.CREATE else "changed"
        self._ports.narrator.note(f"{word} {change.id}")

    def _write_unchanged(self, change: Change) -> None:
        """Write what the plan showed, if the object is still the one it saw (safety F57)."""
        fleet = self._ports.fleet
        difference = live_difference(change.live, fleet.get(change.id))
        if difference:
            raise Conflict(
                f"{change.id} {difference}",
                hint="look again: alb-dr plan, then alb-dr up",
                code="ADR-STALE-PLAN",
            )
        if change.id == ingress_id(self._topology) and self._plan.moves_traffic:
            # The weights go first and in one guarded patch: an apply would conflict with the
            # patches that moved them before.
            wanted = Weights.of(dict(self._plan.weights))
            set_weights(self._topology, wanted, fleet=fleet, dry_run=False)
        fleet.apply(change.wanted, force=self._plan.choices.force_conflicts)

    def _await_members(self) -> str:
        self._members = await_distribution(
            self._topology,
            fleet=self._ports.fleet,
            members=self._ports.members,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            timeout_s=self._patience.distribute_s,
        )
        pods = (f"{m.member.name} {m.ready_pods}/{m.wanted_pods} pods" for m in self._members)
        return ", ".join(pods)

    def _await_gateway(self) -> str:
        self._address = await_gateway(
            self._topology,
            fleet=self._ports.fleet,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            timeout_s=self._patience.gateway_s,
        )
        count = len(self._address.sub_clusters)
        return f"{self._address.dns_name}, {count} members connected"

    def _await_split(self) -> str:
        self._split = await_split(
            self._topology,
            fleet=self._ports.fleet,
            prober=self._ports.prober,
            clock=self._ports.clock,
            narrator=self._ports.narrator,
            timeout_s=self._patience.dataplane_s,
        )
        return f"the traffic follows the weights: {self._split.words}"
