"""When a disturbed stream became whole, with bounds (M17 is proven in tests/calibration)."""

from __future__ import annotations

import pytest

from alb_dr.stats.changepoint import ChangePoint, Noise, Request, change_point

QUIET = Noise(bad=0, of=1000)


def stream(pattern: str, *, rate: float = 100.0) -> list[Request]:
    """``.`` good, ``x`` lost, ``v`` answered by the victim; 10 ms apart, each takes 2 ms."""
    return [
        Request(sent_s=n / rate, answered_s=n / rate + 0.002, bad=sign != ".", hard=sign == "v")
        for n, sign in enumerate(pattern)
    ]


def found(pattern: str, *, noise: Noise = QUIET, visible: float = 0.4) -> ChangePoint:
    return change_point(stream(pattern), start_s=0.0, noise=noise, visible=visible)


def test_a_sharp_change_is_bounded_by_the_last_bad_request_and_by_luck() -> None:
    point = found("x.xx" * 25 + "." * 400)
    assert point.at_s == pytest.approx(1.00)
    assert 0.9 < point.low_s <= 0.99
    assert point.high_s is not None
    assert 1.2 < point.high_s < 1.5, "27 good requests of such visibility, or by their spacing"


def test_nothing_bad_means_that_it_was_whole_at_once() -> None:
    point = found("." * 300)
    assert point.at_s == point.low_s == pytest.approx(0.0)
    assert point.high_s is not None


def test_what_never_ends_has_no_upper_bound() -> None:
    point = found("xx.x" * 100)
    assert point.at_s is None
    assert point.high_s is None
    assert point.low_s > 3.9


def test_too_short_a_clean_stretch_proves_nothing() -> None:
    assert found("x" * 100 + "." * 20).high_s is None


def test_an_answer_of_the_victim_is_never_noise() -> None:
    point = found("x" * 50 + "." * 200 + "v" + "." * 300, noise=Noise(bad=20, of=1000))
    assert point.low_s == pytest.approx(2.50)
    assert point.at_s == pytest.approx(2.51)


def test_a_loss_as_rare_as_before_the_fault_does_not_delay_the_recovery() -> None:
    pattern = "xxx." * 25 + "." * 150 + "x" + "." * 400
    assert found(pattern, noise=Noise(bad=10, of=1000)).at_s == pytest.approx(0.99)


def test_a_thin_tail_of_losses_counts_and_is_bounded_by_its_own_spacing() -> None:
    tail = ("x" + "." * 19) * 20
    point = found("x" * 100 + tail + "." * 1500)
    assert point.at_s == pytest.approx(4.81, abs=0.01)
    assert point.high_s is not None
    assert point.high_s > 6.0, "losses 0.2 s apart: a second without one proves little"


def test_a_stall_of_the_prober_widens_the_bound() -> None:
    before = [r for r in stream("x" * 100 + "." * 300) if not 1.0 <= r.sent_s < 2.0]
    point = change_point(before, start_s=0.0, noise=QUIET, visible=0.4)
    assert point.low_s <= 0.99
    assert point.at_s == pytest.approx(2.0)
