"""The cloud read once: loaded while other checks run, skipped as a whole where it is not there."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from alb_dr.errors import AlbDrError, CredentialsError, Unreachable
from alb_dr.model.cloud import (
    AssociatedCluster,
    ClusterDetails,
    FleetDetails,
    SecurityGroup,
    VSwitch,
)
from alb_dr.model.topology import Topology
from alb_dr.ports import Cloud
from alb_dr.workflows.preflight.read_once import NotAskedError, Once

T = TypeVar("T")
ABSENT = "ADR-NO-CLOUD"
"""Code of a connection error that only means: nobody wants to talk to the cloud from here."""


class CloudOnce:
    """The Cloud port, each thing read at most once.

    NotAskedError when there is no cloud to ask, and for everything but the first question when
    the cloud does not let us in or does not answer.
    """

    def __init__(self, connect: Callable[[], Cloud]) -> None:
        self._connect = connect
        self._once = Once()

    def let_in(self) -> None:
        """Whether the cloud answers us; raises what keeps it from that."""
        self.alb_zones()

    def alb_zones(self) -> tuple[str, ...]:
        """The zones in which ALB has capacity: also the first question."""
        cloud = self._cloud()
        return self._once.ask("zones", cloud.alb_zones)

    def ask(self, key: Hashable, question: Callable[[Cloud], T]) -> T:
        """Any question, remembered under a key."""
        cloud = self._cloud()
        try:
            self.alb_zones()
        except (CredentialsError, Unreachable):
            raise NotAskedError("the cloud does not answer us") from None
        except AlbDrError:
            # It knows us and refuses this one thing; another product may answer.
            pass
        return self._once.ask(key, lambda: question(cloud))

    def fleet_of(self, topology: Topology) -> FleetDetails | None:
        """The Fleet that has any of the project's members; None when no Fleet has."""
        ids = {member.id for member in topology.members}
        for fleet in self.ask("fleets", lambda c: c.fleets()):
            if ids & {cluster.id for cluster in self.associated(fleet.id)}:
                return fleet
        return None

    def associated(self, fleet_id: str) -> tuple[AssociatedCluster, ...]:
        """The clusters of a Fleet."""
        return self.ask(("associated", fleet_id), lambda c: c.associated(fleet_id))

    def cluster(self, cluster_id: str) -> ClusterDetails:
        """One ACK cluster."""
        return self.ask(("cluster", cluster_id), lambda c: c.cluster(cluster_id))

    def vswitch(self, vswitch_id: str) -> VSwitch | None:
        """One vSwitch."""
        return self.ask(("vswitch", vswitch_id), lambda c: c.vswitch(vswitch_id))

    def security_group(self, group_id: str) -> SecurityGroup:
        """One security group."""
        return self.ask(("group", group_id), lambda c: c.security_group(group_id))

    def _cloud(self) -> Cloud:
        try:
            return self._once.ask("cloud", self._connect)
        except AlbDrError as error:
            if error.code == ABSENT:
                raise NotAskedError(error.message) from None
            raise
