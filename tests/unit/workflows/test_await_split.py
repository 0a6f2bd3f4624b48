"""Waiting for the traffic ends at its deadline, whatever the requests do."""

from __future__ import annotations

import pytest

from alb_dr.errors import DeadlineExceeded
from alb_dr.model.load import Load, Target
from alb_dr.model.sample import SampleColumns
from alb_dr.workflows.delivery.await_split import await_split
from tests.fakes.prober import FakeProber
from tests.fakes.samples import columns_of
from tests.fakes.voice import StillClock, TellTale
from tests.unit.workflows.preflight.world import World


class Hanging(FakeProber):
    """Requests that no one answers: the stream would take for ever."""

    def __init__(self, clock: StillClock) -> None:
        super().__init__(columns_of([]))
        self.clock = clock
        self.stops = 0

    def start(self, target: Target, load: Load) -> Hanging:  # type: ignore[override]
        """It is the stream itself."""
        return self

    @property
    def finished(self) -> bool:
        """Never."""
        return False

    def take(self, *, wait_s: float = 0.0) -> SampleColumns:
        """Nothing, after a while."""
        self.clock.sleep(wait_s)
        return SampleColumns()

    def stop(self) -> None:
        """Give up what is under way."""
        self.stops += 1


def test_F31_requests_that_hang_do_not_move_the_deadline() -> None:
    world, clock = World(), StillClock()
    prober, began = Hanging(clock), clock.monotonic()
    with pytest.raises(DeadlineExceeded, match="does not follow the weights after 9 s"):
        await_split(
            world.topology,
            fleet=world.fleet,
            prober=prober,  # type: ignore[arg-type]  # what it is asked for
            clock=clock,
            narrator=TellTale(),
            timeout_s=9,
        )
    assert clock.monotonic() - began < 60
    assert prober.stops == 1
