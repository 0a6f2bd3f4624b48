"""Drills with known truth: a gateway of several nodes loses a member, and we know what happened.

A node learns of the loss after a time of its own; until then it sends the victim's share to the
victim, which answers for a while (pods end in peace), then fails. Only the samples and the marks
reach the judgement, as in a real drill.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from alb_dr.model.drill import DrillPlan
from alb_dr.model.drill_report import DrillOutcome, DrillReport, DrillRun, Marks
from alb_dr.model.sample import NO_ANSWER, UNATTRIBUTED, Outcome, Sample, SampleColumns
from alb_dr.model.verify import Loss, ProberFacts
from alb_dr.probe.health import HealthBook
from alb_dr.stats.drill_judgement import report_of
from alb_dr.stats.judgement import MOST_NAMELESS

NEVER = math.inf
LOSSES = (Outcome.REFUSED, Outcome.RESET, Outcome.TIMEOUT, Outcome.SERVER_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What really happens. Seconds on the samples' clock; shares from 0 to 1.

    ``learns_s`` by node; kept connections go wrong for ``pinned_s`` longer. ``fails`` is the
    chance that a request to the dead victim is lost (a gateway may try another member).
    """

    shares: tuple[float, ...]
    rate: float
    fault_s: float
    write_s: tuple[float, float]
    restored_s: float
    end_s: float
    peace_s: float
    learns_s: tuple[float, ...]
    pinned_s: float
    fails: float
    outcome: Outcome
    noise: float
    nameless: float
    returns_s: float
    return_loss: float
    by_turns: bool
    stall_s: tuple[float, float] | None
    latency_s: float

    @property
    def whole_s(self) -> float:
        """When the last request could go wrong."""
        return max(self.learns_s) + self.pinned_s

    @property
    def rta_s(self) -> float:
        """The true recovery time; infinite when it never recovered under the fault."""
        return self.whole_s - self.fault_s if self.whole_s < self.restored_s else NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One simulated drill: the truth, and what the tool said of it."""

    world: World
    loss: float
    return_loss: float
    report: DrillReport

    @property
    def passes(self) -> bool:
        """Whether the drill truly kept its objectives."""
        run = self.report.run
        lost = max(self.loss, self.return_loss)
        return self.world.rta_s <= run.rto_s and lost <= run.max_error_rate

    def complaints(self) -> Iterator[str]:
        """What is wrong with what was said."""
        found, outcome = self.report.recovery, self.report.outcome
        assert found is not None
        clock, truth = found.clock, self.world.rta_s
        if clock.rta_low_s > truth + 1e-9:
            yield f"RTA is {truth:.3f} s, said to be above {clock.rta_low_s:.3f} s"
        if clock.rta_high_s is not None and clock.rta_high_s < truth - 1e-9:
            yield f"RTA is {truth:.3f} s, said to be below {clock.rta_high_s:.3f} s"
        if clock.rta_s is not None and clock.rta_high_s is None:
            yield "a recovery time without a bound"
        if outcome is DrillOutcome.SUCCEEDED and self._surely_fails():
            yield f"SUCCEEDED, but truly not: {self.report.why}"
        if outcome is DrillOutcome.FAILED and self.passes:
            yield f"FAILED, but truly passed: {self.report.why}"
        prober = self.report.run.prober
        void = prober is not None and prober.invalid is not None
        if outcome is DrillOutcome.SUCCEEDED and (void or self.world.nameless > 2 * MOST_NAMELESS):
            yield "SUCCEEDED on evidence that proves nothing"

    def _surely_fails(self) -> bool:
        """Whether an objective was missed and does not lie within the bar printed beside it."""
        run, found = self.report.run, self.report.recovery
        assert found is not None
        if self.world.rta_s > run.rto_s:
            return True
        parts = [(self.loss, found.loss)]
        parts += [(self.return_loss, found.back.loss)] if found.back is not None else []
        return any(true > said.objective and not _inside(said) for true, said in parts)


def _inside(loss: Loss) -> bool:
    return loss.low <= loss.objective <= loss.high


def drill(seed: int) -> Told:
    """One drill, from its seed alone."""
    chance = random.Random(seed)
    world = _world(chance)
    samples, loss, back = _samples(world, chance)
    book = HealthBook()
    book.add(samples)
    health = book.health()
    facts = ProberFacts(
        connections=len(samples), late_p50_s=health.late_p50_s, late_p99_s=health.late_p99_s,
        local_failures=0, invalid=health.invalid,
    )  # fmt: skip
    rto = 30.0 if world.rta_s == NEVER or chance.random() < 0.3 else world.rta_s
    names = tuple(f"m{n}" for n in range(len(world.shares)))
    run = DrillRun(
        plan=DrillPlan(drill_id=f"{seed}", victim=names[-1], reason="simulation", rate=world.rate),
        members=names,
        rto_s=max(0.5, rto * math.exp(chance.gauss(0.0, 0.6))),
        max_error_rate=min(0.9, max(0.01, loss, back) * math.exp(chance.gauss(0.2, 0.6))),
        path_tested="simulation",
        not_tested=(),
        marks=Marks(sent_s=world.write_s[0], fired_s=world.write_s[1], restored_s=world.restored_s),
        timeline=(),
        prober=facts,
        addresses=tuple(str(n) for n in range(len(world.learns_s))),
    )
    return Told(world=world, loss=loss, return_loss=back, report=report_of(run, samples))


def _world(chance: random.Random) -> World:
    share = chance.choice((0.1, 0.2, 0.5, 0.8, 0.9))
    rest = chance.choice(((1.0,), (1.0,), (0.5, 0.5), (0.8, 0.2)))
    sent_s = chance.uniform(2.0, 4.0)
    write = (sent_s, sent_s + chance.choice((0.005, 0.05, 0.4)))
    fault_s = chance.uniform(*write)
    detection = chance.choice((0.05, 0.5, 2.0, 5.0))
    spread = chance.choice((0.0, 0.3, 2.0))
    nodes = chance.choice((1, 1, 2, 3))
    learns = tuple(fault_s + detection + chance.uniform(0, spread) for _ in range(nodes))
    restored_s = fault_s + chance.uniform(4.0, 14.0)
    if chance.random() < 0.1:
        learns = (*learns[1:], NEVER)
    stall = None
    if chance.random() < 0.15:
        began = chance.uniform(0.5, restored_s)
        stall = (began, began + chance.choice((0.05, 0.3, 1.5)))
    return World(
        shares=(*((1 - share) * part for part in rest), share),
        rate=chance.choice((50.0, 100.0, 200.0)),
        fault_s=fault_s,
        write_s=write,
        restored_s=restored_s,
        end_s=restored_s + 4.0,
        peace_s=chance.choice((0.0, 0.0, 0.2, 3.0)),
        learns_s=learns,
        pinned_s=chance.choice((0.0, 0.0, 0.0, 1.0)),
        fails=chance.choice((1.0, 1.0, 0.5)),
        outcome=chance.choice(LOSSES),
        noise=chance.choice((0.0, 0.0, 0.0, 0.001, 0.005)),
        nameless=chance.choice((0.0,) * 8 + (0.003, 0.05)),
        returns_s=restored_s + chance.uniform(0.1, 2.0),
        return_loss=chance.choice((0.0, 0.0, 0.05)),
        by_turns=chance.random() < 0.4,
        stall_s=stall,
        latency_s=chance.choice((0.002, 0.02, 0.08)),
    )


class _Turns:
    """Smooth weighted round robin, as gateways do it, one for each node."""

    def __init__(self, shares: tuple[float, ...]) -> None:
        self._shares = shares
        self._current = [0.0] * len(shares)

    def next(self) -> int:
        self._current = [c + s for c, s in zip(self._current, self._shares, strict=True)]
        chosen = max(range(len(self._shares)), key=lambda n: self._current[n])
        self._current[chosen] -= sum(self._shares)
        return chosen


def _samples(world: World, chance: random.Random) -> tuple[SampleColumns, float, float]:
    """The samples, and the true shares of lost requests under the fault and on the way back."""
    columns = SampleColumns()
    turns = [_Turns(world.shares) for _ in world.learns_s]
    everybody = range(len(world.shares))
    lost: list[float] = []
    back: list[float] = []
    for n in range(int(world.end_s * world.rate)):
        due_s = n / world.rate
        sent_s = due_s + chance.uniform(0, 0.001)
        if world.stall_s is not None and world.stall_s[0] <= due_s < world.stall_s[1]:
            sent_s = world.stall_s[1] + chance.uniform(0, 0.001)
        node = n % len(world.learns_s)
        kept = (n // len(world.learns_s)) % 2 == 1
        routed_s = sent_s + world.latency_s * chance.uniform(0.1, 0.9)
        if world.by_turns:
            member = turns[node].next()
        else:
            member = chance.choices(everybody, world.shares)[0]
        risk, member = _risk(world, routed_s, node, kept, member, chance)
        outcome, status = Outcome.OK, 200
        if chance.random() < risk:
            outcome = world.outcome if risk > world.noise else Outcome.SERVER_ERROR
            member, status = NO_ANSWER, 0
        elif chance.random() < world.nameless:
            member = UNATTRIBUTED
        took = world.latency_s if outcome is not Outcome.TIMEOUT else 2.0
        expected = risk + (1 - risk) * world.nameless
        if sent_s >= world.restored_s:
            back.append(expected)
        elif sent_s + took >= world.write_s[0]:
            lost.append(expected)
        columns.append(
            Sample(
                due_s=due_s, sent_s=sent_s, first_byte_s=sent_s + took, finished_s=sent_s + took,
                status=status, outcome=outcome, member=member, reused=kept, address=node,
            )
        )  # fmt: skip
    return columns, sum(lost) / len(lost), sum(back) / max(1, len(back))


def _risk(
    world: World, routed_s: float, node: int, kept: bool, member: int, chance: random.Random
) -> tuple[float, int]:
    """The chance that this very request is lost, and who answers it otherwise."""
    victim = len(world.shares) - 1
    survivors = world.shares[:-1]
    if routed_s >= world.returns_s:
        early = routed_s < world.returns_s + 1.0
        return (max(world.noise, world.return_loss) if early else world.noise), member
    if member != victim or routed_s < world.fault_s:
        return world.noise, member
    someone = chance.choices(range(victim), survivors)[0]
    learnt_s = world.learns_s[node] + (world.pinned_s if kept else 0.0)
    if routed_s >= min(learnt_s, world.restored_s) and learnt_s <= routed_s:
        return world.noise, someone
    if routed_s < world.fault_s + world.peace_s:
        return world.noise, victim
    return world.fails, someone
