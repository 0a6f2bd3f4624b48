"""How a sandbox is to be: members, ports, delays, the gateway's manners."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

REGION = "cn-hongkong"
"""The region the sandbox pretends to be in: the tutorial's."""


class Manners(StrEnum):
    """How the gateway behaves."""

    ALB = "alb"
    """No retries, no outlier detection, health checks only as the Ingress says."""
    FORGIVING = "forgiving"
    """Retries, outlier detection and fast health checks: what ALB does not do."""


class ControlPlaneKind(StrEnum):
    """What serves the Kubernetes APIs."""

    EMBEDDED = "embedded"
    """Our own server, in the world's process."""
    KUBERNETES = "kubernetes"
    """etcd and kube-apiserver, one pair for each cluster."""


class EmptyGroup(StrEnum):
    """What becomes of the weight of a member without endpoints; nobody outside knows."""

    SPILL = "spill"
    """The other members take it over, as the vendor's tutorial asserts."""
    UNAVAILABLE = "503"
    """Its share is answered 503."""


class PolicyGroup(StrEnum):
    """Under which API group the Fleet serves application distribution."""

    NEWER = "policy.one.alibabacloud.com"
    OLDER = "one.alibabacloud.com"
    NONE = "none"
    """It serves none, as a Fleet on which distribution is not turned on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxMember:
    """One member of the sandbox."""

    name: str
    zone: str

    @property
    def id(self) -> str:
        """A cluster id as the cloud would give one; the same for the same name."""
        return "c" + hashlib.sha256(self.name.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """Everything that can be chosen; seconds where it says ``_s``."""

    members: tuple[str, ...] = ("poc-ack-1", "poc-ack-2")
    gateway_port: int = 8001
    replicas: int = 2
    creation_s: float = 0.8
    """From the AlbConfig to its DNS name; minutes in the cloud."""
    connection_s: float = 0.4
    """From the DNS name to the connected members."""
    propagation_s: float = 0.4
    """From a change of weights or endpoints to the data plane; not published for ALB."""
    zone_shift_s: float = 0.4
    """From the request to shift a zone of the ALB to its effect in DNS; not published either."""
    manners: Manners = Manners.ALB
    empty_group: EmptyGroup = EmptyGroup.SPILL
    policy_group: PolicyGroup = PolicyGroup.NEWER
    policy_reverts: bool = False
    """Whether a placed copy that somebody scales is scaled back; nobody outside knows."""
    self_heal: bool = False
    """Whether Argo CD's administrator turns selfHeal on in every ApplicationSet."""
    control_plane: ControlPlaneKind = ControlPlaneKind.EMBEDDED
    assets: str = ""
    """The folder of etcd and kube-apiserver, for a real control plane."""

    def placed(self) -> tuple[SandboxMember, ...]:
        """The members, each in a zone of its own."""
        zones = [f"{REGION}-{chr(ord('b') + n)}" for n in range(len(self.members))]
        pairs = zip(self.members, zones, strict=True)
        return tuple(SandboxMember(name=name, zone=zone) for name, zone in pairs)

    def write(self, path: Path) -> None:
        """Keep the options for the world's process."""
        path.write_text(json.dumps(asdict(self)))

    @staticmethod
    def read(path: Path) -> SandboxOptions:
        """The options that ``write`` kept."""
        raw: dict[str, Any] = json.loads(path.read_text())
        raw["members"] = tuple(raw["members"])
        raw["manners"] = Manners(raw["manners"])
        raw["empty_group"] = EmptyGroup(raw["empty_group"])
        raw["policy_group"] = PolicyGroup(raw["policy_group"])
        raw["control_plane"] = ControlPlaneKind(raw["control_plane"])
        return SandboxOptions(**raw)
