"""Health: did the prober itself keep up? If not, the run proves nothing about the gateway."""

from __future__ import annotations

from collections.abc import Iterable

from alb_dr.model.sample import Outcome, SampleColumns
from alb_dr.ports import ProbeHealth
from alb_dr.stats.histogram import Histogram

MOST_LOCAL = 0.001
"""Share of requests this machine may lose itself before the run is invalid."""
LATE_S = 0.1
"""A send this late is a stall of ours: busy machines show 3 to 13 ms at the 99th percentile."""
MOST_LATE = 0.01
"""Share of sends that may be late by LATE_S before the run is invalid (safety F80)."""
MEDIAN_LATE_S = 0.01
"""A median lag beyond this means that the schedule was not kept at all."""


class HealthBook:
    """Counts what the prober did; bounded memory whatever the run's length."""

    def __init__(self) -> None:
        self.connections = 0
        self.broken: str | None = None
        self._sent = 0
        self._local = 0
        self._lags = Histogram()

    def add(self, columns: SampleColumns) -> None:
        """Account for finished requests."""
        self._sent += len(columns)
        self._local += columns.outcome.count(Outcome.LOCAL)
        self._lags.add(_lags(columns))

    def health(self) -> ProbeHealth:
        """The judgement so far."""
        return ProbeHealth(
            sent=self._sent,
            connections=self.connections,
            late_p50_s=self._lags.quantile(0.5),
            late_p99_s=self._lags.quantile(0.99),
            local_failures=self._local,
            invalid=self.broken or self._local_reason() or self._late_reason(),
        )

    def _local_reason(self) -> str | None:
        if self._local <= MOST_LOCAL * self._sent:
            return None
        return (
            f"{self._local} of {self._sent} requests failed on this machine "
            "(file descriptors, ports or routes)"
        )

    def _late_reason(self) -> str | None:
        late = self._lags.share_above(LATE_S)
        median = self._lags.quantile(0.5)
        if late > MOST_LATE:
            return f"{late:.1%} of the requests were sent more than {LATE_S:g} s late"
        if median > MEDIAN_LATE_S:
            return f"half of the requests were sent more than {median * 1e3:.0f} ms late"
        return None


def _lags(columns: SampleColumns) -> Iterable[float]:
    return (sent - due for sent, due in zip(columns.sent_s, columns.due_s, strict=True))
