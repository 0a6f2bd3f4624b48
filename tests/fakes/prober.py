"""A prober that measures nothing: it delivers the samples a test gives it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from alb_dr.model.load import Load, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.ports import ProbeHealth

ORIGIN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def healthy(sent: int = 0, **changes: object) -> ProbeHealth:
    """A prober that kept up."""
    values: dict[str, object] = {
        "sent": sent,
        "connections": sent,
        "late_p50_s": 0.0001,
        "late_p99_s": 0.002,
        "local_failures": 0,
    }
    return ProbeHealth(**(values | changes))  # type: ignore[arg-type]


class FakeStream:
    """Gives one batch for each ``take``; an exception in the list is raised instead."""

    def __init__(
        self, batches: Sequence[SampleColumns | BaseException], health: ProbeHealth
    ) -> None:
        self._batches = list(batches)
        self._health = health
        self.stopped = 0
        self._now_s = 0.0

    @property
    def origin(self) -> datetime:
        """A fixed instant."""
        return ORIGIN

    @property
    def addresses(self) -> Sequence[str]:
        """One address."""
        return ("127.0.0.1",)

    def now_s(self) -> float:
        """The newest due time delivered."""
        return self._now_s

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """The next batch, or what a test wants raised."""
        if not self._batches:
            return SampleColumns()
        batch = self._batches.pop(0)
        if isinstance(batch, BaseException):
            raise batch
        if len(batch):
            self._now_s = max(batch.due_s)
        return batch

    @property
    def finished(self) -> bool:
        """Whether every batch was taken."""
        return not self._batches

    def stop(self) -> ProbeHealth:
        """Count the stops; drop what was not sent yet but the next batch, which was under way."""
        self.stopped += 1
        self._batches = [b for b in self._batches[:1] if isinstance(b, SampleColumns)]
        return self._health


class FakeProber:
    """Starts streams of the given batches, and remembers what it was asked."""

    def __init__(
        self,
        *batches: SampleColumns | BaseException,
        health: ProbeHealth | None = None,
        script: Callable[[Target, Load], Sequence[SampleColumns]] | None = None,
    ) -> None:
        self._batches = batches
        self._health = health or healthy(
            sum(len(b) for b in batches if isinstance(b, SampleColumns))
        )
        self._script = script
        self.asked: list[tuple[Target, Load]] = []
        self.streams: list[FakeStream] = []

    def start(self, target: Target, load: Load) -> FakeStream:
        """A stream of the batches, or of what the script makes of the request."""
        self.asked.append((target, load))
        batches = self._batches if self._script is None else self._script(target, load)
        self.streams.append(FakeStream(batches, self._health))
        return self.streams[-1]


class MemoryLog:
    """Samples kept in memory."""

    def __init__(self) -> None:
        self.batches: list[SampleColumns] = []

    def add(self, columns: SampleColumns) -> None:
        """Keep a batch."""
        if len(columns):
            self.batches.append(columns)

    def read(self) -> Iterator[SampleColumns]:
        """The batches."""
        return iter(self.batches)
