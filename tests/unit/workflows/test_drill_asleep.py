"""F5: a drill that stood still past its lock and its deadline, and what it does when it wakes.

The clock is the test's: ten minutes pass in one call, as they do for a stopped process, and the
guard or another operator acts meanwhile.
"""

from __future__ import annotations

import pytest

from alb_dr.errors import RestoreIncomplete
from alb_dr.model.drill import DrillRecord
from alb_dr.model.drill_report import DrillOutcome, DrillReport
from alb_dr.model.manifest import LEASE
from alb_dr.workflows.guard.sweeper import HEARTBEAT, sweep
from alb_dr.workflows.records.drill_record import ANNOTATION, fire_patch
from alb_dr.workflows.records.lease import DRILL, DrillLock, lease_id
from alb_dr.workflows.recover.recovery import Recovery
from tests.fakes.drilling import ID, SPACE, WORKLOAD, Estate
from tests.fakes.voice import StillClock, TellTale

TEN_MINUTES_S = 600.0


@pytest.fixture
def estate() -> Estate:
    return Estate()


class Asleep:
    """A process that stands still for a while, once; what others wrote meanwhile is not its."""

    def __init__(self, estate: Estate, *, seconds: float = TEN_MINUTES_S) -> None:
        self.estate = estate
        self.seconds = seconds
        self.woke: dict[str, int] = {}
        estate.during(5.0, self.stop)

    def stop(self) -> None:
        """SIGSTOP, and SIGCONT after what others do."""
        self.estate.clock.sleep(self.seconds)
        self.meanwhile()
        self.woke = {id_: len(api.calls) for id_, api in self.estate.members.items()}
        self.woke["fleet"] = len(self.estate.fleet.calls)

    def meanwhile(self) -> None:
        """What others do: nothing, unless a test says more."""

    @property
    def writes(self) -> list[str]:
        """What the process wrote after it woke, but for the evidence in its own record."""
        found = []
        for name, api in (*self.estate.members.items(), ("fleet", self.estate.fleet)):
            for call in api.calls[self.woke[name] :]:
                writes = call.split()[0] not in {"get", "list", "watch", "whoami", "review"}
                if writes and f"alb-dr-drill-{ID}" not in call:
                    found.append(f"{name}: {call}")
        return found


class Guarded(Asleep):
    """The guard runs meanwhile."""

    def meanwhile(self) -> None:
        (swept,) = sweep(
            self.estate.members["c2"],
            namespace=SPACE,
            clock=self.estate.clock,
            narrator=TellTale(),
        )
        assert swept.done == "restore"


class TakenOver(Asleep):
    """Another operator restores, then begins a drill of his own."""

    drills_too = False

    def meanwhile(self) -> None:
        recovery = Recovery(self.estate.recovery_ports())
        (case,) = recovery.cases()
        recovery.carry_out(case, accepted=())
        if not self.drills_too:
            return
        (left,) = [x for x in self.estate.fleet.list(LEASE) if DRILL in x.annotations]
        assert left.annotations[DRILL] == ID
        lock = DrillLock(
            lease_id(self.estate.topology),
            fleet=self.estate.fleet,
            clock=StillClock(self.estate.clock.now()),
            narrator=TellTale(),
        )
        lock.acquire(holder="bob", drill="0b0b")
        live = self.estate.workload()
        record = DrillRecord(
            drill="0b0b",
            replicas=2,
            deadline="2026-03-01T13:00:00+00:00",
            reason="bob's",
            by="bob",
        )
        self.estate.members["c2"].patch(WORKLOAD, fire_patch(live, record))


def drilled(estate: Estate, **changes: object) -> DrillReport:
    """A drill that is aborted."""
    report = estate.drill(observe_s=900.0, **changes)
    assert report.outcome is DrillOutcome.ABORTED, report.why
    assert report.outcome.exit_code == 10
    return report


@pytest.mark.parametrize("expires_s", [30.0, 300.0])
def test_F5_what_the_guard_restored_is_not_written_again(estate: Estate, expires_s: float) -> None:
    asleep = Guarded(estate)
    report = drilled(estate, expires_s=expires_s)
    assert "the deadline passed" in report.why
    assert "the guard may have restored" in report.why
    assert any("already put back, by the guard" in step.what for step in report.run.timeline)
    assert asleep.writes == [f"fleet: delete {lease_id(estate.topology)}"], "its own lock"
    assert estate.replicas == 2
    assert [lease.id.name for lease in estate.members["c2"].list(LEASE)] == [HEARTBEAT]
    assert estate.is_clean


def test_F5_past_its_lock_but_not_its_deadline_it_restores_itself(estate: Estate) -> None:
    asleep = Asleep(estate, seconds=45.0)
    report = drilled(estate, expires_s=600.0)
    assert "the lock expired: this process stood still for" in report.why
    member = [call for call in asleep.writes if call.startswith("c2")]
    assert member == [f"c2: patch {WORKLOAD}"], "the guarded restore, and nothing else"
    assert asleep.writes[-1] == f"fleet: delete {lease_id(estate.topology)}"
    assert len(asleep.writes) == 2, "no renewal of what had expired"
    assert estate.is_clean


def test_F5_asleep_while_it_looked_at_the_victim_it_extends_nothing(estate: Estate) -> None:
    woke: list[int] = []

    def stop(call: str) -> None:
        # At a look at which a sign of life is due.
        if call == "list endpointslices" and estate.clock.elapsed_s > 1012.0 and not woke:
            estate.clock.sleep(45.0)
            woke.append(len(estate.members["c2"].calls))

    estate.members["c2"].fail = stop
    report = drilled(estate, expires_s=600.0)
    assert "the lock expired" in report.why
    writes = [c for c in estate.members["c2"].calls[woke[0] :] if c.startswith("patch")]
    assert writes == [f"patch {WORKLOAD}"], "the guarded restore, and nothing else"
    assert estate.is_clean


def test_F5_past_everything_and_nobody_came_it_restores_itself(estate: Estate) -> None:
    asleep = Asleep(estate)
    report = drilled(estate, expires_s=30.0)
    assert "the deadline passed" in report.why
    assert [c for c in asleep.writes if c.startswith("c2")] == [f"c2: patch {WORKLOAD}"]
    assert estate.is_clean


def test_F5_what_another_operator_restored_is_said(estate: Estate) -> None:
    asleep = TakenOver(estate, seconds=20.0)
    report = drilled(estate)
    assert "was put back meanwhile" in report.why
    assert "another operator's failover recover" in report.why
    assert not [c for c in asleep.writes if c.startswith("c2")]
    assert estate.is_clean


def test_F5_F9_the_drill_of_another_operator_is_left_alone(estate: Estate) -> None:
    asleep = TakenOver(estate)
    asleep.drills_too = True
    with pytest.raises(RestoreIncomplete, match="record of another drill, 0b0b"):
        estate.drill(observe_s=900.0)
    assert asleep.writes == []
    assert estate.replicas == 0, "bob's drill goes on"
    assert "0b0b" in estate.workload().annotations[ANNOTATION]
    (left,) = [x for x in estate.fleet.list(LEASE) if DRILL in x.annotations]
    assert left.annotations[DRILL] == "0b0b"


def test_F5_held_weights_that_the_guard_gave_back_are_not_written_again(estate: Estate) -> None:
    class OfTheFleet(Asleep):
        def meanwhile(self) -> None:
            done = sweep(
                self.estate.fleet, namespace=SPACE, clock=self.estate.clock, narrator=TellTale()
            )
            assert [swept.done for swept in done] == ["restore"]

    asleep = OfTheFleet(estate)
    report = drilled(estate, fault="weight-drain", expires_s=30.0)
    assert "the guard may have restored" in report.why
    assert asleep.writes == [f"fleet: delete {lease_id(estate.topology)}"]
    assert estate.weights == {"c1": "20", "c2": "80"}
