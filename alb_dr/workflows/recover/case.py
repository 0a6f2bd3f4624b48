"""What a recovery may look at, and one thing it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from alb_dr.model.fleet_record import FleetTarget
from alb_dr.model.manifest import DEPLOYMENT, INGRESS, Kind, Manifest, ResourceId
from alb_dr.model.topology import Topology
from alb_dr.ports import Clock, FaultBox, KubeApi, Narrator
from alb_dr.workflows.recover.table import Decision
from alb_dr.workflows.recover.unseen import Unseen

SANDBOX = "Sandbox"
"""The kind of a target that is a fault of a sandbox and no object."""
FLEET = "Fleet"
"""The name of the Fleet among clusters."""
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (DEPLOYMENT, INGRESS)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryPorts:
    """What a recovery may look at: members by name; Fleet and sandbox only where there are any.

    ``namespace`` is where the Fleet keeps records and the weighted Ingress; ``topology`` is None
    where there is no project file. ``unseen`` are those that could not even be connected to.
    """

    members: Mapping[str, KubeApi]
    fleet: KubeApi | None
    namespace: str | None
    box: FaultBox | None
    clock: Clock
    narrator: Narrator
    topology: Topology | None = None
    unseen: Sequence[Unseen] = ()

    def api(self, where: str) -> KubeApi | None:
        """The API of the Fleet, or of a member."""
        return self.fleet if where == FLEET else self.members.get(where)

    @property
    def order(self) -> Sequence[str]:
        """Member ids in the file's order; none without a file."""
        return self.topology.member_ids if self.topology is not None else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One object, or fault of a sandbox, that a drill may have left harmed.

    ``live`` is None for what does not exist and for sandboxes; ``target`` what the Fleet's record
    says of it.
    """

    drill: str
    where: str
    id: ResourceId | None
    what: str
    decision: Decision
    words: str
    live: Manifest | None = None
    target: FleetTarget | None = None


def of_drill(cases: Iterable[Case], drill: str | None) -> tuple[Case, ...]:
    """Those of one drill; all of them where none is named."""
    return tuple(case for case in cases if drill in {None, case.drill})
