"""Every question there is, in the order of the categories."""

from __future__ import annotations

from alb_dr.model.checks import Category, Check
from alb_dr.workflows.preflight import (
    access,
    application,
    cloud_alb,
    cloud_fleet,
    cloud_network,
    fleet,
    gateway,
    ingress,
    members,
    project,
    resilience,
    traffic,
)
from alb_dr.workflows.preflight.scene import Question

_MODULES = (
    project,
    fleet,
    members,
    access,
    application,
    resilience,
    gateway,
    ingress,
    traffic,
    cloud_fleet,
    cloud_network,
    cloud_alb,
)
_RANK = {category: n for n, category in enumerate(Category)}

QUESTIONS: tuple[Question, ...] = tuple(
    sorted(
        (question for module in _MODULES for question in module.QUESTIONS),
        key=lambda question: _RANK[question.check.category],
    )
)
"""All questions; a code appears once."""

CHECKS: tuple[Check, ...] = tuple(question.check for question in QUESTIONS)
"""What they ask about: the source of the reference page and of `alb-dr explain`."""
