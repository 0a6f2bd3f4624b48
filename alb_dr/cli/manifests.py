"""What the commands that render or apply manifests share: choices, printing, the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of

if TYPE_CHECKING:
    from alb_dr.model.manifest import ManifestSet
    from alb_dr.model.plan import Applied, Change
    from alb_dr.model.topology import Topology
    from alb_dr.render.library import TemplateLibrary
    from alb_dr.workflows.delivery.apply import ApplyChoices


def choices(*, dry_run: bool, force_conflicts: bool, adopt: bool) -> ApplyChoices:
    """What the flags allow."""
    from alb_dr.workflows.delivery.apply import ApplyChoices

    return ApplyChoices(dry_run=dry_run, force_conflicts=force_conflicts, adopt=adopt)


def rendered(
    ctx: typer.Context,
    render: Callable[[Topology, TemplateLibrary], ManifestSet],
    *,
    topology: Topology | None = None,
) -> None:
    """Print what ``render`` makes of the project file: YAML, or documents in the envelope."""
    from alb_dr.render.library import template_library
    from alb_dr.render.text import as_yaml

    context = context_of(ctx)
    manifests = render(topology or context.topology, template_library(environ=context.environ))
    data = {"manifests": [dict(m.document) for m in manifests]}
    answer(ctx, as_yaml(manifests), data)


def applied_answer(
    ctx: typer.Context,
    applied: Applied,
    *,
    extra: Mapping[str, Any] | None = None,
    tail: str = "",
) -> None:
    """Say which objects were created, changed or left alone, field by field in a dry run."""
    lines = [line for change in applied.changes for line in _lines(change, applied.dry_run)]
    data = {
        "dry_run": applied.dry_run,
        "changes": [change_data(change) for change in applied.changes],
        **(extra or {}),
    }
    answer(ctx, "\n".join([*lines, tail] if tail else lines), data)


def change_data(change: Change) -> dict[str, Any]:
    """One object's change as data."""
    return {
        "object": str(change.id),
        "action": str(change.action),
        "fields": [{"path": f.path, "before": f.before, "after": f.after} for f in change.fields],
    }


def _lines(change: Change, dry_run: bool) -> list[str]:
    words = {"create": "created", "update": "changed", "keep": "unchanged"}
    if not dry_run:
        return [f"{change.id} {words[change.action]}"]
    fields = [] if change.live is None else change.fields
    return [
        f"{change.id} {words[change.action]} (dry run)",
        *(f"  {f.path}: {f.before!r} -> {f.after!r}" for f in fields),
    ]
