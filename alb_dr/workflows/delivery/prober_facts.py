"""What a prober says of itself, as it stands in reports."""

from __future__ import annotations

from alb_dr.model.verify import ProberFacts
from alb_dr.ports import ProbeHealth


def facts_of(health: ProbeHealth) -> ProberFacts:
    """The facts of a prober that has stopped."""
    return ProberFacts(
        connections=health.connections,
        late_p50_s=health.late_p50_s,
        late_p99_s=health.late_p99_s,
        local_failures=health.local_failures,
        invalid=health.invalid,
    )
