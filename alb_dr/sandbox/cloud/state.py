"""What the stand-in cloud knows: one snapshot of the sandbox's world in the model's nouns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alb_dr.model.cloud import (
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
from alb_dr.sandbox.cloud.zones import AlbZones


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudState:
    """One account in one region. Mappings go from a Fleet's, cluster's or ALB's id; the state of an
    ALB's zones is that of ``zones``, whatever its ``load_balancers`` entry says."""

    region: str
    alb_zones: tuple[str, ...] = ()
    fleets: tuple[FleetDetails, ...] = ()
    associated: Mapping[str, tuple[AssociatedCluster, ...]] = field(default_factory=dict)
    clusters: Mapping[str, ClusterDetails] = field(default_factory=dict)
    vswitches: tuple[VSwitch, ...] = ()
    security_groups: Mapping[str, SecurityGroup] = field(default_factory=dict)
    load_balancers: Mapping[str, LoadBalancer] = field(default_factory=dict)
    listeners: Mapping[str, tuple[ListenerState, ...]] = field(default_factory=dict)
    rules: Mapping[str, tuple[ForwardingRule, ...]] = field(default_factory=dict)
    server_groups: tuple[ServerGroup, ...] = ()
    kubeconfigs: Mapping[str, str] = field(default_factory=dict)
    zones: AlbZones = field(default_factory=AlbZones)
    """The one thing here that requests change."""
