"""The traffic of a drill: what was measured so far, and what it says about now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from alb_dr.model.sample import SampleColumns
from alb_dr.ports import Clock, SampleLog, Stream
from alb_dr.stats.outage import losses, shares

LOOK_S = 0.1
"""Between two looks at the samples."""


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
        if self.unlogged is None:
            try:
                self._log.add(columns)
            except OSError as error:
                self.unlogged = f"the samples can no longer be written: {error.strerror}"

    def instant_s(self) -> float:
        """This instant on the samples' clock."""
        return self._stream.now_s()

    @property
    def newest_s(self) -> float:
        """When the newest request was due."""
        return max(self.samples.due_s, default=0.0)

    def shares(self, start_s: float = 0.0, end_s: float = float("inf")) -> dict[str, float]:
        """Each member's share of the good answers of a span."""
        return shares(self.samples, self._names, start_s, end_s)

    def losses(self, start_s: float = 0.0, end_s: float = float("inf")) -> tuple[int, int]:
        """Lost and all requests of a span."""
        return losses(self.samples, start_s, end_s)


def percentages(seen: Mapping[str, float]) -> str:
    """Shares in words."""
    return ", ".join(f"{name} {share:.0%}" for name, share in seen.items())
