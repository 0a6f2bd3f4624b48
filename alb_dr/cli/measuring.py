"""One measurement of the split with this process's ports, recorded in a run directory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.journal.rundir import RunDir
    from alb_dr.model.verify import VerifyReport
    from alb_dr.workflows.delivery.verify import Verification, Verified


def measure(context: Context, verification: Verification, run: RunDir) -> Verified:
    """Carry out a verification; its samples and description are in ``run`` whatever happens."""
    from alb_dr.journal.rundir import DESCRIPTION
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.journal.verify_run import to_document
    from alb_dr.workflows.delivery.verify import verify

    log = SampleFile(run.path / SAMPLES, members=verification.question.names)
    try:
        return verify(
            replace(verification, name=run.name),
            prober=context.prober,
            log=log,
            keep=lambda described: run.write_json(DESCRIPTION, to_document(described)),
            clock=context.clock,
            narrator=context.narrator,
        )
    finally:
        log.close()
        run.drop_undescribed()


def measure_split(context: Context, *, requests: int) -> VerifyReport:
    """Send the requests and judge them against the live weights."""
    from alb_dr.journal.rundir import create_run
    from alb_dr.model.load import ClosedLoad
    from alb_dr.model.verify import Question
    from alb_dr.render.annotations import weights_of
    from alb_dr.workflows.delivery.await_split import target_of
    from alb_dr.workflows.delivery.verify import Verification
    from alb_dr.workflows.delivery.weights import live_ingress

    topology = context.topology
    target = target_of(topology, fleet=context.fleet)
    live = weights_of(live_ingress(topology, fleet=context.fleet).annotations)
    verification = Verification(
        target=target,
        load=ClosedLoad(requests=requests),
        question=Question(
            names=target.member_names,
            weights=tuple(int(live.get(m.id, "0")) / 100 for m in topology.members),
        ),
        weights_from="the live Ingress",
    )
    run = create_run(context.state_dir, "verify", now=context.clock.now())
    verified = measure(context, verification, run)
    if verified.interruption is not None:
        raise verified.interruption
    return verified.report
