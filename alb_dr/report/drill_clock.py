"""The clock of a recovery as a section of a drill's page."""

from __future__ import annotations

from collections.abc import Iterator

from alb_dr.model.drill_report import DrillReport, DrillRun, Recovery, RecoveryClock
from alb_dr.model.findings import Verdict
from alb_dr.report.document import Section, Table
from alb_dr.report.drill_charts import shift_chart
from alb_dr.report.words import milliseconds, seconds, small_percent
from alb_dr.stats.drill_findings import rto_verdict

_MET = {Verdict.PASS: "met", Verdict.FAIL: "MISSED", Verdict.INCONCLUSIVE: "not decided"}


def clock_section(report: DrillReport, found: Recovery) -> Section:
    """The objectives, each instant after the fault, and how good the numbers are."""
    return Section(
        title="Recovery",
        tables=(_objectives(report, found), _instants(found.clock)),
        sentences=tuple(_sentences(report.run, found.clock)),
        charts=tuple(shift_chart(report)),
    )


def _objectives(report: DrillReport, found: Recovery) -> Table:
    run, clock, loss = report.run, found.clock, found.loss
    rows = [
        ("recovery time (RTA)", rta_words(clock), f"{run.rto_s:g} s",
         _MET[rto_verdict(run, found)]),
        ("requests lost", f"{loss.lost} of {loss.of}", small_percent(run.max_error_rate),
         _MET[loss.verdict]),
    ]  # fmt: skip
    if found.back is not None:
        lost = f"{found.back.loss.lost} of {found.back.loss.of}"
        limit = small_percent(run.max_error_rate)
        rows.append(("lost on the way back", lost, limit, _MET[found.back.loss.verdict]))
    return Table(header=("objective", "measured", "limit", ""), rows=rows)


def rta_words(clock: RecoveryClock) -> str:
    """The recovery time with its error bar."""
    if clock.rta_s is None:
        return f"not within {clock.seen_s:.1f} s"
    high = f"{clock.rta_high_s:.2f}" if clock.rta_high_s is not None else "?"
    return f"{clock.rta_s:.2f} s ({clock.rta_low_s:.2f} to {high})"


def _instants(clock: RecoveryClock) -> Table:
    rows = [
        ("detect", _value(clock.detect_s), "from the fault until the shares began to move"),
        ("first lost", _value(clock.first_lost_s), "from the fault to the first lost request"),
        ("brownout", seconds(clock.brownout_s), "from the first to the last lost request"),
        ("blackout", seconds(clock.blackout_s), "the longest time without any served request"),
        ("RTA", _value(clock.rta_s), "from the fault until all was as before, without the victim"),
        ("settle", _value(clock.settle_s), "from there until latency was what it was"),
    ]
    return Table(header=("", "time", "what it is"), rows=rows, numbers=(1,))


def _value(value: float | None) -> str:
    return "not seen" if value is None else seconds(value)


def _sentences(run: DrillRun, clock: RecoveryClock) -> Iterator[str]:
    if run.unproven is not None:
        yield f"No objective is decided: {run.unproven}."
    yield _goodness(clock)


def _goodness(clock: RecoveryClock) -> str:
    return (
        f"Requests are {milliseconds(clock.resolution_s)} apart, and the instant of the fault is "
        f"known to {milliseconds(clock.fault_error_s)}. The interval of the RTA holds both, and "
        "that only a part of the requests shows whether all is well: it is wrong once in a "
        "million drills."
    )
