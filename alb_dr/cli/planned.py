"""The plan of this process: rendered, compared with the Fleet, shown."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.plan import Plan, PlanChoices


def plan_of(context: Context, choices: PlanChoices) -> Plan:
    """What `up` would do now."""
    from alb_dr.render.library import template_library
    from alb_dr.render.manifests import render
    from alb_dr.workflows.project.planning import make_plan

    topology = context.settled()
    return make_plan(
        topology,
        render(topology, template_library(environ=context.environ)),
        fleet=context.fleet,
        clock=context.clock,
        narrator=context.narrator,
        choices=choices,
    )


def shown(context: Context, plan: Plan) -> str:
    """The plan as text for this stdout."""
    from alb_dr.report.plan_report import plan_text

    return plan_text(plan, colour=sys.stdout.isatty() and "NO_COLOR" not in context.environ)
