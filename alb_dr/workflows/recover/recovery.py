"""Recovery: find what drills left anywhere, decide by the table, put it back, look at it.

A member's API alone is enough; the Fleet and the sandbox add what they know when they answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from alb_dr.errors import AlbDrError, Forbidden, NotFound, RestoreIncomplete, Unreachable
from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import DEPLOYMENT, Manifest, ResourceId
from alb_dr.ports import KubeApi, KubeReader
from alb_dr.render.annotations import weights_of
from alb_dr.workflows.deadline import Deadline
from alb_dr.workflows.delivery.distribute import workload_id
from alb_dr.workflows.delivery.weights import ingress_id
from alb_dr.workflows.records.drill_record import (
    ANNOTATION,
    is_harmed,
    record_of,
    replicas_of,
    unmarked_restore_patch,
    unmarked_weights_patch,
)
from alb_dr.workflows.records.fleet_record import Recorded, read_records
from alb_dr.workflows.recover.case import FLEET, KINDS, SANDBOX, Case, RecoveryPorts
from alb_dr.workflows.recover.marks import (
    BUSY_S,
    OpenDrill,
    open_drills,
    open_weights,
    remedy,
    was,
)
from alb_dr.workflows.recover.table import Decision, Findings, Known, Mark, decide
from alb_dr.workflows.recover.told import refusal, target_words
from alb_dr.workflows.recover.unseen import Unseen
from alb_dr.workflows.scalers.keda_pause import OpenPause, end_pauses, open_pauses, unheld


class Recovery:
    """One look at everything, and what follows from it."""

    def __init__(self, ports: RecoveryPorts) -> None:
        self._ports = ports
        self.unseen: list[Unseen] = list(ports.unseen)
        """Clusters that could not be looked at."""
        self._records = self._read_records()

    def cases(self) -> tuple[Case, ...]:
        """Everything found; the weights last, after the pods."""
        marked = list(self._marked())
        seen = {(case.where, case.id) for case in marked}
        found = [*self._boxed(), *marked, *self._recorded(seen)]
        found.sort(key=lambda case: case.where == FLEET)
        return tuple(found)

    @property
    def open_records(self) -> tuple[Recorded, ...]:
        """Fleet records that are not closed."""
        return tuple(found for found in self._records or () if found.is_open)

    @property
    def closed_records(self) -> tuple[Recorded, ...]:
        """Fleet records kept as evidence, the oldest first."""
        return tuple(found for found in self._records or () if not found.is_open)

    def _read_records(self) -> tuple[Recorded, ...] | None:
        """None when the Fleet does not say; one that does not answer is asked nothing more."""
        fleet = self._ports.fleet
        if fleet is None:
            return None
        try:
            return read_records(fleet, self._ports.namespace)
        except Unreachable as error:
            self._note(Unseen.silent(FLEET, error))
            return None
        except AlbDrError as error:
            self._ports.narrator.warn(f"the records on the Fleet cannot be read: {error.message}")
            return None

    def _known(self, drill: str) -> Known:
        if self._records is None:
            return Known.UNREADABLE
        for found in self._records:
            if found.drill == drill:
                if found.record is None:
                    return Known.UNREADABLE
                return Known.OPEN if found.is_open else Known.CLOSED
        return Known.MISSING

    def _target(self, drill: str, where: str, kind: str, name: str) -> FleetTarget | None:
        for found in self._records or ():
            if found.drill == drill and found.record is not None:
                for target in found.record.targets:
                    if (target.cluster, target.kind, target.name) == (where, kind, name):
                        return target
        return None

    def _marked(self) -> Iterator[Case]:
        topology = self._ports.topology
        workload = workload_id(topology) if topology is not None else None
        ingress = ingress_id(topology) if topology is not None else None
        for name, api in self._ports.members.items():
            yield from self._of(name, lambda api=api: _with(open_drills(api), api, workload))
            if topology is None:
                # Without a project file nobody says which of them is the Fleet.
                yield from self._of(name, lambda api=api: _weights_anywhere(api))
        fleet, namespace = self._ports.fleet, self._ports.namespace
        if fleet is not None and not self.is_silent(FLEET):
            yield from self._of(
                FLEET, lambda: _with(open_weights(fleet, namespace=namespace), fleet, ingress)
            )

    def _of(self, where: str, look) -> list[Case]:  # type: ignore[no-untyped-def]
        try:
            return [self._by_mark(where, found) for found in look()]
        except AlbDrError as error:
            self._note(Unseen.silent(where, error))
            return []

    def is_silent(self, where: str) -> bool:
        """Whether a cluster could not be looked at."""
        return where in {each.where for each in self.unseen}

    def _note(self, unseen: Unseen) -> None:
        if not self.is_silent(unseen.where):
            self.unseen.append(unseen)

    def _by_mark(self, where: str, found: OpenDrill) -> Case:
        live, record = found.target, found.record
        drill = record.drill if record is not None else "unreadable"
        target = self._target(drill, where, live.id.kind.name, live.id.name)
        findings = Findings(
            mark=Mark.OURS if record is not None else Mark.UNREADABLE,
            harmed=record is not None and is_harmed(live, record),
            same=target is None or target.uid == live.uid,
            known=self._known(drill),
        )
        raw = live.annotations.get(ANNOTATION, "")[:200]
        return Case(
            drill=drill,
            where=where,
            id=live.id,
            what=str(live.id),
            decision=decide(findings),
            words=f"had {was(record, self._ports.order)}"
            if record is not None
            else f"the record is: {raw}",
            live=live,
            target=target,
        )

    def _recorded(self, seen: Collection[tuple[str, ResourceId | None]]) -> Iterator[Case]:
        """Targets of open Fleet records that carry no mark themselves."""
        for found in self.open_records:
            if found.record is None:
                yield Case(
                    drill=found.drill,
                    where=FLEET,
                    id=found.live.id,
                    what=str(found.live.id),
                    decision=Decision.STOP,
                    words="this version cannot read the record",
                )
                continue
            for target in found.record.targets:
                case = self._by_record(found.record.drill, target)
                if case is not None and (case.where, case.id) not in seen:
                    yield case

    def _by_record(self, drill: str, target: FleetTarget) -> Case | None:
        if target.kind == SANDBOX:
            return self._lost_box(drill, target)
        id_ = ResourceId(
            kind=KINDS[target.kind], name=target.name, namespace=target.namespace or None
        )
        api = self._ports.api(target.cluster)
        try:
            live = api.get(id_) if api is not None else None
        except AlbDrError as error:
            self._note(Unseen.silent(target.cluster, error))
            return None
        if api is None:
            self._note(Unseen(target.cluster, "is no member of this project"))
            return None
        same = live is not None and live.uid == target.uid
        findings = Findings(
            mark=Mark.NONE,
            harmed=live is not None and _differs(live, target),
            same=same,
            known=Known.OPEN,
        )
        return Case(
            drill=drill,
            where=target.cluster,
            id=id_,
            what=str(id_),
            decision=decide(findings),
            words=target_words(target, live, self._ports.order),
            live=live,
            target=target,
        )

    def _boxed(self) -> Iterator[Case]:
        """Faults of drills in this machine's sandbox; its own state is what says so."""
        box = self._ports.box
        for member, drill in (box.open() if box is not None else {}).items():
            yield Case(
                drill=drill,
                where=member,
                id=None,
                what="fault of the sandbox",
                decision=Decision.RESTORE,
                words="had no fault",
            )

    def _lost_box(self, drill: str, target: FleetTarget) -> Case | None:
        """A sandbox's fault that the sandbox does not know: cleared by hand, or elsewhere."""
        box = self._ports.box
        if box is not None and drill in box.open().values():
            return None
        return Case(
            drill=drill,
            where=target.cluster,
            id=None,
            what=f"fault of the sandbox, {target.name}",
            decision=Decision.CLOSE if box is not None else Decision.STOP,
            words="the sandbox shows no fault"
            if box is not None
            else "only the machine of the sandbox can clear it",
        )

    # carrying out ------------------------------------------------------------------------------

    def carry_out(
        self, case: Case, *, accepted: Collection[str], deadline: Deadline | None = None
    ) -> str:
        """Do what was decided; what was done, in a word. RestoreIncomplete when it cannot be.

        Until the deadline what others keep writing to is tried again.
        """
        deadline = deadline or Deadline(self._ports.clock, BUSY_S)
        decision = case.decision
        if decision.needs_word and case.drill in accepted:
            decision = Decision.RESTORE
        if decision in {Decision.NOTHING, Decision.CLOSE}:
            return "nothing to do" if decision is Decision.NOTHING else "already put back"
        if decision not in {Decision.RESTORE, Decision.CLEAR}:
            raise refusal(case)
        if case.id is None:
            return self._cleared(case)
        api = self._ports.api(case.where)
        if api is None or case.live is None:
            raise RestoreIncomplete(f"{case.where}: {case.what} cannot be reached")
        if ANNOTATION not in case.live.annotations:
            self._unmarked(case, api, case.live)
            return "restore"
        record = record_of(case.live)
        found = OpenDrill(member=case.where, target=case.live, record=record)
        if case.id.kind != DEPLOYMENT:
            return str(remedy(found, api=api, deadline=deadline))
        with unheld(api, namespace=case.id.namespace, drill=case.drill):
            return str(remedy(found, api=api, deadline=deadline))

    def _cleared(self, case: Case) -> str:
        box = self._ports.box
        if box is None:
            raise RestoreIncomplete(
                f"{case.where}: {case.what} can only be cleared on the machine of the sandbox"
            )
        box.clear(case.where, drill=case.drill)
        return "restore"

    def pauses(self, drill: str | None = None) -> tuple[OpenPause, ...]:
        """ScaledObjects that drills paused, or that one drill did, in every member that answers."""
        found: list[OpenPause] = []
        for name, api in self._ports.members.items():
            try:
                found += open_pauses(api)
            except AlbDrError as error:
                self._note(Unseen.silent(name, error))
        return tuple(pause for pause in found if drill in {None, pause.drill})

    def end_pauses(self, drill: str | None = None) -> tuple[OpenPause, ...]:
        """End the pauses of drills that are over, or that of one drill; which ones."""
        ended: list[OpenPause] = []
        for api in self._ports.members.values():
            records = (found.record for found in open_drills(api))
            left = {record.drill for record in records if record is not None}
            ended += end_pauses(api, open_drills=left, only=drill)
        return tuple(ended)

    def _unmarked(self, case: Case, api: KubeApi, live: Manifest) -> None:
        """Put back by the Fleet's record, which a person vouched for."""
        target = case.target
        if target is not None and target.weights is not None:
            api.patch(live.id, unmarked_weights_patch(live, target.weights))
        elif target is not None and target.replicas is not None:
            replicas = max(target.replicas, target.least or 0)
            api.patch(live.id, unmarked_restore_patch(live, replicas))
        else:
            raise RestoreIncomplete(
                f"{case.where}: the record of drill {case.drill} does not say what {case.what} had",
                hint="put it back by hand",
            )


def _with(
    found: tuple[OpenDrill, ...], api: KubeReader, id_: ResourceId | None
) -> tuple[OpenDrill, ...]:
    """What was found by its label, and the project's own object if it carries a record without."""
    if id_ is None or any(drill.target.id == id_ for drill in found):
        return found
    live = api.get(id_)
    if live is None or ANNOTATION not in live.annotations:
        return found
    return (*found, OpenDrill(member=api.label, target=live, record=record_of(live)))


def _weights_anywhere(api: KubeApi) -> tuple[OpenDrill, ...]:
    """Held weights of any namespace; none where Ingresses are not ours to see."""
    try:
        return open_weights(api, namespace=None)
    except (Forbidden, NotFound):
        return ()


def _differs(live: Manifest, target: FleetTarget) -> bool:
    if target.weights is not None:
        return dict(weights_of(live.annotations)) != dict(target.weights)
    return replicas_of(live) == 0
