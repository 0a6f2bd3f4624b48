"""The observation that ends a recovery: pods, endpoints, weights, and a few requests."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from alb_dr.errors import Forbidden, RestoreIncomplete
from alb_dr.model.manifest import DEPLOYMENT, INGRESS, ResourceId
from alb_dr.model.topology import Topology
from alb_dr.model.weights import TOTAL, weights_in_words
from alb_dr.ports import Clock, KubeApi, KubeReader, Prober
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.await_split import look, target_of, wanted_shares
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.delivery.weights import live_ingress
from alb_dr.workflows.members.control_side import ready_endpoints
from alb_dr.workflows.recover.case import FLEET, Case, RecoveryPorts
from alb_dr.workflows.recover.marks import await_pods
from alb_dr.workflows.recover.table import Decision
from alb_dr.workflows.scalers.autoscalers import scaled_objects_of
from alb_dr.workflows.scalers.keda_pause import await_resumed

SAMPLE = 20
"""Requests of the traffic sample: enough to see that somebody answers."""
SILENT_S = 10.0
"""A gateway that answered nobody for so long will not answer this machine."""
PAUSE_S = 1.0
"""Between two traffic samples."""
RETRY_S = 0.5
"""Pause between two looks at an API that comes back, or at endpoints that do."""


def observed(case: Case, ports: RecoveryPorts, deadline: Deadline) -> str:
    """What was seen of an object after it was put back; RestoreIncomplete when it is not whole."""
    if case.decision is Decision.NOTHING:
        return "left as somebody wants it"
    if case.where == FLEET or (case.id is not None and case.id.kind == INGRESS):
        return _weights(case, ports)
    api = ports.members[case.where]
    id_ = case.id if case.id is not None else _workload(ports)
    if id_ is None or id_.kind != DEPLOYMENT:
        return "nothing to look at"
    words = await_pods(id_, api=api, deadline=deadline, narrator=ports.narrator)
    if ports.topology is None:
        return words
    return f"{words}, {_endpoints(case, ports.topology, api, deadline)}"


def _workload(ports: RecoveryPorts) -> ResourceId | None:
    return workload_id(ports.topology) if ports.topology is not None else None


def _endpoints(case: Case, topology: Topology, api: KubeApi, deadline: Deadline) -> str:
    """Endpoints follow ready pods within moments."""
    while not (count := ready_endpoints(topology, api)):
        if deadline.passed:
            raise RestoreIncomplete(
                f"{case.where}: its pods are ready, but its Service has no endpoint",
                hint="kubectl get endpointslices; then: alb-dr failover recover --execute",
            )
        deadline.pause(RETRY_S)
    return f"{count} endpoints"


def _weights(case: Case, ports: RecoveryPorts) -> str:
    api = ports.api(case.where)
    live = api.get(case.id) if api is not None and case.id is not None else None
    if live is None:
        raise RestoreIncomplete(f"{case.what} does not exist any more")
    weights = weights_of(live.annotations)
    said = weights_in_words(weights, ports.order)
    total = sum(int(weight) for weight in weights.values())
    if total != TOTAL:
        raise RestoreIncomplete(
            f"{case.what} has weights that sum to {total}: {said}",
            hint="mend them: alb-dr ingress set-weights",
        )
    return f"weights {said}"


def await_scalers(cases: Sequence[Case], ports: RecoveryPorts, deadline: Deadline) -> None:
    """Wait until KEDA scales again what it was paused for; RestoreIncomplete when it does not.

    Who may not look at ScaledObjects has never paused one.
    """
    for case in cases:
        api = ports.api(case.where)
        if api is None or case.live is None or case.live.id.kind != DEPLOYMENT:
            continue
        try:
            scaled = scaled_objects_of(api, case.live)
        except Forbidden:
            continue
        for each in scaled:
            await_resumed(api, each.id, deadline=deadline)


def await_traffic(
    topology: Topology,
    put_back: Collection[str],
    *,
    fleet: KubeReader,
    prober: Prober,
    clock: Clock,
    deadline: Deadline,
) -> str:
    """Send a few requests at a time until every member that was put back has served one.

    Where weights were put back (``FLEET``), also until the traffic does not contradict them. What
    the last requests said, in words. RestoreIncomplete when a member that has weight serves none
    though others do. That nobody answers proves nothing: this machine may have no way there.
    """
    is_split = FLEET in put_back
    wanted = wanted_shares(topology, live_ingress(topology, fleet=fleet))
    shares = zip(topology.members, wanted, strict=True)
    missing = {m.name for m, share in shares if share > 0 and (is_split or m.name in put_back)}
    target = target_of(topology, fleet=fleet)
    patience = Deadline(clock, SILENT_S)
    answered = False
    while True:
        seen = look(target, wanted, prober, requests=SAMPLE, deadline=deadline)
        served = {name for name, share in seen.shares.items() if share > 0}
        answered = answered or bool(served)
        missing -= served
        follows = not missing and (seen.agrees or not is_split)
        if follows or (patience.passed and not answered):
            return f"{seen.requests} requests: {seen.words}"
        if deadline.passed:
            what = ", ".join(sorted(missing))
            raise RestoreIncomplete(
                f"{what} is put back but gets no traffic: {seen.words}"
                if missing
                else f"the weights are put back, but the traffic does not follow: {seen.words}",
                hint="alb-dr verify --requests 500 shows the split; look at its endpoints",
            )
        clock.sleep(PAUSE_S)
