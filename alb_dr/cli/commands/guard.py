"""``alb-dr guard``: the program the in-cluster CronJob runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from alb_dr.cli.answer import answer, table
from alb_dr.cli.context import Context, context_of

if TYPE_CHECKING:
    from alb_dr.ports import KubeApi


def guard(
    ctx: typer.Context,
    namespace: Annotated[
        str, typer.Option("--namespace", "-n", help="Where the drilled workload is.")
    ],
    once: Annotated[
        bool, typer.Option("--once", help="Look once and leave; a CronJob looks every minute.")
    ] = False,
) -> None:
    """Put back what a drill left after its deadline; needs one cluster and no project file.

    Uses --kubeconfig, or in a pod its service account. alb-dr failover install-guard installs it.
    """
    from alb_dr.errors import BadInput
    from alb_dr.workflows.guard.sweeper import sweep

    context = context_of(ctx)
    if not once:
        raise BadInput(
            "the guard looks once and leaves",
            hint="add --once; a CronJob repeats it: alb-dr failover install-guard",
        )
    swept = sweep(
        _api(context), namespace=namespace, clock=context.clock, narrator=context.narrator
    )
    rows = [[str(s.workload), s.drill or "-", s.done] for s in swept]
    human = table(rows, ["OBJECT", "DRILL", "DONE"]) if rows else "no drill is open"
    data = {"drills": [{"object": r[0], "drill": r[1], "done": r[2]} for r in rows]}
    answer(ctx, human, data)


def _api(context: Context) -> "KubeApi":
    from alb_dr.fleet.connect import connect
    from alb_dr.fleet.in_cluster import connect_in_cluster
    from alb_dr.model.member import KubeAccess
    from alb_dr.model.settings import Settings

    settings = Settings()
    if context.kubeconfig is None:
        return connect_in_cluster(settings=settings, clock=context.clock, environ=context.environ)
    access = KubeAccess(kubeconfig=context.kubeconfig, context=context.kube_context)
    return connect(access, label="this cluster", settings=settings, clock=context.clock)
