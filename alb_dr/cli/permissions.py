"""``alb-dr check --print-permissions``: what to grant, as documents to review and apply."""

from __future__ import annotations

import json

import typer

from alb_dr.cli.answer import answer
from alb_dr.cli.context import context_of

RAM_HEADER = """\
# A RAM policy for the cloud part of `check`, for `init --discover` and, in its last statement, for
# `failover switchover --zone` and its way back. The rest of alb-dr needs no RAM right at all.
# Create it in the RAM console, or with `aliyun ram CreatePolicy`.
"""


def print_permissions(ctx: typer.Context) -> None:
    """RBAC of the Fleet and the members as YAML, the RAM policy as JSON in comments."""
    import yaml

    from alb_dr.workflows.preflight.permissions import permissions

    context = context_of(ctx)
    context.formats("table", "json")
    found = permissions(context.topology)
    parts = []
    for title, documents in (("the Fleet", found.fleet), ("every member", found.member)):
        head = f"# For {title}; bind it to whoever runs alb-dr.\n"
        parts += [head + yaml.safe_dump(dict(d), sort_keys=False) for d in documents]
    policy = "".join(f"# {line}\n" for line in json.dumps(found.ram, indent=2).splitlines())
    parts.append(RAM_HEADER + policy)
    data = {"fleet": list(found.fleet), "member": list(found.member), "ram": found.ram}
    answer(ctx, "---\n".join(parts), data)
