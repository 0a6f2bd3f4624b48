"""The alarm of a drill: an outage is what a drill is for, until the traffic was seen clean."""

from __future__ import annotations

from alb_dr.model.sample import NO_ANSWER, Outcome, Sample, SampleColumns
from alb_dr.stats.drill_alarm import DrillAlarm
from alb_dr.stats.vigil import Baseline

BASELINE = Baseline(loss_rate=0.0, p95_s=0.002, requests=500)


def an_alarm() -> DrillAlarm:
    return DrillAlarm(BASELINE, victim=1, fired_s=0.0, abort_errors=0.01, rate=100.0)


def sample(due: float, *, member: int = 0, outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(
        due_s=due, sent_s=due, first_byte_s=due, finished_s=due, status=200, outcome=outcome,
        member=member, reused=False, address=0,
    )  # fmt: skip


def second(alarm: DrillAlarm, start: int, *, every: int = 1, lost: bool = False) -> None:
    """A second of answers of the survivor, every so many requests of the schedule."""
    columns = SampleColumns()
    for n in range(0, 100, every):
        due = start + n / 100
        if lost:
            columns.append(sample(due, member=NO_ANSWER, outcome=Outcome.TIMEOUT))
        else:
            columns.append(sample(due))
    alarm.add(columns)


def test_a_clean_stretch_is_a_recovery() -> None:
    alarm = an_alarm()
    for start in range(3):
        second(alarm, start)
    assert alarm.recovered_s is not None


def test_requests_that_hang_hide_no_outage() -> None:
    """Of a member that hangs nothing is heard until its requests time out: that is not clean."""
    alarm = an_alarm()
    for start in range(3):
        second(alarm, start, every=5)
    assert alarm.recovered_s is None
    second(alarm, 0, every=2, lost=True)
    assert alarm.judge(3.0) is None, "an outage is what a drill is for"
    for start in range(3, 6):
        second(alarm, start)
    assert alarm.recovered_s is not None


def test_F13_losses_after_the_recovery_end_the_drill() -> None:
    alarm = an_alarm()
    for start in range(3):
        second(alarm, start)
    second(alarm, 3, lost=True)
    assert "after the recovery" in str(alarm.judge(4.0))


def test_F13_an_outage_that_has_just_ended_does_not_end_the_drill() -> None:
    """Health checks may take eight seconds: the losses of then are what is measured."""
    alarm, hopeless = an_alarm(), an_alarm()
    for start in range(9):
        second(alarm, start, lost=True)
        second(hopeless, start, lost=True)
    second(alarm, 9)
    second(alarm, 10)
    assert alarm.judge(11.0) is None
    second(hopeless, 9, lost=True)
    second(hopeless, 10, every=5)
    assert "requests were lost in 10 s" in str(hopeless.judge(11.0)), "a fifth is no recovery"
