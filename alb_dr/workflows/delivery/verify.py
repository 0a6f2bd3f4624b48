"""Verify: send requests, watch the split, judge it against the weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from alb_dr.errors import BadInput, Interruption
from alb_dr.model.findings import Finding
from alb_dr.model.load import ClosedLoad, Load, Target
from alb_dr.model.verify import Question, VerifyReport, VerifyRun
from alb_dr.ports import Clock, Narrator, Prober, SampleLog, Stream
from alb_dr.stats.sequential import interval
from alb_dr.stats.verification import Reduction, reduced, report_of
from alb_dr.workflows.delivery.prober_facts import facts_of

LOOK_S = 0.25
"""How often samples are read at least, and the live view is drawn at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What to send, what to ask of the answers, and where the weights were read."""

    target: Target
    load: Load
    question: Question
    weights_from: str
    max_loss_rate: float = 0.01
    until_decided: bool = False
    control: Sequence[Finding] | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        sequential = self.question.sequential and self.question.tolerance is not None
        if self.until_decided and not sequential:
            raise BadInput("a decision can only be waited for with a tolerance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The report, and what cut the run short, if anything did."""

    report: VerifyReport
    interruption: Interruption | None


Keep = Callable[[VerifyRun], object]
"""Writes down what is known of the run: called when it begins and when it ends."""


def verify(
    verification: Verification,
    *,
    prober: Prober,
    log: SampleLog,
    keep: Keep,
    clock: Clock,
    narrator: Narrator,
) -> Verified:
    """Run the load to its end, to a decision, or to an interruption; the report of it.

    An Interruption ends the sending and is returned instead of raised again, so that the report
    can be written before leaving.
    """
    stream = prober.start(verification.target, verification.load)
    run = _run(verification, stream)
    watch = _Watch(verification, clock, narrator)
    interruption = None
    try:
        keep(run)
        with narrator.phase(f"probing {run.url}"):
            _follow(stream, watch, log)
    except Interruption as caught:
        interruption = caught
    finally:
        health = stream.stop()
    while len(columns := stream.take()):
        log.add(columns)
        watch.reduction.add(columns)
    run = replace(run, prober=facts_of(health), cut_short=interruption is not None)
    keep(run)
    # An interruption may strike between two counters of one batch: count again from the log.
    reduction = reduced(run.question, log.read()) if interruption else watch.reduction
    return Verified(report=report_of(run, reduction), interruption=interruption)


def _run(verification: Verification, stream: Stream) -> VerifyRun:
    address = verification.target.address
    return VerifyRun(
        url=address.url,
        host=address.host or address.dns_name,
        addresses=tuple(stream.addresses),
        load=load_words(verification.load),
        started=stream.origin,
        weights_from=verification.weights_from,
        question=verification.question,
        max_loss_rate=verification.max_loss_rate,
        reuse=verification.target.reuse,
        control=verification.control,
        name=verification.name,
    )


def load_words(load: Load) -> str:
    """A load in words for a person."""
    if isinstance(load, ClosedLoad):
        return f"{load.requests} requests, {load.concurrency} at a time"
    ending = "until stopped" if load.duration_s is None else f"for {load.duration_s:g} s"
    return f"{load.rate:g} requests/s {ending}"


def _follow(stream: Stream, watch: _Watch, log: SampleLog) -> None:
    while not stream.finished:
        columns = stream.take(wait_s=LOOK_S)
        log.add(columns)
        watch.reduction.add(columns)
        watch.show(stream.now_s())
        if watch.may_stop:
            return


class _Watch:
    """The running reduction and its live view."""

    def __init__(self, verification: Verification, clock: Clock, narrator: Narrator) -> None:
        self.reduction = Reduction(verification.question)
        self._until_decided = verification.until_decided
        self._load = verification.load
        self._clock = clock
        self._narrator = narrator
        self._shown_s = -LOOK_S

    @property
    def may_stop(self) -> bool:
        """Whether only a decision was wanted and it is there."""
        return self._until_decided and self.reduction.decided

    def show(self, now_s: float) -> None:
        """Draw the live view, unless that was done a moment ago."""
        if self._clock.monotonic() - self._shown_s < LOOK_S:
            return
        self._shown_s = self._clock.monotonic()
        tally = self.reduction.tally
        lost, _ = tally.lost
        live = {"requests": tally.requests, "rate": f"{tally.requests / max(now_s, 0.001):.0f}/s"}
        live |= dict(self._shares())
        self._narrator.live({**live, "lost": lost, "unattributed": tally.nameless})
        if isinstance(self._load, ClosedLoad):
            self._narrator.progress(tally.requests, self._load.requests)

    def _shares(self) -> list[tuple[str, str]]:
        """Shares with intervals that may be looked at all the time."""
        question, served = self.reduction.question, self.reduction.tally.served
        total = sum(served)
        found = []
        for name, weight, count in zip(question.names, question.weights, served, strict=True):
            low, high = interval(count, total, weight, question.alpha)
            share = count / total if total else 0.0
            found.append((name, f"{share:.1%} [{low:.1%}, {high:.1%}] of {weight:.0%}"))
        return found
