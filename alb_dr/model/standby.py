"""Standby: what the roles of the members and their weights mean for a takeover. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.findings import Finding, Severity
from alb_dr.model.move import primary_of
from alb_dr.model.topology import Mode, Topology
from alb_dr.model.weights import TOTAL, Weights


def weight_findings(topology: Topology, weights: Weights) -> tuple[Finding, ...]:
    """What the writer of these weights may regret, or should know.

    ACK One publishes no takeover for weights of 100 and 0; ALB never chooses a server of weight 0
    and does not check its health (domain §3.4).
    """
    return (*_idle(topology, weights), *_roles(topology, weights))


def _idle(topology: Topology, weights: Weights) -> Iterator[Finding]:
    idle = [name for name, weight in topology.names(weights).items() if weight == 0]
    if not idle:
        return
    names = ", ".join(idle)
    if topology.mode is Mode.PRIMARY_SECONDARY:
        text = (
            f"weight 0 makes the takeover by {names} manual: ALB never chooses a server of it and "
            "does not check its health"
        )
        hint = (
            f"give the standby a small weight (1 of {TOTAL}), or switch with `failover switchover` "
            "and `failover start`"
        )
    else:
        text = f"{names} has weight 0 and gets no traffic in active-active mode"
        hint = "give every member a weight, or say mode: primary-secondary"
    yield Finding(code="ADR-STANDBY-ZERO", severity=Severity.WARNING, text=text, hint=hint)


def _roles(topology: Topology, weights: Weights) -> Iterator[Finding]:
    if topology.mode is not Mode.PRIMARY_SECONDARY:
        return
    names = topology.names(weights)
    primary = topology.member(primary_of(weights)).name
    if names[primary] <= TOTAL / 2:
        said = ", ".join(f"{name} {weight}" for name, weight in names.items())
        yield Finding(
            code="ADR-NO-PRIMARY",
            severity=Severity.WARNING,
            text=f"no member is the primary: {said}",
            hint="alb-dr failover switchover --to MEMBER, or failover back",
        )
        return
    ours = topology.member(primary_of(topology.weights)).name
    if primary != ours:
        yield Finding(
            code="ADR-ROLES-SWITCHED",
            severity=Severity.INFO,
            text=f"{primary} is the primary now; the project file says {ours}",
            hint=f"alb-dr failover back, or alb-dr failover switchover --to {ours}",
        )
    yield from _small(topology, names, primary)


def _small(topology: Topology, names: dict[str, int], primary: str) -> Iterator[Finding]:
    small = [name for name, weight in names.items() if name != primary and weight]
    if small and topology.ingress.health_check.enabled:
        yield Finding(
            code="ADR-STANDBY-SERVES",
            severity=Severity.INFO,
            text=f"{', '.join(small)} serves a small share all the time and is health-checked; "
            "that the gateway gives it the rest when the primary is lost is unconfirmed",
            hint=f"measure it: alb-dr failover drill {primary}",
        )
