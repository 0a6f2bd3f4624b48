"""Recovery: the clock, the losses and the way back of one drill. Pure functions of its samples."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from alb_dr.model.drill_report import ByConnection, DrillRun, Recovery, RecoveryClock, Return
from alb_dr.model.findings import Verdict
from alb_dr.model.sample import SampleColumns
from alb_dr.model.verify import Loss
from alb_dr.stats.changepoint import ChangePoint, Noise, Request, change_point
from alb_dr.stats.judgement import loss, too_many_nameless
from alb_dr.stats.latency import quantile
from alb_dr.stats.outage import (
    AMBIGUOUS_CLASS,
    BACK,
    UNATTRIBUTED_CLASS,
    WINDOW_S,
    Phases,
    Seen,
    back_since,
    longest_gap,
    loss_classes,
    phases,
    shares_of,
)
from alb_dr.stats.vigil import LEAST_TIMED, NOISE_S

SURENESS = 0.999
"""How sure the printed bounds of loss rates are, each."""
_KINDS = 2
"""Kept and fresh connections take turns; either may be the only kind that is still disturbed."""
_UNRESCUED = 0.5
"""Part of the requests to a dead member that show it at least: a gateway may try another one."""
_SLOW = 1.5
"""Factor of the former 95th percentile up to which latency counts as what it was."""
_STRIDE = 10
"""Answers between two looks at the latency."""
_SHIFT_SURE = math.log(1e4)
"""Logarithm of the likelihood ratio that proves that the shares move."""


def phases_of(run: DrillRun, samples: SampleColumns) -> Phases:
    """The requests before the fault, under it, and from the restore on."""
    marks = run.marks
    fault_s = marks.sent_s if marks.sent_s is not None else marks.fired_s
    if marks.fired_s is None or fault_s is None:
        return phases(samples, math.inf, math.inf)
    return phases(samples, fault_s, marks.restored_s if marks.restored_s is not None else math.inf)


def recovery(run: DrillRun, found: Phases) -> Recovery | None:
    """What the samples say about the fault; None when none was set."""
    marks = run.marks
    if marks.fired_s is None:
        return None
    sent_s = marks.sent_s if marks.sent_s is not None else marks.fired_s
    end_s = marks.restored_s
    if end_s is None:
        end_s = max((s.due_s for s in found.during), default=marks.fired_s) + 1 / run.plan.rate
    classes = loss_classes(found.during)
    nameless = classes.get(UNATTRIBUTED_CLASS, 0) + classes.get(AMBIGUOUS_CLASS, 0)
    hidden = too_many_nameless(nameless, len(found.during))
    return Recovery(
        clock=_clock(run, found, sent_s, end_s),
        loss=_as_proven(loss_of(found.during, run.max_error_rate), run, hidden=hidden),
        classes=classes,
        nameless=nameless,
        fresh=_by_connection(run, found, sent_s, end_s, reused=False),
        kept=_by_connection(run, found, sent_s, end_s, reused=True),
        back=_return(run, found, end_s, hidden=hidden) if marks.restored_s is not None else None,
    )


def _as_proven(found: Loss, run: DrillRun, *, hidden: bool) -> Loss:
    """What the counts say counts only as far as the run proves anything."""
    if run.unproven is None and not (hidden and found.verdict is Verdict.PASS):
        return found
    return dataclasses.replace(found, verdict=Verdict.INCONCLUSIVE)


def loss_of(requests: Sequence[Seen], objective: float) -> Loss:
    """Lost requests against the objective, with the bounds a drill prints."""
    lost = sum(seen.loss_class is not None for seen in requests)
    return loss(lost, len(requests), objective=objective, confidence=SURENESS)


def _clock(run: DrillRun, found: Phases, sent_s: float, end_s: float) -> RecoveryClock:
    during = found.during
    point = _turn(run, found, sent_s)
    whole = _is_whole(point, end_s)
    rta_s = point.at_s - sent_s if whole and point.at_s is not None else None
    lost = [max(0.0, seen.due_s - sent_s) for seen in during if seen.loss_class is not None]
    fired_s = run.marks.fired_s or sent_s
    settled = _settled(found, point.at_s) if whole and point.at_s is not None else None
    return RecoveryClock(
        detect_s=_first_shift(run, found, sent_s),
        first_lost_s=min(lost, default=None),
        last_lost_s=max(lost, default=None),
        rta_s=max(0.0, rta_s) if rta_s is not None else None,
        rta_low_s=max(0.0, point.low_s - fired_s),
        rta_high_s=point.high_s - sent_s if whole and point.high_s is not None else None,
        settled_s=settled - sent_s if settled is not None else None,
        blackout_s=longest_gap(during, sent_s, end_s),
        resolution_s=1 / run.plan.rate,
        fault_error_s=fired_s - sent_s,
        seen_s=end_s - fired_s,
    )


def _turn(run: DrillRun, found: Phases, start_s: float) -> ChangePoint:
    """When the traffic was as before the fault, but without the victim."""
    share = shares_of(found.before, run.members).get(run.plan.victim, 0.0)
    return change_point(
        [_as_request(seen, run) for seen in found.during],
        start_s=start_s,
        noise=Noise(bad=sum(not seen.good for seen in found.before), of=len(found.before)),
        visible=share * _UNRESCUED / max(1, len(run.addresses)) / _KINDS,
    )


def _as_request(seen: Seen, run: DrillRun) -> Request:
    victims = run.victim_leaves and seen.member == run.victim
    return Request(
        sent_s=seen.sent_s,
        answered_s=seen.answered_s,
        bad=victims or not seen.good,
        hard=victims,
    )


def _is_whole(point: ChangePoint, end_s: float) -> bool:
    """Whether the last stretch is long enough to be called clean."""
    if point.at_s is None or point.high_s is None:
        return False
    return end_s - point.at_s >= WINDOW_S


def _first_shift(run: DrillRun, found: Phases, start_s: float) -> float | None:
    """When the survivors began to get more than their former share; None if they never did.

    A cumulative sum against half of the victim's share; its last zero is the beginning.
    """
    share = shares_of(found.before, run.members).get(run.plan.victim, 0.0)
    usual = min(max(1 - share, 1e-3), 1 - 1e-3)
    moved = (1 + usual) / 2
    up, down = math.log(moved / usual), math.log((1 - moved) / (1 - usual))
    total, began = 0.0, start_s
    for seen in found.during:
        if total <= 0:
            total, began = 0.0, seen.sent_s
        total += up if seen.good and seen.member != run.victim else down
        if total >= _SHIFT_SURE:
            return max(0.0, began - start_s)
    return None


def _settled(found: Phases, from_s: float) -> float | None:
    """When the latency of the survivors was what it was before the fault, or None."""
    usual = sorted(seen.finished_s - seen.due_s for seen in found.before if seen.good)
    if not usual:
        return None
    limit = max(_SLOW * quantile(usual, 0.95), quantile(usual, 0.95) + NOISE_S)
    served = [seen for seen in found.during if seen.good and seen.sent_s >= from_s]
    for first in range(0, len(served) - LEAST_TIMED + 1, _STRIDE):
        window = served[first : first + LEAST_TIMED]
        if quantile(sorted(seen.finished_s - seen.due_s for seen in window), 0.95) <= limit:
            return window[0].sent_s
    return None


def _by_connection(
    run: DrillRun, found: Phases, start_s: float, end_s: float, *, reused: bool
) -> ByConnection:
    """What the requests of one kind of connection saw."""
    of_kind = Phases(
        before=[seen for seen in found.before if seen.reused == reused],
        during=[seen for seen in found.during if seen.reused == reused],
        after=(),
    )
    lost = [max(0.0, s.due_s - start_s) for s in of_kind.during if s.loss_class is not None]
    point = _turn(run, of_kind, start_s)
    whole = of_kind.during and _is_whole(point, end_s)
    return ByConnection(
        requests=len(of_kind.during),
        lost=len(lost),
        first_lost_s=min(lost, default=None),
        last_lost_s=max(lost, default=None),
        blackout_s=longest_gap(of_kind.during, start_s, end_s) if of_kind.during else 0.0,
        rta_s=max(0.0, point.at_s - start_s) if whole and point.at_s is not None else None,
    )


def _return(run: DrillRun, found: Phases, restored_s: float, *, hidden: bool) -> Return:
    """The way back, from the restore to the end of the traffic."""
    share = shares_of(found.before, run.members).get(run.plan.victim, 0.0)
    at_s = back_since(found.after, run.victim, BACK * share)
    return Return(
        seconds=max(0.0, at_s - restored_s) if at_s is not None else None,
        loss=_as_proven(loss_of(found.after, run.max_error_rate), run, hidden=hidden),
    )
