"""What a drill's numbers mean, one finding each. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.drill_report import DrillRun, Recovery
from alb_dr.model.findings import Finding, Severity, Verdict
from alb_dr.model.verify import Latency, Loss
from alb_dr.stats.judgement import too_many_nameless
from alb_dr.stats.pacing import LEAST_PROBES
from alb_dr.stats.vigil import NOISE_S

SLOWER = 3.0
"""Times the former 99th percentile that count as slower: the factor at which a shift gives up."""


RTO = "ADR-DRILL-RTO"
"""The code of what is said of the recovery time."""


def rto_verdict(run: DrillRun, found: Recovery) -> Verdict:
    """Whether the recovery kept the objective, with its whole error bar; if anything proves it."""
    clock = found.clock
    if run.unproven is not None:
        return Verdict.INCONCLUSIVE
    if clock.rta_high_s is not None and clock.rta_high_s <= run.rto_s:
        hidden = too_many_nameless(found.nameless, found.loss.of)
        return Verdict.INCONCLUSIVE if hidden else Verdict.PASS
    return Verdict.FAIL if clock.rta_low_s > run.rto_s else Verdict.INCONCLUSIVE


def findings_of(run: DrillRun, found: Recovery | None) -> tuple[Finding, ...]:
    """Everything worth saying, most serious first."""
    every = [*_prober(run)]
    if found is not None:
        every += [*_nameless(found), *_rto(run, found), *_loss(run, found.loss)]
        every += [*_return(run, found), *_kinds(found)]
    order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(every, key=lambda finding: order[finding.severity]))


def _prober(run: DrillRun) -> Iterator[Finding]:
    if run.prober is not None and run.prober.invalid:
        yield Finding(
            code="ADR-DRILL-PROBER",
            severity=Severity.ERROR,
            text=f"the drill proves nothing: {run.prober.invalid}",
            hint="send slower, or from a machine with more room (ulimit -n, CPU)",
        )
    if run.plan.rate * run.rto_s < LEAST_PROBES:
        yield Finding(
            code="ADR-DRILL-PROBES",
            severity=Severity.ERROR,
            text=f"{run.plan.rate:g} requests/s put {run.plan.rate * run.rto_s:.0f} probes into "
            f"the objective of {run.rto_s:g} s; {LEAST_PROBES} are the least",
            hint="leave --rate out: it is then chosen from the objective",
        )


def _nameless(found: Recovery) -> Iterator[Finding]:
    if found.nameless:
        too_many = too_many_nameless(found.nameless, found.loss.of)
        yield Finding(
            code="ADR-DRILL-NAMELESS",
            severity=Severity.ERROR if too_many else Severity.WARNING,
            text=f"{found.nameless} of {found.loss.of} answers name no member, or several",
            hint="say where the name stands: application.identity in the project file",
        )


def _rto(run: DrillRun, found: Recovery) -> Iterator[Finding]:
    clock, verdict = found.clock, rto_verdict(run, found)
    objective = f"the objective is {run.rto_s:g} s"
    hint = None
    if clock.rta_s is None:
        text = f"the traffic had not recovered after {clock.seen_s:.1f} s; {objective}"
        if verdict is Verdict.INCONCLUSIVE:
            what = "had recovered" if run.victim_leaves else "went on undisturbed"
            text = f"{clock.seen_s:.1f} s do not prove that the traffic {what}; {objective}"
            hint = f"watch for longer than the objective: --observe {run.rto_s + 5:.0f}"
    elif not run.victim_leaves and clock.first_lost_s is None:
        text = f"nothing was to move, and the traffic went on undisturbed; {objective}"
    else:
        high = f"{clock.rta_high_s:.2f} s" if clock.rta_high_s is not None else "the restore"
        bar = f"between {clock.rta_low_s:.2f} s and {high}"
        text = f"the traffic recovered after {clock.rta_s:.2f} s ({bar}); {objective}"
        if verdict is Verdict.INCONCLUSIVE:
            hint = "the objective lies within the error bar; a higher --rate narrows it"
    severity = Severity.INFO if verdict is Verdict.PASS else Severity.ERROR
    # Where the run proves nothing no other measurement would have proven more.
    yield Finding(code=RTO, severity=severity, text=text, hint=None if run.unproven else hint)


def _loss(run: DrillRun, loss: Loss) -> Iterator[Finding]:
    if loss.of == 0:
        yield Finding(
            code="ADR-DRILL-NO-DATA",
            severity=Severity.ERROR,
            text="no request was measured while the fault was in force",
        )
    elif loss.lost:
        yield Finding(
            code="ADR-DRILL-LOSS",
            severity=_severity(loss),
            text=f"{_words(loss)} while the fault was in force",
            hint=None if run.unproven else _more(loss),
        )


def _return(run: DrillRun, found: Recovery) -> Iterator[Finding]:
    hint = "weight belongs to the member, not to its pods: give it back in steps with --ramp"
    if run.plan.ramp:
        hint = "they were lost in spite of --ramp: look at the member's pods while they start"
    if found.back is not None and found.back.loss.lost:
        yield Finding(
            code="ADR-DRILL-RETURN",
            severity=_severity(found.back.loss),
            text=f"{_words(found.back.loss)} on the way back",
            hint=hint,
        )


def slower(run: DrillRun, before: Latency | None, during: Latency | None) -> Iterator[Finding]:
    """That answers grew slow where nothing was to move: no objective judges it, a person should."""
    if run.victim_leaves or before is None or during is None:
        return
    if during.p99 < SLOWER * before.p99 or during.p99 - before.p99 < NOISE_S:
        return
    yield Finding(
        code="ADR-DRILL-SLOWER",
        severity=Severity.WARNING,
        text=f"one answer in a hundred took {during.p99 * 1000:.0f} ms or longer under the fault, "
        f"{before.p99 * 1000:.0f} ms before; no objective judges that",
        hint="health checks take no slow member out; a time-out of the gateway or of the clients "
        "would bound it",
    )


def _severity(loss: Loss) -> Severity:
    return Severity.WARNING if loss.verdict is Verdict.PASS else Severity.ERROR


def _words(loss: Loss) -> str:
    return (
        f"{loss.lost} of {loss.of} requests ({loss.rate:.2%}, the objective allows "
        f"{loss.objective:.2%}) were lost"
    )


def _more(loss: Loss) -> str | None:
    if loss.verdict is not Verdict.INCONCLUSIVE:
        return None
    return "so few requests may show more than the true rate; a higher --rate decides it"


def _kinds(found: Recovery) -> Iterator[Finding]:
    """Whether kept connections fared clearly worse than fresh ones, or better."""
    fresh, kept = found.fresh, found.kept
    if not fresh.requests or not kept.requests:
        return
    last_fresh, last_kept = fresh.last_lost_s or 0.0, kept.last_lost_s or 0.0
    if abs(last_fresh - last_kept) > max(1.0, 0.25 * max(last_fresh, last_kept)):
        longer = "kept" if last_kept > last_fresh else "fresh"
        yield Finding(
            code="ADR-DRILL-CONNECTIONS",
            severity=Severity.WARNING,
            text=f"{longer} connections lost requests for longer: the last on kept ones after "
            f"{last_kept:.2f} s, on fresh ones after {last_fresh:.2f} s",
            hint="clients that keep connections may have to be told to reconnect",
        )
