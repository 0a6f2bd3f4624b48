"""THE WHOLE LIST of what alb-dr can do to the world. Adapters implement it, fakes imitate it.

Every method may raise the errors of :mod:`alb_dr.errors` and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from alb_dr.model.cloud import (
    AlbZone,
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    ForwardingRule,
    ListenerState,
    LoadBalancer,
    SecurityGroup,
    ServerGroup,
    VSwitch,
)
from alb_dr.model.load import Load, Target
from alb_dr.model.manifest import Document, Kind, Manifest, ResourceId
from alb_dr.model.sample import SampleColumns


class KubeReader(Protocol):
    """Reading one Kubernetes API: the Fleet or a member cluster."""

    @property
    def label(self) -> str:
        """What people call this API: ``Fleet`` or the member's name."""
        ...

    def get(self, id_: ResourceId) -> Manifest | None:
        """The live object; None when it, its namespace or its kind does not exist."""
        ...

    def list(
        self, kind: Kind, *, namespace: str | None = None, labels: str = "", fields: str = ""
    ) -> tuple[Manifest, ...]:
        """All objects of a kind that match the selectors; raises NotFound for an unserved kind."""
        ...

    def watch(
        self, kind: Kind, *, namespace: str | None, name: str | None, timeout_s: float
    ) -> Iterator[tuple[Manifest, ...]]:
        """Snapshots of the matching objects: one now, one after each change, at least one every
        few seconds; ends after ``timeout_s``. Survives lost connections, 410 and bookmarks."""
        ...


class KubeWriter(Protocol):
    """Changing one Kubernetes API. With ``dry_run`` the server answers and stores nothing."""

    def apply(self, manifest: Manifest, *, dry_run: bool = False, force: bool = False) -> Manifest:
        """Server-side apply under the field manager ``alb-dr``; Conflict names field and owner."""
        ...

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Create; Conflict when the object exists."""
        ...

    def replace(self, manifest: Manifest) -> Manifest:
        """Replace guarded by the manifest's resourceVersion; Conflict when it changed."""
        ...

    def patch(
        self, id_: ResourceId, operations: Sequence[Mapping[str, Any]], *, dry_run: bool = False
    ) -> Manifest:
        """One JSON Patch, all or nothing; Conflict when a ``test`` operation fails."""
        ...

    def delete(
        self,
        id_: ResourceId,
        *,
        uid: str | None = None,
        dry_run: bool = False,
        orphan: bool = False,
    ) -> bool:
        """Delete this very object (``uid``); False when it was not there. Does not wait."""
        ...


class KubeApi(KubeReader, KubeWriter, Protocol):
    """One Kubernetes API, read and written."""

    def review(self, verb: str, kind: Kind, *, namespace: str | None, name: str | None) -> bool:
        """Whether we may (SelfSubjectAccessReview); the plural may carry a ``/subresource``."""
        ...

    def identity(self) -> ApiIdentity:
        """Which cluster this is, and who we are there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiIdentity:
    """Which cluster an API is (kube-system's uid, address, digest of its CA) and who we are.

    ``expires`` is when the credential we show ends, UTC; None when it does not say.
    """

    cluster_uid: str
    server: str
    ca_sha256: str
    user: str
    server_time: datetime | None = None
    expires: datetime | None = None


class ZoneSwitch(Protocol):
    """The one thing alb-dr changes in the cloud: whether a zone of an ALB is in DNS.

    Both return when the request was taken, not when it is in effect. With ``dry_run`` the cloud
    says whether it would take it. Asking twice with one ``token`` is asking once.
    """

    def start_shift(self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False) -> None:
        """Take the zone's address out of DNS."""
        ...

    def cancel_shift(
        self, alb_id: str, zone: AlbZone, *, token: str, dry_run: bool = False
    ) -> None:
        """Bring it back into DNS."""
        ...


class Cloud(Protocol):
    """Reading the cloud's own APIs; optional, nothing is ever changed through it."""

    def alb_zones(self) -> tuple[str, ...]:
        """The zones of the region in which ALB has capacity."""
        ...

    def fleets(self) -> tuple[FleetDetails, ...]:
        """The Fleet instances of the account."""
        ...

    def associated(self, fleet_id: str) -> tuple[AssociatedCluster, ...]:
        """The clusters of a Fleet."""
        ...

    def cluster(self, cluster_id: str) -> ClusterDetails:
        """One ACK cluster; NotFound when it is not of this account."""
        ...

    def vswitches(self, vpc_id: str) -> tuple[VSwitch, ...]:
        """All vSwitches of a VPC."""
        ...

    def vswitch(self, vswitch_id: str) -> VSwitch | None:
        """One vSwitch of the region; None when there is none."""
        ...

    def security_group(self, group_id: str) -> SecurityGroup:
        """A security group with its inbound rules."""
        ...

    def load_balancer(self, alb_id: str) -> LoadBalancer:
        """One ALB instance; NotFound when it does not exist."""
        ...

    def listeners(self, alb_id: str) -> tuple[ListenerState, ...]:
        """The listeners of an ALB."""
        ...

    def rules(self, alb_id: str) -> tuple[ForwardingRule, ...]:
        """The forwarding rules of an ALB, in no order worth relying on."""
        ...

    def server_groups(self, group_ids: Sequence[str]) -> tuple[ServerGroup, ...]:
        """The server groups with these ids."""
        ...

    def fleet_kubeconfig(self, fleet_id: str) -> str:
        """A kubeconfig of the Fleet's API. A secret: never printed."""
        ...

    def cluster_kubeconfig(self, cluster_id: str) -> str:
        """A kubeconfig of an ACK cluster's API. A secret: never printed."""
        ...


class Stream(Protocol):
    """A run of requests under way in the background."""

    @property
    def origin(self) -> datetime:
        """The wall-clock time of second 0 of every sample, UTC."""
        ...

    @property
    def addresses(self) -> Sequence[str]:
        """The addresses probed; ``Sample.address`` is an index into them."""
        ...

    def now_s(self) -> float:
        """Seconds since the origin, on the clock the samples use."""
        ...

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """Samples finished since the last call; waits up to ``wait_s`` for the first."""
        ...

    @property
    def finished(self) -> bool:
        """No more samples will come."""
        ...

    def stop(self) -> ProbeHealth:
        """Stop sending, wait for what is under way (at most its timeout), and say how it went."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeHealth:
    """Whether the prober itself kept up; ``invalid`` is the reason why the run proves nothing."""

    sent: int
    connections: int
    late_p50_s: float
    late_p99_s: float
    local_failures: int
    invalid: str | None = None


class Prober(Protocol):
    """Sending requests."""

    def start(self, target: Target, load: Load) -> Stream:
        """Resolve the name, then send in the background; Unreachable when nothing resolves."""
        ...


class Journal(Protocol):
    """What is written down on this machine before it is done."""

    def write(self, event: str, **facts: object) -> None:
        """Append one event durably; an error here before the harm prevents the harm."""
        ...


class SampleLog(Protocol):
    """Where a run's samples are kept, so that every number can be recomputed."""

    def add(self, columns: SampleColumns) -> None:
        """Append samples; what was added is readable at once, also after a crash."""
        ...

    def read(self) -> Iterator[SampleColumns]:
        """All samples in the order they were added, a batch at a time."""
        ...


class FaultBox(Protocol):
    """Doing faults to the members of a sandbox. There is none for a real Fleet."""

    def inject(self, fault: str, member: str, *, drill: str, value: int) -> None:
        """Do a fault to a member, remembered under a drill; Conflict while another's is on."""
        ...

    def clear(self, member: str, *, drill: str) -> bool:
        """Take a drill's faults of a member back; False when there are none of it."""
        ...

    def open(self) -> Mapping[str, str]:
        """Members by name that bear faults of a drill, and which drill."""
        ...


class Clock(Protocol):
    """Time."""

    def now(self) -> datetime:
        """The wall clock, UTC: for people and for certificates."""
        ...

    def monotonic(self) -> float:
        """Seconds that only go forward: for deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while."""
        ...


class Narrator(Protocol):
    """The voice on stderr."""

    def phase(self, title: str) -> AbstractContextManager[None]:
        """A step with a beginning and an end; the end says how long it took, or that it failed."""
        ...

    def note(self, text: str) -> None:
        """Something worth knowing."""
        ...

    def warn(self, text: str) -> None:
        """Something that should be looked at."""
        ...

    def progress(self, done: float, total: float, text: str = "") -> None:
        """How far the current phase is."""
        ...

    def live(self, document: Document) -> None:
        """The newest state of a live view; shown as a table on a terminal, dropped elsewhere."""
        ...
