"""The traffic of a drill: what was measured so far, and what it says about now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alb_dr.model.sample import SampleColumns
from alb_dr.ports import Clock, SampleLog, Stream
from alb_dr.stats.outage import losses, shares
from alb_dr.stats.whole_look import WholeLook, whole_look, width_s

LOOK_S = 0.1
"""Between two looks at the samples."""
ANSWERED_S = 10.0
"""After this long every request is answered or given up: the prober waits for half of it."""


class DrillTraffic:
    """The samples of one drill, in memory and in its log.

    ``each`` is called at every look, whatever the drill waits for.
    """

    def __init__(
        self,
        samples: SampleColumns,
        stream: Stream,
        *,
        names: Sequence[str],
        clock: Clock,
        log: SampleLog,
        each: Callable[[], None],
    ) -> None:
        self.samples = samples
        self._stream = stream
        self._names = names
        self._clock = clock
        self._log = log
        self._each = each
        self.unlogged: str | None = None
        self._newest_s = 0.0
        self.listeners: list[Callable[[SampleColumns], None]] = []
        """Told of every batch of samples."""

    def collect(self, seconds: float) -> None:
        """Take samples for a while."""
        end = self._clock.monotonic() + seconds
        while (left := end - self._clock.monotonic()) > 0:
            self._add(self._stream.take(wait_s=min(LOOK_S, left)))
            self._clock.sleep(min(LOOK_S, max(0.0, end - self._clock.monotonic())))
            self._each()
        self.take_rest()

    def take_rest(self) -> None:
        """Take what there is."""
        self._add(self._stream.take())

    def _add(self, columns: SampleColumns) -> None:
        """A full disk must not end a drill (F6): what is in memory can still be judged."""
        self.samples.extend(columns)
        self._newest_s = max(self._newest_s, max(columns.due_s, default=0.0))
        for listener in self.listeners:
            listener(columns)
        if self.unlogged is None:
            try:
                self._log.add(columns)
            except OSError as error:
                self.unlogged = f"the samples can no longer be written: {error.strerror}"

    @property
    def finished(self) -> bool:
        """Whether no more samples will come."""
        return self._stream.finished

    def instant_s(self) -> float:
        """This instant on the samples' clock."""
        return self._stream.now_s()

    @property
    def newest_s(self) -> float:
        """When the newest request was due."""
        return self._newest_s

    def shares(self, start_s: float = 0.0, end_s: float = float("inf")) -> dict[str, float]:
        """Each member's share of the good answers of a span."""
        return shares(self.samples, self._names, start_s, end_s)

    def recent_shares(self, start_s: float) -> dict[str, float]:
        """Each member's share of the answers that came since an instant not long ago."""
        return shares(self._newest(start_s), self._names, 0.0, float("inf"))

    def look(self, since_s: float, *, rate: float) -> WholeLook | None:
        """The newest stretch since an instant in which every request has come back, or None."""
        reach_s = 2 * width_s(rate) + ANSWERED_S
        start_s = max(since_s, self.instant_s() - reach_s)
        return whole_look(self._newest(start_s), self._names, since_s=start_s, rate=rate)

    def _newest(self, start_s: float) -> SampleColumns:
        """The samples that came since an instant. Samples are in the order in which they came."""
        first = len(self.samples)
        while first and self.samples.finished_s[first - 1] >= start_s:
            first -= 1
        newest = SampleColumns()
        for n in range(first, len(self.samples)):
            newest.append(self.samples[n])
        return newest

    def losses(self, start_s: float = 0.0, end_s: float = float("inf")) -> tuple[int, int]:
        """Lost and all requests of a span."""
        return losses(self.samples, start_s, end_s)


def percentages(seen: Mapping[str, float]) -> str:
    """Shares in words."""
    return ", ".join(f"{name} {share:.0%}" for name, share in seen.items())
