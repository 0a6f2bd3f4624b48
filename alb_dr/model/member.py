"""Member clusters: the ACK clusters associated with the Fleet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class KubeAccess:
    """How to reach one Kubernetes API: a kubeconfig file and, if wanted, one of its contexts."""

    kubeconfig: Path | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberCluster:
    """One associated cluster.

    ``id`` is the cluster id that annotations and the AlbConfig use; ``name`` is what an answer of
    this cluster names (``ENV_NAME`` of the demo); ``zone`` is its availability zone if known.
    """

    id: str
    name: str
    zone: str | None = None
    access: KubeAccess = field(default_factory=KubeAccess)
