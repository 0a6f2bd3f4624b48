"""The ticker: wakes at the instant, on Linux' timerfd or on the loop's own timers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
import uvloop

from alb_dr.probe import ticker as tickers
from alb_dr.probe.ticker import LoopTicker, Ticker, TimerfdTicker, ticker

Maker = Callable[[asyncio.AbstractEventLoop, Callable[[], None]], Ticker]


def woken(make: Maker, *delays_s: float) -> list[float]:
    """How late each wake-up came, in seconds."""
    late: list[float] = []

    async def run() -> None:
        done = asyncio.Event()
        due = [time.monotonic() + delay for delay in delays_s]

        def callback() -> None:
            late.append(time.monotonic() - due[len(late)])
            if len(late) < len(due):
                clock.arm(due[len(late)])
            else:
                done.set()

        clock = make(asyncio.get_running_loop(), callback)
        clock.arm(due[0])
        await asyncio.wait_for(done.wait(), 5)
        clock.close()

    uvloop.run(run())
    return late


@pytest.mark.parametrize("make", [TimerfdTicker, LoopTicker, ticker])
def test_a_ticker_wakes_once_for_each_arming_and_never_early(make: Maker) -> None:
    try:
        late = woken(make, 0.01, 0.02, 0.02, 0.0, 0.05)
    except OSError:
        pytest.skip("this machine has no timerfd")
    assert len(late) == 5
    assert all(-0.002 < seconds < 0.5 for seconds in late)


def test_a_closed_ticker_is_silent() -> None:
    async def run() -> list[int]:
        calls: list[int] = []
        for make in (LoopTicker, ticker):
            clock = make(asyncio.get_running_loop(), lambda: calls.append(1))
            clock.arm(time.monotonic() + 0.01)
            clock.close()
            clock.close()
        late = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.05, late.set_result, None)
        await late
        return calls

    assert uvloop.run(run()) == []


def test_without_timerfd_the_loops_timers_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickers.sys, "platform", "darwin")
    assert len(woken(ticker, 0.01, 0.02)) == 2
    with pytest.raises(OSError, match="no timerfd"):
        woken(TimerfdTicker, 0.01)
