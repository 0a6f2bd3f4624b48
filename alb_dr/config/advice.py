"""Advice: what a valid project file says that its writer may regret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from alb_dr.model.findings import Finding, Severity
from alb_dr.model.standby import weight_findings
from alb_dr.model.topology import Topology

_PINNED = re.compile(r"[0-9a-f]{40}|v?[0-9]+(\.[0-9]+)+[0-9A-Za-z.+-]*")
"""A full commit id, or a tag that looks like a version; everything else may be a branch."""


def advice(topology: Topology) -> tuple[Finding, ...]:
    """Warnings about a project that alb-dr accepts all the same; pure, contacts nobody."""
    return (
        *weight_findings(topology, topology.weights),
        *_health_checks(topology),
        *_revision(topology),
        *_zones(topology),
    )


def _health_checks(topology: Topology) -> Iterator[Finding]:
    if not topology.ingress.health_check.enabled:
        yield Finding(
            code="ADR-NO-HEALTH-CHECK",
            severity=Severity.WARNING,
            text="health checks are off: a zone that dies without removing its endpoints keeps "
            "its share of the traffic",
            hint="say ingress.healthCheck.enabled: true",
        )


def _revision(topology: Topology) -> Iterator[Finding]:
    """A branch moves between two drills, so they do not drill the same thing (safety F71)."""
    revision = topology.application.revision
    if not _PINNED.fullmatch(revision):
        yield Finding(
            code="ADR-MOVING-REVISION",
            severity=Severity.INFO,
            text=f"application.revision {revision} may move; two runs may deliver two versions",
            hint="name a commit or a version tag",
        )


def _zones(topology: Topology) -> Iterator[Finding]:
    zones = [member.zone for member in topology.members]
    if all(zones) and len(set(zones)) == 1:
        yield Finding(
            code="ADR-ONE-ZONE",
            severity=Severity.WARNING,
            text=f"all members are in {zones[0]}: they fail together",
            hint="zone-disaster recovery needs members in different zones",
        )
