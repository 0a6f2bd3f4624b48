"""A gateway in memory: answers follow the live weights, unless a test makes it lie or lose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from alb_dr.model.load import ClosedLoad, Load, OpenLoad, Target
from alb_dr.model.manifest import INGRESS, ResourceId
from alb_dr.model.sample import Outcome, Sample, SampleColumns
from alb_dr.ports import ProbeHealth
from alb_dr.render.annotations import weights_of
from tests.fakes.kube import FakeKube
from tests.fakes.prober import ORIGIN, healthy
from tests.fakes.samples import a_sample, columns_of

ROUTE = ResourceId(kind=INGRESS, name="web-demo", namespace="gateway-demo")
GOLDEN = 0.6180339887498949
"""Steps by this part of a circle fall evenly on it: shares come out as the weights say."""


class MovingClock:
    """Moves when somebody waits for samples or sleeps, never by itself."""

    def __init__(self) -> None:
        self.elapsed_s = 1000.0

    def now(self) -> datetime:
        """The wall clock."""
        return datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(seconds=self.elapsed_s - 1000)

    def monotonic(self) -> float:
        """Seconds."""
        return self.elapsed_s

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.elapsed_s += seconds


class FakeGateway:
    """A prober whose answers come from the Ingress of a fake Fleet.

    ``lie`` replaces the weights; ``lose`` says for a member whether a request to it is lost;
    ``each`` is called before every batch, which is how a test lets something happen half-way.
    With ``in_time`` an answer comes when it is ready, so that slow ones come after later ones.
    """

    def __init__(self, fleet: FakeKube, clock: MovingClock, ids: Sequence[str]) -> None:
        self._fleet = fleet
        self._clock = clock
        self._ids = ids
        self.lie: Callable[[Mapping[str, int]], Mapping[str, int]] = lambda weights: weights
        self.lose: Callable[[str, int], bool] = lambda _member, _n: False
        self.latency_s: Callable[[str], float] = lambda _member: 0.005
        self.each: Callable[[], None] = lambda: None
        self.in_time = False
        self._under_way: list[Sample] = []
        self.sent = 0
        self._taken_s = clock.elapsed_s
        self.rate = 200.0
        self.stopped = 0
        self._left: int | None = None

    def start(self, target: Target, load: Load) -> FakeGateway:
        """The stream is the gateway itself."""
        del target
        self.stopped = 0
        self._left = load.requests if isinstance(load, ClosedLoad) else None
        self._taken_s = self._clock.elapsed_s
        if isinstance(load, OpenLoad):
            self.rate = load.rate
        return self

    @property
    def origin(self) -> datetime:
        """A fixed instant."""
        return ORIGIN

    @property
    def addresses(self) -> Sequence[str]:
        """One address."""
        return ("127.0.0.1",)

    @property
    def finished(self) -> bool:
        """Never by itself, but for a load of so many requests."""
        return self.stopped > 0 or self._left == 0

    def now_s(self) -> float:
        """When the next request is due."""
        return self.sent / self.rate

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """What was due since the last call, or while the caller waits now."""
        if self.stopped:
            return SampleColumns()
        self.each()
        self._clock.sleep(wait_s)
        due = round((self._clock.elapsed_s - self._taken_s) * self.rate)
        self._taken_s += due / self.rate
        weights = self.lie(self._live())
        if self._left is not None:
            due = min(max(1, due), self._left)
            self._left -= due
        return columns_of(self._come([self._one(weights) for _ in range(due)]))

    def _come(self, sent: list[Sample]) -> list[Sample]:
        """What has come back by now."""
        if not self.in_time:
            return sent
        waiting = sorted((*self._under_way, *sent), key=lambda sample: sample.finished_s)
        self._under_way = [sample for sample in waiting if sample.finished_s > self.now_s()]
        return waiting[: len(waiting) - len(self._under_way)]

    def _live(self) -> Mapping[str, int]:
        found = self._fleet.cluster.store
        at = self._fleet._at(ROUTE)
        document = found.find(at.resource, at.namespace, at.name)
        annotations = ((document or {}).get("metadata") or {}).get("annotations") or {}
        return {member: int(weight) for member, weight in weights_of(annotations).items()}

    def _one(self, weights: Mapping[str, int]):  # type: ignore[no-untyped-def]
        self.sent += 1
        point = self.sent * GOLDEN % 1.0 * 100
        member = 0
        for n, id_ in enumerate(self._ids):
            member = n
            point -= weights.get(id_, 0)
            if point < 0:
                break
        due = self.sent / self.rate
        if self.lose(self._ids[member], self.sent):
            return a_sample(member, at_s=due, outcome=Outcome.SERVER_ERROR)
        return a_sample(member, at_s=due, finished_s=due + self.latency_s(self._ids[member]))

    def stop(self) -> ProbeHealth:
        """Send no more."""
        self.stopped += 1
        return healthy(self.sent)


class FakeJournal:
    """A journal that remembers, or whose disk is full."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self.full: Exception | None = None

    def write(self, event: str, **facts: object) -> None:
        """Remember."""
        if self.full is not None:
            raise self.full
        self.events.append((event, facts))


@contextmanager
def no_shield() -> Iterator[None]:
    """Signals are not tested here."""
    yield
