"""One measurement of the split with this process's ports, recorded in a run directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alb_dr.cli.context import Context
    from alb_dr.model.verify import VerifyReport, VerifyRun


def measure_split(context: Context, *, requests: int) -> VerifyReport:
    """Send the requests and judge them against the live weights."""
    from alb_dr.journal.rundir import DESCRIPTION, create_run
    from alb_dr.journal.samples import SAMPLES, SampleFile
    from alb_dr.journal.verify_run import to_document
    from alb_dr.model.load import ClosedLoad
    from alb_dr.model.verify import Question
    from alb_dr.render.annotations import weights_of
    from alb_dr.workflows.await_split import target_of
    from alb_dr.workflows.verify import Verification, verify
    from alb_dr.workflows.weights import live_ingress

    topology = context.topology
    target = target_of(topology, fleet=context.fleet)
    live = weights_of(live_ingress(topology, fleet=context.fleet).annotations)
    run = create_run(context.state_dir, "verify", now=context.clock.now())
    log = SampleFile(run.path / SAMPLES, members=target.member_names)
    verification = Verification(
        target=target,
        load=ClosedLoad(requests=requests),
        question=Question(
            names=target.member_names,
            weights=tuple(int(live.get(m.id, "0")) / 100 for m in topology.members),
        ),
        weights_from="the live Ingress",
        name=run.name,
    )

    def keep(seen: VerifyRun) -> None:
        run.write_json(DESCRIPTION, to_document(seen))

    try:
        verified = verify(
            verification,
            prober=context.prober,
            log=log,
            keep=keep,
            clock=context.clock,
            narrator=context.narrator,
        )
    finally:
        log.close()
    if verified.interruption is not None:
        raise verified.interruption
    return verified.report
