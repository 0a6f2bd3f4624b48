"""What the weights mean for a takeover, said where weights are shown or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alb_dr.cli.context import Context
    from alb_dr.model.weights import Weights


def say_findings(context: Context, weights: Weights) -> list[dict[str, Any]]:
    """Say on stderr what these weights mean; the same as data for the answer."""
    from alb_dr.model.findings import Severity
    from alb_dr.model.standby import weight_findings

    found = weight_findings(context.topology, weights)
    for finding in found:
        say = context.narrator.note if finding.severity is Severity.INFO else context.narrator.warn
        say(finding.text if finding.hint is None else f"{finding.text}; {finding.hint}")
    return [
        {"code": f.code, "severity": str(f.severity), "text": f.text, "hint": f.hint} for f in found
    ]


def whole_split(context: Context, live: Mapping[str, str]) -> Weights | None:
    """Live weights, if they are a whole split over exactly the members."""
    from alb_dr.workflows.project.planning import keepable

    return keepable(context.topology, live)
