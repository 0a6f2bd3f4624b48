"""The watch: flips once, for a reason that can be shown, and never for one of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import pytest

from alb_dr.errors import BadInput, Interruption, Refused, Unreachable
from alb_dr.model.load import Load, Target
from alb_dr.model.manifest import CONFIG_MAP, Manifest, ResourceId
from alb_dr.model.sample import NO_ANSWER, Outcome, Sample, SampleColumns
from alb_dr.model.watch import Probe, WatchOutcome, WatchPlan, WatchReport
from alb_dr.model.weights import Weights
from alb_dr.stats.probing import judge_probe, requests_for
from alb_dr.workflows.delivery.weights import live_ingress, set_weights
from alb_dr.workflows.records.away import away_of
from alb_dr.workflows.records.book import Book
from alb_dr.workflows.records.lease import DrillLock, lease_id
from alb_dr.workflows.shift.armed_watch import ArmedWatch, WatchPorts
from alb_dr.workflows.shift.emergency import EmergencyPorts
from tests.builders import a_topology
from tests.fakes.gateway import FakeJournal, MovingClock, no_shield
from tests.fakes.prober import FakeProber, MemoryLog
from tests.fakes.samples import a_sample, columns_of
from tests.unit.workflows.test_shift import World

ALL_AT_ONE = Weights.of({"c1": 100, "c2": 0})

Answer = Callable[[int], Sample]


def served(n: int) -> Sample:
    return a_sample(0, at_s=n / 100)


def by_the_other(n: int) -> Sample:
    return a_sample(1, at_s=n / 100)


def lost(n: int) -> Sample:
    return a_sample(NO_ANSWER, at_s=n / 100, outcome=Outcome.SERVER_ERROR)


def refused(n: int) -> Sample:
    return a_sample(NO_ANSWER, at_s=n / 100, outcome=Outcome.REFUSED)


def not_sent(n: int) -> Sample:
    return a_sample(NO_ANSWER, at_s=n / 100, outcome=Outcome.LOCAL)


class Watched:
    """A world in which everything goes to the first member; each probe gets the next answers."""

    def __init__(self, *answers: Answer, weights: Weights = ALL_AT_ONE) -> None:
        self.world = World()
        self.topology = a_topology()
        set_weights(self.topology, weights, fleet=self.world.fleet, dry_run=False)
        self.answers = list(answers)
        self.before_probe: Callable[[int], None] = lambda _: None
        self.prober = FakeProber(script=self._probe)
        self.clock, self.book, self.log = MovingClock(), FakeJournal(), MemoryLog()
        self.probes = 0

    def _probe(self, target: Target, load: Load) -> Sequence[SampleColumns]:
        del target
        self.before_probe(self.probes)
        self.clock.sleep(2.0)
        answer = self.answers[min(self.probes, len(self.answers) - 1)]
        self.probes += 1
        return [columns_of([answer(n) for n in range(load.requests)])]  # type: ignore[union-attr]

    def run(self, **changes: object) -> WatchReport:
        plan = WatchPlan(operation="w1", member="c1", armed=True, for_s=120.0)
        emergency = EmergencyPorts(
            fleet=self.world.fleet,
            members=self.world.members.__getitem__,
            clock=self.clock,
            narrator=self.world.voice,
            book=Book(self.book, self.world.voice),
            shield=no_shield,
            operator="ann",
        )
        ports = WatchPorts(emergency=emergency, prober=self.prober, log=self.log)
        asked = dataclasses.replace(plan, **changes)  # type: ignore[arg-type]
        return ArmedWatch(asked, self.topology, ports).run()

    @property
    def weights(self) -> list[str]:
        return list(self.world.weights.values())

    @property
    def warnings(self) -> list[str]:
        return self.world.voice.warnings

    def switch(self, value: str) -> None:
        id_ = ResourceId(kind=CONFIG_MAP, name="alb-dr-control", namespace="gateway-demo")
        document = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": id_.name, "namespace": id_.namespace},
            "data": {"flips": value},
        }
        self.world.fleet.create(Manifest(id=id_, document=document))


# judging one probe ------------------------------------------------------------------------------


def judged(*samples: Sample, share: float = 1.0) -> Probe:
    return judge_probe(columns_of(samples), member=0, share=share)[0]


def mixed(*parts: tuple[Answer, int]) -> list[Sample]:
    return [answer(n) for answer, count in parts for n in range(count)]


@pytest.mark.parametrize(
    ("parts", "share", "expected"),
    [
        ([(served, 20)], 1.0, Probe.SERVED),
        ([(lost, 20)], 1.0, Probe.FAILED),
        ([(served, 1), (lost, 19)], 1.0, Probe.SERVED),
        ([(by_the_other, 20)], 1.0, Probe.SERVED),
        ([(by_the_other, 12), (lost, 8)], 0.8, Probe.FAILED),
        ([(by_the_other, 13), (lost, 7)], 0.8, Probe.SERVED),
        ([(refused, 20)], 1.0, Probe.UNCLEAR),
        ([(refused, 19), (lost, 1)], 1.0, Probe.FAILED),
        ([(not_sent, 20)], 1.0, Probe.UNCLEAR),
        ([(not_sent, 11), (lost, 9)], 1.0, Probe.UNCLEAR),
        ([(not_sent, 5), (lost, 15)], 1.0, Probe.FAILED),
        ([], 1.0, Probe.UNCLEAR),
    ],
)
def test_F14_a_probe_fails_only_for_what_shows_the_member_gone(
    parts: list[tuple[Answer, int]], share: float, expected: Probe
) -> None:
    assert judged(*mixed(*parts), share=share) is expected


def test_a_probe_is_large_enough_that_silence_is_no_chance() -> None:
    for percent in range(10, 100):
        share = percent / 100
        assert (1 - share) ** requests_for(share) <= 0.001
        assert requests_for(share) <= 200
    assert requests_for(1.0) == 20


# the watch --------------------------------------------------------------------------------------


def test_an_armed_watch_flips_once_and_keeps_the_evidence() -> None:
    watched = Watched(served, lost)
    report = watched.run()
    assert report.outcome is WatchOutcome.FLIPPED
    assert report.outcome.exit_code == 9
    assert watched.weights == ["0", "100"]
    assert (report.probes, report.failed) == (4, 3)
    assert "failed 3 probes in a row over 1" in report.why
    assert sum(map(len, watched.log.batches)) == 80
    verdicts = [facts["verdict"] for event, facts in watched.book.events if event == "probe"]
    assert verdicts == ["served", "failed", "failed", "failed"]
    assert [event for event, _ in watched.book.events][-2:] == ["intent", "moved"]
    away = away_of(live_ingress(watched.topology, fleet=watched.world.fleet))
    assert away is not None
    assert away.verb == "watch"
    assert away.reason.startswith("watch: poc-ack-1 failed")


def test_one_that_is_not_armed_changes_nothing_and_says_what_it_would_do() -> None:
    watched = Watched(lost)
    report = watched.run(armed=False)
    assert report.outcome is WatchOutcome.WOULD_FLIP
    assert report.after == {"poc-ack-1": 0, "poc-ack-2": 100}
    assert watched.weights == ["100", "0"]


def test_a_member_that_serves_is_left_alone_until_the_time_is_over() -> None:
    watched = Watched(served)
    report = watched.run()
    assert report.outcome is WatchOutcome.QUIET
    assert report.outcome.exit_code == 0
    assert report.probes == pytest.approx(24, abs=1)


@pytest.mark.parametrize("good", [served, by_the_other, refused, not_sent])
def test_failures_must_follow_each_other(good: Answer) -> None:
    watched = Watched(*[lost, lost, good] * 20)
    assert watched.run().outcome is WatchOutcome.QUIET
    assert watched.weights == ["100", "0"]


def test_failures_must_last() -> None:
    watched = Watched(lost, lost, lost, served)
    assert watched.run(over_s=30.0).outcome is WatchOutcome.QUIET
    watched = Watched(lost)
    report = watched.run(over_s=30.0)
    assert report.outcome is WatchOutcome.FLIPPED
    assert report.failed > 5


def test_it_does_not_flip_a_second_time_or_back() -> None:
    """What is flipped away from carries nothing: a watch of it ends, one of the other stays."""
    watched = Watched(lost)
    assert watched.run().outcome is WatchOutcome.FLIPPED
    with pytest.raises(Refused, match="carries no traffic"):
        watched.run()
    assert watched.weights == ["0", "100"]


def test_a_member_whose_traffic_somebody_moved_is_not_watched_on() -> None:
    watched = Watched(served)

    def move(n: int) -> None:
        if n == 3:
            there = Weights.of({"c1": 0, "c2": 100})
            set_weights(watched.topology, there, fleet=watched.world.fleet, dry_run=False)

    watched.before_probe = move
    report = watched.run()
    assert report.outcome is WatchOutcome.EMPTY
    assert report.probes == 4


def test_F8_a_lock_of_somebody_holds_it_back_and_it_flips_when_that_is_gone() -> None:
    watched = Watched(lost)
    lock = DrillLock(
        lease_id(watched.topology),
        fleet=watched.world.fleet,
        clock=watched.clock,
        narrator=watched.world.voice,
    )
    lock.acquire(holder="bob", drill="d1")

    def renewed(n: int) -> None:
        lock.renew()
        if n == 8:
            lock.release()

    watched.before_probe = renewed
    report = watched.run()
    assert report.outcome is WatchOutcome.FLIPPED
    assert report.failed == 9
    held = [w for w in watched.warnings if "not flipped: another drill, shift or pin holds" in w]
    assert len(held) == 1, "said once"


def test_the_kill_switch_holds_it_back() -> None:
    watched = Watched(lost)
    watched.switch("forbidden")
    report = watched.run()
    assert report.outcome is WatchOutcome.HELD_BACK
    assert report.outcome.exit_code == 6
    assert "says flips: 'forbidden'" in report.why
    assert watched.weights == ["100", "0"]
    assert len([w for w in watched.warnings if "flips" in w]) == 1, "said once"
    watched = Watched(lost)
    watched.switch("allowed")
    assert watched.run().outcome is WatchOutcome.FLIPPED


def test_F41_a_survivor_that_is_not_known_to_serve_holds_it_back() -> None:
    watched = Watched(lost)
    watched.world.endpoints["c2"] = 0
    assert watched.run().outcome is WatchOutcome.HELD_BACK
    watched = Watched(lost)
    watched.world.members["c2"].fail = lambda _: Unreachable("no route")
    report = watched.run()
    assert report.outcome is WatchOutcome.HELD_BACK
    assert "whether poc-ack-2 can serve is not known (no route)" in report.why
    assert watched.weights == ["100", "0"]


def test_a_member_with_a_small_share_is_watched_through_its_pin_only() -> None:
    small = Weights.of({"c1": 5, "c2": 95})
    with pytest.raises(Refused, match="carries 5% of the traffic") as refusal:
        Watched(served, weights=small).run()
    assert refusal.value.code == "ADR-UNSEEN"
    assert "--pin" in (refusal.value.hint or "")
    watched = Watched(lost, weights=small)
    report = watched.run(header={"X-Cluster": "one"})
    assert report.outcome is WatchOutcome.FLIPPED
    assert watched.prober.asked[0][0].headers == {"X-Cluster": "one"}


def test_a_pin_that_leads_elsewhere_proves_nothing() -> None:
    watched = Watched(by_the_other)
    report = watched.run(header={"X-Cluster": "one"})
    assert report.outcome is WatchOutcome.QUIET
    assert report.unclear == report.probes


def test_F12_an_api_that_does_not_answer_for_a_while_is_no_failure_of_the_member() -> None:
    watched = Watched(served)

    def trouble(n: int) -> None:
        away = 2 <= n < 6
        watched.world.fleet.fail = lambda _: Unreachable("no route") if away else None

    watched.before_probe = trouble
    report = watched.run()
    assert report.outcome is WatchOutcome.QUIET
    assert report.failed == 0


def test_F6_a_journal_that_fills_up_is_told_once_and_the_watch_goes_on() -> None:
    watched = Watched(lost)
    watched.book.full = OSError(28, "No space left on device")
    assert watched.run().outcome is WatchOutcome.FLIPPED
    mine = [w for w in watched.warnings if w.endswith("No space left on device")]
    assert len(mine) == 1, "once, not for every probe"


def test_an_interrupted_watch_says_what_it_leaves() -> None:
    def interrupt(n: int) -> None:
        if n == 2:
            raise Interruption(2)

    watched = Watched(served)
    watched.before_probe = interrupt
    with pytest.raises(Interruption):
        watched.run()
    said = "the watch ends: nothing was changed: poc-ack-1 100, poc-ack-2 0"
    assert watched.warnings == [said]


def test_one_failed_probe_is_never_enough() -> None:
    with pytest.raises(BadInput, match="proves nothing"):
        WatchPlan(operation="w", member="c1", armed=True, failures=1)
