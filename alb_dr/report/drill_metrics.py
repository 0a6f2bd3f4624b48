"""Open drills as metrics: a text file for a node exporter's collector."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alb_dr.model.fleet_record import FleetRecord


def metrics_text(open_: Sequence[tuple[str, str]], records: Sequence[FleetRecord]) -> str:
    """Drills with the cluster each harmed, and the deadlines the Fleet's records say."""
    lines = [
        "# HELP alb_dr_drill_open A drill that has not been put back.",
        "# TYPE alb_dr_drill_open gauge",
    ]
    named = open_ or [(record.drill, record.victim) for record in records]
    lines += [
        f'alb_dr_drill_open{{drill="{_label(drill)}",cluster="{_label(cluster)}"}} 1'
        for drill, cluster in named
    ]
    lines += [
        "# HELP alb_dr_drill_deadline_seconds The drill's first deadline, Unix time.",
        "# TYPE alb_dr_drill_deadline_seconds gauge",
    ]
    for record in records:
        try:
            deadline = datetime.fromisoformat(record.deadline).timestamp()
        except ValueError:
            continue
        labels = f'drill="{_label(record.drill)}",cluster="{_label(record.victim)}"'
        lines.append(f"alb_dr_drill_deadline_seconds{{{labels}}} {deadline:.0f}")
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
